"""Fit the packing model `packing@1` to measured densities of amorphous polymers, and cross-validate it.

    python benchmarks/fit_density.py [--table FILE]

writes src/polyloop/simulate/packing.json and benchmarks/results/fit_density.json. Left out of the fit: the polymers of
the optical acceptance set, and poly[1-(trimethylsilyl)-1-propyne], whose density counts its permanent pores.
"""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from polyloop.chem import Polymer
from polyloop.core import write_atomically
from polyloop.simulate.density import repeat_unit_volume
from polyloop.simulate.oligomers import choose_difference
from polyloop.simulate.packing import DESCRIPTORS, descriptors

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "src/polyloop/chem/tables/homopolymers.csv"
LEFT_OUT = {
    "*CC(*)c1ccccc1": "acceptance set: polystyrene",
    "*CC(*)CC(C)C": "acceptance set: poly(4-methyl-1-pentene)",
    "*C(C)=C(*)[Si](C)(C)C": "porous: poly[1-(trimethylsilyl)-1-propyne]",
}
FOLDS, SEEDS = 10, 5
# Relative error beyond which a measurement loses weight (Huber): densities of one polymer from different sources
# scatter by 1 to 2 %.
HUBER = 0.03


def solve(design: np.ndarray, ratio: np.ndarray, prior: float) -> tuple[np.ndarray, np.ndarray]:
    """Robust Bayesian ridge on relative errors: coefficients (k,) and their covariance (k, k)."""
    rows, weight = design / ratio[:, None], np.ones(len(ratio))
    penalty = np.diag([0.0, *[1.0] * (design.shape[1] - 1)]) / prior**2
    for _ in range(20):
        noise = np.sum(weight * (rows @ coefficients - 1.0) ** 2) / weight.sum() if _ else 0.025**2
        normal = (rows * weight[:, None]).T @ rows / noise + penalty
        coefficients = np.linalg.solve(normal, (rows * weight[:, None]).sum(axis=0) / noise)
        weight = 1.0 / np.maximum(1.0, np.abs(rows @ coefficients - 1.0) / HUBER)
    return coefficients, np.linalg.inv(normal)


def held_out(
    design: np.ndarray, ratio: np.ndarray, groups: np.ndarray, prior: float
) -> tuple[np.ndarray, np.ndarray]:
    """Relative errors of the density when each group is left out in turn, and the parameters' share of its std."""
    errors, spread = np.zeros(len(ratio)), np.zeros(len(ratio))
    for group in np.unique(groups):
        out = groups == group
        coefficients, covariance = solve(design[~out], ratio[~out], prior)
        predicted = design[out] @ coefficients
        errors[out] = ratio[out] / predicted - 1.0
        spread[out] = np.sqrt(np.einsum("ij,jk,ik->i", design[out], covariance, design[out])) / predicted
    return errors, spread


def figures(errors: np.ndarray, std: np.ndarray | None = None) -> dict[str, float]:
    out = {
        "mean_absolute": float(np.abs(errors).mean()),
        "root_mean_square": float(np.sqrt(np.mean(errors**2))),
        "bias": float(errors.mean()),
        "largest": float(np.abs(errors).max()),
    }
    if std is not None:
        out["within_1_std"] = float(np.mean(np.abs(errors) < std))
        out["within_2_std"] = float(np.mean(np.abs(errors) < 2 * std))
    return {key: round(value, 5) for key, value in out.items()}


def load(path: Path) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    table = pd.read_csv(path)
    left_out = {Polymer(smiles).canonical for smiles in LEFT_OUT}
    canonical = [Polymer(smiles).canonical for smiles in table.smiles]
    keep = table.density_g_cm3.notna() & ~pd.Series(canonical).isin(left_out)
    table = table[keep].reset_index(drop=True)
    polymers = [Polymer(Polymer(smiles).canonical) for smiles in table.smiles]
    volume = np.array([repeat_unit_volume(choose_difference(polymer)) for polymer in polymers])
    ratio = np.array([polymer.molar_mass for polymer in polymers]) / table.density_g_cm3.to_numpy() / volume
    shares = np.array([[descriptors(polymer)[term] for term in DESCRIPTORS] for polymer in polymers])
    table["polymer_class"] = [str(polymer.polymer_class) for polymer in polymers]
    return table, np.column_stack([np.ones(len(table)), shares]), ratio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, default=TABLE)
    table, design, ratio = load(parser.parse_args().table)
    folds = [np.random.default_rng(seed).permutation(len(ratio)) % FOLDS for seed in range(SEEDS)]
    scan = {
        prior: float(np.mean([np.abs(held_out(design, ratio, fold, prior)[0]).mean() for fold in folds]))
        for prior in (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
    }
    prior = min(scan, key=scan.get)
    errors, spread = (np.mean(part, axis=0) for part in zip(*(held_out(design, ratio, f, prior) for f in folds)))
    residual = float(np.sqrt(np.mean(errors**2)))
    by_class, class_spread = held_out(design, ratio, table.polymer_class.to_numpy(), prior)
    constant, _ = held_out(design[:, :1], ratio, folds[0], prior)
    coefficients, covariance = solve(design, ratio, prior)
    model = {
        "name": "packing@1",
        "fitted_to": f"measured densities of {len(table)} amorphous homopolymers (chem/tables/homopolymers.csv)",
        "left_out": list(LEFT_OUT.values()),
        "terms": list(DESCRIPTORS),
        "coefficients": [round(float(value), 6) for value in coefficients],
        "covariance": [[float(f"{value:.4e}") for value in row] for row in covariance],
        "residual": round(residual, 5),
    }
    worst = np.argsort(-np.abs(errors))[:12]
    report = {
        "name": model["name"],
        "fitted_to": model["fitted_to"],
        "left_out": model["left_out"],
        "date": date.today().isoformat(),
        "prior_scan_mean_absolute": scan,
        "prior": prior,
        f"{FOLDS}_fold_times_{SEEDS}": figures(errors, np.hypot(residual, spread)),
        "leave_class_out": figures(by_class, np.hypot(residual, class_spread)),
        "leave_class_out_by_class": {
            name: {"n": int(np.sum(table.polymer_class == name)), **figures(by_class[table.polymer_class == name])}
            for name in sorted(set(table.polymer_class))
        },
        "one_packing_coefficient_for_all": figures(constant),
        "coefficients": dict(zip(("constant", *DESCRIPTORS), model["coefficients"], strict=True)),
        "occurrences": dict(zip(DESCRIPTORS, (design[:, 1:] > 0).sum(axis=0).tolist(), strict=True)),
        "worst": {table["name"][i]: round(float(errors[i]), 4) for i in worst},
    }
    write_atomically(ROOT / "src/polyloop/simulate/packing.json", json.dumps(model) + "\n")
    write_atomically(ROOT / "benchmarks/results/fit_density.json", json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

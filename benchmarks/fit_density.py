"""Fit the packing model `packing@1` to measured densities of amorphous polymers, and cross-validate it.

    python benchmarks/fit_density.py [--table FILE]

writes src/polyloop/simulate/optics/packing.json and benchmarks/results/fit_density.json. Left out of the fit: the
polymers of the optical acceptance set, and poly[1-(trimethylsilyl)-1-propyne], whose density counts its permanent
pores.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from rdkit import Chem
from rdkit.Chem.Descriptors import MolWt

from liquids import first_liquids
from polyloop.chem import Polymer
from polyloop.core import write_atomically
from polyloop.core.constants import AVOGADRO_PER_ANGSTROM3_CM3
from polyloop.simulate.conformers import force_field_geometry
from polyloop.simulate.optics.density import repeat_unit_volume
from polyloop.simulate.optics.oligomers import choose_difference
from polyloop.simulate.optics.packing_model import DESCRIPTORS, atom_shares, descriptors
from polyloop.simulate.volume import van_der_waals_volume

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


@dataclass(frozen=True)
class Data:
    """Polymers (shares with a leading 1, and measured volume ratios) and liquids that share their coefficients."""

    design: np.ndarray
    ratio: np.ndarray
    liquid_design: np.ndarray
    liquid_ratio: np.ndarray


def solve(data: Data, keep: np.ndarray, prior: float, weight: float) -> tuple[np.ndarray, np.ndarray]:
    """Robust Bayesian ridge on relative errors: the polymers' coefficients (k,) and their covariance (k, k).

    Liquids have the polymers' coefficients for the shares, and a constant and two terms in size of their own, since a
    small molecule's thermal expansion is another.
    """
    polymers = data.design[keep]
    k, own = polymers.shape[1], data.liquid_design.shape[1] - polymers.shape[1] + 1
    rows = np.block([
        [polymers, np.zeros((len(polymers), own))],
        [np.zeros((len(data.liquid_ratio), 1)), data.liquid_design],
    ])  # fmt: skip
    ratio = np.concatenate([data.ratio[keep], data.liquid_ratio])
    rows = rows / ratio[:, None]
    base = np.concatenate([np.ones(len(polymers)), np.full(len(data.liquid_ratio), weight)])
    penalty = np.diag([1e-9, *[1.0 / prior**2] * (k - 1), *[1e-9] * own])
    noise, weights = 0.025**2, base
    for _ in range(20):
        normal = (rows * weights[:, None]).T @ rows / noise + penalty
        coefficients = np.linalg.solve(normal, (rows * weights[:, None]).sum(axis=0) / noise)
        errors = rows @ coefficients - 1.0
        weights = base / np.maximum(1.0, np.abs(errors) / HUBER)
        noise = float(np.sum(weights * errors**2) / weights.sum())
    return coefficients[:k], np.linalg.inv(normal)[:k, :k]


def held_out(data: Data, groups: np.ndarray, prior: float, weight: float) -> tuple[np.ndarray, np.ndarray]:
    """Relative errors of the density when each group is left out in turn, and the parameters' share of its std."""
    errors, spread = np.zeros(len(data.ratio)), np.zeros(len(data.ratio))
    for group in np.unique(groups):
        out = groups == group
        coefficients, covariance = solve(data, ~out, prior, weight)
        predicted = data.design[out] @ coefficients
        errors[out] = data.ratio[out] / predicted - 1.0
        spread[out] = np.sqrt(np.einsum("ij,jk,ik->i", data.design[out], covariance, data.design[out])) / predicted
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


def load(path: Path) -> tuple[pd.DataFrame, Data]:
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
    return table, Data(np.column_stack([np.ones(len(table)), shares]), ratio, *load_liquids())


def load_liquids() -> tuple[np.ndarray, np.ndarray]:
    table = first_liquids()
    rows, ratios = [], []
    for smiles, density in zip(table.smiles, table.density_g_cm3, strict=True):
        mol = Chem.MolFromSmiles(smiles)
        heavy = mol.GetNumHeavyAtoms()
        if heavy < 3 or not density > 0:
            continue
        volume = van_der_waals_volume(force_field_geometry(mol, 0)) * AVOGADRO_PER_ANGSTROM3_CM3
        shares = atom_shares(mol)
        rows.append([*(shares[term] for term in DESCRIPTORS), 1.0, 1.0 / heavy, 30.0 / volume])
        ratios.append(MolWt(mol) / density / volume)
    return np.array(rows), np.array(ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, default=TABLE)
    table, data = load(parser.parse_args().table)
    n = len(table)
    folds = [np.random.default_rng(seed).permutation(n) % FOLDS for seed in range(SEEDS)]
    scan = {
        (prior, weight): float(np.mean([np.abs(held_out(data, fold, prior, weight)[0]).mean() for fold in folds]))
        for prior in (0.1, 0.2, 0.4)
        for weight in (1e-6, 0.1, 0.25, 0.5)
    }
    prior, weight = min(scan, key=scan.get)
    held = [held_out(data, fold, prior, weight) for fold in folds]
    errors, spread = (np.mean(part, axis=0) for part in zip(*held, strict=True))
    residual = float(np.sqrt(np.mean(errors**2)))
    by_class, class_spread = held_out(data, table.polymer_class.to_numpy(), prior, weight)
    mean_ratio = np.array([np.delete(data.ratio, i).mean() for i in range(n)])
    coefficients, covariance = solve(data, np.ones(n, dtype=bool), prior, weight)
    model = {
        "name": "packing@1",
        "fitted_to": f"measured densities of {n} amorphous homopolymers (chem/tables/homopolymers.csv), and of "
        f"{len(data.liquid_ratio)} liquids (chem/tables/liquids.csv) at weight {weight:g}",
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
        "scan_mean_absolute": {f"prior {p}, liquids' weight {w:g}": round(v, 5) for (p, w), v in scan.items()},
        f"{FOLDS}_fold_times_{SEEDS}": figures(errors, np.hypot(residual, spread)),
        "leave_class_out": figures(by_class, np.hypot(residual, class_spread)),
        "leave_class_out_by_class": {
            name: {"n": int(np.sum(table.polymer_class == name)), **figures(by_class[table.polymer_class == name])}
            for name in sorted(set(table.polymer_class))
        },
        "one_packing_coefficient_for_all": figures(data.ratio / mean_ratio - 1.0),
        "coefficients": dict(zip(("constant", *DESCRIPTORS), model["coefficients"], strict=True)),
        "occurrences": dict(zip(DESCRIPTORS, (data.design[:, 1:] > 0).sum(axis=0).tolist(), strict=True)),
        "worst": {table["name"][i]: round(float(errors[i]), 4) for i in worst},
    }
    write_atomically(ROOT / "src/polyloop/simulate/optics/packing.json", json.dumps(model) + "\n")
    write_atomically(ROOT / "benchmarks/results/fit_density.json", json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

"""Fit the scale `hf_liquids@1` of computed polarizabilities to measured refractions and dispersions of liquids.

    python benchmarks/optics_levels.py compute hf/def2-svpd-lean     # the quantum chemistry, about 15 min on one core
    python benchmarks/fit_polarizability_scale.py                    # seconds

writes src/polyloop/simulate/polarizability_scale.json and benchmarks/results/fit_polarizability_scale.json.
No polymer is in the fit.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from rdkit import Chem
from rdkit.Chem.Descriptors import MolWt

from machine import describe, write
from polyloop.core import write_atomically
from polyloop.simulate.lorentz_lorenz import molar_refraction, refractive_index
from polyloop.simulate.polarizability_scale import LEVEL, relative_dispersion

ROOT = Path(__file__).resolve().parents[1]
LIQUIDS = ROOT / "src/polyloop/chem/tables/liquids.csv"
MODEL = ROOT / "src/polyloop/simulate/polarizability_scale.json"
COMPUTED = ROOT / "benchmarks/results/optics_levels.json"
FOLDS = 10


def table(label: str = LEVEL.label) -> pd.DataFrame:
    """Computed polarizabilities beside measured density, index and dispersion, one row per liquid."""
    computed = json.loads(COMPUTED.read_text())["levels"][label]
    measured = pd.read_csv(LIQUIDS).set_index("name")
    rows = [
        {"name": name, "alpha": np.array(entry["polarizabilities"]), **measured.loc[name].to_dict()}
        for name, entry in computed.items()
        if "failure" not in entry
    ]
    frame = pd.DataFrame(rows)
    frame["molar_mass"] = [MolWt(Chem.MolFromSmiles(smiles)) for smiles in frame.smiles]
    frame["x"] = np.log(relative_dispersion(np.stack(frame.alpha.to_list())))
    volume = frame.molar_mass / frame.density_g_cm3 / molar_refraction(1.0)
    index = frame.n_D
    frame["measured_D"] = (index**2 - 1) / (index**2 + 2) * volume
    # d alpha = (d alpha / dn) dn, by the derivative of the Lorentz-Lorenz equation.
    frame["measured_F_minus_C"] = 6 * index / (index**2 + 2) ** 2 * frame.dispersion * volume
    frame["magnitude"] = frame.measured_D / [alpha[2] for alpha in frame.alpha]
    frame["spread"] = frame.measured_F_minus_C / [alpha[3] - alpha[1] for alpha in frame.alpha]
    return frame


def fit(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Intercept and slope by least squares."""
    return np.linalg.lstsq(np.column_stack([np.ones(len(x)), x]), y, rcond=None)[0]


def held_out(x: np.ndarray, y: np.ndarray, rng: np.random.Generator, *, constant: bool) -> np.ndarray:
    """Prediction for each liquid by the line (or the mean) of the other folds, shape (n,)."""
    predicted = np.empty(len(x))
    for part in np.array_split(rng.permutation(len(x)), FOLDS):
        rest = np.setdiff1d(np.arange(len(x)), part)
        intercept, slope = (y[rest].mean(), 0.0) if constant else fit(x[rest], y[rest])
        predicted[part] = intercept + slope * x[part]
    return predicted


def errors(frame: pd.DataFrame, *, constant: bool) -> dict[str, float]:
    """Cross-validated errors at the measured density."""
    rng = np.random.default_rng(0)
    magnitude = held_out(frame.x.to_numpy(), frame.magnitude.to_numpy(), rng, constant=constant)
    index = [
        refractive_index(factor * alpha[2], density, mass)
        for factor, alpha, density, mass in zip(
            magnitude, frame.alpha, frame.density_g_cm3, frame.molar_mass, strict=True
        )
    ]
    known = frame[frame.dispersion > 0]
    spread = held_out(known.x.to_numpy(), known.spread.to_numpy(), rng, constant=constant)
    abbe = (known.n_D - 1) / known.dispersion
    relative = frame.magnitude.to_numpy() / magnitude - 1
    dispersion = known.spread.to_numpy() / spread - 1
    return {
        "n_D_mae": float(np.abs(index - frame.n_D).mean()),
        "abbe_number_mae": float(np.abs(abbe * known.spread / spread - abbe).mean()),
        "alpha_D_relative_rms": float(np.sqrt(np.mean(relative**2))),
        "F_minus_C_relative_rms": float(np.sqrt(np.mean(dispersion**2))),
    }


def main() -> None:
    frame = table()
    known = frame[frame.dispersion > 0]
    scaled, constant = errors(frame, constant=False), errors(frame, constant=True)
    model = {
        "name": "hf_liquids@1",
        "level": LEVEL.to_dict(),
        "magnitude": [round(float(value), 5) for value in fit(frame.x.to_numpy(), frame.magnitude.to_numpy())],
        "dispersion": [round(float(value), 5) for value in fit(known.x.to_numpy(), known.spread.to_numpy())],
        "domain": [round(float(frame.x.min()), 5), round(float(frame.x.max()), 5)],
        "level_std": round(scaled["alpha_D_relative_rms"], 4),
        "dispersion_std": round(scaled["F_minus_C_relative_rms"], 4),
        "data": f"{len(frame)} liquids with density and n_D, {len(known)} of them with n_F - n_C",
        "fitted": datetime.now(UTC).date().isoformat(),
    }
    write_atomically(MODEL, json.dumps(model, indent=1) + "\n")
    rows = frame[["name", "x", "magnitude", "spread"]].round(4).astype(object).where(frame.notna(), None)
    result = {
        "model": model,
        "cross_validated": scaled,
        "one_factor_each_cross_validated": constant,
        "liquids": rows.to_dict(orient="records"),
        "machine": describe("pyscf", "numpy", "tblite"),
    }
    write("fit_polarizability_scale", result)
    print(json.dumps({key: result[key] for key in list(result)[:3]}, indent=1))


if __name__ == "__main__":
    main()

"""Fit the correction `d4_linear@1` of DFT-D4 polarizabilities to measured molar refractions of liquids.

    python benchmarks/fit_instant.py

writes src/polyloop/simulate/optics/instant.json and benchmarks/results/fit_instant.json. No polymer is in the fit.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from rdkit import Chem
from rdkit.Chem.Descriptors import MolWt

from liquids import first_liquids
from machine import parser
from polyloop.core import write_atomically
from polyloop.engines.quantum import dftd4
from polyloop.simulate.conformers import force_field_geometry
from polyloop.simulate.optics.instant import CORRECTION_TERMS, correction_counts, fit_additive_correction
from polyloop.simulate.optics.lorentz_lorenz import molar_refraction

ROOT = Path(__file__).resolve().parents[1]
LINES = {"F": 486.13, "D": 589.29, "C": 656.27}


def polarizability(index: np.ndarray, table: pd.DataFrame, molar_mass: np.ndarray) -> np.ndarray:
    refraction = (index**2 - 1) / (index**2 + 2) * molar_mass / table.density_g_cm3
    return (refraction / molar_refraction(1.0)).to_numpy()


def static_over_d(table: pd.DataFrame, molar_mass: np.ndarray) -> np.ndarray:
    """alpha_D / alpha_static where n_F - n_C is known: alpha = a0 + a1 / wavelength^2."""
    known = (table.dispersion > 0).to_numpy()
    part, mass = table[known], molar_mass[known]
    inverse = {line: wavelength**-2.0 for line, wavelength in LINES.items()}
    share = (inverse["F"] - inverse["D"]) / (inverse["F"] - inverse["C"])
    upper = polarizability(part.n_D + share * part.dispersion, part, mass)
    lower = polarizability(part.n_D - (1 - share) * part.dispersion, part, mass)
    dynamic = polarizability(part.n_D, part, mass)
    slope = (upper - lower) / (inverse["F"] - inverse["C"])
    return dynamic / (dynamic - slope * inverse["D"])


def main() -> None:
    parser(__doc__).parse_args()
    table = first_liquids()
    table = table[(table.density_g_cm3 > 0) & (table.n_D > 0)].reset_index(drop=True)
    mols = [Chem.MolFromSmiles(smiles) for smiles in table.smiles]
    molar_mass = np.array([MolWt(mol) for mol in mols])
    measured = polarizability(table.n_D, table, molar_mass)
    static = np.array([dftd4.static_polarizability(force_field_geometry(mol, 0)) for mol in mols])
    counts = np.array([list(correction_counts(mol).values()) for mol in mols], dtype=float)
    coefficients, errors = fit_additive_correction(static, counts, measured)
    plain, plain_errors = fit_additive_correction(static, np.zeros((len(mols), 0)), measured)
    ratios = static_over_d(table, molar_mass)
    model = {
        "name": "d4_linear@1",
        "fitted_to": f"{len(mols)} liquids at the sodium D line (chem/tables/liquids.csv); no polymer",
        "scale": round(float(coefficients[0]), 5),
        "coefficients": dict(zip(CORRECTION_TERMS, np.round(coefficients[1:], 5).tolist(), strict=True)),
        "residual": round(float(np.sqrt(np.mean(errors**2))), 5),
        "dispersion": round(float(ratios.mean()), 5),
    }
    report = {
        **model,
        "date": date.today().isoformat(),
        "leave_one_out_mean_absolute_relative_error": float(np.abs(errors).mean()),
        "scale_alone": {
            "scale": float(plain[0]),
            "leave_one_out_rms": float(np.sqrt(np.mean(plain_errors**2))),
            "leave_one_out_mean_absolute": float(np.abs(plain_errors).mean()),
        },
        "dispersion_std": float(ratios.std()),
        "n_dispersion": len(ratios),
        "occurrences": dict(zip(CORRECTION_TERMS, (counts > 0).sum(axis=0).tolist(), strict=True)),
        "worst": {table["name"][i]: round(float(errors[i]), 4) for i in np.argsort(-np.abs(errors))[:10]},
    }
    write_atomically(ROOT / "src/polyloop/simulate/optics/instant.json", json.dumps(model, indent=1) + "\n")
    write_atomically(ROOT / "benchmarks/results/fit_instant.json", json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

"""Fit the scale `hf_liquids@3` of computed polarizabilities to measured refractions and dispersions of liquids.

    python benchmarks/optics_levels.py compute hf/def2-svpd-lean     # the quantum chemistry, about 15 min on one core
    python benchmarks/fit_polarizability_scale.py                    # half a minute, for the conformers

writes src/polyloop/simulate/optics/polarizability_scale.json and benchmarks/results/fit_polarizability_scale.json.
No polymer is in the fit. The polarizabilities are those of the mean over conformers, as in the protocol. Each quantity
is a sum of terms that are linear in the numbers sought; least squares of the relative error.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from rdkit import Chem
from rdkit.Chem.Descriptors import MolWt

from liquids import read_liquids
from machine import describe, parser, write
from polyloop.core import write_atomically
from polyloop.simulate.conformers import ConformerSearch, search_conformers
from polyloop.simulate.optics.lorentz_lorenz import molar_refraction, refractive_index
from polyloop.simulate.optics.polarizability_scale import LEVEL, relative_dispersion
from polyloop.simulate.optics.quick import ensemble_mean

ROOT = Path(__file__).resolve().parents[1]
MODEL = ROOT / "src/polyloop/simulate/optics/polarizability_scale.json"
COMPUTED = ROOT / "benchmarks/results/optics_levels.json"
FOLDS, REPEATS = 10, 20
# Liquids with x below are left out together, to see how well the dispersion's line holds where fluorinated ones lie.
STIFF = -3.5
# Forms of the scale, by the number of its terms: factor, slope in x, increment per hydrogen atom; and per fluorine
# atom, of alpha_D alone, since no dispersion of a fluorinated liquid is known to us.
FORMS = {"one factor each": 1, "lines": 2, "lines and hydrogen": 3}
FLUORINE = {"lines, hydrogen and fluorine": 4}


@cache
def conformers(smiles: str) -> ConformerSearch:
    """The search that found the lowest conformer, the one that was computed."""
    return search_conformers(Chem.MolFromSmiles(smiles), 0, keep=1)


def of_ensemble(lowest: list[float], smiles: str) -> np.ndarray:
    """Polarizabilities of the lowest conformer moved to the mean over conformers, as the protocol does it."""
    return ensemble_mean(np.array(lowest), conformers(smiles))[0]


def table(label: str = LEVEL.label) -> pd.DataFrame:
    """Computed polarizabilities beside measured density, index and dispersion, one row per liquid."""
    computed = json.loads(COMPUTED.read_text())["levels"][label]
    measured = read_liquids().set_index("name")
    rows = [
        {"name": name, "alpha": of_ensemble(entry["polarizabilities"], measured.smiles[name]), **measured.loc[name]}
        for name, entry in computed.items()
        if "failure" not in entry
    ]
    frame = pd.DataFrame(rows)
    frame["fluorines"] = [smiles.count("F") for smiles in frame.smiles]
    frame["hydrogens"] = [sum(a.GetTotalNumHs() for a in Chem.MolFromSmiles(s).GetAtoms()) for s in frame.smiles]
    frame["molar_mass"] = [MolWt(Chem.MolFromSmiles(smiles)) for smiles in frame.smiles]
    frame["x"] = np.log(relative_dispersion(np.stack(frame.alpha.to_list())))
    volume = frame.molar_mass / frame.density_g_cm3 / molar_refraction(1.0)
    index = frame.n_D
    frame["measured_D"] = (index**2 - 1) / (index**2 + 2) * volume
    # d alpha = (d alpha / dn) dn, by the derivative of the Lorentz-Lorenz equation.
    frame["measured_F_minus_C"] = 6 * index / (index**2 + 2) ** 2 * frame.dispersion * volume
    frame["computed_D"] = [alpha[2] for alpha in frame.alpha]
    frame["computed_F_minus_C"] = [alpha[3] - alpha[1] for alpha in frame.alpha]
    return frame


def terms_of(frame: pd.DataFrame, quantity: str, n_terms: int) -> np.ndarray:
    """What the numbers of the scale multiply: computed, times x, hydrogen and fluorine atoms; shape (n, n_terms)."""
    computed = frame[f"computed_{quantity}"]
    terms = np.column_stack([computed, computed * frame.x, frame.hydrogens, frame.fluorines])
    return terms[:, : n_terms if quantity == "D" else min(n_terms, 3)]


def fit(terms: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Numbers of the scale by least squares of the relative error."""
    return np.linalg.lstsq(terms / measured[:, None], np.ones(len(measured)), rcond=None)[0]


def held_out(frame: pd.DataFrame, quantity: str, n_terms: int) -> np.ndarray:
    """Prediction for each liquid by the fit to the other folds, for each partition into folds; shape (REPEATS, n)."""
    terms, measured = terms_of(frame, quantity, n_terms), frame[f"measured_{quantity}"].to_numpy()
    rng = np.random.default_rng(0)
    predicted = np.empty((REPEATS, len(frame)))
    for row in predicted:
        for part in np.array_split(rng.permutation(len(frame)), FOLDS):
            rest = np.setdiff1d(np.arange(len(frame)), part)
            row[part] = terms[part] @ fit(terms[rest], measured[rest])
    return predicted


def errors(frame: pd.DataFrame, n_terms: int) -> dict[str, float]:
    """Cross-validated errors at the measured density."""
    at_d = held_out(frame, "D", n_terms)
    size = np.array([frame.density_g_cm3, frame.molar_mass])
    index = np.array([[refractive_index(a, *pair) for a, pair in zip(row, size.T, strict=True)] for row in at_d])
    known = frame[frame.dispersion > 0]
    abbe = ((known.n_D - 1) / known.dispersion).to_numpy()
    relative = frame.measured_D.to_numpy() / at_d - 1
    dispersion = known.measured_F_minus_C.to_numpy() / held_out(known, "F_minus_C", n_terms) - 1
    return {
        "n_D_mae": round(float(np.abs(index - frame.n_D.to_numpy()).mean()), 5),
        "abbe_number_mae": round(float(np.abs(abbe * dispersion).mean()), 3),
        "alpha_D_relative_rms": round(float(np.sqrt(np.mean(relative**2))), 5),
        "F_minus_C_relative_rms": round(float(np.sqrt(np.mean(dispersion**2))), 5),
        "alpha_D_of_fluorinated_relative_rms": _of(frame.fluorines > 0, relative),
        "alpha_D_of_fluorinated_relative_mean": round(float(relative[:, frame.fluorines > 0].mean()), 5),
    }


def _of(chosen: pd.Series, relative: np.ndarray) -> float:
    return round(float(np.sqrt(np.mean(relative[:, chosen] ** 2))), 5)


def covariance(frame: pd.DataFrame, quantity: str) -> list[list[float]]:
    """Covariance of the three numbers of one quantity, from the scatter about the fit; shape (3, 3)."""
    measured = frame[f"measured_{quantity}"].to_numpy()
    terms = terms_of(frame, quantity, 3)
    weighted = terms / measured[:, None]
    residual = 1.0 - weighted @ fit(terms, measured)
    spread = residual @ residual / (len(frame) - 3) * np.linalg.inv(weighted.T @ weighted)
    return [[float(f"{value:.4g}") for value in row] for row in spread]


def extrapolated(known: pd.DataFrame) -> dict[str, float | int]:
    """The dispersion of stiff liquids by the fit to all others: by its line, and by its line held at their end."""
    stiff, rest = known[known.x < STIFF], known[known.x >= STIFF]
    found = fit(terms_of(rest, "F_minus_C", 3), rest.measured_F_minus_C.to_numpy())
    out: dict[str, float | int] = {"fitted_to": len(rest), "foretold": len(stiff)}
    for name, there in (("line", stiff), ("held", stiff.assign(x=rest.x.min()))):
        relative = stiff.measured_F_minus_C / (terms_of(there, "F_minus_C", 3) @ found) - 1
        out[f"{name}_relative_rms"] = round(float(np.sqrt(np.mean(relative**2))), 4)
        out[f"{name}_relative_mean"] = round(float(relative.mean()), 4)
    return out


def numbers(frame: pd.DataFrame, quantity: str) -> list[float]:
    """The three numbers of one quantity, fitted to all of `frame`."""
    found = fit(terms_of(frame, quantity, 3), frame[f"measured_{quantity}"].to_numpy())
    return [round(float(value), 5) for value in found]


def main() -> None:
    parser(__doc__).parse_args()
    frame = table()
    known = frame[frame.dispersion > 0]
    validated = {form: errors(frame, n_terms) for form, n_terms in (FORMS | FLUORINE).items()}
    own = validated["lines and hydrogen"]
    model = {
        "name": "hf_liquids@3",
        "level": LEVEL.to_dict(),
        "magnitude": numbers(frame, "D"),
        "dispersion": numbers(known, "F_minus_C"),
        "domain": [round(float(frame.x.min()), 5), round(float(frame.x.max()), 5)],
        "level_std": round(own["alpha_D_relative_rms"], 4),
        "dispersion_std": round(own["F_minus_C_relative_rms"], 4),
        "dispersion_covariance": covariance(known, "F_minus_C"),
        "data": f"{len(frame)} liquids with density and n_D, {len(known)} of them with n_F - n_C; "
        f"{(frame.fluorines > 0).sum()} hold fluorine, none of these with n_F - n_C",
        "fitted": datetime.now(UTC).date().isoformat(),
    }
    write_atomically(MODEL, json.dumps(model, indent=1) + "\n")
    columns = ["x", "hydrogens", "fluorines", "measured_D", "computed_D", "measured_F_minus_C", "computed_F_minus_C"]
    rows = frame[["name", *columns]].round(4).astype(object).where(frame[["name", *columns]].notna(), None)
    result = {
        "model": model,
        "cross_validated": validated,
        "stiff_liquids_left_out": extrapolated(known),
        "liquids": rows.to_dict(orient="records"),
        "machine": describe("pyscf", "numpy", "tblite"),
    }
    write("fit_polarizability_scale", result)
    print(json.dumps({key: result[key] for key in ("model", "cross_validated", "stiff_liquids_left_out")}, indent=1))


if __name__ == "__main__":
    main()

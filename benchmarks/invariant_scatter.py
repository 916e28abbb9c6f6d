"""How much less do candidates for physical invariants vary over PI1070 than the properties themselves?

Usage: python benchmarks/invariant_scatter.py

An invariant is worth learning where it varies less than its property, and its factors are known of a polymer that was
never computed. The first are polyloop's own, made of the repeat unit alone. The others are links between properties of
one and the same run (Grueneisen's relation for expansion, kinetic theory for thermal conductivity); they could serve
only where those properties are known, and are tried here for whether that would pay. Scatter is the standard deviation
of the natural logarithm over polymers, and half the distance of the 16th and 84th percentile beside it, which outliers
do not move.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

import machine
from polyloop import datasets
from polyloop.core import get_property
from polyloop.features import featurize

COLUMNS = {"density": "density", "refractive_index": "refractive_index", "heat_capacity_cp": "Cp"}


def scatter(values: np.ndarray) -> dict[str, float | int]:
    """Return the two measures of the scatter of positive values, shape (n,); others are left out and not counted."""
    logarithms = np.log(values[np.isfinite(values) & (values > 0)])
    low, high = np.percentile(logarithms, [15.87, 84.13])
    return {"std": float(logarithms.std()), "robust": float((high - low) / 2), "n": len(logarithms)}


def own(frame: pd.DataFrame) -> dict[str, dict[str, dict[str, float | int]]]:
    """Return the scatter of properties and of their invariants of the repeat unit."""
    table = featurize(list(frame.smiles), ("factors",), workers=2)
    factors, found = table.blocks["factors"], {}
    for name, column in COLUMNS.items():
        invariant, y = get_property(name).invariant, frame[column].to_numpy(dtype=float)
        usable = np.isfinite(y) & table.valid
        if invariant is None:
            raise RuntimeError(f"{name} has no invariant.")
        # An index is compared by its Lorentz-Lorenz ratio, which is what the factors multiply.
        raw = (y**2 - 1) / (y**2 + 2) if invariant.transformation == "lorentz_lorenz" else y
        exponents = [invariant.powers.get(one, 0) for one in table.names["factors"]]
        powers = np.prod(factors**exponents, axis=1)
        found[f"{name}: {invariant.meaning}"] = {
            "property": scatter(raw[usable]),
            "invariant": scatter((raw * powers)[usable]),
        }
    return found


def links(frame: pd.DataFrame) -> dict[str, dict[str, dict[str, float | int]]]:
    """Return the scatter of properties and of what links them to others of the same run."""
    rho, heat = 1e3 * frame.density, 1e3 * frame.density * frame.Cv  # kg/m3, J/(m3 K)
    speed = np.sqrt(frame.isentropic_bulk_modulus / rho)  # m/s
    candidates = {
        "volume expansion: Grueneisen parameter, alpha K / (rho C_v)": (
            frame.volume_expansion, frame.volume_expansion * frame.bulk_modulus / heat),
        "bulk modulus: the same, alpha K / (rho C_v)": (
            frame.bulk_modulus, frame.volume_expansion * frame.bulk_modulus / heat),
        "thermal conductivity: mean free path, 3 lambda / (rho C_v v)": (
            frame.thermal_conductivity, 3 * frame.thermal_conductivity / (heat * speed)),
        "thermal conductivity: diffusivity, lambda / (rho C_v)": (
            frame.thermal_conductivity, frame.thermal_conductivity / heat),
    }  # fmt: skip
    return {
        words: {"property": scatter(before.to_numpy(float)), "invariant": scatter(after.to_numpy(float))}
        for words, (before, after) in candidates.items()
    }


def main() -> None:
    machine.parser(__doc__).parse_args()
    frame = pd.read_csv(datasets.path("radonpy_pi1070", "PI1070.csv.gz"))
    result = {"own": own(frame), "links": links(frame), "on": machine.describe("rdkit", "numpy")}
    machine.write("invariant_scatter", result)
    print("| property: candidate | n | scatter of the property | of the candidate | robust: property | candidate |")
    print("|---" * 6 + "|")
    for words, found in {**result["own"], **result["links"]}.items():
        before, after = found["property"], found["invariant"]
        print(
            f"| {words} | {after['n']:,} | {before['std']:.3f} | {after['std']:.3f} | {before['robust']:.3f} | "
            f"{after['robust']:.3f} |"
        )


if __name__ == "__main__":
    main()

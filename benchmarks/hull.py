"""The hull of known phases against the distances that the Materials Project published, and how far its vintages differ.

Usage: python benchmarks/hull.py [--entries 400]

Phases are the 35,463 stable formulas of August 2022; entries are drawn from the validation part of MP-20, which is of
that vintage. The other vintage is the formation energies of Matbench (2018), the lowest of each reduced composition.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

import machine
from polyloop import datasets
from polyloop.crystal.composition import Composition
from polyloop.crystal.hull import PhaseTable

STABLE = 1e-3


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--entries", type=int, default=400)
    given = parser.parse_args()
    stable = pd.read_csv(datasets.path("composition", "MP_stable_formula_20220807.csv.gz"))
    phases = PhaseTable(list(stable.formula_pretty), stable.formation_energy_per_atom.to_numpy())
    entries = pd.read_csv(datasets.path("mp20", "mp20_biternary_val.csv.gz")).sample(given.entries, random_state=0)
    begin = time.process_time()
    found = np.array(
        [
            phases.distance(Composition(formula), energy)
            for formula, energy in zip(entries.pretty_formula, entries.formation_energy_per_atom, strict=True)
        ]
    )
    seconds = time.process_time() - begin
    published = entries.e_above_hull.to_numpy()
    off = np.abs(found - published)
    result = {
        "phases": len(phases), "entries": len(entries), "mean_absolute_difference": float(off.mean()),
        "within_10_mev": float((off < 0.01).mean()),
        "stable_or_not_agrees": float(((found < STABLE) == (published < STABLE)).mean()),
        "cpu_ms_each": 1e3 * seconds / len(entries), "vintages": vintages(stable),
        "on": machine.describe("scipy", "numpy"),
    }  # fmt: skip
    machine.write("hull", result)
    print({key: value for key, value in result.items() if key != "on"})


def vintages(stable: pd.DataFrame) -> dict[str, float | int]:
    """Return how far the lowest energies of 2018 differ from the stable ones of 2022, in eV/atom."""
    table = pd.read_csv(datasets.path("composition", "mp_e_form.csv.gz"))
    older: dict[str, float] = {}
    for formula, energy in zip(table.iloc[:, 0], table.iloc[:, 1], strict=True):
        name = Composition(str(formula)).canonical
        older[name] = min(older.get(name, np.inf), float(energy))
    names = [Composition(formula).canonical for formula in stable.formula_pretty]
    both = [
        (older[name], energy)
        for name, energy in zip(names, stable.formation_energy_per_atom, strict=True) if name in older
    ]  # fmt: skip
    off = np.abs(np.subtract(*np.array(both).T))
    return {"compositions": len(both), "mean": float(off.mean()), "median": float(np.median(off))}


if __name__ == "__main__":
    main()

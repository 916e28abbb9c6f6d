"""From a wish to relaxed crystals: wanted against computed formation energy and hull distance, of three generators.

Usage: python benchmarks/crystal_design.py --templates FILE --folder FOLDER [-n 25]

All three generators learn Matbench (Materials Project, 2018) but a tenth, and the shipped model vouches for each.
Templates are made by `polyloop crystal templates` of the tables in `mp20` and `mpts52`. What is novel is neither in
Matbench nor among the stable formulas of the Materials Project of 2022, whose hull tells what is stable. Goes on where
it was stopped.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import machine
from formation_energy import LEFT_OUT, lowest, part
from polyloop import datasets
from polyloop.crystal.composition import Composition
from polyloop.crystal.design import CrystalDesign, CrystalDesigner
from polyloop.crystal.formation_energy import FormationEnergyModel
from polyloop.crystal.generation import (
    AdversarialGenerator,
    CompositionGenerator,
    CompositionWish,
    ConditionalGenerator,
    MutationGenerator,
)
from polyloop.crystal.hull import PhaseTable
from polyloop.crystal.structure_prediction import StructurePredictor

WISHES = (-3.0, -2.0, -1.0, 0.0)
STABLE = 0.1


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--templates", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("-n", type=int, default=25)
    parser.add_argument("--generators", nargs="+", default=["autoregressive", "mutation", "adversarial"])
    given = parser.parse_args()
    table = pd.read_csv(datasets.path("composition", "MP_stable_formula_20220807.csv.gz"))
    phases = PhaseTable(list(table.formula_pretty), table.formation_energy_per_atom.to_numpy())
    compositions, energies = lowest()
    known = set(compositions) | {Composition(formula) for formula in table.formula_pretty}
    predictor = StructurePredictor.open(given.templates)
    rows = []
    for name in given.generators:
        designer = CrystalDesigner(
            _generator(name, compositions, energies, known),
            FormationEnergyModel.shipped(),
            predictor,
            phases,
            symmetry_guesses=0,
        )
        for energy in WISHES:
            begin, folder = time.process_time(), given.folder / f"{name}_{energy:g}"
            found = designer.design(CompositionWish(energy), given.n, folder, refused=known.__contains__)
            tried = sum(1 for _ in (folder / "designs").glob("*.json"))
            rows.append({"generator": name, "wish": energy} | _row(found, tried, energy))
            print(rows[-1], f"{time.process_time() - begin:.0f} CPU s", flush=True)
    machine.write("crystal_design", {"n": given.n, "rows": rows, "on": machine.describe("torch", "chgnet", "sevenn")})


def _row(found: list[CrystalDesign], tried: int, wish: float) -> dict[str, float | int]:
    """Return what the compositions with a relaxed structure are like; all are novel and different."""
    said = np.array([[one.formation_energy, one.predicted, one.hull_distance] for one in found], dtype=float)
    computed, predicted, above = said.T
    return {
        "relaxed": len(found), "without_structure": tried - len(found),
        "mean": float(computed.mean()), "deviation": float(computed.std()),
        "mae_from_wish": float(np.abs(computed - wish).mean()),
        "median_from_wish": float(np.median(np.abs(computed - wish))),
        "bias_of_model": float((computed - predicted).mean()),
        "hull_distance_median": float(np.median(above)),
        "within_0.1_of_hull": float((above < STABLE).mean()), "on_hull": float((above < 0).mean()),
    }  # fmt: skip


def _generator(
    name: str, compositions: list[Composition], energies: NDArray[np.float64], known: set[Composition]
) -> CompositionGenerator:
    if name == "autoregressive":
        return ConditionalGenerator.shipped()
    rows = [row for row, composition in enumerate(compositions) if part(composition) != LEFT_OUT]
    taught = [compositions[row] for row in rows]
    if name == "adversarial":
        return AdversarialGenerator.train(taught, energies[rows])
    table = pd.read_csv(datasets.path("composition", "MP_stable_formula_20220807.csv.gz"))
    stable = {Composition(formula) for formula in table.formula_pretty}
    return MutationGenerator(taught, energies[rows], np.array([int(one in stable) for one in taught]))


if __name__ == "__main__":
    main()

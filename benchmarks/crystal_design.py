"""From a wish to relaxed crystals: wanted against computed formation energy and hull distance, of three generators.

Usage: python benchmarks/crystal_design.py --templates FILE --folder FOLDER [-n 25] [--guesses 10]

All three generators learn Matbench (Materials Project, 2018) but a tenth, and the shipped model vouches for each.
Templates are made by `polyloop crystal templates` of the tables in `mp20` and `mpts52`. What is novel is neither in
Matbench nor among the stable formulas of the Materials Project of 2022, whose hull tells what is stable. S.U.N. is how
many of a thousand proposals that are asked for are different, novel and have a relaxed structure within 0.1 eV/atom of
the hull: the number that are novel and have a template, times the share of those tried. *Foreseen* are those that the
model of compositions puts that near to the hull. Goes on where it was stopped; another number of guesses needs another
folder, and has a result of its own (crystal_design_10.json).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

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
    distinct_proposals,
)
from polyloop.crystal.hull import PhaseTable
from polyloop.crystal.structure_prediction import StructurePredictor

WISHES = (-3.0, -2.0, -1.0, 0.0)
STABLE = 0.1
GUESSES = 3
PROPOSED = 1_000


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--templates", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("-n", type=int, default=25)
    parser.add_argument("--generators", nargs="+", default=["autoregressive", "mutation", "adversarial"])
    parser.add_argument("--wishes", type=float, nargs="+", default=list(WISHES))
    parser.add_argument("--guesses", type=int, default=GUESSES)
    given = parser.parse_args()
    result = "crystal_design" if given.guesses == GUESSES else f"crystal_design_{given.guesses}"
    table = pd.read_csv(datasets.path("composition", "MP_stable_formula_20220807.csv.gz"))
    phases = PhaseTable(list(table.formula_pretty), table.formation_energy_per_atom.to_numpy())
    compositions, energies = lowest()
    known = set(compositions) | {Composition(formula) for formula in table.formula_pretty}
    predictor = StructurePredictor.open(given.templates)
    rows = []
    model = FormationEnergyModel.shipped()
    for name in given.generators:
        generator = _generator(name, compositions, energies, known)
        designer = CrystalDesigner(generator, model, predictor, phases, guesses=given.guesses, symmetry_guesses=0)
        for energy in given.wishes:
            begin, folder = time.process_time(), given.folder / f"{name}_{energy:g}"
            wish = CompositionWish(energy)
            tried: list[CrystalDesign] = []
            found = designer.design(
                wish, given.n, folder, refused=known.__contains__, progress=lambda _, one, t=tried: t.append(one)
            )
            proposed = distinct_proposals(generator, wish, PROPOSED, np.random.default_rng(1), model=model)
            novel = [one.composition for one in proposed if one.composition not in known]
            fit = sum(predictor.has_template(one) for one in novel)
            rows.append({"generator": name, "wish": energy} | _row(found, len(tried), energy))
            rows[-1] |= {"proposed": len(proposed), "novel": len(novel), "novel_with_template": fit}
            rows[-1] |= {"sun": fit / PROPOSED * rows[-1]["stable"] / max(len(tried), 1) * 1_000}
            print(rows[-1], f"{time.process_time() - begin:.0f} CPU s", flush=True)
        machine.write(result, {"n": given.n, "rows": rows, "on": machine.describe("torch", "chgnet", "sevenn")})
    print(table_of(rows))


def table_of(rows: list[dict[str, Any]]) -> str:
    """Return the table of docs/validation/formation_energy.md: a line for each wish, and one for all of a generator."""
    lines = [
        "| generator | wish | novel of 1,000 | with a template | tried | relaxed | mean | deviation | MAE | "
        "median hull distance | within 0.1 of the hull | on it | S.U.N. per 1,000 |",
        "|---" * 13 + "|",
    ]
    for row in rows:
        lines.append(_line(row, f"{row['wish']:g}"))
    for name in dict.fromkeys(row["generator"] for row in rows):
        lines.append(_line(_together([row for row in rows if row["generator"] == name]), "all"))
    return "\n".join(lines)


def _line(row: dict[str, Any], wish: str) -> str:
    tried = row["relaxed"] + row["without_structure"]
    said = [f"{row[name]:.2f}" if name in row else "" for name in ("mean", "deviation", "mae_from_wish",
            "hull_distance_median")]  # fmt: skip
    counts = [row["novel"], row["novel_with_template"], tried, row["relaxed"]]
    cells = [row["generator"], wish, *counts, *said, row["stable"], row["on_hull"], f"{row['sun']:.0f}"]
    return "| " + " | ".join(map(str, cells)) + " |"


def _together(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the row of all wishes: counts are summed, shares per thousand and errors are means."""
    counts = ("relaxed", "without_structure", "stable", "on_hull", "novel", "novel_with_template")
    relaxed = np.array([row["relaxed"] for row in rows])
    together = {name: sum(row[name] for row in rows) for name in counts} | {"generator": rows[0]["generator"]}
    mae = np.average([row.get("mae_from_wish", 0.0) for row in rows], weights=relaxed) if relaxed.any() else np.nan
    return together | {"mae_from_wish": float(mae), "sun": float(np.mean([row["sun"] for row in rows]))}


def _row(found: list[CrystalDesign], tried: int, wish: float) -> dict[str, float | int]:
    """Return what the compositions with a relaxed structure are like; all are novel and different."""
    if not found:
        return {"relaxed": 0, "without_structure": tried} | dict.fromkeys(
            ("stable", "on_hull", "foreseen", "stable_of_foreseen"), 0
        )
    said = np.array([[one.formation_energy, one.predicted, one.hull_distance] for one in found], dtype=float)
    computed, predicted, above = said.T
    foreseen = predicted - computed + above < STABLE
    return {
        "relaxed": len(found), "without_structure": tried - len(found),
        "mean": float(computed.mean()), "deviation": float(computed.std()),
        "mae_from_wish": float(np.abs(computed - wish).mean()),
        "median_from_wish": float(np.median(np.abs(computed - wish))),
        "bias_of_model": float((computed - predicted).mean()),
        "hull_distance_median": float(np.median(above)),
        "stable": int((above < STABLE).sum()), "on_hull": int((above < 0).sum()),
        "foreseen": int(foreseen.sum()), "stable_of_foreseen": int((above[foreseen] < STABLE).sum()),
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

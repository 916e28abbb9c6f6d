"""Formation energies of relaxed crystals of the Materials Project, and whether hull distances agree.

Usage: python benchmarks/relaxation.py --folder FOLDER [--entries 500]

Entries are drawn from MP-20 (val) with seed 0; what references or potentials do not know
is counted and left out. Each is relaxed by CHGNet from a start with 5 % more volume and atoms moved by 0.05 angstrom
(in each direction, normal), so that a relaxation has something to do; the formation energy is as in `crystal/relax@1`.
The error bar that polyloop ships is fitted to the errors of all of them, and its coverage is that of two halves, each
by the fit to the other.
What is done is kept in FOLDER/relaxation.jsonl, and the same command goes on. The hull is that of the 35,463 stable
formulas of August 2022 (`hull.py`): distances of the published formation energies are compared with the
published distances, and
those of the computed energies with both.
"""

from __future__ import annotations

import json
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import machine
from crystal_tables import ASKED, Entry, entries
from polyloop import datasets
from polyloop.core import EvaluationError
from polyloop.crystal.composition import Composition
from polyloop.crystal.hull import PhaseTable
from polyloop.crystal.relaxation import formation
from polyloop.crystal.relaxation.formation import ErrorBar, fit_error_bar, formation_energy
from polyloop.crystal.relaxation.protocol import check_scope
from polyloop.crystal.relaxation.relax import relax
from polyloop.crystal.structures.pymatgen import same_structure
from polyloop.crystal.structures.structure import CrystalStructure

ENTRIES = 500
SHIPPED = Path(formation.__file__).parent


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    given.folder.mkdir(parents=True, exist_ok=True)
    kept = given.folder / "relaxation.jsonl"
    compute(kept, given.entries)
    rows = [json.loads(line) for line in kept.open()][: given.entries]
    result = {**summary(rows), "on": machine.describe("chgnet", "sevenn", "ase", "pymatgen-core", "moyopy")}
    machine.write("relaxation", result)
    if given.entries == ENTRIES:
        (SHIPPED / "error_bar.json").write_text(json.dumps(result["error_bar"]["fitted"]) + "\n")
    print(json.dumps({key: value for key, value in result.items() if key != "on"}, indent=1))


def compute(kept: Path, most: int) -> None:
    done = {json.loads(line)["name"] for line in kept.open()} if kept.exists() else set()
    rng = np.random.default_rng(0)
    with kept.open("a") as stream:
        for entry in entries([ASKED], sample=most):
            moved = disturbed(entry.structure, rng)
            if entry.name not in done:
                stream.write(json.dumps({"name": entry.name, **row_of(entry, moved)}) + "\n")
                stream.flush()


def disturbed(structure: CrystalStructure, rng: np.random.Generator) -> CrystalStructure:
    shift = rng.normal(size=(len(structure), 3)) * 0.05 @ np.linalg.inv(structure.lattice)
    return CrystalStructure(structure.lattice * 1.05 ** (1 / 3), structure.fractional + shift, structure.symbols)


def row_of(entry: Entry, start: CrystalStructure) -> dict[str, object]:
    begin = time.process_time()
    row: dict[str, object] = {
        "atoms": len(start), "published": entry.formation_energy, "published_hull": entry.hull_distance,
        "formula": start.composition.canonical,
    }  # fmt: skip
    try:
        check_scope(start)
        done = relax(start)
        energy = formation_energy(done.structure)
    except EvaluationError as error:
        return {**row, "failure": error.failure.code.value, "reason": str(error)}
    row |= {"value": energy.value, "std": energy.std, **energy.by_potential, "steps": done.steps}
    row |= {"converged": done.converged, "volume_ratio": done.structure.volume / entry.structure.volume}
    row["cpu_s"] = time.process_time() - begin
    row["same_structure"] = same_structure(done.structure, entry.structure)
    return row


def summary(rows: list[dict[str, object]]) -> dict[str, object]:
    every = pd.DataFrame(rows)
    table = every[every["value"].notna()]
    stable = pd.read_csv(datasets.path("composition", "MP_stable_formula_20220807.csv.gz"))
    phases = PhaseTable(list(stable.formula_pretty), stable.formation_energy_per_atom.to_numpy())
    floors = np.array([phases.decompose(Composition(formula)).energy for formula in table.formula])
    off = table.value - table.published
    hull = {
        "published_energies_within_10_mev": within(table.published - floors - table.published_hull),
        "computed_energies_within_10_mev": within(table.value - floors - table.published_hull),
        "computed_within_50_mev_of_hull_agrees": float(
            ((table.value - floors < 0.05) == (table.published_hull < 0.05)).mean()
        ),
    }  # fmt: skip
    failures = every["failure"].value_counts().to_dict() if "failure" in every else {}
    ratio = table.volume_ratio.astype(float)
    return {
        "entries": len(every), "computed": len(table), "failures": failures, "atoms_mean": float(table.atoms.mean()),
        "mean_absolute": float(np.abs(off).mean()), "median": float(np.abs(off).median()),
        "root_mean_square": float(np.sqrt((off**2).mean())), "bias": float(off.mean()),
        "mean_absolute_chgnet": float(np.abs(table.chgnet - table.published).mean()),
        "mean_absolute_sevennet": float(np.abs(table.sevennet - table.published).mean()),
        "error_bar": error_bar(off.to_numpy(dtype=float), (table.chgnet - table.sevennet).to_numpy(dtype=float)),
        "converged": float(table.converged.mean()), "same_structure": float(table.same_structure.mean()),
        "volume_ratio_quantiles": [float(value) for value in ratio.quantile([0.05, 0.16, 0.5, 0.84, 0.95])],
        "steps_median": float(table.steps.median()), "cpu_s_median": float(table.cpu_s.median()),
        "cpu_s_mean": float(table.cpu_s.mean()), "hull": hull,
    }  # fmt: skip


def error_bar(errors: np.ndarray, apart: np.ndarray) -> dict[str, object]:
    """Return the fit to all, and the shares inside one and two standard deviations of each half by the other's fit."""
    halves, inside = np.arange(len(errors)) % 2, []
    for half in (0, 1):
        bar = ErrorBar(**fit_error_bar(errors[halves != half], apart[halves != half]))
        std = np.array([bar.at(one) for one in apart[halves == half]])
        inside += [np.abs(errors[halves == half]) / std]
    off = np.concatenate(inside)
    return {"fitted": fit_error_bar(errors, apart), "within_one_std": float((off < 1).mean()),
            "within_two_std": float((off < 2).mean())}  # fmt: skip


def within(off: pd.Series) -> float:
    return float((np.abs(off) < 0.01).mean())


if __name__ == "__main__":
    main()

"""Fit the elemental references that polyloop ships for each potential, and the error bar of the two together.

Usage: python benchmarks/fit_references.py --folder FOLDER [--entries 1964]

Entries are of MP-20 (pilot, train) and MPTS-52 (val, at most 20 atoms), those whose formula is among the 500 of
`relaxation.py` left out. Static energies at the published geometries are kept in FOLDER/static.jsonl as they are
computed, and the same command goes on. Three sets of terms are tried for each potential and one is taken by
cross-validation. The error bar's two numbers are fitted to the cross-validated errors of the mean of both potentials.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np

import machine
from crystal_tables import ASKED, OTHERS, Entry, entries
from polyloop.crystal.relaxation.formation import fit_error_bar
from polyloop.crystal.relaxation.references import fit_references
from polyloop.crystal.relaxation.relax import energy_of
from polyloop.engines.potentials.registry import POTENTIALS

SHIPPED = Path(__file__).parents[1] / "src" / "polyloop" / "crystal" / "relaxation"
NAMES = ("chgnet", "sevennet")


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--entries", type=int, default=1964)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    kept = given.folder / "static.jsonl"
    compute(kept, given.entries)
    rows = [json.loads(line) for line in kept.open()][: given.entries]
    symbols = [row["symbols"] for row in rows]
    formation = np.array([row["formation_energy"] for row in rows])
    result, errors = {"entries": len(rows)}, {}
    for name in NAMES:
        energies = np.array([row[name] for row in rows])
        references, errors[name] = fit_references(
            symbols, energies, formation, potential=name, versions=POTENTIALS[name].versions(),
            source="static energies at the geometries of the Materials Project: MP-20 (pilot, train) and MPTS-52 (val)",
        )  # fmt: skip
        (SHIPPED / f"references_{name}.json").write_text(json.dumps(references.to_dict(), indent=1) + "\n")
        result[name] = {
            "mean_absolute": references.error, "root_mean_square": references.root_mean_square,
            "median": float(np.nanmedian(np.abs(errors[name]))), "terms": len(references.energies),
        }  # fmt: skip
    both = np.array([errors[name] for name in NAMES])
    mean = np.nanmean(both[:, ~np.isnan(both).any(axis=0)], axis=0)
    apart = (both[0] - both[1])[~np.isnan(both).any(axis=0)]
    result["mean_of_both"] = {
        "mean_absolute": float(np.abs(mean).mean()), "root_mean_square": float(np.sqrt((mean**2).mean())),
        "median": float(np.median(np.abs(mean))), "error_bar": fit_error_bar(mean, apart),
    }  # fmt: skip
    result["on"] = machine.describe("chgnet", "sevenn", "ase")
    machine.write("fit_references", result)
    print(json.dumps({key: value for key, value in result.items() if key != "on"}, indent=1))


def compute(kept: Path, most: int) -> None:
    """Append static energies until there are enough."""
    done = {json.loads(line)["name"] for line in kept.open()} if kept.exists() else set()
    asked = {entry.structure.composition for entry in entries([ASKED], sample=500)}
    pool = [*entries([OTHERS[0]]), *entries([OTHERS[2]], sample=3500, most_atoms=20)]
    np.random.default_rng(0).shuffle(pool)  # type: ignore[arg-type]
    with kept.open("a") as stream:
        for entry in pool:
            if len(done) >= most:
                return
            if entry.name not in done and entry.structure.composition not in asked:
                stream.write(json.dumps(row_of(entry)) + "\n")
                stream.flush()
                done.add(entry.name)


def row_of(entry: Entry) -> dict[str, object]:
    energies = {name: energy_of(entry.structure, name) for name in NAMES}
    return {"name": entry.name, "symbols": entry.structure.symbols, "formation_energy": entry.formation_energy,
            **energies}  # fmt: skip


if __name__ == "__main__":
    main()

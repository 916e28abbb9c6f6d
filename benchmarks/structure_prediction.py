"""Structures predicted by substitution against known ones: hits among the first 1, 3, 5 and 10, before relaxation.

Usage: python benchmarks/structure_prediction.py [--templates FILE] [--entries 300]

Entries are drawn from MP-20 (val; binaries and ternaries) with seed 0. Templates are all structures of MP-20 (val;
pilot, train and val) and MPTS-52 (val and test) but those of the entry's own reduced formula; nothing is learnt from
any of the formulas asked. A hit is pymatgen's StructureMatcher at its default tolerances; beside it stands whether the
space groups agree too (tolerance 0.1 angstrom). The baseline is the nearest template alone, by the sum of the learned
swaps. Rows are kept beside the templates, and the same command goes on.
"""

from __future__ import annotations

import json
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import machine
from crystal_tables import ASKED, OTHERS, Entry, entries
from polyloop.core import InvalidInputError
from polyloop.crystal.structures.pymatgen import same_structure
from polyloop.crystal.structures.symmetry import symmetry_of
from polyloop.crystal.substitution.predict import StructurePrediction, predict_structures
from polyloop.crystal.substitution.ranking import FEATURES, StructureRanking, train_ranking
from polyloop.crystal.substitution.templates import TemplateStore

STABLE = 1e-3
DEPTHS = (1, 3, 5, 10)


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--templates", type=Path, default=Path("templates_mp.npz"), help="Kept here once made.")
    parser.add_argument("--entries", type=int, default=300)
    parser.add_argument("--targets", type=int, default=3000, help="Compositions that teach the ranking.")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if not given.templates.exists():
        known = ((entry.name, entry.structure) for entry in entries([ASKED, *OTHERS]))
        TemplateStore.from_structures(known, "MP-20 and MPTS-52").save(given.templates)
    store = TemplateStore.load(given.templates)
    asked = list(entries([ASKED], sample=300))[: given.entries]
    formulas = frozenset(entry.structure.composition.canonical for entry in asked)
    path = given.templates.with_suffix(".asked_ranking.json")
    if not path.exists():
        train_ranking(store, rng=np.random.default_rng(0), left_out=formulas, targets=given.targets).save(path)
    ranking = StructureRanking.load(path)
    kept = given.templates.with_suffix(".asked.jsonl")
    done = {row["name"]: row for row in map(json.loads, kept.open())} if kept.exists() else {}
    rows = [done[entry.name] if entry.name in done else row_of(entry, store, ranking, kept) for entry in asked]
    result = {**summary(pd.DataFrame(rows)), "templates": len(store), "ratios": len(store.ratios)}
    result |= {"taught_by": ranking.trained_on}
    result["weights"] = dict(zip(FEATURES, np.round(ranking.weights, 3).tolist(), strict=True))
    result["on"] = machine.describe("pymatgen-core", "moyopy", "numpy", "scikit-learn")
    machine.write("structure_prediction", result)
    print(json.dumps({key: value for key, value in result.items() if key != "on"}, indent=1))


def row_of(entry: Entry, store: TemplateStore, ranking: StructureRanking, kept: Path) -> dict[str, object]:
    """Return the ranks of the first hit by each order; 0 where there is none."""
    composition = entry.structure.composition
    row: dict[str, object] = {
        "name": entry.name,
        "formula": composition.canonical,
        "stable": entry.hull_distance < STABLE,
    }
    begin = time.process_time()
    try:
        found = predict_structures(composition, store, ranking, most=10, exclude_formula=True)
    except InvalidInputError:
        found = []
    row["cpu_s"] = time.process_time() - begin
    number = symmetry_of(entry.structure, 0.1).number
    hits = [same_structure(one.structure, entry.structure) for one in found]
    agree = [hit and symmetry_of(one.structure, 0.1).number == number for hit, one in zip(hits, found, strict=True)]
    row |= {"has_template": bool(found), "rank": first(hits), "rank_with_group": first(agree)}
    row["nearness"] = baseline(entry, store, ranking, hits, found)
    with kept.open("a") as stream:
        stream.write(json.dumps(row) + "\n")
    return row


def first(hits: list[bool]) -> int:
    return hits.index(True) + 1 if True in hits else 0


def baseline(
    entry: Entry, store: TemplateStore, ranking: StructureRanking, hits: list[bool], found: list[StructurePrediction]
) -> int:
    """Return the rank of the first hit where the nearest template alone decides."""
    weights = np.array([1.0 if name == "nearest" else 0.0 for name in FEATURES])
    plain = StructureRanking(ranking.swaps, weights, ranking.means, ranking.scales, 0)
    known = {id_of(one): hit for one, hit in zip(found, hits, strict=True)}
    try:
        guesses = predict_structures(entry.structure.composition, store, plain, most=10, exclude_formula=True)
    except InvalidInputError:
        return 0
    for guess in guesses:
        if known.get(id_of(guess)) or (id_of(guess) not in known and same_structure(guess.structure, entry.structure)):
            return guess.rank
    return 0


def id_of(guess: StructurePrediction) -> tuple[str, tuple[str, ...]]:
    return guess.template, guess.structure.symbols


def summary(table: pd.DataFrame) -> dict[str, object]:
    def hits(column: str, rows: pd.DataFrame) -> dict[str, float]:
        return {f"top_{most}": float(((rows[column] > 0) & (rows[column] <= most)).mean()) for most in DEPTHS}

    stable = table[table.stable]
    return {
        "entries": len(table), "with_template": float(table.has_template.mean()), "learnt": hits("rank", table),
        "learnt_and_space_group": hits("rank_with_group", table), "nearest": hits("nearness", table),
        "stable": {"entries": len(stable), **hits("rank", stable)},
        "cpu_s_each": float(table.cpu_s.mean()),
    }  # fmt: skip


if __name__ == "__main__":
    main()

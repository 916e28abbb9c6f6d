"""Structures made by symmetry for crystals that no template gives: hits among the first 50, after relaxation.

Usage: python benchmarks/symmetry_generation.py --templates FILE [--entries 24] [--set ratio|protostructure]

Two sets of entries. `ratio`: those of MP-20 (val and pilot) whose ratio of elements no structure of another formula
has. `protostructure`: entries of MP-20 (val) of whose ratio structures are known, but none of another formula with the
same space group and Wyckoff positions, so that no substitution has them right. Both go by fewest atoms, of as many in
an order drawn with seed 0. The formulas of all entries asked are left out of what is counted and
measured, and the entry's own from the templates; the table of element swaps is that of all templates.

A guess is a hit if pymatgen's StructureMatcher at its default tolerances takes it, relaxed by CHGNet, for the entry.
Guesses are relaxed in the order of rank until one is a hit. Not relaxed are those that cannot become one: a relaxation
keeps every operation of symmetry, so a guess that has more atoms in its primitive cell than a whole number of the
entry's, or operations of a type that the entry has fewer of, stays another structure. With `--only-hits`
only the first guess that is a hit before relaxation is relaxed: a lower bound of the share, at a tenth of the cost.
Rows are kept beside the templates, and the same command goes on.
"""

from __future__ import annotations

import json
import time
import warnings
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

import machine
from crystal_tables import ASKED, OTHERS, Entry, entries
from polyloop.core import EvaluationError, InvalidInputError
from polyloop.crystal.relaxation.relax import RelaxationLimits, relax
from polyloop.crystal.structures.pymatgen import same_structure
from polyloop.crystal.structures.structure import CrystalStructure
from polyloop.crystal.structures.symmetry import dataset_of, primitive
from polyloop.crystal.substitution.files import open_templates
from polyloop.crystal.substitution.protostructure import TOLERANCE
from polyloop.crystal.substitution.ranking import StructureRanking
from polyloop.crystal.substitution.templates import TemplateStore, ratio_of
from polyloop.crystal.symmetry_generation.predict import SymmetryModel, learn_symmetry, predict_by_symmetry

MOST = 50
LIMITS = RelaxationLimits(steps=60, force=0.1)


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--templates", type=Path, required=True)
    parser.add_argument("--entries", type=int, default=24)
    parser.add_argument("--set", choices=("ratio", "protostructure"), default="protostructure")
    parser.add_argument("--most-atoms", type=int, default=20)
    parser.add_argument("--only-hits", action="store_true", help="Relax only what is a hit before: a lower bound.")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    store, ranking = open_templates(given.templates)
    asked = chosen(given.set, store, given.most_atoms)
    name = f"{given.set}_lower_bound" if given.only_hits else given.set
    kept = given.templates.with_suffix(f".symmetry_{name}.jsonl")
    done = {row["name"]: row for row in map(json.loads, kept.open())} if kept.exists() else {}
    rows = []
    model = learn_symmetry(store, frozenset(entry.structure.composition.canonical for entry in asked))
    for entry in asked[: given.entries]:
        rows.append(done.get(entry.name) or row_of(entry, store, ranking, model, kept, only_hits=given.only_hits))
        print(rows[-1], flush=True)
    path = machine.RESULTS / "symmetry_generation.json"
    result = json.loads(path.read_text()) if path.exists() else {}
    result[name] = {**summary(rows), "to_be_asked": len(asked), "most_atoms": given.most_atoms, "rows": rows}
    machine.write("symmetry_generation", result | {"on": machine.describe("chgnet", "moyopy", "pymatgen-core")})


def chosen(which: str, store: TemplateStore, most_atoms: int) -> list[Entry]:
    """Return the entries of a set, those with the fewest atoms first."""
    by_ratio, by_label = defaultdict(set), defaultdict(set)
    labels = {}
    for ratio in store.ratios:
        group = store.group(ratio)
        for place, row in enumerate(group.rows if group is not None else ()):
            formula = str(store.formulas[row])
            by_ratio[ratio].add(formula)
            own = frozenset((ratio, int(label)) for label in group.labels[place])
            labels[store.templates[row].name] = own
            for label in own:
                by_label[label].add(formula)
    tables = [ASKED, *OTHERS[:2]] if which == "ratio" else [ASKED]
    found = []
    for entry in entries(tables, most_atoms=most_atoms):
        formula, ratio = entry.structure.composition.canonical, ratio_of(entry.structure.composition)
        alone = by_ratio[ratio] == {formula}
        if which == "ratio" and alone:
            found.append(entry)
        elif which == "protostructure" and not alone:
            own = labels.get(entry.name)
            if own is not None and all(by_label[label] == {formula} for label in own):
                found.append(entry)
    order = np.random.default_rng(0).permutation(len(found))
    return sorted((found[place] for place in order), key=lambda entry: len(entry.structure))


def row_of(
    entry: Entry, store: TemplateStore, ranking: StructureRanking, model: SymmetryModel, kept: Path, *, only_hits: bool
) -> dict[str, object]:
    composition = entry.structure.composition
    begin = time.process_time()
    try:
        guesses = predict_by_symmetry(
            composition, store, ranking.swaps, model, np.random.default_rng(0), most=MOST, exclude_formula=True
        )
    except InvalidInputError:
        guesses = []
    made = time.process_time()
    wanted = operations(entry.structure)
    hit_before = next((one.rank for one in guesses if same_structure(one.structure, entry.structure)), 0)
    rank, method, relaxed = 0, "", 0
    for guess in guesses:
        # What matches before it is relaxed is relaxed in any case: the entry may be a distortion of it.
        if guess.rank != hit_before and (only_hits or not may_become(guess.structure, entry.structure, wanted)):
            continue
        relaxed += 1
        try:
            structure = relax(guess.structure, limits=LIMITS).structure
        except EvaluationError:
            continue
        if same_structure(structure, entry.structure):
            rank, method = guess.rank, guess.method
            break
    row: dict[str, object] = {
        "name": entry.name, "formula": composition.canonical, "atoms": len(entry.structure), "guesses": len(guesses),
        "drawn": sum(one.method == "drawn" for one in guesses), "rank_before": hit_before, "rank": rank,
        "method": method, "relaxed": relaxed, "cpu_s_making": made - begin,
        "cpu_s_relaxing": time.process_time() - made, "hull_distance": entry.hull_distance,
    }  # fmt: skip
    with kept.open("a") as stream:
        stream.write(json.dumps(row) + "\n")
    return row


def operations(structure: CrystalStructure) -> Counter[tuple[int, int]]:
    """Return how many operations of the point group there are of each type, by determinant and trace."""
    found = dataset_of(structure, TOLERANCE)
    rotations = {tuple(map(tuple, one)) for one in found.operations.rotations} if found is not None else set()
    return Counter((round(np.linalg.det(one)), int(np.trace(one))) for one in map(np.array, rotations))


def may_become(guess: CrystalStructure, entry: CrystalStructure, wanted: Counter[tuple[int, int]]) -> bool:
    """Tell whether a relaxation, which keeps all operations, may turn a guess into the entry."""
    if len(primitive(guess, TOLERANCE)) % len(primitive(entry, TOLERANCE)):
        return False
    return all(count <= wanted[kind] for kind, count in operations(guess).items())


def summary(rows: list[dict[str, object]]) -> dict[str, object]:
    ranks = np.array([row["rank"] for row in rows])
    hits = ranks[ranks > 0]
    return {
        "entries": len(rows), "atoms_mean": float(np.mean([row["atoms"] for row in rows])),
        **{f"top_{most}": float(((ranks > 0) & (ranks <= most)).mean()) for most in (1, 10, 20, MOST)},
        "top_50_before_relaxation": float(np.mean([row["rank_before"] > 0 for row in rows])),
        "mean_rank_of_hits": float(hits.mean()) if len(hits) else None,
        "by_method": dict(Counter(str(row["method"]) for row in rows if row["method"])),
        "guesses_mean": float(np.mean([row["guesses"] for row in rows])),
        "cpu_s_making": float(np.mean([row["cpu_s_making"] for row in rows])),
        "cpu_s_relaxing": float(np.mean([row["cpu_s_relaxing"] for row in rows])),
        "relaxed_mean": float(np.mean([row["relaxed"] for row in rows])),
    }  # fmt: skip


if __name__ == "__main__":
    main()

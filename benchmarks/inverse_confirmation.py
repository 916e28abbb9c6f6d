"""Two checks of inverse design: does another route confirm what it proposes, and does it find again what was hidden?

Usage: python benchmarks/inverse_confirmation.py confirm [--calls 300] [--seeds 3]
       python benchmarks/inverse_confirmation.py hidden [--calls 5000] [--classes 4]

confirm: models of three properties learn from one half of PI1070, and design for three targets of two properties each
(ranges set from the table's quantiles before any run; 5, 2 and 4 % of its polymers lie there). Of the 20 best proposals
those count that the design says to be in both ranges (probability above one half) and in the models' domains. Models
that learnt from the other half judge: confirmed is what their means put into both ranges. As many random chains of the
library that are in the domains tell how often that happens by itself.

hidden: the top tenth (refractive index) of a class is taken out of PI1070, a model learns from the rest, and the
design is asked for the range in which the hidden ones lie, with no word of the class. Counted are the hidden ones
among all that it asked for. Classes are those with the most members that the shipped monomers make. Random draws as
often from the same library: with the same probability for each rule, as the design's prior has it, and for each chain.

Rows are kept as they are done; the same command goes on. With --seeds 0 or --classes 0 it prints the tables of
docs/validation/inverse_design.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np
import pandas as pd

import machine
from polyloop import datasets
from polyloop.chem import Polymer
from polyloop.chem.polymerisation import RULES, depolymerise
from polyloop.core import UnsupportedChemistryError
from polyloop.design.inverse import ChainSpace, DesignPrior, InverseDesigner, ModelPredictor, Oracle, read_target
from polyloop.design.library import PolymerLibrary, shipped_stock
from polyloop.learn.property_model import PropertyModel

RESULT = machine.RESULTS / "inverse_confirmation.json"
COLUMNS = {"density": "density", "refractive_index": "refractive_index", "heat_capacity_cp": "Cp"}
TARGETS = (
    ("refractive_index=1.60:1.68", "density=1.00:1.15"),
    ("refractive_index=1.38:1.46", "density=1.10:1.30"),
    ("heat_capacity_cp=2200:2600", "refractive_index=1.50:1.56"),
)
PROPOSALS = 20
LEAST_HIDDEN = 3


def table() -> pd.DataFrame:
    """Return PI1070 with canonical units, each once."""
    frame = pd.read_csv(datasets.path("radonpy_pi1070", "PI1070.csv.gz"), usecols=["smiles", *COLUMNS.values()])
    frame["canonical"] = [Polymer(smiles).canonical for smiles in frame.smiles]
    return frame.drop_duplicates("canonical").reset_index(drop=True)


def trained(frame: pd.DataFrame, name: str, folder: Path) -> ModelPredictor:
    """Train the default model of a property on a table, and return it as a predictor."""
    rows = frame[frame[COLUMNS[name]].notna()]
    PropertyModel.train(list(rows.canonical), list(rows[COLUMNS[name]]), target=name).save(folder)
    return ModelPredictor(folder)


def inside(judges: Mapping[str, ModelPredictor], targets: tuple[str, ...], text: str) -> bool:
    """Tell whether the judges' means lie in all ranges."""
    for target in map(read_target, targets):
        said = judges[target.property].predict(text)
        if said is None or not target.low <= said[target.property].mean <= target.high:
            return False
    return True


def in_domain(models: Mapping[str, ModelPredictor], targets: tuple[str, ...], text: str) -> bool:
    """Tell whether a polymer is in the domains of the models of all targets."""
    names = [read_target(target).property for target in targets]
    said = [models[name].predict(text) for name in names]
    return all(one is not None and one[name].in_domain for name, one in zip(names, said, strict=True))


def chains(space: ChainSpace, n: int, rng: np.random.Generator) -> list[str]:
    """Return n random chains of the library that SMILES can say."""
    found: list[str] = []
    while len(found) < n:
        for state in space.draw(n - len(found), rng):
            with suppress(UnsupportedChemistryError):
                found.append(space.polymer(state).smiles)
    return found


def confirm(seed: int, calls: int, frame: pd.DataFrame, space: ChainSpace) -> list[dict[str, Any]]:
    """Return a row for each target."""
    order = np.random.default_rng(seed).permutation(len(frame))
    halves = [frame.iloc[order[::2]], frame.iloc[order[1::2]]]
    rows = []
    with TemporaryDirectory() as folder:
        models, judges = (
            {name: trained(half, name, Path(folder) / f"{which} {name}") for name in COLUMNS}
            for which, half in zip(("design", "judge"), halves, strict=True)
        )
        for targets in TARGETS:
            started, rng = process_time(), np.random.default_rng([seed, 1])
            names = {read_target(target).property for target in targets}
            oracle = Oracle([read_target(one) for one in targets], [models[name] for name in names], calls=calls)
            found = InverseDesigner(space).design(oracle, rng, n=PROPOSALS)
            probable = {one.text for one in oracle.history if one.log_likelihood > np.log(0.5)}
            said = [one.smiles for one in found.candidates if one.smiles in probable and one.in_domain]
            drawn: list[str] = []
            while len(drawn) < PROPOSALS:
                (text,) = chains(space, 1, rng)
                if in_domain(models, targets, text):
                    drawn.append(text)
            rows.append({
                "targets": list(targets), "seed": seed, "calls": calls, "said": len(said),
                "confirmed": sum(inside(judges, targets, text) for text in said),
                "known": len(set(said) & set(frame.canonical)),
                "random": len(drawn), "random confirmed": sum(inside(judges, targets, text) for text in drawn),
                "cpu s": round(process_time() - started), "best": said[:3],
            })  # fmt: skip
    return rows


def members(frame: pd.DataFrame, priced: set[str]) -> pd.DataFrame:
    """Return places and classes of what has a refractive index and is made of the shipped monomers in one step."""
    found = []
    for place, text in frame.canonical[frame[COLUMNS["refractive_index"]].notna()].items():
        polymer = Polymer.of_canonical(text)
        if any(priced.issuperset(way.monomers) for way in depolymerise(polymer, RULES.values())):
            found.append((place, polymer.polymer_class.value))
    return pd.DataFrame(found, columns=["place", "class"])


def hidden(name: str, places: list[int], calls: int, frame: pd.DataFrame, space: ChainSpace) -> dict[str, Any]:
    """Return the figures of one class, whose members stand at these places of the table."""
    started = process_time()
    column = COLUMNS["refractive_index"]
    ranked = sorted(places, key=lambda place: -frame[column][place])
    out = ranked[: max(LEAST_HIDDEN, round(0.1 * len(ranked)))]
    texts = {frame.canonical[place] for place in out}
    low, high = min(frame[column][out]), max(frame[column][out])
    target = read_target(f"refractive_index={low:.4f}:{high:.4f}")
    with TemporaryDirectory() as folder:
        model = trained(frame.drop(index=out), "refractive_index", Path(folder) / "model")
        oracle = Oracle([target], [model], calls=calls)
        InverseDesigner(space, DesignPrior()).design(oracle, np.random.default_rng(0), n=PROPOSALS)
    rng, drawn = np.random.default_rng(1), set()
    while len(drawn) < calls:
        drawn |= set(chains(space, calls - len(drawn), rng))
    uniform = {polymer.smiles for polymer in space.library.sample(calls, np.random.default_rng(1), balanced=False)}
    return {
        "class": name, "members": len(places), "hidden": len(texts), "range": [round(low, 4), round(high, 4)],
        "in range, of the table": round(float(frame[column].between(low, high).mean()), 4),
        "calls": len(oracle.history), "found": sum(one.text in texts for one in oracle.history),
        "found by random": len(texts & drawn), "found by uniform": len(texts & uniform),
        "cpu s": round(process_time() - started),
    }  # fmt: skip


def tables(kept: dict[str, Any]) -> str:
    """Return the tables of the docs."""
    lines = ["| target | seeds | said to be there | confirmed | random chains there |", "|---|---|---|---|---|"]
    for targets in TARGETS:
        rows = [row for row in kept["confirm"] if row["targets"] == list(targets)]
        if rows:
            sums = {key: sum(row[key] for row in rows) for key in ("said", "confirmed", "random", "random confirmed")}
            share = 100 * sums["confirmed"] / max(1, sums["said"])
            lines.append(
                f"| {', '.join(targets)} | {len(rows)} | {sums['said']} | {sums['confirmed']} ({share:.0f} %) | "
                f"{sums['random confirmed']} of {sums['random']} |"
            )
    lines += ["", "| class | members | hidden | range of n | found again | of random rules | of random chains |"]
    lines += ["|---" * 7 + "|"]
    for row in kept["hidden"]:
        found = f"{row['found']} ({100 * row['found'] / row['hidden']:.0f} %)"
        lines.append(
            f"| {row['class']} | {row['members']} | {row['hidden']} | {row['range'][0]:.3f} to {row['range'][1]:.3f} | "
            f"{found} | {row['found by random']} | {row['found by uniform']} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("what", choices=("confirm", "hidden"))
    parser.add_argument("--calls", type=int)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--classes", type=int, default=4)
    arguments = parser.parse_args()
    kept: dict[str, Any] = {"confirm": [], "hidden": []}
    if RESULT.exists():
        kept |= json.loads(RESULT.read_text())

    def keep(rows: list[dict[str, Any]]) -> None:
        kept[arguments.what] += rows
        machine.write("inverse_confirmation", {**kept, "machine": machine.describe("rdkit", "numpy")})

    frame = table()
    space = ChainSpace(PolymerLibrary.from_monomers(shipped_stock()))
    if arguments.what == "confirm":
        done = {row["seed"] for row in kept["confirm"]}
        for seed in set(range(arguments.seeds)) - done:
            keep(confirm(seed, arguments.calls or 300, frame, space))
    elif arguments.classes:
        found = members(frame, {one.smiles for one in shipped_stock()})
        largest = found.groupby("class").size().sort_values(ascending=False, kind="stable").index[: arguments.classes]
        for name in [one for one in largest if one not in {row["class"] for row in kept["hidden"]}]:
            keep([hidden(name, list(found.place[found["class"] == name]), arguments.calls or 5000, frame, space)])
    print(tables(kept))


if __name__ == "__main__":
    main()

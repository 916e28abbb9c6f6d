"""Six searches for polymers by the physics of `optics/instant`, with a budget of calls: seven methods at equal calls.

Usage: python benchmarks/inverse_design.py --cache FILE.sqlite [--folder FOLDER] [--calls 1000] [--seeds 5]
           [--methods posterior ...]

The score of a polymer is the probability that its properties lie in the task's ranges, error bars included; what counts
is the area under the mean score of the ten best against calls (as in Gao et al. 2022, arXiv:2206.12411), polymers
that are not yet there counting 0. Elements and sizes are bounded, for all methods alike, and no method has a prior on
length or makeability. The ranges were set after a look at 250 random polymers of the library and before any method
ran on them, at values that hardly any of those had. All but the string sampler start from the shipped monomers'
library; `mol_ga` (PyPI, 0.2.1) takes part where it is installed, its stars being dummy atoms. Routes of the ten best
are looked for by `depolymerise` where a method knows none, and count as priced where the shipped list has a price of
all monomers; below the table are the same areas with 0 for what no rule makes in one step, or not of monomers with a
price. The methods that leave the library run a second time as "told": the oracle then knows nothing but the chains of
the library whose monomers have a price, and refuses any other without counting a call. Predictions are kept in
FILE.sqlite, which all methods share, and the library's chains beside it (a minute, once); rows are kept as they are
done, and the same command goes on; two of them at once, with other methods, share the work. With --seeds 0 it prints
the table of docs/validation/inverse_design.md.
"""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

import machine
from library import buyables
from polyloop.chem import Polymer
from polyloop.chem.polymerisation import RULES, depolymerise
from polyloop.core import InvalidInputError
from polyloop.design.inverse import (
    ChainSpace,
    DesignPrior,
    Oracle,
    PredictionCache,
    ProtocolPredictor,
    StructureScope,
    make_designer,
    read_target,
)
from polyloop.design.library import PolymerLibrary, build_library, shipped_stock

RESULT = machine.RESULTS / "inverse_design.json"
MOST = {"F": 12, "Cl": 4, "Br": 2, "I": 0, "S": 2, "P": 1, "Si": 2}
TASKS: dict[str, tuple[tuple[str, ...], frozenset[str] | None]] = {
    "high index": (("refractive_index=1.76:",), None),
    "index of 1.60, light": (("refractive_index=1.59:1.61", "density=:1.03"), None),
    "high index of C, H, N, O": (("refractive_index=1.72:",), frozenset("HCNO")),
    "light": (("density=:0.84",), None),
    "low index, light": (("refractive_index=:1.42", "density=:1.10"), None),
    "high index, light": (("refractive_index=1.66:", "density=:1.08"), None),
}
# The posterior designer again over ASKCOS's buyables beside the shipped monomers, some 25,000 in all.
BUYABLES = "posterior, buyables"
TOLD = ", told"
FOREIGN = ("graph-ga", "string-smc", "mol_ga")
METHODS = ("posterior", BUYABLES, "screening", "pair-ga", *(name + TOLD for name in FOREIGN), *FOREIGN, "random")
TOP = 10
# Where mol_ga is told, it breeds at most five units for each call: what is refused grows ever larger.
OFFSPRING, GENERATIONS, IN_VAIN = 25, 10_000, 5
# Whether what scores less can be made is not asked: it would take most of the time, and counts next to nothing.
LEAST = 1e-3


def curve(scores: list[float], calls: int) -> np.ndarray:
    """Return the mean of the ten best scores after each call, shape (calls,)."""
    best: list[float] = []
    means = np.zeros(calls)
    for place in range(calls):
        if place < len(scores):
            best = sorted([*best, scores[place]], reverse=True)[:TOP]
        means[place] = sum(best) / TOP
    return means


class BudgetSpentError(Exception):
    """Ends a foreign program's search."""


def mol_ga(oracle: Oracle, start: list[str], seed: int, generations: int) -> None:
    """Let mol_ga's default genetic algorithm spend the calls."""
    from mol_ga.preconfigured_gas import default_ga

    def scores(texts: list[str]) -> list[float]:
        found = []
        for text in texts:
            if not oracle.left:
                raise BudgetSpentError
            try:
                said = oracle.assess([Polymer(text).canonical]) if text.count("*") == 2 else []
            except InvalidInputError:
                said = []
            found.append(max(said[0].log_likelihood, -1e6) if said else -1e6)
        return found

    try:
        default_ga(start, scores, max_generations=generations, offspring_size=OFFSPRING, rng=random.Random(seed))
    except BudgetSpentError:
        return


def makeable(text: str, prices: dict[str, float]) -> tuple[bool, bool]:
    """Return whether a rule makes a polymer in one step, and whether monomers with a price do."""
    ways = depolymerise(Polymer.of_canonical(text), RULES.values())
    return bool(ways), any(all(monomer in prices for monomer in way.monomers) for way in ways)


def only(scores: list[float], texts: list[str], counts: Callable[[str], bool]) -> list[float]:
    """Return the scores with 0 for what does not count; asked of those alone that would be among the ten best."""
    best: list[float] = []
    kept = []
    for score, text in zip(scores, texts, strict=True):
        if score > (best[-1] if len(best) == TOP else LEAST) and counts(text):
            best = sorted([*best, score], reverse=True)[:TOP]
            kept.append(score)
        else:
            kept.append(0.0)
    return kept


@functools.cache
def priced_chains(path: Path) -> frozenset[str]:
    """Return the chains of the shipped monomers that have a price, canonical; written to a file at the first time."""
    if not path.is_file():
        # A class has at most a quarter of what is asked for: more than any has.
        build_library(PolymerLibrary.from_monomers(shipped_stock()), path, size=5_000_000, seed=0)
    frame = pd.read_parquet(path, columns=["smiles", "price"])
    return frozenset(frame.smiles[frame.price.notna()])


def run(
    task: str, method: str, seed: int, calls: int, space: ChainSpace, cache: PredictionCache, chains: Path
) -> dict[str, Any]:
    """Return the figures of one search."""
    targets, elements = TASKS[task]
    scope = StructureScope(most=MOST, most_heavy_atoms=60)
    if elements is not None:
        scope = StructureScope(elements=elements, most=MOST, most_heavy_atoms=60)
    prior = DesignPrior(makeability=0.0, typical_length=1e9, scope=scope)
    name, told = method.removesuffix(TOLD), method.endswith(TOLD)
    oracle = Oracle(
        [read_target(text) for text in targets], [ProtocolPredictor()], calls=calls, scope=scope, cache=cache,
        accepts=priced_chains(chains).__contains__ if told else lambda text: True,
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    started = perf_counter()
    if name == "mol_ga":
        opening = min(50, calls // 4 + 1)
        states = space.draw(20 * opening, rng)
        states = states[np.isfinite(prior.log_weight(space, states))][:opening]
        most = IN_VAIN * calls // OFFSPRING if told else GENERATIONS
        mol_ga(oracle, [space.polymer(state).smiles for state in states], seed, most)
        known = {}
    else:
        known = make_designer(name.partition(",")[0], space, prior).search(oracle, rng).routes
    spent = perf_counter() - started
    prices = {one.smiles: one.price for one in space.library.stock.stock if one.price is not None}

    @functools.cache
    def standing(text: str) -> tuple[bool, bool]:
        if text in known:
            return True, known[text].price is not None
        return (True, True) if told else makeable(text, prices)

    scores = [float(np.exp(one.log_likelihood)) for one in oracle.history]
    texts = [one.text for one in oracle.history]
    areas: dict[str, float] = {}
    for name, counted in (
        ("", scores),
        ("_makeable", only(scores, texts, lambda text: standing(text)[0])),
        ("_priced", only(scores, texts, lambda text: standing(text)[1])),
    ):
        means = curve(counted, calls)
        areas |= {f"auc{name}": round(float(means.mean()), 5), f"top10{name}": round(float(means[-1]), 5)}
    best = sorted(oracle.history, key=lambda one: -one.log_likelihood)[:TOP]
    routes = [standing(one.text) for one in best]
    return {
        "task": task, "method": method, "seed": seed, "calls": calls, "used": len(oracle.history),
        "seconds": round(spent, 1), **areas,
        "one_step": sum(one for one, _ in routes), "priced": sum(two for _, two in routes),
        "best": [[one.text, round(float(np.exp(one.log_likelihood)), 4)] for one in best[:3]],
    }  # fmt: skip


def table(rows: list[dict[str, Any]], calls: int) -> str:
    """Return the table of the docs: means over seeds with standard errors, and means over tasks of what ran on all."""
    rows = [row for row in rows if row["calls"] == calls]
    methods = [name for name in METHODS if any(row["method"] == name for row in rows)]

    def found(task: str, method: str, key: str) -> np.ndarray:
        return np.array([row[key] for row in rows if row["task"] == task and row["method"] == method])

    def cell(values: np.ndarray) -> str:
        if not len(values):
            return "-"
        error = f" ± {values.std(ddof=1) / np.sqrt(len(values)):.3f}" if len(values) > 1 else ""
        return f"{values.mean():.3f}{error}"

    def over_tasks(method: str, key: str, unit: float = 1.0) -> float | None:
        each = [found(task, method, key) for task in TASKS]
        return None if any(not len(one) for one in each) else float(np.mean([one.mean() for one in each])) / unit

    lines = ["| task | " + " | ".join(methods) + " |", "|---" * (len(methods) + 1) + "|"]
    lines += [f"| {task} | " + " | ".join(cell(found(task, name, "auc")) for name in methods) + " |" for task in TASKS]
    for key, words in (
        ("auc", "**mean**"),
        ("auc_makeable", "of what a rule makes"),
        ("auc_priced", "of what priced monomers make"),
        ("top10", "ten best at the end"),
        ("top10_priced", "ten best that priced monomers make"),
    ):
        cells = ("-" if (mean := over_tasks(name, key)) is None else f"{mean:.3f}" for name in methods)
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    for key, words in (("one_step", "one-step route"), ("priced", "priced monomers")):
        cells = ("-" if (mean := over_tasks(name, key, TOP)) is None else f"{mean:.0%}" for name in methods)
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def kept_rows() -> list[dict[str, Any]]:
    """Return the rows that are done."""
    rows: list[dict[str, Any]] = json.loads(RESULT.read_text())["rows"] if RESULT.exists() else []
    return rows


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--cache", type=Path, help="SQLite file of predictions, outside the repository")
    parser.add_argument("--folder", type=Path, help="where the buyables are classified; without it they take no part")
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--methods", nargs="*", default=list(METHODS), choices=METHODS)
    arguments = parser.parse_args()
    rows = kept_rows()
    done = {(row["task"], row["method"], row["seed"], row["calls"]) for row in rows}
    wanted = [
        (task, method, seed, arguments.calls)
        for seed in range(arguments.seeds) for task in TASKS for method in arguments.methods
        if {"mol_ga": find_spec("mol_ga"), BUYABLES: arguments.folder}.get(method.removesuffix(TOLD), True)
    ]  # fmt: skip
    if missing := [one for one in wanted if one not in done]:
        if arguments.cache is None:
            parser.error("name a file of predictions: --cache FILE.sqlite")
        shipped = ChainSpace(PolymerLibrary.from_monomers(shipped_stock()))
        bought = None
        if any(method == BUYABLES for _, method, _, _ in missing):
            bought = ChainSpace(PolymerLibrary.from_monomers(buyables(arguments.folder, 14.0), cache=arguments.folder))
        cache = PredictionCache(arguments.cache)
        for task, method, seed, calls in missing:
            space = bought if method == BUYABLES and bought is not None else shipped
            row = run(task, method, seed, calls, space, cache, arguments.cache.with_suffix(".chains.parquet"))
            # Another of these programs may have written rows meanwhile.
            rows = [*kept_rows(), row]
            machine.write("inverse_design", {"machine": machine.describe("rdkit", "numpy"), "rows": rows})
    print(table(rows, arguments.calls))


if __name__ == "__main__":
    main()

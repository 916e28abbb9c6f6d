"""Sources that write their candidates anew for each cycle against a fixed pool, at equal evaluations.

Usage: python benchmarks/sources.py FOLDER [--seeds 5] [--cycles 5] [--batch 4] [--initial 8] [--pool 300]

Three problems that `optics/instant` answers at once: a high refractive index; a high index with a low density; a low
index with a low density. Elements and sizes are bounded for all alike. Four sources: a fixed pool of --pool polymers
drawn from the library of the shipped monomers (another one for each seed); the library itself (30,000 rows), of which
each cycle sees as many rows as the pool has; inverse design over the same monomers; and the n-gram model of the shipped
homopolymers. All else is equal: initial size, batch, cycles, the Gaussian process on `ecfp`, and the acquisition, which
is that of campaigns (ei, ehvi). Proposals are made in this process by the objects that campaigns use, without the store
and the worker processes of a campaign, which take most of the time with an evaluator as quick as this one.

What counts is the best value, or the hypervolume above a point fixed before any run, after each evaluation; its mean
over all evaluations is the area. Rows are kept as they are done, and the same command goes on; values of
`optics/instant` are kept in FOLDER for all. Writes results/sources.json.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import machine
from polyloop.chem.library import homopolymers
from polyloop.design import Objective, default_reference_point, hypervolume
from polyloop.design.inverse import ChainSpace, InverseSource, PredictionCache, ProtocolPredictor
from polyloop.design.language import LanguageSource, NgramGenerator
from polyloop.design.library import LibrarySource, PolymerLibrary, build_library, shipped_stock
from polyloop.design.objectives import utilities
from polyloop.design.pool_filter import PoolFilter
from polyloop.design.sources import CandidateSource, Observations, PoolSource
from polyloop.features import featurize
from polyloop.learn import make_surrogate
from polyloop.learn.surrogate import take

RESULT = machine.RESULTS / "sources.json"
ACCEPTS = PoolFilter.make(["C", "N", "O", "F", "S", "Cl"], (2, 40), None)
LIBRARY_SIZE = 30_000
# Objectives, and the point above which hypervolume counts, in the properties' units.
PROBLEMS: dict[str, tuple[list[Objective], list[float]]] = {
    "high index": ([Objective("refractive_index", "maximize")], [1.40]),
    "high index, light": ([Objective("refractive_index", "maximize"), Objective("density", "minimize")], [1.40, 1.60]),
    "low index, light": ([Objective("refractive_index", "minimize"), Objective("density", "minimize")], [1.65, 1.60]),
}
SOURCES = ("pool", "library", "inverse", "language")
_BLOCKS = {"blocks": ("ecfp",), "time_limit": None, "accepts": ACCEPTS}


class Sources:
    """Makes the sources, each once."""

    def __init__(self, folder: Path, size: int) -> None:
        self._size, path = size, folder / "library.parquet"
        library = PolymerLibrary.from_monomers(shipped_stock(), cache=folder)
        if not path.is_file():
            build_library(library, path, size=LIBRARY_SIZE, seed=0)
        self._library = LibrarySource(path, size=size, **_BLOCKS)
        self._made: dict[str, CandidateSource] = {
            "library": self._library,
            "inverse": InverseSource(ChainSpace(library), particles=50, size=size, **_BLOCKS),
            "language": LanguageSource(
                NgramGenerator.train([row.smiles for row in homopolymers()]), size=size, **_BLOCKS
            ),
        }

    def get(self, name: str, seed: int) -> CandidateSource:
        """Return the source of a name; the pool is the seed's."""
        if name != "pool":
            return self._made[name]
        texts = self._library.drawn(self._size, (), np.random.default_rng([seed, 7]))
        table = featurize(texts, _BLOCKS["blocks"], time_limit=None, memory_limit=None)
        rows = np.flatnonzero(table.valid)
        return PoolSource(tuple(texts[row] for row in rows), take(dict(table.described()), rows))


class Answers:
    """The values of `optics/instant`, each computed once."""

    def __init__(self, folder: Path) -> None:
        self._protocol, self._cache = ProtocolPredictor(), PredictionCache(folder / "values.sqlite")

    def __call__(self, text: str, objectives: Sequence[Objective]) -> list[float]:
        known, said = self._cache.get(self._protocol.predictor_id, text)
        if not known:
            said = self._protocol.predict(text)
            self._cache.put(self._protocol.predictor_id, text, said)
        return [np.nan if said is None else said[one.property].mean for one in objectives]


def progress_of(values: np.ndarray, objectives: Sequence[Objective], point: Sequence[float]) -> list[float]:
    """Return best value or hypervolume after each evaluation; values (n, m), NaN where an evaluation failed."""
    Y, lowest = utilities(values, objectives), utilities(np.array([point]), objectives)[0]
    if len(objectives) == 1:
        best = np.maximum.accumulate(np.where(np.isnan(Y[:, 0]), lowest[0], Y[:, 0]))
        return [float(one) for one in np.maximum(best, lowest[0])]
    known = [Y[: row + 1][np.isfinite(Y[: row + 1]).all(axis=1)] for row in range(len(Y))]
    return [float(hypervolume(one, lowest)) if len(one) else 0.0 for one in known]


def run(problem: str, name: str, seed: int, sources: Sources, answers: Answers, options: Any) -> dict[str, Any]:
    """Run one loop, and return its figures."""
    objectives, point = PROBLEMS[problem]
    started, source = time.process_time(), sources.get(name, seed)
    texts = list(source.initial(options.initial, rng=np.random.default_rng([seed, 0])))
    values = [answers(text, objectives) for text in texts]
    reference = default_reference_point(np.array(values), objectives)
    for cycle in range(1, options.cycles + 1):
        rng = np.random.default_rng([seed, cycle])
        known = Observations(tuple(texts), np.array(values))
        rows = known.complete
        X = source.encode([texts[row] for row in rows])
        models = [
            make_surrogate("gp", seed=seed).fit(X, known.values[rows, column]) for column in range(len(objectives))
        ]
        found = source.propose(models, known, objectives, batch=options.batch, rng=rng, reference_point=reference,
                               exclude=texts, acquisition="ei" if len(objectives) == 1 else "ehvi")  # fmt: skip
        texts += found.texts
        values += [answers(text, objectives) for text in found.texts]
    curve = progress_of(np.array(values), objectives, point)
    return {
        "problem": problem, "source": name, "seed": seed, "evaluations": len(curve),
        "failed": int(np.isnan(np.array(values)).any(axis=1).sum()), "area": float(np.mean(curve)), "final": curve[-1],
        "curve": curve, "cpu s": time.process_time() - started, "best": best_of(texts, np.array(values), objectives),
    }  # fmt: skip


def best_of(texts: Sequence[str], values: np.ndarray, objectives: Sequence[Objective]) -> list[Any]:
    """Return the polymer that is best in the first objective, and its values."""
    row = int(np.nanargmax(utilities(values, objectives)[:, 0]))
    return [texts[row], [float(value) for value in values[row]]]


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return means and standard errors over seeds, and the differences from the pool, paired by seed."""
    found = []
    for problem in PROBLEMS:
        by = {(row["source"], row["seed"]): row for row in rows if row["problem"] == problem}
        for source in SOURCES:
            mine = {seed: row for (name, seed), row in by.items() if name == source}
            if not mine:
                continue
            entry: dict[str, Any] = {"problem": problem, "source": source, "seeds": len(mine)}
            for what in ("area", "final"):
                entry[what] = mean_and_error([row[what] for row in mine.values()])
                pairs = [row[what] - by["pool", seed][what] for seed, row in mine.items() if ("pool", seed) in by]
                if source != "pool" and pairs:
                    entry[f"{what} above the pool"] = mean_and_error(pairs)
            found.append(entry)
    return found


def mean_and_error(values: Sequence[float]) -> list[float | None]:
    """Return the mean and its standard error (None of one value)."""
    error = float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
    return [float(np.mean(values)), error]


def table(rows: list[dict[str, Any]]) -> str:
    """Return the table of docs/validation/sources.md."""
    lines = [
        "| problem | source | seeds | area | above the pool | final | above the pool |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in summary(rows):
        cells = [_words(one.get(name)) for name in ("area", "area above the pool", "final", "final above the pool")]
        lines.append(f"| {one['problem']} | {one['source']} | {one['seeds']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _words(pair: list[float | None] | None) -> str:
    if pair is None:
        return ""
    return f"{pair[0]:.4f}" + ("" if pair[1] is None else f" ± {pair[1]:.4f}")


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("folder", type=Path)
    for name, default in (("seeds", 5), ("cycles", 5), ("batch", 4), ("initial", 8), ("pool", 300)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--sources", nargs="+", default=list(SOURCES), choices=SOURCES)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    settings = {name: getattr(options, name) for name in ("cycles", "batch", "initial", "pool")}
    kept = json.loads(RESULT.read_text()) if RESULT.is_file() else {}
    rows = kept.get("rows", []) if kept.get("settings") == settings else []
    done = {(row["problem"], row["source"], row["seed"]) for row in rows}
    wanted = [(problem, name, seed) for seed in range(options.seeds) for problem in PROBLEMS for name in options.sources
              if (problem, name, seed) not in done]  # fmt: skip
    if wanted:
        sources, answers = Sources(options.folder, options.pool), Answers(options.folder)
    for problem, name, seed in wanted:
        rows.append(run(problem, name, seed, sources, answers, options))
        print(problem, name, seed, f"area {rows[-1]['area']:.4f}, {rows[-1]['cpu s']:.0f} CPU s", flush=True)
        machine.write(
            "sources", {"settings": settings, "summary": summary(rows), "rows": rows, "machine": machine.describe()}
        )
    print(table(rows))


if __name__ == "__main__":
    main()

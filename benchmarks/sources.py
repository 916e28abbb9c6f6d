"""Campaigns whose candidates are written anew for each cycle against a fixed pool, at equal evaluations.

Usage: python benchmarks/sources.py FOLDER [--seeds 5] [--cycles 6] [--batch 4] [--initial 8] [--pool 1000]

Three problems that `optics/instant` answers at once: a high refractive index; a high index with a low density; a low
index with a low density. Elements and sizes are bounded for all alike. Four sources: a fixed pool of --pool
polymers drawn from the library of the shipped monomers (another one for each seed); the library itself, of which each
cycle sees as many rows as the pool has; inverse design over the same monomers; and the n-gram model of the shipped
homopolymers. All else is equal: initial size, batch, cycles, surrogate, descriptors and acquisition, which are those of
campaigns without options but for the quick block `ecfp`.

What counts is the best value, or the hypervolume above a point fixed before any run, after each evaluation; its mean
over all evaluations of a campaign is the area. Rows are kept as campaigns end, and the same command goes on; values
of `optics/instant` are kept in FOLDER for all campaigns. Writes results/sources.json.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import machine
from polyloop import Campaign
from polyloop.design import Objective, hypervolume
from polyloop.design.library import PolymerLibrary, build_library, shipped_stock
from polyloop.design.objectives import utilities

RESULT = machine.RESULTS / "sources.json"
ELEMENTS = ["C", "N", "O", "F", "S", "Cl"]
HEAVY_ATOMS = [2, 40]
LIBRARY_SIZE = 30_000
# Objectives, and the point above which hypervolume counts, in the properties' units.
PROBLEMS: dict[str, tuple[list[tuple[str, str]], list[float]]] = {
    "high index": ([("refractive_index", "maximize")], [1.40]),
    "high index, light": ([("refractive_index", "maximize"), ("density", "minimize")], [1.40, 1.60]),
    "low index, light": ([("refractive_index", "minimize"), ("density", "minimize")], [1.65, 1.60]),
}
SOURCES = ("pool", "library", "inverse", "language")


def candidates(source: str, folder: Path, seed: int, pool: int) -> dict[str, Any]:
    """Return the table `[pool]` of a source."""
    limits = {"elements": ELEMENTS, "heavy_atoms": HEAVY_ATOMS}
    if source == "pool":
        return {"source": "csv", "file": str(pool_file(folder, seed, pool)), **limits}
    if source == "library":
        return {"source": "library", "file": str(folder / "library.parquet"), "size": pool, **limits}
    if source == "inverse":
        return {"source": "inverse", **limits}
    return {"source": "language", **limits}


def pool_file(folder: Path, seed: int, size: int) -> Path:
    """Return a CSV of polymers of the library that the limits allow, drawn by the seed; `size` of them."""
    path = folder / f"pool_{size}_{seed}.csv"
    if not path.is_file():
        from polyloop.design.library import LibrarySource
        from polyloop.design.pool_filter import PoolFilter

        accepts = PoolFilter.make(ELEMENTS, (HEAVY_ATOMS[0], HEAVY_ATOMS[1]), None)
        source = LibrarySource(folder / "library.parquet", accepts=accepts)
        path.write_text("smiles\n" + "\n".join(source.drawn(size, (), np.random.default_rng([seed, 7]))) + "\n")
    return path


def progress_of(values: np.ndarray, objectives: Sequence[Objective], point: Sequence[float]) -> list[float]:
    """Return best value or hypervolume after each evaluation; values (n, m), NaN where an evaluation failed."""
    if len(objectives) == 1:
        best = np.maximum.accumulate(np.where(np.isnan(values[:, 0]), point[0], values[:, 0]))
        return [float(one) for one in np.maximum(best, point[0])]
    Y, lowest = utilities(values, objectives), utilities(np.array([point]), objectives)[0]
    known = [Y[: row + 1][np.isfinite(Y[: row + 1]).all(axis=1)] for row in range(len(Y))]
    return [float(hypervolume(one, lowest)) if len(one) else 0.0 for one in known]


def run(problem: str, source: str, seed: int, folder: Path, options: Any) -> dict[str, Any]:
    """Run a campaign, and return its figures."""
    wishes, point = PROBLEMS[problem]
    place = folder / f"{problem.replace(' ', '_').replace(',', '')}-{source}-{seed}"
    started, spent = time.perf_counter(), time.process_time()
    cached = folder / "classified"
    if cached.is_dir() and source == "inverse" and not (place / "monomers").exists():
        place.mkdir(parents=True, exist_ok=True)
        (place / "monomers").symlink_to(cached)
    campaign = Campaign(
        wishes, candidates(source, folder, seed, options.pool), evaluators="instant", features=["ecfp"], seed=seed,
        cycles=options.cycles, batch=options.batch, initial=options.initial, directory=place,
        surrogate={"name": "gp", "invariants": False}, store={"url": f"sqlite:///{folder.absolute()}/values.sqlite"},
        name=place.name,
    )  # fmt: skip
    campaign.run(report=False)
    state = campaign.state()
    curve = progress_of(state.values, state.objectives, point)
    return {
        "problem": problem, "source": source, "seed": seed, "evaluations": len(curve), "failures": state.failures,
        "area": float(np.mean(curve)), "final": curve[-1], "curve": curve,
        "wall s": time.perf_counter() - started, "cpu s of this process": time.process_time() - spent,
    }  # fmt: skip


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return means and standard errors over seeds, and the differences from the pool, paired by seed."""
    found = []
    for problem in PROBLEMS:
        by = {(row["source"], row["seed"]): row for row in rows if row["problem"] == problem}
        for source in SOURCES:
            mine = {seed: row for (name, seed), row in by.items() if name == source}
            if len(mine) < 2:
                continue
            entry: dict[str, Any] = {"problem": problem, "source": source, "seeds": len(mine)}
            for what in ("area", "final"):
                values = np.array([row[what] for row in mine.values()])
                entry[what] = [float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))]
                pairs = [row[what] - by["pool", seed][what] for seed, row in mine.items() if ("pool", seed) in by]
                if source != "pool" and len(pairs) > 1:
                    error = float(np.std(pairs, ddof=1) / np.sqrt(len(pairs)))
                    entry[f"{what} above the pool"] = [float(np.mean(pairs)), error]
            found.append(entry)
    return found


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("folder", type=Path)
    for name, default in (("seeds", 5), ("cycles", 6), ("batch", 4), ("initial", 8), ("pool", 1000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--sources", nargs="+", default=list(SOURCES), choices=SOURCES)
    options = parser.parse_args()
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    settings = {name: getattr(options, name) for name in ("cycles", "batch", "initial", "pool")}
    kept = json.loads(RESULT.read_text()) if RESULT.is_file() else {}
    rows = kept.get("rows", []) if kept.get("settings") == settings else []
    done = {(row["problem"], row["source"], row["seed"]) for row in rows}
    if not (folder / "library.parquet").is_file():
        library = PolymerLibrary.from_monomers(shipped_stock(), cache=folder / "classified")
        build_library(library, folder / "library.parquet", size=LIBRARY_SIZE, seed=0)
    for seed in range(options.seeds):
        for problem in PROBLEMS:
            for source in options.sources:
                if (problem, source, seed) in done:
                    continue
                row = run(problem, source, seed, folder, options)
                rows.append(row)
                print(problem, source, seed, f"area {row['area']:.4f} final {row['final']:.4f} {row['wall s']:.0f} s",
                      flush=True)  # fmt: skip
                machine.write(
                    "sources",
                    {"settings": settings, "summary": summary(rows), "rows": rows, "machine": machine.describe()},
                )
    for entry in summary(rows):
        print(json.dumps(entry))


if __name__ == "__main__":
    main()

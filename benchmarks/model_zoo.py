"""Every registered surrogate on three properties of PI1070, on the same rows, inside the data and beyond them.

Usage: python benchmarks/model_zoo.py [--seeds 3] [--models gp pls ...] [--properties density ...] [--splits random ...]

Each learns the value itself from the same descriptors with its default options, so that only the models differ;
graph networks (`gcn`, `gin`) read the graphs of the same polymers.
One split of a kind and seed: `random` (a fifth is asked), `clusters` (a fifth of 40 clusters is asked),
`lowest` (the lowest 30 % of the values teach). Of the rows that may teach, 400 are drawn, or all where there are fewer.
RMSE is over the standard deviation of the property in the whole table; coverage is that of the model's own central
90 % intervals. Each row is kept as it is done; the same command goes on, and prints the tables of
docs/validation/models.md at its end; with --seeds 0 it does nothing else.
"""

from __future__ import annotations

import json
import time

import numpy as np
import pandas as pd

import machine
from models_pi1070 import COLUMNS
from polyloop import datasets
from polyloop.features import featurize
from polyloop.learn import SURROGATES, make_surrogate
from polyloop.learn.surrogate import take
from polyloop.learn.validation import cluster_labels, make_splitter, score
from polyloop.learn.validation.structure_splits import similarity_of

RESULT = machine.RESULTS / "model_zoo.json"
BLOCKS = ("ecfp", "forcefield", "rdkit2d", "backbone")
PROPERTIES = ("density", "refractive_index", "thermal_conductivity")
SPLITS = ("random", "clusters", "lowest")
TEACH = 400
# In the order of the table; what is registered and not named here comes after.
ORDER = (
    "gp", "stack", "kernel_ridge", "nusvr", "lightgbm", "random_forest", "ensemble", "pls", "interactive",
    "episodic", "gcn", "gin",
)  # fmt: skip


def one(name: str, X: dict, y: np.ndarray, teach: np.ndarray, ask: np.ndarray, seed: int) -> dict:
    """Return the figures of one model on one split."""
    started = time.perf_counter()
    model = make_surrogate(name, seed=seed).fit(take(X, teach), y[teach])
    fitted = time.perf_counter()
    said = model.predict(take(X, ask))
    found = score(y[ask], said.mean, std=said.predictive_std, spread=float(y.std()))
    return {
        "rmse": found.relative_rmse,
        "rho": found.rank_correlation,
        "coverage": found.coverage,
        "width": found.width,
        "seconds": fitted - started,
        "n": len(teach),
        **({"weights": model.weights} if name == "stack" else {}),
    }


def table_of(rows: dict[str, dict], figure: str, digits: int) -> str:
    """Return means over seeds, a line for each model, as Markdown."""
    names = [*ORDER, *sorted({key.split(" / ")[2] for key in rows} - set(ORDER))]
    columns = [(name, split) for name in PROPERTIES for split in SPLITS]
    header = " | ".join(f"{name.replace('_', ' ')}, {split}" for name, split in columns)
    lines = [f"| model | {header} |", "|---" * (len(columns) + 1) + "|"]
    for model in names:
        cells = []
        for name, split in columns:
            found = [rows[key] for seed in range(99) if (key := f"{name} / {split} / {model} / {seed}") in rows]
            cells.append(f"{np.mean([row[figure] for row in found]):.{digits}f}" if found else "")
        if any(cells):
            lines.append(f"| {model} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", nargs="+", choices=list(SURROGATES), default=list(ORDER))
    parser.add_argument("--properties", nargs="+", choices=PROPERTIES, default=list(PROPERTIES))
    parser.add_argument("--splits", nargs="+", choices=SPLITS, default=list(SPLITS))
    given = parser.parse_args()
    rows = json.loads(RESULT.read_text())["rows"] if RESULT.is_file() else {}
    if given.seeds:
        measure(given, rows)
    for figure, digits in (("rmse", 2), ("coverage", 2), ("rho", 2), ("seconds", 1)):
        print(f"\n{figure}\n\n{table_of(rows, figure, digits)}")


def measure(given, rows: dict[str, dict]) -> None:
    """Fill in the rows that are missing."""
    frame = pd.read_csv(datasets.path("radonpy_pi1070", "PI1070.csv.gz"))
    cache = machine.RESULTS.parents[1] / "runs" / "pi1070_features.sqlite"
    cache.parent.mkdir(exist_ok=True)
    blocks = tuple(dict.fromkeys([*BLOCKS, *(block for name in given.models for block in needed(name))]))
    table = featurize(list(frame.smiles), blocks, cache=cache, workers=1)
    groups = cluster_labels(similarity_of(table.blocks["ecfp"]))
    for seed in range(given.seeds):
        for name in given.properties:
            column, factor = COLUMNS[name]
            values = frame[column].to_numpy(dtype=float) * factor
            usable = np.flatnonzero(np.isfinite(values) & table.valid)
            X, y = take(table.described(), usable), values[usable]
            for split in given.splits:
                ((teach, ask),) = make_splitter(split, 1, seed=seed).split(y, y, groups[usable])
                teach = np.random.default_rng(seed).permutation(teach)[:TEACH]
                for model in given.models:
                    key = f"{name} / {split} / {model} / {seed}"
                    if key in rows:
                        continue
                    used = needed(model) or BLOCKS
                    rows[key] = one(model, {block: X[block] for block in used}, y, teach, ask, seed)
                    machine.write("model_zoo", {"rows": rows, "on": machine.describe("scikit-learn", "lightgbm")})
                    told = {k: round(v, 3) for k, v in rows[key].items() if k != "weights"}
                    print(key, told, flush=True)


def needed(name: str) -> tuple[str, ...]:
    """Return the blocks that a model must have, where it cannot read any."""
    return ("ring_graph",) if getattr(SURROGATES.find(name), "reads_graphs", False) else ()


if __name__ == "__main__":
    main()

"""Models of six properties of PI1070, inside the data and beyond it, with and without invariants and backbone numbers.

Usage: python benchmarks/models_pi1070.py [--seeds 5] [--properties density ...] [--splits random ...]

RMSE is over the standard deviation of the property in the whole table. Splits: `random` (a fifth is asked), `clusters`
(a fifth of 40 clusters by average linkage on MinMax distances of ECFP counts), `middle` and `lowest` (the middle or the
lowest 30 % of the values teach, the rest is asked). Seeds draw the fifth, or 85 % of the rows that teach. Variants
differ in one thing each from `chosen`, which is what `polyloop model train` does: the choice between the value and its
invariant is made inside the rows that teach. Each row is kept as it is done; the same command goes on, and prints the
table of docs/validation/models.md at its end; with --seeds 0 it does nothing else.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import spearmanr

import machine
from polyloop import datasets
from polyloop.core import get_property
from polyloop.features import featurize
from polyloop.learn.domain import TrainingDomain
from polyloop.learn.gp import GaussianProcess
from polyloop.learn.intervals import conformal_factor, interval_of
from polyloop.learn.invariant_choice import choose_invariant
from polyloop.learn.invariant_target import factor_of, without_factors
from polyloop.learn.kernels import minmax
from polyloop.learn.property_model import BLOCKS_OF_MODELS, fit_surrogate
from polyloop.learn.surrogate import take

RESULT = machine.RESULTS / "models_pi1070.json"
COLUMNS = {
    "density": ("density", 1.0),
    "refractive_index": ("refractive_index", 1.0),
    "thermal_conductivity": ("thermal_conductivity", 1.0),
    "heat_capacity_cp": ("Cp", 1.0),
    "bulk_modulus": ("bulk_modulus", 1e-9),
    "linear_expansion": ("linear_expansion", 1.0),
}
VARIANTS = {
    "chosen": (BLOCKS_OF_MODELS, None),
    "value": (BLOCKS_OF_MODELS, False),
    "without backbone": (tuple(name for name in BLOCKS_OF_MODELS if name != "backbone"), None),
}
SPLITS = ("random", "clusters", "middle", "lowest")


def splits(kind: str, y: np.ndarray, clusters: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that teach and those that are asked."""
    rng, order, n = np.random.default_rng(seed), np.argsort(y, kind="stable"), len(y)
    if kind == "random":
        drawn = rng.permutation(n)
        return drawn[n // 5 :], drawn[: n // 5]
    if kind == "clusters":
        fold = rng.permutation(40)[:8]
        asked = np.isin(clusters, fold)
        return np.flatnonzero(~asked), np.flatnonzero(asked)
    low, high = (0.35, 0.65) if kind == "middle" else (0.0, 0.3)
    inside = order[int(low * n) : int(high * n)]
    outside = np.setdiff1d(order, inside)
    return rng.permutation(inside)[: int(0.85 * len(inside))], outside


def one(X: dict, y: np.ndarray, name: str, teach: np.ndarray, ask: np.ndarray, force: bool | None) -> dict:
    """Return the figures of one model on one split."""
    invariant = get_property(name).invariant if force is not False else None
    given, values = take(X, teach), y[teach]
    if invariant is not None:
        found = choose_invariant(given, values, None, invariant)
        invariant = invariant if found["invariant"] < found["value"] else None
    gp = fit_surrogate(GaussianProcess, given, values, None, invariant)
    scale = None if invariant is None else factor_of(invariant, given)
    z = values if invariant is None else invariant.forward(values, scale)
    asked = take(X, ask)
    inside = gp.predict(without_factors(asked))
    there = None if invariant is None else factor_of(invariant, asked)
    interval = interval_of(inside, conformal_factor(z, gp.leave_one_out()), invariant, there)
    outside = TrainingDomain().fit(without_factors(given), z).assess(without_factors(asked), inside).outside
    error, spread = interval.mean - y[ask], y.std()
    covered = (interval.low <= y[ask]) & (y[ask] <= interval.high)
    return {
        "rmse": float(np.sqrt(np.mean(error**2)) / spread),
        "r2": float(1 - np.sum(error**2) / np.sum((y[ask] - y[ask].mean()) ** 2)),
        "rho": float(spearmanr(interval.mean, y[ask]).statistic),
        "coverage": float(covered.mean()),
        "width": float(np.median(interval.high - interval.low) / spread),
        "flagged": float(outside.mean()),
        "coverage_unflagged": float(covered[~outside].mean()) if (~outside).any() else None,
        "invariant": invariant is not None,
        "n": len(teach),
    }


def table_of(rows: dict[str, dict]) -> str:
    """Return means over the runs that both variants have, as Markdown."""
    lines = [
        "| property | split | rows that teach | runs | error, invariant | error, value | coverage, invariant | "
        "coverage, value | flagged, invariant | flagged, value |",
        "|---" * 10 + "|",
    ]
    for name in COLUMNS:
        for split in SPLITS:
            keys = [f"{name} / {split} / {{}} / {seed}" for seed in range(99)]
            both = [key for key in keys if {key.format("chosen"), key.format("value")} <= rows.keys()]
            if not both:
                continue
            found = [[rows[key.format(variant)] for key in both] for variant in ("chosen", "value")]
            figures = [
                f"{np.mean([row[figure] for row in of]):.{digits}f}"
                for figure, digits in (("rmse", 3), ("coverage", 2), ("flagged", 2))
                for of in found
            ]
            words = name.removesuffix("_cp").replace("_", " ")
            lines.append(f"| {words} | {split} | {found[0][0]['n']:,} | {len(both)} | {' | '.join(figures)} |")
    return "\n".join(lines)


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--properties", nargs="+", choices=COLUMNS, default=list(COLUMNS))
    parser.add_argument("--splits", nargs="+", choices=SPLITS, default=list(SPLITS))
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    given = parser.parse_args()
    if given.seeds == 0:
        print(table_of(json.loads(RESULT.read_text())["rows"]))
        return
    frame = pd.read_csv(datasets.path("radonpy_pi1070", "PI1070.csv.gz"))
    cache = machine.RESULTS.parents[1] / "runs" / "pi1070_features.sqlite"
    cache.parent.mkdir(exist_ok=True)
    table = featurize(list(frame.smiles), BLOCKS_OF_MODELS, cache=cache, workers=2)
    counts = table.blocks["ecfp"]
    distances = squareform(1.0 - minmax(counts, counts), checks=False)
    groups = fcluster(linkage(distances, "average"), 40, "maxclust") - 1
    rows = json.loads(RESULT.read_text())["rows"] if RESULT.is_file() else {}
    for name in given.properties:
        column, factor = COLUMNS[name]
        values = frame[column].to_numpy(dtype=float) * factor
        usable = np.flatnonzero(np.isfinite(values) & table.valid)
        X, y = take(table.described(), usable), values[usable]
        for split in given.splits:
            for seed in range(given.seeds):
                teach, ask = splits(split, y, groups[usable], seed)
                for variant in given.variants:
                    key = f"{name} / {split} / {variant} / {seed}"
                    if key in rows:
                        continue
                    blocks, force = VARIANTS[variant]
                    rows[key] = one({block: X[block] for block in blocks}, y, name, teach, ask, force)
                    machine.write("models_pi1070", {"rows": rows, "on": machine.describe("scikit-learn", "gpytorch")})
                    print(key, {k: v if isinstance(v, bool | None) else round(v, 3) for k, v in rows[key].items()})
    print(table_of(rows))


if __name__ == "__main__":
    main()

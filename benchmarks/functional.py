"""UV-visible spectra of molecules from their structure: 950 curves of 181 points, against a published kernel network.

Usage: python benchmarks/functional.py [--splits 10]

Per split a fifth is asked and the rest teaches; everything that is chosen (penalties, noise, where a network stops) is
chosen inside what teaches. Errors are medians over molecules as in the published notebook (XenonPy,
samples/kernel_neural_network.ipynb: RMSE 0.125, R2 0.763, MAE 0.083, on three splits of its own), and pooled. Each
split is kept as it is done; the same command goes on, and prints the table of docs/validation/functional.md at its end;
with --splits 0 it does nothing else.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

import machine
from polyloop import datasets
from polyloop.core.descriptors import BlockValues
from polyloop.features import featurize
from polyloop.learn.functional import (
    Axis,
    ComponentProcess,
    CurveAverage,
    CurvePrediction,
    FunctionalRidge,
    KernelNetwork,
    curve_errors,
)
from polyloop.learn.surrogate import take

RESULT = machine.RESULTS / "functional.json"
FIGURES = ("median_rmse", "median_r2", "median_mae", "rmse", "r2", "coverage")
NAMES = {
    "mean": "mean curve", "ridge": "functional ridge", "ridge, ecfp": "functional ridge on `ecfp`",
    "components": "8 components", "network": "kernel network", "average": "mean of ridge and network",
}  # fmt: skip


def read() -> tuple[dict[str, BlockValues], np.ndarray, Axis, int]:
    """Return the descriptors, the curves (n, 181), their axis, and how many molecules cannot be described."""
    frame = pd.read_csv(datasets.path("functional_output_uvvis", "Dataset_I.csv.gz"))
    cache = machine.RESULTS.parents[1] / "runs" / "uvvis_features.sqlite"
    cache.parent.mkdir(exist_ok=True)
    table = featurize(list(frame.SMILES), ("paths", "ecfp"), kind="molecule", cache=cache)
    _, first = np.unique(np.array(table.polymers), return_index=True)
    rows = np.sort(first[table.valid[first]])
    Y = frame[[f"V{i}" for i in range(1, 182)]].to_numpy(dtype=float)[rows]
    return take(table.described(), rows), Y, Axis("wavelength", "nm", np.arange(220.0, 401.0)), len(table.failures)


def one(X: dict[str, BlockValues], Y: np.ndarray, axis: Axis, seed: int) -> dict[str, dict]:
    """Return the errors of every model on one split."""
    order = np.random.default_rng(seed).permutation(len(Y))
    ask, teach = np.split(order, [len(Y) // 5])
    paths, ecfp = ({name: X[name]} for name in ("paths", "ecfp"))
    mean = np.broadcast_to(Y[teach].mean(axis=0), (len(ask), Y.shape[1]))
    found = {"mean": curve_errors(CurvePrediction(mean, np.full(mean.shape, np.inf)), Y[ask])}
    fitted = {
        "ridge": (FunctionalRidge(), paths), "ridge, ecfp": (FunctionalRidge(), ecfp),
        "components": (ComponentProcess(), paths), "network": (KernelNetwork(axis, np.random.default_rng(seed)), paths),
    }  # fmt: skip
    for name, (model, blocks) in fitted.items():
        model.fit(take(blocks, teach), Y[teach])
        found[name] = curve_errors(model.predict(take(blocks, ask)), Y[ask])
    # The same two, which are not fitted again.
    average = CurveAverage([fitted["ridge"][0], fitted["network"][0]])
    found["average"] = curve_errors(average.predict(take(paths, ask)), Y[ask])
    return {name: errors.to_dict() for name, errors in found.items()}


def table_of(rows: dict[str, dict[str, dict]]) -> str:
    """Return means and standard deviations over the splits, as Markdown."""
    lines = ["| model | median RMSE | median R2 | median MAE | pooled RMSE | pooled R2 | 90 % coverage |"]
    lines.append("|---" * 7 + "|")
    for name, words in NAMES.items():
        cells = []
        for figure in FIGURES:
            values = [row[name][figure] for row in rows.values()]
            cells.append(f"{np.mean(values):.3f} ± {np.std(values):.3f}")
        lines.append(f"| {words} | {' | '.join(cells[:5])} | {'' if name == 'mean' else cells[5]} |")
    return "\n".join(lines)


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--splits", type=int, default=10)
    given = parser.parse_args()
    kept = json.loads(RESULT.read_text()) if RESULT.is_file() else {"rows": {}}
    if given.splits:
        X, Y, axis, failed = read()
        print(f"{len(Y)} curves, {failed} molecules cannot be described")
        for seed in range(given.splits):
            if str(seed) not in kept["rows"]:
                kept["rows"][str(seed)] = one(X, Y, axis, seed)
                on = machine.describe("scikit-learn", "torch", "rdkit")
                machine.write("functional", {"n": len(Y), "failed": failed, "rows": kept["rows"], "on": on})
                print(seed, {name: round(row["median_rmse"], 4) for name, row in kept["rows"][str(seed)].items()})
    print(table_of(kept["rows"]))


if __name__ == "__main__":
    main()

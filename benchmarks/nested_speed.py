"""Time of nested cross-validation of kernel ridge regression on 1,077 polymers x 2,048 counts, against scikit-learn's.

Usage: python benchmarks/nested_speed.py

Five outer splits, five inner folds, 25 penalties; kernels are MinMax and four squared exponentials of ECFP counts.
`polyloop.learn.validation.nested_kernel_ridge` has one decomposition for a kernel and an outer split. Its peers are
loops of scikit-learn's GridSearchCV on the same splits and folds: over kernels that are computed beforehand, and (of
the squared exponentials only, with two of the four and five of the penalties, its time scaled up) over columns, as it
is mostly written. Both choose the same and predict the same as ours, which is checked (values have a standard
deviation of 1). `surrogate` is the time of five fits of the surrogate `kernel_ridge`, which chooses inside by leaving
one out and has 32 members.
CPU seconds of one thread, since others use the machine; writes results/nested_speed.json.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV

import machine
from polyloop import datasets
from polyloop.features import featurize
from polyloop.learn import BlockValues, make_surrogate
from polyloop.learn.kernel_duals import PENALTIES
from polyloop.learn.validation import RandomSplit, nested_kernel_ridge
from polyloop.learn.validation.kernel_grid import inner_folds
from polyloop.learn.validation.structure_splits import similarity_of

GAMMAS = (1e-4, 1e-3, 3e-3, 1e-2)
OUTER, INNER = 5, 5


def search(model, grid: dict, x: np.ndarray, y: np.ndarray, teach: np.ndarray, parts: list) -> GridSearchCV:
    """Return scikit-learn's grid search on the rows that teach."""
    cv = [(np.setdiff1d(np.arange(len(teach)), part), part) for part in parts]
    given = x[np.ix_(teach, teach)] if model.kernel == "precomputed" else x[teach]
    return GridSearchCV(model, grid, cv=cv, scoring="neg_mean_squared_error").fit(given, y[teach])


def main() -> None:
    machine.parser(__doc__).parse_args()
    frame = pd.read_csv(datasets.path("radonpy_pi1070", "PI1070.csv.gz"))
    cache = machine.RESULTS.parents[1] / "runs" / "pi1070_features.sqlite"
    cache.parent.mkdir(exist_ok=True)
    counts = featurize(list(frame.smiles), ("ecfp",), cache=cache, workers=1).blocks["ecfp"]
    y = frame.density.to_numpy(dtype=float)
    y = (y - y.mean()) / y.std()
    splits = list(RandomSplit(OUTER).split(counts))

    start = time.process_time()
    kernels = {"minmax": similarity_of(counts)} | {f"{gamma}": rbf_kernel(counts, gamma=gamma) for gamma in GAMMAS}
    of_kernels = time.process_time() - start
    start = time.process_time()
    found = nested_kernel_ridge(kernels, y, splits, folds=INNER, rng=np.random.default_rng(0))
    ours = time.process_time() - start

    rng, start, off = np.random.default_rng(0), time.process_time(), 0.0
    for (teach, ask), chosen, predicted in zip(splits, found.chosen, found.predictions, strict=True):
        parts = inner_folds(len(teach), INNER, rng)
        made = {
            name: search(KernelRidge(kernel="precomputed"), {"alpha": PENALTIES}, matrix, y, teach, parts)
            for name, matrix in kernels.items()
        }
        best = max(made, key=lambda name: made[name].best_score_)
        assert (best, made[best].best_params_["alpha"]) == chosen
        off = max(off, float(np.abs(made[best].predict(kernels[best][np.ix_(ask, teach)]) - predicted).max()))
    precomputed = time.process_time() - start

    few = {"gamma": GAMMAS[:2], "alpha": PENALTIES[::5]}
    start = time.process_time()
    search(KernelRidge(kernel="rbf"), few, counts.astype(float), y, splits[0][0], parts)
    # Of 5 splits, 5 kernels and 25 penalties.
    columns = (time.process_time() - start) * OUTER * (5 / 2) * (len(PENALTIES) / 5)

    start = time.process_time()
    for teach, ask in splits:
        model = make_surrogate("kernel_ridge").fit({"ecfp": BlockValues(counts[teach], "counts")}, y[teach])
        model.predict({"ecfp": BlockValues(counts[ask], "counts")})
    surrogate = time.process_time() - start
    result = {
        "machine": machine.describe("scikit-learn", "numpy", "scipy"),
        "shape": list(counts.shape),
        "kernels_s": of_kernels,
        "nested_kernel_ridge_s": ours,
        "grid_search_of_kernels_s": precomputed,
        "grid_search_of_columns_s_scaled_up": columns,
        "ratio_of_kernels": precomputed / ours,
        "ratio_of_columns": columns / (ours + of_kernels),
        "largest_difference_of_predictions": off,
        "surrogate_s": surrogate,
        "r2": [one.r2 for one in found.scores],
        "chosen": found.chosen,
    }
    machine.write("nested_speed", result)
    print(result)


if __name__ == "__main__":
    main()

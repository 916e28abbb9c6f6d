"""Nested cross-validation of kernel ridge regression is that of scikit-learn's grid search, without its fits."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV

from polyloop.core import InvalidInputError
from polyloop.learn.validation import RandomSplit, nested_kernel_ridge
from polyloop.learn.validation.kernel_grid import inner_folds

GAMMAS, PENALTIES = (0.01, 0.1, 1.0), np.logspace(-4, 1, 6)


def table(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 3))
    y = np.sin(2 * x[:, 0]) + x[:, 1] + 0.2 * rng.normal(size=n)
    return x, y - y.mean()


@pytest.mark.slow
@pytest.mark.parametrize("folds", [5, 48])
def test_it_chooses_and_predicts_what_scikit_learns_grid_search_does(folds: int) -> None:
    x, y = table()
    splits = list(RandomSplit(3).split(x))
    found = nested_kernel_ridge(
        {str(gamma): rbf_kernel(x, gamma=gamma) for gamma in GAMMAS}, y, splits, folds=folds, penalties=PENALTIES,
        rng=np.random.default_rng(1),
    )  # fmt: skip
    rng = np.random.default_rng(1)
    for (teach, ask), (kernel, penalty), predicted in zip(splits, found.chosen, found.predictions, strict=True):
        parts = inner_folds(len(teach), folds, rng)
        cv = [(np.setdiff1d(np.arange(len(teach)), part), part) for part in parts]
        search = GridSearchCV(
            KernelRidge(kernel="rbf"), {"gamma": GAMMAS, "alpha": PENALTIES}, cv=cv, scoring="neg_mean_squared_error"
        ).fit(x[teach], y[teach])
        assert search.best_params_ == {"gamma": float(kernel), "alpha": pytest.approx(penalty)}
        np.testing.assert_allclose(predicted, search.predict(x[ask]), rtol=1e-7, atol=1e-9)


def test_it_refuses_what_cannot_be_searched() -> None:
    x, y = table()
    kernels, splits = {"rbf": rbf_kernel(x)}, list(RandomSplit(1).split(x))
    rng = np.random.default_rng(0)
    for given, words in (
        ({"kernels": {}}, "no kernel"),
        ({"penalties": [0.0]}, "no positive penalty"),
        ({"kernels": {"rbf": np.eye(3)}}, "shape"),
        ({"folds": 1}, "no 1 folds"),
        ({"splits": []}, "no split"),
    ):
        values = {"kernels": kernels, "y": y, "splits": splits, "folds": 5, "penalties": PENALTIES, **given}
        with pytest.raises(InvalidInputError, match=words):
            nested_kernel_ridge(**values, rng=rng)

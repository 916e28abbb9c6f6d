"""Every registered surrogate passes scikit-learn's own checks of estimators, behind `SurrogateRegressor`."""

from __future__ import annotations

from contextlib import suppress
from unittest import SkipTest

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator
from tests.surrogates import COLUMN_SURROGATES, quick_options

from polyloop.core import InvalidInputError
from polyloop.learn.estimator import SurrogateRegressor

# What a model does, and not what the wrapper does, which is the same for all.
_OF_THE_MODEL = {
    "check_fit_idempotent", "check_methods_subset_invariance", "check_methods_sample_order_invariance",
    "check_regressors_train", "check_regressors_int", "check_estimators_pickle", "check_dict_unchanged",
    "check_fit2d_1sample", "check_fit2d_1feature", "check_estimators_dtypes",
}  # fmt: skip


def estimator(name: str) -> SurrogateRegressor:
    return SurrogateRegressor(name, options=quick_options(name))


def checks(name: str):
    for made, check in estimator_checks_generator(estimator(name), legacy=True):
        word = getattr(check, "func", check).__name__
        yield word, made, check


@pytest.mark.parametrize("name", COLUMN_SURROGATES)
def test_scikit_learns_checks_pass(name: str) -> None:
    done = 0
    for word, made, check in checks(name):
        if name == "pls" or word in _OF_THE_MODEL:
            with suppress(SkipTest):  # of what this machine has not, such as other array libraries
                check(made)
                done += 1
    assert done > (30 if name == "pls" else 8)


def test_it_works_in_a_pipeline_and_its_blocks_have_kinds() -> None:
    rng = np.random.default_rng(0)
    X = np.hstack([rng.normal(size=(60, 3)), rng.poisson(0.6, (60, 8))])
    y = X[:, 0] + X[:, 3] + 0.1 * rng.standard_normal(60)
    blocks = {"quantities": ("physical", 3), "fingerprint": ("counts", 8)}
    model = SurrogateRegressor("kernel_ridge", options={"members": 4}, blocks=blocks)
    assert cross_val_score(model, X, y, cv=3).mean() > 0.5
    mean, std = model.fit(X, y).predict(X, return_std=True)
    assert mean.shape == std.shape == (60,) and (std > 0).all()
    assert cross_val_score(make_pipeline(StandardScaler(), SurrogateRegressor("pls")), X, y, cv=3).mean() > 0.8
    with pytest.raises(InvalidInputError, match="11 columns, and X has 10"):
        model.fit(X[:, :10], y)

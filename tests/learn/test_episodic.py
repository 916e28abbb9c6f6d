"""Networks that practise extrapolation: what they learn beyond the rows that teach, and what few rows leave."""

from __future__ import annotations

import numpy as np
import pytest

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.learn import make_surrogate
from polyloop.learn.episodic import EpisodicRegression


def interaction(n: int, seed: int) -> tuple[dict[str, BlockValues], np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 5))
    return {"x": BlockValues(x, "physical")}, x[:, 0] + 0.5 * x[:, 1] * x[:, 2] + 0.1 * rng.normal(size=n)


def test_what_bends_is_learnt_and_carries_on_beyond_the_values_that_teach() -> None:
    X, y = interaction(160, 0)
    X_new, y_new = interaction(300, 1)
    low = y < np.quantile(y, 0.5)
    teach = {"x": BlockValues(X["x"].values[low], "physical")}

    def error(name: str, **options) -> float:
        found = make_surrogate(name, seed=0, **options).fit(teach, y[low]).predict(X_new)
        return float(np.sqrt(np.mean((found.mean - y_new) ** 2)))

    practised = error("episodic", n_members=2, lessons=300)
    assert practised < 0.8 * error("ensemble") and practised < 0.8 * error("gp")


def test_a_lesson_teaches_and_asks_different_rows_and_half_of_those_beyond_go_by_the_values() -> None:
    rng = np.random.default_rng(0)
    rows, y = rng.normal(size=(60, 4)), rng.normal(size=60)
    model, outside = EpisodicRegression(beyond=1.0), 0
    for _ in range(200):
        support, asked = model._lesson(rows, y, rng)
        assert not set(support) & set(asked)
        outside += bool((y[asked] > y[support].max()).all() or (y[asked] < y[support].min()).all())
    assert 70 < outside < 130


@pytest.mark.parametrize("n", [2, 5, 11])
def test_few_rows_leave_a_ridge_regression_of_the_columns(n: int) -> None:
    X, y = interaction(n, 0)
    found = EpisodicRegression(n_members=2).fit(X, y).predict(X)
    assert np.isfinite(found.mean).all() and (found.predictive_std > 0).all()


@pytest.mark.parametrize("given", [{"lessons": 0}, {"beyond": 1.5}, {"n_members": 1}])
def test_what_cannot_be_practised_is_refused(given) -> None:
    with pytest.raises(InvalidInputError):
        EpisodicRegression(**given)

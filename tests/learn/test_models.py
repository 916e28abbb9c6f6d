"""What each model is for: intervals that cover, components that are found, interactions, weights, early stopping."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression
from sklearn.kernel_ridge import KernelRidge as ScikitKernelRidge

from polyloop.core import InvalidInputError, MissingDependencyError
from polyloop.core.descriptors import BlockValues
from polyloop.learn import make_surrogate
from polyloop.learn.interactive import structural_categories
from polyloop.learn.kernel_duals import bootstrap_duals, leave_one_out_penalty
from polyloop.learn.kernels import minmax
from polyloop.learn.pls import PartialLeastSquares, pls_coefficients
from polyloop.learn.stack import simplex_weights

CALIBRATED = ("gp", "ensemble", "pls", "interactive", "kernel_ridge", "nusvr", "lightgbm", "stack")
SMALLER = {"stack": {"models": {"kernel_ridge": {}, "pls": {}}}, "lightgbm": {"n_trees": 150}}


def noisy(n: int, seed: int) -> tuple[dict[str, BlockValues], np.ndarray]:
    """Slopes, an interaction, a curve, a count and noise of standard deviation 0.5."""
    rng = np.random.default_rng(seed)
    q, c = rng.normal(size=(n, 6)), rng.poisson(0.5, (n, 20))
    y = 5 + q[:, 0] + 0.7 * q[:, 1] * (c[:, 0] > 0) + 0.5 * np.sin(2 * q[:, 2]) + 0.4 * c[:, 1]
    return {"q": BlockValues(q, "physical"), "c": BlockValues(c, "counts")}, y + 0.5 * rng.standard_normal(n)


@pytest.mark.parametrize("name", CALIBRATED)
def test_intervals_of_90_percent_cover_85_to_95(name: str) -> None:
    covered = []
    for seed in range(2):
        (X, y), (X_new, y_new) = noisy(160, seed), noisy(600, seed + 100)
        found = make_surrogate(name, seed=0, **SMALLER.get(name, {})).fit(X, y).predict(X_new)
        covered.append(np.mean(np.abs(y_new - found.mean) <= 1.6449 * found.predictive_std))
    assert 0.85 <= np.mean(covered) <= 0.95


def test_partial_least_squares_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(40, 60))
    y = X[:, :3].sum(axis=1) + rng.normal(size=40)
    found, intercepts = pls_coefficients(X, y, np.ones(40), 6)
    for k in (1, 3, 6):
        other = PLSRegression(k, scale=False).fit(X, y)
        np.testing.assert_allclose(X @ found[:, k - 1] + intercepts[k - 1], other.predict(X), rtol=1e-7, atol=1e-9)
    often = rng.integers(0, 3, 40)
    twice = np.repeat(np.arange(40), often)
    np.testing.assert_allclose(
        pls_coefficients(X[often > 0], y[often > 0], often[often > 0].astype(float), 3)[0],
        pls_coefficients(X[twice], y[twice], np.ones(len(twice)), 3)[0],
        rtol=1e-8,
        atol=1e-10,
    )


def test_the_number_of_components_follows_the_data() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(200, 3)) * [5.0, 2.0, 1.0]
    X = {"x": BlockValues(scores @ rng.normal(size=(3, 30)) + 0.01 * rng.normal(size=(200, 30)), "densities")}
    y = scores.sum(axis=1) + 0.1 * rng.standard_normal(200)
    assert PartialLeastSquares().fit(X, y).components_used in (3, 4)
    assert PartialLeastSquares(2).fit(X, y).components_used == 2


def test_a_column_that_hardly_varies_in_training_does_not_explode() -> None:
    """With columns scaled to unit variance, partial least squares reached 1e12 on the lowest densities of PI1070."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 4))
    x[:, 3] = 1e-13 * rng.standard_normal(50) + 1.0
    far = np.array([[0.0, 0.0, 0.0, 2.0]])
    model = PartialLeastSquares().fit({"x": BlockValues(x, "physical")}, x[:, 0])
    assert abs(model.predict({"x": BlockValues(far, "physical")}).mean[0]) < 2.0


def test_leave_one_out_in_closed_form_is_leaving_one_out() -> None:
    rng = np.random.default_rng(2)
    X = rng.poisson(0.6, (25, 12))
    kernel, y, weights = minmax(X, X) + 1.0, rng.standard_normal(25), rng.uniform(1, 3, 25)
    penalty, error = leave_one_out_penalty(kernel, y, weights)
    errors = []
    for i in range(25):
        rest = np.delete(np.arange(25), i)
        # scikit-learn multiplies rows by the root of 1 / weight, and so penalises as here.
        other = ScikitKernelRidge(alpha=penalty, kernel="precomputed")
        other.fit(kernel[np.ix_(rest, rest)], y[rest], sample_weight=1 / weights[rest])
        errors.append(other.predict(kernel[[i]][:, rest])[0] - y[i])
    assert error == pytest.approx(np.mean(np.square(errors)), rel=1e-9)


def test_a_row_that_a_sample_has_twice_counts_twice() -> None:
    rng = np.random.default_rng(2)
    X, y = rng.poisson(0.6, (10, 12)), rng.standard_normal(10)
    kernel, often = minmax(X, X), np.array([2, 0, 1, 1, 3, 0, 0, 1, 1, 1])
    dual = bootstrap_duals(kernel, y, np.ones(10), 0.1, often[None, :])[:, 0]
    twice = np.repeat(np.arange(10), often)
    other = ScikitKernelRidge(alpha=0.1, kernel="precomputed").fit(kernel[np.ix_(twice, twice)], y[twice])
    np.testing.assert_allclose(kernel @ dual, other.predict(kernel[:, twice]), rtol=1e-9)


def test_the_slope_of_a_quantity_may_depend_on_the_category() -> None:
    rng = np.random.default_rng(0)
    q, has = rng.normal(size=(120, 2)), rng.integers(0, 2, (120, 1))
    y = q[:, 0] * np.where(has[:, 0] > 0, 3.0, -1.0)
    rows = {"q": BlockValues(q, "physical"), "c": BlockValues(has, "bits")}
    far = {"q": BlockValues([[6.0, 0.0], [6.0, 0.0]], "physical"), "c": BlockValues([[1], [0]], "bits")}
    model = make_surrogate("interactive").fit(rows, y)
    np.testing.assert_allclose(model.predict(far).mean, [18.0, -6.0], atol=1.0)
    common = make_surrogate("interactive", n_categories=0).fit(rows, y).predict(far).mean
    assert common[0] == pytest.approx(common[1])


def test_categories_divide_the_rows_and_differ_from_one_another() -> None:
    rng = np.random.default_rng(0)
    half, other, rare = rng.integers(0, 3, 100), rng.integers(0, 2, 100), np.eye(100, dtype=int)[0]
    columns = np.column_stack([rare, half, 2 * half, 1 - (half > 0), other, np.ones(100, dtype=int)])
    chosen = structural_categories({"c": BlockValues(columns, "counts")}, 10)
    assert len(chosen["c"]) == 2 and 4 in chosen["c"] and len({1, 2, 3} & set(chosen["c"])) == 1


def test_weights_of_a_stack_are_not_negative_and_go_to_who_predicts() -> None:
    rng = np.random.default_rng(0)
    y = rng.standard_normal(300)
    error = 0.5 * rng.standard_normal(300)
    said = np.column_stack([y + error, y + rng.standard_normal(300), y + 2 * error])
    weights = simplex_weights(said, y)
    # Twice the first less the third would be exact, with a weight of -1. Errors that know nothing of one another have
    # weights in the ratio of their precisions: 4 to 1.
    assert weights.sum() == pytest.approx(1.0) and weights[2] == pytest.approx(0.0, abs=1e-9)
    assert weights[0] / weights[1] == pytest.approx(4.0, rel=0.4)


def test_a_stack_names_its_models_and_refuses_itself() -> None:
    X, y = noisy(60, 0)
    model = make_surrogate("stack", models={"pls": {"members": 4}, "ensemble": {"members": 4}}).fit(X, y)
    assert set(model.weights) <= {"pls", "ensemble"} and sum(model.weights.values()) == pytest.approx(1.0)
    with pytest.raises(InvalidInputError, match="cannot hold a stack"):
        make_surrogate("stack", models={"stack": {}})
    with pytest.raises(InvalidInputError, match="no option 'member'"):
        make_surrogate("stack", models={"pls": {"member": 4}}).fit(X, y)


def test_boosting_without_lightgbm_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "lightgbm", None)
    X, y = noisy(20, 0)
    with pytest.raises(MissingDependencyError, match=r"polyloop\[learn\]"):
        make_surrogate("lightgbm").fit(X, y)

"""Values that were selected by their size: the truncated likelihood undoes what the selection did to the slopes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad
from scipy.stats import truncnorm

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.learn import RidgeEnsemble
from polyloop.learn.property_model import PropertyModel
from polyloop.learn.truncated import fit_truncated, negative_log_likelihood


def selected(n: int = 8000, limit: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Slopes 1 and -0.5, noise 0.8; only what lies below the limit is known."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    y = X @ [1.0, -0.5] + 0.8 * rng.standard_normal(n)
    return X[y < limit], y[y < limit]


@pytest.mark.parametrize(("low", "high"), [(-np.inf, 0.3), (-2.0, np.inf), (-2.0, 0.3), (-np.inf, np.inf)])
def test_the_likelihood_is_that_of_scipys_truncated_normal_and_its_gradient_fits(low: float, high: float) -> None:
    X, y = selected(80)
    keep = (y > low) & (y < high)
    X, y = X[keep], y[keep]
    point, weights = np.array([0.7, -0.2, 0.1, -0.4]), np.ones(len(y))
    mean, sigma = X @ point[:2] + point[2], np.exp(point[3])
    expected = -truncnorm.logpdf(y, (low - mean) / sigma, (high - mean) / sigma, mean, sigma).sum()
    given = (X, y, weights, 0.0, low, high)
    assert negative_log_likelihood(point, *given)[0] == pytest.approx(expected, rel=1e-10)
    penalised = (X, y, weights, 2.0, low, high)
    error = check_grad(
        lambda x: negative_log_likelihood(x, *penalised)[0], lambda x: negative_log_likelihood(x, *penalised)[1], point
    )
    assert error < 1e-4


def test_slopes_that_the_selection_flattened_are_found_again() -> None:
    X, y = selected()
    plain = np.linalg.lstsq(np.column_stack([X, np.ones(len(y))]), y, rcond=None)[0]
    found = fit_truncated(X, y, np.ones(len(y)), 1e-3, -np.inf, 0.0)
    assert plain[0] < 0.75
    assert found.coefficients == pytest.approx([1.0, -0.5], abs=0.12)
    assert found.noise_std == pytest.approx(0.8, abs=0.05) and found.intercept == pytest.approx(0.0, abs=0.15)


def test_the_ensemble_extrapolates_beyond_the_limit_that_it_is_told() -> None:
    X, y = selected(1500)
    rows, far = {"x": BlockValues(X, "densities")}, {"x": BlockValues([[3.0, -1.0]], "densities")}
    unit = 1e-8
    told = RidgeEnsemble(6, selected_below=0.0).fit(rows, unit * y).predict(far)
    assert told.mean[0] / unit == pytest.approx(3.5, abs=0.6)
    assert RidgeEnsemble(6).fit(rows, unit * y).predict(far).mean[0] / unit < 2.8
    assert told.noise_std[0] / unit == pytest.approx(0.8, abs=0.1)
    mirrored = RidgeEnsemble(6, selected_above=0.0).fit(rows, -unit * y).predict(far)
    assert mirrored.mean[0] == pytest.approx(-told.mean[0], rel=1e-3)


def test_a_limit_that_some_value_passes_is_refused() -> None:
    X, y = selected()
    with pytest.raises(InvalidInputError, match="not between"):
        RidgeEnsemble(4, selected_below=-0.5).fit({"x": BlockValues(X, "physical")}, y)


def test_a_limit_of_the_values_leaves_no_invariant_to_learn() -> None:
    texts, values = [f"*CC(*){'C' * n}" for n in range(1, 14)], np.linspace(0.8, 0.9, 13)
    given = {"target": "density", "blocks": ("backbone", "factors"), "surrogate": "ensemble"}
    options = {"members": 4, "selected_below": 0.95}
    assert PropertyModel.train(texts, values, **given, options=options).card.invariant == ""
    with pytest.raises(InvalidInputError, match="limit of the values"):
        PropertyModel.train(texts, values, **given, options=options, invariant=True)

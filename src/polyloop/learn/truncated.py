"""Linear regression of values that are known because they lie on one side of a limit: a truncated normal likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_ndtr

from polyloop.learn.surrogate import Array

__all__ = ["TruncatedFit", "fit_truncated", "negative_log_likelihood"]

# Beyond these, in units of the spread of the values, the likelihood explains what was selected by noise alone.
_LEAST_NOISE, _MOST_NOISE = 0.02, 3.0


@dataclass(frozen=True)
class TruncatedFit:
    """Coefficients (d,), intercept, and standard deviation of the noise before the selection."""

    coefficients: Array
    intercept: float
    noise_std: float


def fit_truncated(
    X: Array, y: Array, weights: NDArray[np.float64], penalty: float, low: float, high: float
) -> TruncatedFit:
    """Maximize the likelihood of a normal distribution cut off at `low` and `high`, with a ridge on the coefficients.

    Ordinary regression takes the missing side for a sign that slopes are small: of selected values the highest are
    those whose noise kept them in. Here each value is compared with what could have been seen.

    Parameters
    ----------
    X, y, weights
        Columns of mean 0 (n, d), standardised values (n,), and how often each row counts (n,).
    penalty
        Of the squared coefficients, in units of the noise variance.
    low, high
        Limits between which values were kept; one of them may be infinite.

    References
    ----------
    Hausman & Wise (1977), doi:10.2307/1913641.
    """
    start = np.zeros(X.shape[1] + 2)
    start[-2] = np.average(y, weights=weights)
    bounds = [(None, None)] * (X.shape[1] + 1) + [(np.log(_LEAST_NOISE), np.log(_MOST_NOISE))]
    found = minimize(
        negative_log_likelihood, start, (X, y, weights, penalty, low, high), jac=True, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": 500},
    ).x  # fmt: skip
    return TruncatedFit(found[:-2], float(found[-2]), float(np.exp(found[-1])))


def negative_log_likelihood(
    parameters: Array, X: Array, y: Array, weights: Array, penalty: float, low: float, high: float
) -> tuple[float, Array]:
    """Return the penalised negative log likelihood and its gradient, shape (d + 2,).

    Parameters
    ----------
    parameters
        Coefficients, intercept, logarithm of the noise's standard deviation.
    """
    coefficients, sigma = parameters[:-2], np.exp(parameters[-1])
    mean = X @ coefficients + parameters[-2]
    scaled, a, b = (y - mean) / sigma, (low - mean) / sigma, (high - mean) / sigma
    log_share = _log_share(a, b)
    at_a, at_b = _density_over_share(a, log_share), _density_over_share(b, log_share)
    square = float(coefficients @ coefficients) / sigma**2
    value = weights @ (0.5 * scaled**2 + parameters[-1] + 0.5 * np.log(2 * np.pi) + log_share) + 0.5 * penalty * square
    by_mean = weights * (-scaled + at_a - at_b) / sigma
    finite_a, finite_b = np.where(np.isfinite(a), a, 0.0), np.where(np.isfinite(b), b, 0.0)
    by_noise = weights * (1.0 - scaled**2 + finite_a * at_a - finite_b * at_b)
    gradient = np.concatenate([X.T @ by_mean + penalty * coefficients / sigma**2, [by_mean.sum(), by_noise.sum()]])
    gradient[-1] -= penalty * square
    return float(value), gradient


def _log_share(a: Array, b: Array) -> Array:
    """Return the logarithm of the normal probability between a and b, a < b, without loss in either tail."""
    upper = a > 0
    low, high = np.where(upper, -b, a), np.where(upper, -a, b)
    at_low, at_high = log_ndtr(low), log_ndtr(high)
    share: Array = at_high + np.log1p(-np.exp(np.minimum(at_low - at_high, -1e-15)))
    return share


def _density_over_share(at: Array, log_share: Array) -> Array:
    is_limit = np.isfinite(at)
    # At a limit far away the share is as small as the density, and only their ratio is a number.
    exponent = np.where(is_limit, -0.5 * np.where(is_limit, at, 0.0) ** 2 - log_share, -np.inf)
    ratio: Array = np.exp(exponent) / np.sqrt(2 * np.pi)
    return ratio

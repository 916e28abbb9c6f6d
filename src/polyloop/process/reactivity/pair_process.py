"""A Gaussian process over pairs of monomers, with weights of its terms from the marginal likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.linalg.lapack import dpotri
from scipy.optimize import minimize

__all__ = ["PairProcess", "fit_weights", "outlier_counts"]

Array = NDArray[np.float64]

_ITERATIONS = 40
# Weights are pulled towards a tenth of the variance by a normal law of their logarithm this wide: without data for a
# term its weight neither vanishes nor explodes.
_PRIOR_WIDTH = 3.0
_JITTER = 1e-8
# Residuals beyond so many of their deviations are those of misprints and other artefacts.
_BOUND = 2.0


@dataclass(frozen=True)
class PairProcess:
    """What has been learnt of one symmetry.

    Parameters
    ----------
    mean
        Of the values.
    weights
        Of the terms, shape (n_terms,); then the variance of what no structure explains, and that of one measurement.
    factor
        Lower Cholesky factor of the covariance of the known pairs, shape (n, n).
    solution
        The covariance's inverse times the values less their mean, shape (n,).
    """

    mean: float
    weights: Array
    factor: Array
    solution: Array

    @classmethod
    def of(cls, terms: Array, values: Array, counts: Array, mean: float, weights: Array) -> PairProcess:
        """Condition on values (n,), each the mean of counts (n,) measurements, with terms (n_terms, n, n)."""
        covariance = _covariance(terms, counts, weights)
        factor = cholesky(covariance, lower=True)
        return cls(mean, weights, factor, cho_solve((factor, True), values - mean))

    def predict(self, terms: Array, own: Array) -> tuple[Array, Array]:
        """Return mean and variance of what structures explain, shape (k,) each.

        Parameters
        ----------
        terms
            Of the asked pairs with the known ones, shape (n_terms, k, n).
        own
            Of each asked pair with itself, shape (n_terms, k).
        """
        weights = self.weights[:-2]
        across = np.tensordot(weights, terms, axes=1)
        reduced = solve_triangular(self.factor, across.T, lower=True)
        variance = weights @ own - (reduced**2).sum(axis=0)
        return self.mean + across @ self.solution, np.maximum(variance, 1e-12)


def _covariance(terms: Array, counts: Array, weights: Array) -> Array:
    covariance = np.tensordot(weights[:-2], terms, axes=1)
    covariance[np.diag_indices_from(covariance)] += weights[-2] + weights[-1] / counts + _JITTER
    result: Array = covariance
    return result


def _inverse(factor: Array) -> Array:
    """Return the inverse of the matrix whose lower Cholesky factor is given."""
    lower, _ = dpotri(factor, lower=1)
    result: Array = np.tril(lower) + np.tril(lower, -1).T
    return result


def fit_weights(terms: Array, values: Array, counts: Array, mean: float) -> Array:
    """Return the weights that maximize the marginal likelihood with a wide prior, shape (n_terms + 2,).

    Reference: Rasmussen & Williams (2006), eq. 5.9, ISBN 0-262-18253-X.
    """
    residual = values - mean
    center = np.log(max(0.1 * float(np.mean(residual**2)), 1e-6))

    def loss(logs: Array) -> tuple[float, Array]:
        weights = np.exp(logs)
        factor = cholesky(_covariance(terms, counts, weights), lower=True)
        solution = cho_solve((factor, True), residual)
        inverse = _inverse(factor)
        value = 0.5 * residual @ solution + np.log(np.diag(factor)).sum()
        inner = inverse - np.outer(solution, solution)
        slopes = np.array(
            [*(0.5 * np.vdot(inner, term) for term in terms),
             0.5 * np.trace(inner), 0.5 * (np.diag(inner) / counts).sum()]
        )  # fmt: skip
        away = (logs - center) / _PRIOR_WIDTH
        return float(value + 0.5 * away @ away), slopes * weights + away / _PRIOR_WIDTH

    start = np.full(len(terms) + 2, center)
    bounds = [(center - 12.0, center + 8.0)] * len(start)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": _ITERATIONS})
    return np.asarray(np.exp(found.x))


def outlier_counts(process: PairProcess, counts: Array) -> Array:
    """Return the counts, lowered where a value lies beyond two deviations of what all others say, shape (n,).

    Left-one-out residuals in closed form; the weights are those of Huber's estimate, doi:10.1214/aoms/1177703732.
    """
    diagonal = np.diag(_inverse(process.factor))
    away = np.abs(process.solution / diagonal) * np.sqrt(diagonal)
    weight = np.minimum(1.0, _BOUND / np.maximum(away, 1e-12))
    return np.asarray(np.maximum(counts * weight**2, 0.05))

"""Principal components of curves, each a Gaussian process of the structure: bands are wider where less is known."""

from __future__ import annotations

from typing import Self

import numpy as np
from scipy.optimize import minimize_scalar

from polyloop.core import InvalidInputError
from polyloop.learn.functional.curves import LEVEL, CurvePrediction, check_curves
from polyloop.learn.functional.similarity import Eigenbasis, Similarity
from polyloop.learn.surrogate import Array, Blocks

__all__ = ["ComponentProcess"]

_LOG_LOW, _LOG_HIGH = np.log(1e-4), np.log(1e2)


class ComponentProcess:
    """Curve = mean + sum_k score_k(x) component_k + rest, the scores independent Gaussian processes with one kernel.

    Variance and noise of each score maximize the marginal likelihood, for which one eigendecomposition serves all. The
    variance of a curve at a point is that of the scores, their noise and the mean square of the rest there. The band is
    its root times one factor: the quantile of the leave-one-out errors in these roots over all rows and points, since
    errors of spectra are not normal.

    Parameters
    ----------
    components
        Number of principal components, fewer where the curves have fewer.

    References
    ----------
    Outputs as components with Gaussian processes: Higdon et al. (2008), doi:10.1198/016214507000000888.
    """

    def __init__(self, components: int = 8) -> None:
        if components < 1:
            raise InvalidInputError(f"{components} components are none.", hint="Take at least one.")
        self.components = components
        self._similarity: Similarity | None = None

    def fit(self, X: Blocks, Y: Array) -> Self:
        """Learn from n subjects and their curves (n, p)."""
        Y = check_curves(X, Y)
        self._similarity = Similarity.of(X)
        self._mean = Y.mean(axis=0)
        left, sizes, right = np.linalg.svd(Y - self._mean, full_matrices=False)
        kept = min(self.components, int((sizes > 1e-9 * max(float(sizes[0]), 1e-300)).sum()))
        self._loadings = right[:kept]
        scores = left[:, :kept] * sizes[:kept]
        self._rest = np.mean((Y - self._mean - scores @ self._loadings) ** 2, axis=0)
        self._basis = Eigenbasis.of(self._similarity.to(X))
        found = [_maximize(self._basis, scores[:, k]) for k in range(kept)]
        self.noise_ratios, self.variances = np.array(found).reshape(kept, 2).T
        self._weights = np.column_stack(
            [self._basis.solve(scores[:, [k]], self.noise_ratios[k])[:, 0] for k in range(kept)]
        )
        self._factor = self._scaled_quantile(Y, scores)
        return self

    def _scaled_quantile(self, Y: Array, scores: Array) -> float:
        """Return the quantile of the leave-one-out errors in their predicted standard deviations."""
        precision = [self._basis.precision(ratio) for ratio in self.noise_ratios]
        held = scores - np.column_stack([self._weights[:, k] / diagonal for k, diagonal in enumerate(precision)])
        # The variance of a value that was left out, its noise with it.
        variance = np.column_stack([self.variances[k] / diagonal for k, diagonal in enumerate(precision)])
        errors = Y - self._mean - held @ self._loadings
        std = np.sqrt(variance @ self._loadings**2 + self._rest)
        return float(np.quantile(np.abs(errors) / np.maximum(std, 1e-12 * (1.0 + np.abs(Y).max())), LEVEL))

    def predict(self, X: Blocks) -> CurvePrediction:
        """Predict the curves of n subjects."""
        if self._similarity is None:
            raise InvalidInputError("The model has not been fitted.", hint="Call fit(X, Y) first.")
        cross = self._similarity.to(X)
        mean = self._mean + (cross @ self._weights) @ self._loadings
        projected = (cross @ self._basis.vectors) ** 2
        variance = np.empty((len(cross), len(self._loadings)))
        for k, (ratio, signal) in enumerate(zip(self.noise_ratios, self.variances, strict=True)):
            explained = projected @ (1.0 / (self._basis.values + ratio))
            variance[:, k] = signal * (np.maximum(1.0 - explained, 0.0) + ratio)
        std = np.sqrt(variance @ self._loadings**2 + self._rest)
        return CurvePrediction(mean, self._factor * std)


def _maximize(basis: Eigenbasis, scores: Array) -> tuple[float, float]:
    """Return the noise over the signal variance and the signal variance of the largest marginal likelihood."""
    projected = (basis.vectors.T @ scores) ** 2
    n = len(scores)

    def loss(log_ratio: float) -> float:
        spectrum = basis.values + np.exp(log_ratio)
        return float(n * np.log(np.sum(projected / spectrum) / n) + np.sum(np.log(spectrum)))

    ratio = float(np.exp(minimize_scalar(loss, bounds=(_LOG_LOW, _LOG_HIGH), method="bounded").x))
    return ratio, float(np.mean(projected / (basis.values + ratio)))

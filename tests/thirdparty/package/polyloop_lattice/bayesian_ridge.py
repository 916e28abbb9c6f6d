"""A surrogate: Bayesian linear regression with a known prior, in closed form."""

from __future__ import annotations

from copy import copy
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from polyloop.core.options import Option
from polyloop.learn import Blocks, Prediction
from polyloop.learn.surrogate import check_targets, row_count

__all__ = ["BayesianRidge"]

Array = NDArray[np.float64]


class BayesianRidge:
    """Linear in all columns; the prior of each scaled coefficient is normal, `prior_std` of the values' spread wide."""

    options: ClassVar[tuple[Option, ...]] = (
        Option("prior_std", float, 1.0, "Width of the prior of a coefficient.", 1e-3, 1e3),
    )

    def __init__(self, prior_std: float = 1.0) -> None:
        self.prior_std = prior_std

    def fit(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Self:
        """Learn from y, shape (n,)."""
        y, known = check_targets(row_count(X), y, noise_variance)
        columns = self._columns(X)
        self._mean, self._scale = columns.mean(axis=0), np.maximum(columns.std(axis=0), 1e-9)
        self._level, self._spread = float(y.mean()), max(float(y.std()), 1e-9)
        self._noise = max(float(known.mean()), (0.1 * self._spread) ** 2)
        size = columns.shape[1] + 1
        self._precision, self._pull = np.eye(size) / (self.prior_std * self._spread) ** 2, np.zeros(size)
        self._see(X, y)
        return self

    def predict(self, X: Blocks) -> Prediction:
        """Predict, shape (n,) each."""
        mean, covariance = self.joint(X)
        return Prediction(mean, np.sqrt(np.diag(covariance)), np.full(len(mean), np.sqrt(self._noise)))

    def covariance(self, X_a: Blocks, X_b: Blocks) -> Array:
        """Return the posterior covariance, shape (n_a, n_b)."""
        covariance: Array = self._design(X_a) @ np.linalg.solve(self._precision, self._design(X_b).T)
        return covariance

    def joint(self, X: Blocks) -> tuple[Array, Array]:
        """Return mean (n,) and covariance (n, n)."""
        mean = self._level + self._design(X) @ np.linalg.solve(self._precision, self._pull)
        return mean, self.covariance(X, X)

    def condition(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> BayesianRidge:
        """Return the model that has also seen (X, y)."""
        other = copy(self)
        other._see(X, np.asarray(y, dtype=float))
        return other

    def sample(self, X: Blocks, n: int, rng: np.random.Generator) -> Array:
        """Draw n functions at X, shape (n, rows)."""
        mean, covariance = self.joint(X)
        return rng.multivariate_normal(mean, covariance, size=n, method="eigh")

    def _see(self, X: Blocks, y: Array) -> None:
        design = self._design(X)
        self._precision = self._precision + design.T @ design / self._noise
        self._pull = self._pull + design.T @ (y - self._level) / self._noise

    def _design(self, X: Blocks) -> Array:
        columns = (self._columns(X) - self._mean) / self._scale
        return np.column_stack([np.ones(len(columns)), columns])

    def _columns(self, X: Blocks) -> Array:
        return np.concatenate([np.asarray(X[name].values, dtype=float) for name in sorted(X)], axis=1)

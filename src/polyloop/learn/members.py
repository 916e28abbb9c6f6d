"""What ensembles share: covariance from the spread of their members, and conditioning without a refit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from polyloop.core import InvalidInputError
from polyloop.learn.surrogate import (
    Array,
    Blocks,
    Prediction,
    Surrogate,
    check_blocks,
    check_targets,
    chunks,
    row_count,
    take,
)

__all__ = ["Conditioned", "MemberModel", "draw", "flatten", "residual_noise"]

# Members that agree exactly would make the update singular; this share of the values' variance separates them.
_FLOOR = 1e-6


def draw(mean: Array, covariance: Array, n: int, rng: np.random.Generator) -> Array:
    """Draw n vectors from a normal distribution whose covariance may be singular, shape (n, len(mean))."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    samples: Array = mean + rng.standard_normal((n, len(mean))) @ root.T
    return samples


def flatten(X: Blocks, widths: dict[str, int]) -> Array:
    """Return the blocks side by side in the order of `widths`, counts as log(1 + count), shape (n, d)."""
    parts = [np.asarray(X[name], dtype=float) for name in widths]
    return np.hstack([np.log1p(p) if n.startswith("ecfp") else p for n, p in zip(widths, parts, strict=True)])


def residual_noise(errors: Array, variances: Array, known: Array) -> float:
    """Return the noise variance that held-out errors show beyond the model's own variance, at least 0.

    Parameters
    ----------
    errors, variances
        Held-out errors and the model's variances there, shape (n,).
    known
        Known noise variances, shape (n,); the result is not below their mean.
    """
    excess = float(np.mean(errors**2) - np.mean(variances))
    return max(excess, float(known.mean()), 0.0)


class MemberModel(ABC):
    """A surrogate made of members: their mean predicts, their spread is the model's uncertainty."""

    _widths: dict[str, int]
    _noise: float
    _floor: float
    _fitted: bool = False

    @abstractmethod
    def fit(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Self:
        """Learn from n polymers."""

    @abstractmethod
    def _members(self, features: Array) -> Array:
        """Return each member's prediction, shape (n, n_members)."""

    def members(self, X: Blocks) -> Array:
        """Return each member's prediction, shape (n, n_members)."""
        if not self._fitted:
            raise InvalidInputError("The model has not been fitted.", mend="Call fit(X, y) first.")
        check_blocks(X, self._widths)
        return self._members(flatten(X, self._widths))

    def predict(self, X: Blocks) -> Prediction:
        """Predict in chunks of bounded memory."""
        n = row_count(X)
        mean, std = np.empty(n), np.empty(n)
        for rows in chunks(n, 8192):
            members = self.members(take(X, rows))
            mean[rows], std[rows] = members.mean(axis=1), np.sqrt(members.var(axis=1, ddof=1) + self._floor)
        return Prediction(mean, std, np.full(n, np.sqrt(self._noise)))

    def covariance(self, X_a: Blocks, X_b: Blocks) -> Array:
        """Return the members' sample covariance, shape (n_a, n_b)."""
        a, b = self.members(X_a), self.members(X_b)
        a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
        covariance: Array = a @ b.T / (a.shape[1] - 1)
        return covariance

    def joint(self, X: Blocks) -> tuple[Array, Array]:
        """Return the mean (n,) and the members' covariance (n, n)."""
        covariance = self.covariance(X, X)
        covariance[np.diag_indices(len(covariance))] += self._floor
        return self.predict(X).mean, covariance

    def condition(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Surrogate:
        """Return the linear (Kalman) update of the members' normal approximation by (X, y)."""
        return Conditioned(self, X, y, noise_variance)

    def sample(self, X: Blocks, n: int, rng: np.random.Generator) -> Array:
        """Draw n functions from the normal approximation at X, shape (n, rows of X)."""
        return draw(*self.joint(X), n, rng)

    def _finish(self, widths: dict[str, int], y: Array, noise: float) -> None:
        self._widths, self._noise, self._fitted = widths, noise, True
        self._floor = _FLOOR * (float(y.var()) or (0.1 * float(y.mean())) ** 2 or 1.0)


class Conditioned:
    """Any surrogate after a Gaussian update by further values: exact for a GP, linear for others.

    Parameters
    ----------
    base
        The surrogate before; it is not changed.
    X, y, noise_variance
        What it has now seen as well.
    """

    def __init__(self, base: Surrogate, X: Blocks, y: Array, noise_variance: Array | None = None) -> None:
        n = check_blocks(X)
        y, known = check_targets(n, y, noise_variance)
        self._base, self._X = base, dict(X)
        prediction = base.predict(X)
        mean, covariance = base.joint(X)
        covariance = covariance + np.diag(prediction.noise_std**2 + known)
        # Jitter relative to the values themselves, for members that agree on two pending points.
        covariance[np.diag_indices(n)] += 1e-9 * (float(np.mean(np.diag(covariance))) or 1.0)
        self._factor = cho_factor(covariance, lower=True)
        self._weights: Array = cho_solve(self._factor, y - mean)

    def fit(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Self:
        """Refuse: fit the base surrogate on everything instead."""
        raise InvalidInputError("A conditioned surrogate cannot be fitted.", mend="Fit a new one on all the data.")

    def predict(self, X: Blocks) -> Prediction:
        """Predict with the update applied."""
        n = row_count(X)
        before = self._base.predict(X)
        mean, variance = before.mean.copy(), before.std**2
        for rows in chunks(n, 8192):
            cross = self._base.covariance(take(X, rows), self._X)
            mean[rows] += cross @ self._weights
            variance[rows] -= np.einsum("ij,ji->i", cross, cho_solve(self._factor, cross.T))
        return Prediction(mean, np.sqrt(np.maximum(variance, 0.0)), before.noise_std)

    def covariance(self, X_a: Blocks, X_b: Blocks) -> Array:
        """Return the posterior covariance after the update, shape (n_a, n_b)."""
        cross_a, cross_b = self._base.covariance(X_a, self._X), self._base.covariance(X_b, self._X)
        updated: Array = self._base.covariance(X_a, X_b) - cross_a @ cho_solve(self._factor, cross_b.T)
        return updated

    def joint(self, X: Blocks) -> tuple[Array, Array]:
        """Return the mean (n,) and covariance (n, n) after the update."""
        cross = self._base.covariance(X, self._X)
        mean, covariance = self._base.joint(X)
        covariance = covariance - cross @ cho_solve(self._factor, cross.T)
        return mean + cross @ self._weights, (covariance + covariance.T) / 2

    def condition(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Surrogate:
        """Return a surrogate updated once more."""
        return Conditioned(self, X, y, noise_variance)

    def sample(self, X: Blocks, n: int, rng: np.random.Generator) -> Array:
        """Draw n functions at X, shape (n, rows of X)."""
        return draw(*self.joint(X), n, rng)

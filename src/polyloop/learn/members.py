"""What ensembles share: covariance from the spread of their members, and conditioning without a refit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.learn.columns import Columns
from polyloop.learn.standardisation import Standardisation
from polyloop.learn.state import State, part_of, prefixed
from polyloop.learn.surrogate import (
    Array,
    Blocks,
    Prediction,
    Surrogate,
    check_blocks,
    check_targets,
    chunks,
    column_blocks,
    row_count,
    take,
)

__all__ = ["ColumnModel", "Conditioned", "MemberModel", "draw"]

# Members that agree exactly would make the update singular; this standardised variance separates them.
_FLOOR = 1e-6


def draw(mean: Array, covariance: Array, n: int, rng: np.random.Generator) -> Array:
    """Draw n vectors from a normal distribution whose covariance may be singular, shape (n, len(mean))."""
    # Without its unit: LAPACK holds numbers against absolute thresholds.
    variance = float(np.diag(covariance).max()) or 1.0
    values, vectors = np.linalg.eigh(covariance / variance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    samples: Array = mean + np.sqrt(variance) * (rng.standard_normal((n, len(mean))) @ root.T)
    return samples


class MemberModel(ABC):
    """A surrogate made of members: their mean predicts, their spread is the model's uncertainty.

    Members learn and answer in standardised values; `predict` and `covariance` give the property's unit back.
    """

    _widths: dict[str, int] | None = None
    _scale: Standardisation
    _noise_std: float

    @abstractmethod
    def _learn(self, X: Blocks, y: Array, known: Array) -> float:
        """Learn n standardised values with known noise variances; return the noise variance found."""

    @abstractmethod
    def _answer(self, X: Blocks) -> Array:
        """Return each member's standardised prediction, shape (n, n_members)."""

    @abstractmethod
    def _learnt(self) -> dict[str, NDArray[Any]]:
        """Return what the members have learnt, as arrays."""

    @abstractmethod
    def _take(self, learnt: State) -> None:
        """Take what `_learnt` returned."""

    def fit(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Self:
        """Learn from n polymers."""
        n = check_blocks(X)
        y, known = check_targets(n, y, noise_variance)
        X = self._readable(X)
        self._widths = {name: X[name].width for name in sorted(X)}
        self._scale = Standardisation.of(y)
        noise = self._learn(X, self._scale.standardise(y), self._scale.variances(known))
        # Not below what is known, which standardising may have rounded down.
        self._noise_std = max(self._scale.unit * float(np.sqrt(noise)), float(np.sqrt(known.mean())))
        return self

    def _readable(self, X: Blocks) -> Mapping[str, BlockValues]:
        """Return the blocks that this model reads."""
        return column_blocks(X)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return what the model has learnt, as arrays."""
        widths = self._fitted_widths()
        return {
            "blocks": np.array(list(widths)),
            "widths": np.array(list(widths.values())),
            "scale": np.array([self._scale.offset, self._scale.unit]),
            "noise_std": np.array(self._noise_std),
            **prefixed("members", self._learnt()),
        }

    def restore(self, state: State) -> Self:
        """Take what `state` returned, in the place of `fit`."""
        self._scale = Standardisation(*map(float, state["scale"]))
        self._noise_std = float(state["noise_std"])
        self._take(part_of(state, "members"))
        self._widths = dict(zip(map(str, state["blocks"]), map(int, state["widths"]), strict=True))
        return self

    def _fitted_widths(self) -> dict[str, int]:
        if self._widths is None:
            raise InvalidInputError("The model has not been fitted.", hint="Call fit(X, y) first.")
        return self._widths

    def members(self, X: Blocks) -> Array:
        """Return each member's standardised prediction, shape (n, n_members)."""
        widths = self._fitted_widths()
        check_blocks(X, widths)
        return self._answer({name: X[name] for name in widths})

    def predict(self, X: Blocks) -> Prediction:
        """Predict in chunks of bounded memory."""
        n = row_count(X)
        mean, std = np.empty(n), np.empty(n)
        for rows in chunks(n, 8192):
            members = self.members(take(X, rows))
            mean[rows], std[rows] = members.mean(axis=1), np.sqrt(members.var(axis=1, ddof=1) + _FLOOR)
        return Prediction(self._scale.values(mean), self._scale.unit * std, np.full(n, self._noise_std))

    def covariance(self, X_a: Blocks, X_b: Blocks) -> Array:
        """Return the members' sample covariance, shape (n_a, n_b)."""
        return self._scale.covariance(self._covariance(X_a, X_b))

    def _covariance(self, X_a: Blocks, X_b: Blocks) -> Array:
        a, b = self.members(X_a), self.members(X_b)
        a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
        covariance: Array = a @ b.T / (a.shape[1] - 1)
        return covariance

    def joint(self, X: Blocks) -> tuple[Array, Array]:
        """Return the mean (n,) and the members' covariance (n, n)."""
        covariance = self._covariance(X, X)
        covariance[np.diag_indices(len(covariance))] += _FLOOR
        return self.predict(X).mean, self._scale.covariance(covariance)

    def condition(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Surrogate:
        """Return the linear (Kalman) update of the members' normal approximation by (X, y)."""
        return Conditioned(self, X, y, noise_variance)

    def sample(self, X: Blocks, n: int, rng: np.random.Generator) -> Array:
        """Draw n functions from the normal approximation at X, shape (n, rows of X)."""
        return draw(*self.joint(X), n, rng)


class ColumnModel(MemberModel):
    """A member model that does not look at blocks: it learns from scaled columns, all blocks side by side."""

    _columns: Columns

    @abstractmethod
    def _fit(self, features: Array, y: Array, known: Array) -> float:
        """Learn n standardised values from scaled columns (n, d); return the noise variance found."""

    @abstractmethod
    def _members(self, features: Array) -> Array:
        """Return each member's standardised prediction from scaled columns, shape (n, n_members)."""

    def _learn(self, X: Blocks, y: Array, known: Array) -> float:
        self._columns = Columns.of(X)
        return self._fit(self._columns.scaled(X), y, known)

    def _answer(self, X: Blocks) -> Array:
        return self._members(self._columns.scaled(X))

    def state(self) -> dict[str, NDArray[Any]]:
        """Return what the model has learnt, as arrays."""
        return {**super().state(), **prefixed("columns", self._columns.state())}

    def restore(self, state: State) -> Self:
        """Take what `state` returned, in the place of `fit`."""
        self._columns = Columns.of_state(part_of(state, "columns"))
        return super().restore(state)


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
        raise InvalidInputError("A conditioned surrogate cannot be fitted.", hint="Fit a new one on all the data.")

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

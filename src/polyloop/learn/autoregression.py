"""Covariance of one property at several levels: each level is a multiple of the cheaper one plus a difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.learn.covariance import CONSTANT_VARIANCE, HyperParameters, SumCovariance, Training
from polyloop.learn.surrogate import Array, Blocks, take

__all__ = ["DIFFERENCE_VARIANCE", "AutoregressiveCovariance", "LevelHyperParameters", "LevelTraining", "loadings"]

Indices = NDArray[np.intp]
# Prior medians of a difference's variances sum to this: half a spread, so that a cheaper level is worth something
# before any pair is known, and a dozen pairs can say otherwise.
DIFFERENCE_VARIANCE = 0.25


def loadings(ratios: Array) -> Array:
    """Return how much of component s (the cheapest level, then the differences) is in level l, shape (L, L).

    Parameters
    ----------
    ratios
        rho of each level but the cheapest to the one before it, shape (L - 1,).
    """
    n = len(ratios) + 1
    matrix = np.eye(n)
    for level in range(1, n):
        matrix[level, :level] = ratios[level - 1] * matrix[level - 1, :level]
    return matrix


@dataclass(frozen=True)
class LevelHyperParameters:
    """Hyper-parameters in standardised units.

    Parameters
    ----------
    components
        Of the cheapest level, then of each difference; `noise` is that of the level's observations.
    ratios
        rho of each level but the cheapest, shape (L - 1,).
    log_likelihood
        Log marginal likelihood plus log prior; NaN where nothing was fitted.
    """

    components: tuple[HyperParameters, ...]
    ratios: Array
    log_likelihood: float = float("nan")

    @property
    def noise(self) -> Array:
        """Noise variance of each level, shape (L,)."""
        return np.array([component.noise for component in self.components])


@dataclass(frozen=True)
class LevelTraining:
    """(row, level) pairs that others are compared with.

    Parameters
    ----------
    levels
        Level of each pair, shape (n,).
    parts
        By component, the places of the pairs that hold it, and their encoded rows; None where there are none.
    """

    levels: Indices
    parts: tuple[tuple[Indices, Training | None], ...]


@dataclass(frozen=True)
class AutoregressiveCovariance:
    """f_l = rho_l * f_(l-1) + d_l, with f_0 and every d_l independent Gaussian processes.

    References
    ----------
    Kennedy & O'Hagan (2000), doi:10.1093/biomet/87.1.1. Unlike there the pairs need not be nested.
    """

    components: tuple[SumCovariance, ...]
    ratios: Array

    @classmethod
    def make(cls, geometry: SumCovariance, parameters: LevelHyperParameters) -> AutoregressiveCovariance:
        """Give the scales in `geometry`, which all components share, each component's hyper-parameters."""
        return cls(tuple(geometry.with_parameters(p) for p in parameters.components), parameters.ratios)

    @property
    def loadings(self) -> Array:
        """Shape (L, L), see `loadings`."""
        return loadings(self.ratios)

    def training(self, X: Blocks, levels: Indices) -> LevelTraining:
        """Encode pairs once, to compare many others with them."""
        parts: list[tuple[Indices, Training | None]] = []
        for s, component in enumerate(self.components):
            places = np.flatnonzero(levels >= s)
            parts.append((places, component.training(take(X, places)) if len(places) else None))
        return LevelTraining(levels, tuple(parts))

    def _of_components(self, X: Blocks, training: LevelTraining) -> Iterator[tuple[int, Indices, Array]]:
        weight = self.loadings
        for s, (places, part) in enumerate(training.parts):
            if part is not None:
                cross, _ = self.components[s].cross(X, part)
                if s:
                    cross += DIFFERENCE_VARIANCE - CONSTANT_VARIANCE
                cross *= weight[training.levels[places], s]
                yield s, places, cross

    def cross(self, X: Blocks, levels: Indices, training: LevelTraining) -> Array:
        """Return the covariance of n pairs with the training ones, shape (n, n_train)."""
        total = np.zeros((len(levels), len(training.levels)))
        for s, places, cross in self._of_components(X, training):
            total[:, places] += self.loadings[levels, s][:, None] * cross
        return total

    def cross_at_all_levels(self, X: Blocks, training: LevelTraining) -> Array:
        """Return the covariance of n rows at every level with the training pairs, shape (L, n, n_train)."""
        n_levels, n = len(self.components), len(next(iter(X.values())))
        total = np.zeros((n_levels, n, len(training.levels)))
        for s, places, cross in self._of_components(X, training):
            for level in range(s, n_levels):
                total[level][:, places] += self.loadings[level, s] * cross
        return total

    def prior(self, X: Blocks) -> Array:
        """Return the prior covariance of each row's levels with one another, shape (n, L, L)."""
        weight, one = self.loadings, take(X, [0])
        total = np.zeros((len(next(iter(X.values()))), len(weight), len(weight)))
        for s, component in enumerate(self.components):
            _, variance = component.cross(X, component.training(one))
            if s:
                variance = variance + (DIFFERENCE_VARIANCE - CONSTANT_VARIANCE)
            total += variance[:, None, None] * np.outer(weight[:, s], weight[:, s])
        return total

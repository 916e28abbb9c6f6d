"""Acquisition functions that score one candidate at a time from its normal prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Protocol

import numpy as np
from scipy.special import ndtr

from polyloop.design.acquisition.expected_hypervolume import Cells, expected_hypervolume_improvement, free_cells
from polyloop.design.objectives import Array, Objective

__all__ = ["Hypervolume", "Score", "Uncertainty", "UpperConfidenceBound", "probability_in_target"]


class Score(Protocol):
    """A score whose picks are believed (kriging believer): every mean stays, and every standard deviation falls.

    A score that `only_falls` then rises with the standard deviation at a fixed mean and falls as the front grows, which
    makes lazy greedy picking exact; each class says why.

    Means and standard deviations are in units of each objective's observed spread.
    """

    @property
    def only_falls(self) -> bool:
        """True if believing a pick can raise no score."""

    def __call__(self, mean: Array, std: Array) -> Array:
        """Score n candidates from utilities of shape (n, m), all maximized; returns (n,)."""

    def believing(self, mean: Array) -> Score:
        """Return the score after the utility vector `mean` (m,) is taken for observed."""


@dataclass(frozen=True)
class Hypervolume:
    """Expected hypervolume improvement; with one objective this is expected improvement.

    The improvement is convex in each utility (the further right a point, the lower the staircase below it), so its
    expectation rises with each standard deviation; a larger front leaves less free space. Of a range this does not
    hold: inside it, less uncertainty is better.

    Parameters
    ----------
    front
        Utilities of the points believed so far, shape (n, m).
    reference
        Shape (m,).
    ranges
        Ends of the range, by the column that has one; means and standard deviations there are the property's.
    """

    front: Array
    reference: Array
    cells: Cells
    ranges: Mapping[int, tuple[float, float]]

    @classmethod
    def over(
        cls, observed: Array, reference: Array, ranges: Mapping[int, tuple[float, float]] = MappingProxyType({})
    ) -> Hypervolume:
        """Make the score over observed utilities of shape (n, m)."""
        return cls(observed, reference, free_cells(observed, reference), ranges)

    @property
    def only_falls(self) -> bool:
        """Not where there is a range."""
        return not self.ranges

    def __call__(self, mean: Array, std: Array) -> Array:
        """Return the closed-form expectation, shape (n,)."""
        return expected_hypervolume_improvement(mean, std, self.cells, self.ranges)

    def believing(self, mean: Array) -> Hypervolume:
        """Return the score over the front with one more point."""
        utility = np.array(mean, dtype=float)
        for j, (low, high) in self.ranges.items():
            utility[j] = -max(low - utility[j], utility[j] - high, 0.0)
        return Hypervolume.over(np.vstack([self.front, utility]), self.reference, self.ranges)


@dataclass(frozen=True)
class Uncertainty:
    """Sum over objectives of the standard deviation in units of the observed spread; it rises with each by itself."""

    only_falls = True

    def __call__(self, mean: Array, std: Array) -> Array:
        """Return the sum, shape (n,)."""
        total: Array = std.sum(axis=1)
        return total

    def believing(self, mean: Array) -> Uncertainty:
        """Return the same score: it does not look at values."""
        return self


@dataclass(frozen=True)
class UpperConfidenceBound:
    """Sum over objectives of (utility + beta * std) in units of the observed spread; it rises with each std.

    Reference: Srinivas et al. (2010), arXiv:0912.3995.
    """

    beta: float = 2.0

    only_falls = True

    def __call__(self, mean: Array, std: Array) -> Array:
        """Return the sum, shape (n,)."""
        total: Array = (mean + self.beta * std).sum(axis=1)
        return total

    def believing(self, mean: Array) -> UpperConfidenceBound:
        """Return the same score: it does not look at the best value."""
        return replace(self)


def probability_in_target(mean: Array, std: Array, objectives: list[Objective], best: Array) -> Array:
    """Return the probability that every objective is met, independent normals, shape (n,).

    A range is met inside it; an objective to maximize or minimize is met beyond the best utility seen.

    Parameters
    ----------
    mean, std
        Property values (not utilities), shape (n, m).
    best
        Best observed utility of each objective, shape (m,).
    """
    probability = np.ones(len(mean))
    # A model that is certain has a standard deviation of 0; the smallest number makes a step of the integral.
    safe = np.maximum(std, np.finfo(float).tiny ** 0.5)
    for j, objective in enumerate(objectives):
        low, high = target_interval(objective, float(best[j]))
        above, below = (mean[:, j] - low) / safe[:, j], (mean[:, j] - high) / safe[:, j]
        # From the nearer tail, so that small probabilities keep their digits.
        flip = above + below > 0
        probability *= np.where(flip, ndtr(-below) - ndtr(-above), ndtr(above) - ndtr(below))
    return np.clip(probability, 0.0, 1.0)


def target_interval(objective: Objective, best: float) -> tuple[float, float]:
    """Return the interval of property values that meets `objective`, given the best utility seen."""
    if objective.direction == "range":
        return objective.ends
    return (best, np.inf) if objective.direction == "maximize" else (-np.inf, -best)

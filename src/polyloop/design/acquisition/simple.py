"""Acquisitions that score single candidates in closed form, and picking at random."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.core.options import Option
from polyloop.design.acquisition.acquisition import Acquisition, GreedyAcquisition, Progress, hypervolume_of
from polyloop.design.acquisition.feasibility import Weights
from polyloop.design.acquisition.problem import Problem
from polyloop.design.acquisition.scores import Hypervolume, Score, Uncertainty, UpperConfidenceBound
from polyloop.design.objectives import Array

__all__ = [
    "ExpectedHypervolume",
    "ExpectedImprovement",
    "LargestUncertainty",
    "RandomPicks",
    "UpperConfidence",
]


class RandomPicks(Acquisition):
    """Uniformly, without replacement."""

    def pick(self, problem: Problem, progress: Progress, weights: Weights | None) -> tuple[NDArray[np.intp], Array]:
        """Draw from the candidates that are allowed."""
        picks = problem.rng.permutation(problem.allowed)[: problem.batch]
        return picks, np.zeros(len(picks))


class LargestUncertainty(GreedyAcquisition):
    """Largest model standard deviation, each pick believed before the next."""

    is_weighable: ClassVar[bool] = True

    def score(self, problem: Problem) -> Score:
        """Return the standard deviation."""
        return Uncertainty()


class UpperConfidence(GreedyAcquisition):
    """Upper confidence bound, summed over objectives in units of their spread."""

    options: ClassVar[tuple[Option, ...]] = (Option("beta", float, 2.0, "Weight of the standard deviation.", 0.0, 1e6),)
    takes_ranges: ClassVar[bool] = False

    def __init__(self, beta: float = 2.0) -> None:
        self.beta = beta

    def score(self, problem: Problem) -> Score:
        """Return mean + beta std."""
        return UpperConfidenceBound(self.beta)


class ExpectedImprovement(GreedyAcquisition):
    """Expected improvement, for one objective."""

    most_objectives: ClassVar[int | None] = 1
    takes_ranges: ClassVar[bool] = False
    is_weighable: ClassVar[bool] = True

    def score(self, problem: Problem) -> Score:
        """Return the expected improvement on the best value seen."""
        if not np.isfinite(problem.best[0]):
            raise InvalidInputError("Expected improvement needs a value to improve on.", where="Y_observed")
        return Hypervolume.over(problem.seen, problem.in_spreads(problem.best))


class ExpectedHypervolume(GreedyAcquisition):
    """Expected hypervolume improvement in closed form, each pick believed before the next, any objectives."""

    needs_reference: ClassVar[bool] = True
    is_weighable: ClassVar[bool] = True

    def score(self, problem: Problem) -> Score:
        """Return the expected growth of the hypervolume."""
        return hypervolume_of(problem)

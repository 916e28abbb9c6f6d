"""Acquisition: what every rule that picks a batch has; what it can do stands on its class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.core.options import Option
from polyloop.core.registry import Registry
from polyloop.design.acquisition.feasibility import Weights
from polyloop.design.acquisition.greedy import Believer, greedy_batch
from polyloop.design.acquisition.problem import Problem
from polyloop.design.acquisition.scores import Hypervolume, Score
from polyloop.design.objectives import Array, Objective, check_directions

__all__ = ["ACQUISITIONS", "Acquisition", "GreedyAcquisition", "Progress", "believer_of", "hypervolume_of"]

Progress = Callable[[int, int], None]
"""Called with the number of picks made and that of the batch."""


class Acquisition(ABC):
    """A rule that picks a batch from a pool.

    Its first docstring line is what the reference says of it. A new one is a class in a file of its own and one line of
    registration; its constructor takes its options by name.
    """

    options: ClassVar[tuple[Option, ...]] = ()
    most_objectives: ClassVar[int | None] = None
    """How many objectives it can take; None for any number."""
    takes_ranges: ClassVar[bool] = True
    needs_reference: ClassVar[bool] = False
    needs_observed: ClassVar[bool] = False
    is_weighable: ClassVar[bool] = False
    """Whether its scores are never negative, so that a probability and a cost may multiply and divide them."""

    @classmethod
    def check_objectives(cls, name: str, objectives: Sequence[Objective]) -> None:
        """Refuse objectives that it does not know.

        Raises
        ------
        ConfigurationError
            If there are none, too many, or ranges that it cannot take.
        """
        if not objectives:
            raise ConfigurationError("There is no objective.", where="objectives", hint="Name at least one property.")
        if not cls.takes_ranges:
            check_directions(objectives)
        if cls.most_objectives is not None and len(objectives) > cls.most_objectives:
            most = "one objective" if cls.most_objectives == 1 else f"{cls.most_objectives} objectives"
            raise ConfigurationError(
                f"{name} is for {most}; there are {len(objectives)}.", where="acquisition",
                hint="Use 'ehvi' or 'qlognehvi'.",
            )  # fmt: skip

    @abstractmethod
    def pick(self, problem: Problem, progress: Progress, weights: Weights | None) -> tuple[NDArray[np.intp], Array]:
        """Return the rows to evaluate, shape (q,), and their scores at their picking, shape (q,)."""


class GreedyAcquisition(Acquisition):
    """A rule that scores single candidates; a batch is picked one by one, each pick believed before the next."""

    @abstractmethod
    def score(self, problem: Problem) -> Score:
        """Return the score of single candidates."""

    def pick(self, problem: Problem, progress: Progress, weights: Weights | None) -> tuple[NDArray[np.intp], Array]:
        """Pick greedily."""
        return greedy_batch(
            self.score(problem),
            believer_of(problem),
            problem.allowed,
            problem.batch,
            progress=progress,
            weights=weights,
        )


ACQUISITIONS: Registry[type[Acquisition]] = Registry(
    "acquisitions", "acquisition", ("pick", "options", "takes_ranges", "needs_reference")
)


def hypervolume_of(problem: Problem) -> Hypervolume:
    """Return the expected improvement of the hypervolume above the problem's reference point."""
    if problem.reference is None:
        raise InvalidInputError("An expected hypervolume needs a reference point.", where="reference_point")
    ranges = {
        j: (objective.ends[0] / problem.spread[j], objective.ends[1] / problem.spread[j])
        for j, objective in enumerate(problem.objectives)
        if objective.direction == "range"
    }
    return Hypervolume.over(problem.seen, problem.in_spreads(problem.reference), ranges)


def believer_of(problem: Problem) -> Believer:
    """Return the problem's predictions in units of each objective's spread, all maximized."""
    # What is to fall into a range is scored as it is.
    sign = np.array([-1.0 if objective.direction == "minimize" else 1.0 for objective in problem.objectives])
    mean, std, noise_std = map(problem.in_spreads, (problem.mean * sign, problem.std, problem.noise_std))
    return Believer(problem.models, problem.X, mean, std, noise_std, problem.spread)

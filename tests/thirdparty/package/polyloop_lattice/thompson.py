"""An acquisition: Thompson sampling, each pick the best candidate of one function drawn from the posterior."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from polyloop.core.options import Option
from polyloop.design.acquisition.acquisition import Acquisition, Progress
from polyloop.design.acquisition.feasibility import Weights
from polyloop.design.acquisition.problem import Problem
from polyloop.design.objectives import Array
from polyloop.learn.surrogate import take

__all__ = ["ThompsonSampling"]


class ThompsonSampling(Acquisition):
    """Best candidate of a function drawn from the posterior, for one objective (doi:10.1093/biomet/25.3-4.285)."""

    options: ClassVar[tuple[Option, ...]] = (
        Option("draws", int, 1, "Functions of which the mean is taken: 1 explores, many exploit.", 1, 1000),
    )
    most_objectives: ClassVar[int | None] = 1
    takes_ranges: ClassVar[bool] = False

    def __init__(self, draws: int = 1) -> None:
        self.draws = draws

    def pick(self, problem: Problem, progress: Progress, weights: Weights | None) -> tuple[NDArray[np.intp], Array]:
        """Draw anew for each pick."""
        sign = -1.0 if problem.objectives[0].direction == "minimize" else 1.0
        left, picks, scores = list(problem.allowed), [], []
        while left and len(picks) < problem.batch:
            progress(len(picks), problem.batch)
            drawn = problem.models[0].sample(take(problem.X, left), self.draws, problem.rng).mean(axis=0)
            best = int(np.argmax(sign * drawn))
            scores.append(float(drawn[best]))
            picks.append(left.pop(best))
        return np.array(picks, dtype=np.intp), np.array(scores)

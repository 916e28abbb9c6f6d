"""Probability that a batch holds a hit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyloop.design.acquisition.acquisition import Acquisition, Progress
from polyloop.design.acquisition.feasibility import Weights
from polyloop.design.acquisition.problem import Problem
from polyloop.design.acquisition.scores import probability_in_target, target_interval
from polyloop.design.objectives import Array
from polyloop.learn.surrogate import take

__all__ = ["ProbabilityOfImprovement"]

_PI_SHORTLIST, _PI_SAMPLES = 256, 1024


class ProbabilityOfImprovement(Acquisition):
    """Probability that all objectives are met: ranges hit, the best value beaten."""

    def pick(self, problem: Problem, progress: Progress, weights: Weights | None) -> tuple[NDArray[np.intp], Array]:
        """Pick so that the probability of at least one hit in the batch is largest."""
        return _by_probability(problem)


def _by_probability(problem: Problem) -> tuple[NDArray[np.intp], Array]:
    """Pick so that the probability of at least one hit in the batch is largest, by joint samples of a shortlist."""
    objectives = list(problem.objectives)
    allowed = problem.allowed
    best = problem.best
    chance = probability_in_target(problem.mean[allowed], problem.std[allowed], objectives, best)
    order = np.argsort(-chance, kind="stable")[: max(_PI_SHORTLIST, problem.batch)]
    rows, chance = allowed[order], chance[order]
    if problem.batch == 1 or len(rows) == 1:
        return rows[:1], chance[:1]
    hits = np.ones((_PI_SAMPLES, len(rows)), dtype=bool)
    for j, (model, objective) in enumerate(zip(problem.models, objectives, strict=True)):
        samples = model.sample(take(problem.X, rows), _PI_SAMPLES, problem.rng)
        low, high = target_interval(objective, float(best[j]))
        hits &= (samples >= low) & (samples <= high)
    missed = np.ones(_PI_SAMPLES, dtype=bool)
    picks: list[int] = []
    for _ in range(min(problem.batch, len(rows))):
        # The exact single-point probability decides the first pick, and ties of the sampled gains after it.
        gain = hits[missed].sum(axis=0) / _PI_SAMPLES if picks else chance
        gain = np.where(np.isin(np.arange(len(rows)), picks), -1.0, gain)
        pick = int(np.lexsort((chance, gain))[-1])
        picks.append(pick)
        missed &= ~hits[:, pick]
    return rows[picks], chance[picks]

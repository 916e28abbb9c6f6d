"""Noisy expected hypervolume improvement of a whole batch, from a shortlist of the pool."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.design.acquisition.acquisition import Acquisition, Progress, believer_of, hypervolume_of
from polyloop.design.acquisition.feasibility import Weights
from polyloop.design.acquisition.greedy import greedy_batch
from polyloop.design.acquisition.problem import Problem
from polyloop.design.objectives import Array
from polyloop.learn.surrogate import take

__all__ = ["NoisyHypervolume"]

_SHORTLIST = 128


class NoisyHypervolume(Acquisition):
    """Noisy expected hypervolume improvement of the batch, by Monte Carlo (BoTorch), any objectives."""

    needs_reference: ClassVar[bool] = True
    needs_observed: ClassVar[bool] = True

    def pick(self, problem: Problem, progress: Progress, weights: Weights | None) -> tuple[NDArray[np.intp], Array]:
        """Pick the batch whose improvement over the true values of what is observed is largest."""
        return _by_noisy_hypervolume(problem)


def _by_noisy_hypervolume(problem: Problem) -> tuple[NDArray[np.intp], Array]:
    from polyloop.design.acquisition.noisy import noisy_hypervolume_batch

    if problem.reference is None or problem.X_observed is None:
        raise InvalidInputError("'qlognehvi' needs a reference point and X_observed.")
    shortlist = _shortlist(problem)
    picks, scores = noisy_hypervolume_batch(
        problem.models,
        problem.X_observed,
        take(problem.X, shortlist),
        problem.objectives,
        problem.reference,
        problem.spread,
        batch=min(problem.batch, len(shortlist)),
        seed=int(problem.rng.integers(2**31)),
    )
    return shortlist[picks], scores


def _shortlist(problem: Problem) -> NDArray[np.intp]:
    """Return the rows most worth the Monte Carlo batch: the greedy closed-form batch and the highest single scores."""
    size = max(_SHORTLIST, 2 * problem.batch)
    if len(problem.allowed) <= size:
        return problem.allowed
    hypervolume = hypervolume_of(problem)
    believer = believer_of(problem)
    score = hypervolume(believer.mean[problem.allowed], believer.std[problem.allowed])
    top = problem.allowed[np.argsort(-score, kind="stable")[:size]]
    batch, _ = greedy_batch(hypervolume, believer, problem.allowed, problem.batch)
    return np.union1d(top, batch)

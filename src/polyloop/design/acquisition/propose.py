"""Propose the next batch of polymers from a pool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.core.names import did_you_mean
from polyloop.design.acquisition.feasibility import Feasibility, Weights
from polyloop.design.acquisition.greedy import Believer, greedy_batch
from polyloop.design.acquisition.problem import Problem, make_problem
from polyloop.design.acquisition.scores import (
    Hypervolume,
    Score,
    Uncertainty,
    UpperConfidenceBound,
    probability_in_target,
    target_interval,
)
from polyloop.design.objectives import Array, Objective, check_directions
from polyloop.learn import Blocks, Surrogate
from polyloop.learn.surrogate import take

__all__ = ["ACQUISITIONS", "Proposal", "propose"]

ACQUISITIONS = {
    "random": "uniformly, without replacement",
    "uncertainty": "largest model standard deviation, each pick believed before the next",
    "ucb": "upper confidence bound, summed over objectives in units of their spread",
    "ei": "expected improvement, for one objective",
    "pi": "probability that all objectives are met: ranges hit, the best value beaten",
    "ehvi": "expected hypervolume improvement in closed form, each pick believed before the next, any objectives",
    "qlognehvi": "noisy expected hypervolume improvement of the batch, by Monte Carlo (BoTorch), any objectives",
}
# Scores that are never negative, so that a probability and a cost may multiply and divide them.
_WEIGHABLE = ("ehvi", "ei", "uncertainty")
_SHORTLIST = 128
_PI_SHORTLIST, _PI_SAMPLES = 256, 1024


@dataclass(frozen=True)
class Proposal:
    """The rows to evaluate next.

    Parameters
    ----------
    indices
        Rows of the pool, shape (q,), each at most once; fewer than asked for when the pool is exhausted.
    scores
        Acquisition value of each at its picking, shape (q,); an improvement is in units of each objective's spread.
    mean, std
        Predictions before any pick, in the properties' units, shape (q, m); `std` is the model's alone.
    acquisition
        Its name.
    exhausted
        True when the pool held fewer candidates than the batch, so this is the last proposal.
    """

    indices: NDArray[np.intp]
    scores: Array
    mean: Array
    std: Array
    acquisition: str
    exhausted: bool = False


def propose(
    models: Sequence[Surrogate],
    X_pool: Blocks,
    Y_observed: Array,
    objectives: Sequence[Objective],
    *,
    batch: int,
    rng: np.random.Generator,
    acquisition: str = "ehvi",
    reference_point: Sequence[float] | None = None,
    exclude: NDArray[np.bool_] | None = None,
    X_pending: Blocks | None = None,
    X_observed: Blocks | None = None,
    beta: float = 2.0,
    feasibility: Feasibility | None = None,
    costs: Array | None = None,
    budget: float | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Proposal:
    """Pick the next `batch` rows of the pool to evaluate.

    Parameters
    ----------
    models
        One fitted surrogate per objective.
    Y_observed
        Property values seen so far, shape (n, m), NaN where missing.
    reference_point
        In the properties' units (for a range: a distance to it); needed by "ehvi" and "qlognehvi". It stays the same
        through a campaign: see `default_reference_point`.
    exclude
        Mask of pool rows never to propose: labelled, failed, pending. Shape (rows of the pool,).
    X_pending
        Blocks of polymers under evaluation; they are believed at their predicted values.
    X_observed
        Blocks of the rows of Y_observed; needed by "qlognehvi".
    beta
        Weight of the standard deviation in "ucb".
    feasibility
        Constraints: refuses rows that meet one with less than its stated probability, and multiplies the score of the
        others by the probability of meeting all; for "ehvi", "ei" and "uncertainty".
    costs
        Of evaluating each row of the pool, in any unit, shape (rows of the pool,): the score is per cost, for the same
        acquisitions.
    budget
        Largest sum of the batch's costs.
    progress
        Called with the number of picks made and that of the batch: at the start, and where picks are made one by one
        before each. What it raises ends the proposal.

    Raises
    ------
    ConfigurationError
        If there is no such acquisition, or it does not fit the objectives.
    InvalidInputError
        If shapes do not fit, or something that the acquisition needs is absent.
    """
    if acquisition not in ACQUISITIONS:
        hint = did_you_mean(acquisition, ACQUISITIONS)
        raise ConfigurationError(f"There is no acquisition {acquisition!r}.", where="acquisition", hint=hint)
    _check_fit(acquisition, objectives, reference_point, X_observed)
    _check_weights(acquisition, feasibility, costs, budget)
    problem = make_problem(
        models, X_pool, Y_observed, objectives, batch, rng, reference_point, exclude, X_pending, X_observed
    )
    open_rows = len(problem.allowed)
    problem, weights = _weighted(problem, feasibility, costs, budget)
    progress(0, batch)
    if len(problem.allowed) == 0:
        picks, scores = np.zeros(0, dtype=np.intp), np.zeros(0)
    elif acquisition == "random":
        picks = problem.rng.permutation(problem.allowed)[:batch]
        scores = np.zeros(len(picks))
    elif acquisition == "pi":
        picks, scores = _by_probability(problem)
    elif acquisition == "qlognehvi":
        picks, scores = _by_noisy_hypervolume(problem)
    else:
        score = _score(acquisition, problem, beta)
        picks, scores = greedy_batch(
            score, _believer(problem), problem.allowed, batch, progress=progress, weights=weights
        )
    return Proposal(picks, scores, problem.mean[picks], problem.std[picks], acquisition, exhausted=open_rows < batch)


def _check_weights(
    acquisition: str, feasibility: Feasibility | None, costs: Array | None, budget: float | None
) -> None:
    if acquisition not in _WEIGHABLE and not (feasibility is None and costs is None and budget is None):
        raise ConfigurationError(
            f"{acquisition!r} knows no constraints and no costs.",
            where="acquisition",
            hint=f"Use one of {', '.join(_WEIGHABLE)}.",
        )


def _weighted(
    problem: Problem, feasibility: Feasibility | None, costs: Array | None, budget: float | None
) -> tuple[Problem, Weights | None]:
    """Return the problem without what breaks a constraint, and the factors of the scores."""
    chance = None
    if feasibility is not None:
        if len(feasibility.observed) != len(problem.U):
            raise InvalidInputError("It needs one row for each row of Y_observed.", where="feasibility.observed")
        allowed, chance = feasibility.weights(problem.X, problem.allowed)
        U = np.where(feasibility.incumbents()[:, None], problem.U, np.nan)
        if U.shape[1] == 1 and np.isfinite(problem.U).any() and not np.isfinite(U).any():
            # Nothing known meets the constraints: whatever does is better than the worst that does not.
            U[:1] = np.nanmin(problem.U)
        problem = replace(problem, allowed=allowed, U=U)
    return problem, Weights.of(len(problem.mean), chance, costs, budget)


def _check_fit(
    acquisition: str,
    objectives: Sequence[Objective],
    reference_point: Sequence[float] | None,
    X_observed: Blocks | None,
) -> None:
    if not objectives:
        raise ConfigurationError("There is no objective.", where="objectives", hint="Name at least one property.")
    if acquisition in ("ucb", "ei"):
        check_directions(objectives)
    if acquisition == "ei" and len(objectives) > 1:
        raise ConfigurationError(
            f"Expected improvement is for one objective; there are {len(objectives)}.",
            where="acquisition",
            hint="Use 'ehvi' or 'qlognehvi'.",
        )
    if acquisition in ("ehvi", "qlognehvi") and reference_point is None:
        raise InvalidInputError(
            f"{acquisition!r} needs a reference point.",
            where="reference_point",
            hint="Take design.default_reference_point(Y, objectives) of the initial design, once.",
        )
    if acquisition == "qlognehvi" and X_observed is None:
        raise InvalidInputError(
            "'qlognehvi' integrates over the observed points' true values and needs their descriptors.",
            where="X_observed",
        )


def _score(acquisition: str, problem: Problem, beta: float) -> Score:
    if acquisition == "uncertainty":
        return Uncertainty()
    if acquisition == "ucb":
        return UpperConfidenceBound(beta)
    if acquisition == "ei":
        if not np.isfinite(problem.best[0]):
            raise InvalidInputError("Expected improvement needs a value to improve on.", where="Y_observed")
        return Hypervolume.over(problem.seen, problem.in_spreads(problem.best))
    return _hypervolume(problem)


def _hypervolume(problem: Problem) -> Hypervolume:
    if problem.reference is None:
        raise InvalidInputError("An expected hypervolume needs a reference point.", where="reference_point")
    ranges = {
        j: (objective.ends[0] / problem.spread[j], objective.ends[1] / problem.spread[j])
        for j, objective in enumerate(problem.objectives)
        if objective.direction == "range"
    }
    return Hypervolume.over(problem.seen, problem.in_spreads(problem.reference), ranges)


def _believer(problem: Problem) -> Believer:
    # What is to fall into a range is scored as it is.
    sign = np.array([-1.0 if objective.direction == "minimize" else 1.0 for objective in problem.objectives])
    mean, std, noise_std = map(problem.in_spreads, (problem.mean * sign, problem.std, problem.noise_std))
    return Believer(problem.models, problem.X, mean, std, noise_std, problem.spread)


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
    hypervolume = _hypervolume(problem)
    believer = _believer(problem)
    score = hypervolume(believer.mean[problem.allowed], believer.std[problem.allowed])
    top = problem.allowed[np.argsort(-score, kind="stable")[:size]]
    batch, _ = greedy_batch(hypervolume, believer, problem.allowed, problem.batch)
    return np.union1d(top, batch)

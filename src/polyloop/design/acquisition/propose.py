"""Propose the next batch of polymers from a pool."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.design.acquisition.greedy import Believer, greedy_batch
from polyloop.design.acquisition.scores import (
    Hypervolume,
    Score,
    Uncertainty,
    UpperConfidenceBound,
    probability_in_target,
    target_interval,
)
from polyloop.design.objectives import Array, Objective, check_directions, utilities
from polyloop.design.pareto import reference_utilities
from polyloop.learn import Blocks, GaussianProcess, Surrogate
from polyloop.learn.standardisation import Standardisation
from polyloop.learn.surrogate import row_count, stack, take

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


@dataclass(frozen=True)
class _Problem:
    """A checked question: what `propose` was asked, with predictions over the pool."""

    models: Sequence[Surrogate]
    X: Blocks
    objectives: Sequence[Objective]
    U: Array
    reference: Array | None
    allowed: NDArray[np.intp]
    batch: int
    rng: np.random.Generator
    X_observed: Blocks | None
    U_pending: Array
    mean: Array = field(default_factory=lambda: np.zeros((0, 0)))
    std: Array = field(default_factory=lambda: np.zeros((0, 0)))
    noise_std: Array = field(default_factory=lambda: np.zeros((0, 0)))
    degrees_of_freedom: tuple[float, ...] | None = None

    @cached_property
    def spread(self) -> Array:
        """Spread of each objective's observed utilities, or where there is none of its predictions, shape (m,)."""
        return np.array([self._spread(j) for j in range(self.U.shape[1])])

    def _spread(self, j: int) -> float:
        known = self.U[np.isfinite(self.U[:, j]), j]
        return Standardisation.of(known if known.any() else self.mean[:, j]).unit

    def in_spreads(self, utilities: Array) -> Array:
        """Return utilities of shape (..., m) in units of each objective's spread."""
        scaled: Array = utilities / self.spread
        return scaled

    @property
    def seen(self) -> Array:
        """Observed and pending utilities in units of the spread, shape (n, m)."""
        return self.in_spreads(np.vstack([self.U, self.U_pending]))

    @property
    def best(self) -> Array:
        """Best observed or pending utility of each objective, shape (m,); -inf where there is none."""
        known = np.vstack([self.U, self.U_pending, np.full((1, self.U.shape[1]), -np.inf)])
        best: Array = np.where(np.isfinite(known), known, -np.inf).max(axis=0)
        return best


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
    heavy_tails: bool = True,
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
    heavy_tails
        Take "ehvi" and "ei" over Student's t where a model says that its held-out errors follow it
        (`GaussianProcess.degrees_of_freedom`); False for normal predictions.
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
        near = difflib.get_close_matches(acquisition, ACQUISITIONS, n=1, cutoff=0.4)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(ACQUISITIONS)}."
        raise ConfigurationError(f"There is no acquisition {acquisition!r}.", where="acquisition", hint=hint)
    _check_fit(acquisition, objectives, reference_point, X_observed)
    problem = _problem(
        models, X_pool, Y_observed, objectives, batch, rng, reference_point, exclude, X_pending, X_observed
    )
    if heavy_tails and acquisition in ("ehvi", "ei"):
        problem = replace(problem, degrees_of_freedom=_degrees_of_freedom(models))
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
        picks, scores = greedy_batch(score, _believer(problem), problem.allowed, batch, progress=progress)
    return Proposal(
        picks, scores, problem.mean[picks], problem.std[picks], acquisition, exhausted=len(problem.allowed) < batch
    )


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


def _problem(
    models: Sequence[Surrogate],
    X_pool: Blocks,
    Y_observed: Array,
    objectives: Sequence[Objective],
    batch: int,
    rng: np.random.Generator,
    reference_point: Sequence[float] | None,
    exclude: NDArray[np.bool_] | None,
    X_pending: Blocks | None,
    X_observed: Blocks | None,
) -> _Problem:
    n, m = row_count(X_pool), len(objectives)
    if len(models) != m:
        raise InvalidInputError(f"{len(models)} models for {m} objectives; one for each.")
    if batch < 1:
        raise InvalidInputError(f"A batch of {batch} proposes nothing.", where="batch", hint="Use at least 1.")
    if exclude is not None and (exclude.shape != (n,) or exclude.dtype != bool):
        raise InvalidInputError(
            f"It must be a mask of {n} booleans, not {exclude.dtype} of shape {exclude.shape}.", where="exclude"
        )
    allowed = np.arange(n, dtype=np.intp) if exclude is None else np.flatnonzero(~exclude)
    reference = None if reference_point is None else reference_utilities(reference_point, objectives)
    U = utilities(
        np.asarray(Y_observed, dtype=float).reshape(-1, m) if np.size(Y_observed) == 0 else Y_observed, objectives
    )
    U_pending = np.zeros((0, m))
    if X_pending is not None and row_count(X_pending):
        believed = np.column_stack([model.predict(X_pending).mean for model in models])
        models = [model.condition(X_pending, believed[:, j]) for j, model in enumerate(models)]
        U_pending = utilities(believed, objectives)
        if X_observed is not None:
            X_observed = stack(X_observed, X_pending)
    predictions = [model.predict(X_pool) for model in models]
    return _Problem(
        models, X_pool, objectives, U, reference, allowed, batch, rng, X_observed, U_pending,
        np.column_stack([p.mean for p in predictions]),
        np.column_stack([p.std for p in predictions]),
        np.column_stack([p.noise_std for p in predictions]),
    )  # fmt: skip


def _score(acquisition: str, problem: _Problem, beta: float) -> Score:
    if acquisition == "uncertainty":
        return Uncertainty()
    if acquisition == "ucb":
        return UpperConfidenceBound(beta)
    if acquisition == "ei":
        if not np.isfinite(problem.best[0]):
            raise InvalidInputError("Expected improvement needs a value to improve on.", where="Y_observed")
        best = problem.in_spreads(problem.best)
        return Hypervolume.over(problem.seen, best, degrees_of_freedom=problem.degrees_of_freedom)
    return _hypervolume(problem)


def _hypervolume(problem: _Problem) -> Hypervolume:
    if problem.reference is None:
        raise InvalidInputError("An expected hypervolume needs a reference point.", where="reference_point")
    ranges = {
        j: (objective.ends[0] / problem.spread[j], objective.ends[1] / problem.spread[j])
        for j, objective in enumerate(problem.objectives)
        if objective.direction == "range"
    }
    reference = problem.in_spreads(problem.reference)
    return Hypervolume.over(problem.seen, reference, ranges, problem.degrees_of_freedom)


def _degrees_of_freedom(models: Sequence[Surrogate]) -> tuple[float, ...]:
    # Only models whose held-out errors cost nothing tell; the others count as normal.
    return tuple(model.degrees_of_freedom() if isinstance(model, GaussianProcess) else float("inf") for model in models)


def _believer(problem: _Problem) -> Believer:
    # What is to fall into a range is scored as it is.
    sign = np.array([-1.0 if objective.direction == "minimize" else 1.0 for objective in problem.objectives])
    mean, std, noise_std = map(problem.in_spreads, (problem.mean * sign, problem.std, problem.noise_std))
    return Believer(problem.models, problem.X, mean, std, noise_std, problem.spread)


def _by_probability(problem: _Problem) -> tuple[NDArray[np.intp], Array]:
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


def _by_noisy_hypervolume(problem: _Problem) -> tuple[NDArray[np.intp], Array]:
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


def _shortlist(problem: _Problem) -> NDArray[np.intp]:
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

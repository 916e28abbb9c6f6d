"""Propose what to ask at which level: the improvement that an answer brings about, per cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.design.acquisition.feasibility import Feasibility
from polyloop.design.acquisition.improvement_probability import improvement_probability
from polyloop.design.acquisition.scores import Hypervolume
from polyloop.design.objectives import Array, Objective, utilities
from polyloop.design.pareto import reference_utilities
from polyloop.learn import Blocks, MultilevelGaussianProcess
from polyloop.learn.multilevel import Levels
from polyloop.learn.standardisation import Standardisation
from polyloop.learn.surrogate import row_count, take

__all__ = ["LevelProposal", "propose_levels"]

# Rows that follow every pick: their covariance with each pick costs what their prediction does.
_OPEN = 1024


@dataclass(frozen=True)
class LevelProposal:
    """The questions to ask next.

    Parameters
    ----------
    indices
        Row of the pool of each question, shape (q,); a row may be asked at more than one level.
    levels
        Name of the level of each.
    costs
        Cost of each, shape (q,); their sum is within the budget.
    scores
        Expected improvement per expected cost at its picking, in units of each objective's spread, shape (q,).
    mean, std
        Predictions of the target level before any pick, in the properties' units, shape (q, m).
    """

    indices: NDArray[np.intp]
    levels: tuple[str, ...]
    costs: Array
    scores: Array
    mean: Array
    std: Array


@dataclass(frozen=True)
class _State:
    """What the models say of k rows, given the questions so far; in units of each objective's spread.

    Parameters
    ----------
    mean
        Of the target, shape (k, m): utilities, of a range the property itself.
    covariance
        Of each row's levels with one another, shape (m, k, L, L).
    noise
        Noise variance of each level, shape (m, L).
    open
        Whether a pair may be asked, shape (k, L).
    chance
        Probability of meeting the constraints, shape (k,).
    explained
        Per pick its scaled covariance with every pair, shape (m, k, L).
    """

    mean: Array
    covariance: Array
    noise: Array
    open: NDArray[np.bool_]
    chance: Array
    explained: tuple[Array, ...] = ()

    def revealed_std(self) -> Array:
        """Return by how much the answer at each level moves the target's mean, a standard deviation (L, k, m)."""
        variance = np.maximum(np.diagonal(self.covariance, axis1=2, axis2=3) + self.noise[:, None, :], 0.0)
        share = np.divide(
            self.covariance[:, :, -1, :], np.sqrt(variance), out=np.zeros_like(variance), where=variance > 0
        )
        revealed: Array = np.abs(share).transpose(2, 1, 0)
        return revealed


def propose_levels(
    models: Sequence[MultilevelGaussianProcess],
    X_pool: Blocks,
    Y_observed: Array,
    objectives: Sequence[Objective],
    *,
    costs: Mapping[str, float],
    budget: float,
    reference_point: Sequence[float] | None = None,
    exclude: NDArray[np.bool_] | None = None,
    pending: tuple[Blocks, Levels] | None = None,
    feasibility: Feasibility | None = None,
) -> LevelProposal:
    """Pick questions (row, level) one after another until the budget is spent, each the best value for its cost.

    An answer at level l moves the target's posterior mean of that row by a normal deviate of known spread (the
    covariance of the level with the target over the standard deviation of the answer). The value of a question is the
    expected (hypervolume) improvement of that moved mean over what is known at the target: a knowledge gradient at
    the row itself, which for a target without noise is the ordinary expected improvement. Its cost is that of the
    level, and for a cheap level that of the target times the probability that the moved mean improves, since only
    then is the target asked; without this a cheap level is asked far too often. Each pick is believed at its mean
    before the next is made. Where nothing improves, the question that removes most of the target's variance per cost
    is asked.

    Parameters
    ----------
    models
        One per objective, all with the same levels, the last of which is the target.
    Y_observed
        Values at the target level, shape (n, m), NaN where missing.
    costs
        Cost of one question at each level, in any unit.
    budget
        Largest sum of costs, in the same unit.
    reference_point
        In the properties' units. With one objective the best value seen takes its place.
    exclude
        Pairs never to ask, shape (rows of the pool, L); with its target a row is excluded at every level.
    pending
        Blocks and levels of questions under evaluation; they are believed at their predicted values.
    feasibility
        Constraints at the target, known at the rows of `Y_observed`: a row that is not sure enough to meet them is
        asked at no level, and the improvement of the others is multiplied by their probability.

    Raises
    ------
    ConfigurationError
        If the levels of models or costs do not fit, or a cost is not positive.
    InvalidInputError
        If shapes do not fit, or there is neither a reference point nor a value to improve on.

    References
    ----------
    Knowledge gradient: Frazier, Powell & Dayanik (2009), doi:10.1287/ijoc.1080.0314. Improvement per cost over levels:
    Huang et al. (2006), doi:10.1007/s00158-005-0587-0.
    """
    price = _checked_costs(models, objectives, costs)
    n, n_levels = row_count(X_pool), len(price)
    open_ = np.ones((n, n_levels), dtype=bool) if exclude is None else ~np.asarray(exclude, dtype=bool)
    if open_.shape != (n, n_levels):
        raise InvalidInputError(f"It must be a mask of shape ({n}, {n_levels}).", where="exclude")
    # A row whose target is known has no improvement left to give, at whatever level it is asked.
    open_ &= open_[:, -1:]
    U = utilities(np.asarray(Y_observed, dtype=float).reshape(-1, len(objectives)), objectives)
    chance = np.ones(n)
    if feasibility is not None:
        sure, chance = feasibility.weights(X_pool, np.flatnonzero(open_[:, -1]))
        open_[np.setdiff1d(np.arange(n), sure)] = False
        U = np.where(feasibility.incumbents()[:, None], U, np.nan)
    if pending is not None and row_count(pending[0]):
        models, U = _believe(models, U, objectives, pending)
    mean, state, spread = _state(models, X_pool, U, objectives, open_, chance)
    score = _score(U, objectives, spread, reference_point)
    rows = _shortlist(state, score, price)
    state = replace(
        state, mean=state.mean[rows], covariance=state.covariance[:, rows], open=state.open[rows],
        chance=state.chance[rows],
    )  # fmt: skip
    picks, values = _greedy(models, take(X_pool, rows), state, score, price, budget, spread)
    indices = rows[[row for row, _ in picks]] if picks else np.zeros(0, dtype=np.intp)
    std = np.column_stack([model.predict(take(X_pool, indices)).std for model in models]) if picks else mean[:0]
    levels = models[0].levels
    return LevelProposal(
        indices, tuple(levels[level] for _, level in picks), np.array([price[level] for _, level in picks]),
        np.array(values), mean[indices], std,
    )  # fmt: skip


def _checked_costs(
    models: Sequence[MultilevelGaussianProcess], objectives: Sequence[Objective], costs: Mapping[str, float]
) -> Array:
    if len(models) != len(objectives) or not models:
        raise InvalidInputError(f"{len(models)} models for {len(objectives)} objectives; one for each.")
    levels = models[0].levels
    if any(model.levels != levels for model in models):
        raise ConfigurationError("The models differ in their levels.", where="levels")
    absent = [level for level in levels if level not in costs]
    if absent:
        raise ConfigurationError(f"There is no cost of level {absent[0]!r}.", where="costs")
    price = np.array([float(costs[level]) for level in levels])
    if not (np.isfinite(price).all() and (price > 0).all()):
        raise ConfigurationError(f"Costs must be positive, not {dict(costs)}.", where="costs")
    return price


def _believe(
    models: Sequence[MultilevelGaussianProcess],
    U: Array,
    objectives: Sequence[Objective],
    pending: tuple[Blocks, Levels],
) -> tuple[Sequence[MultilevelGaussianProcess], Array]:
    X, level = pending
    believed = np.column_stack([model.predict(X, level).mean for model in models])
    models = [model.condition(X, believed[:, j], level=level) for j, model in enumerate(models)]
    at_target = models[0].places(level, len(believed)) == len(models[0].levels) - 1
    return models, np.vstack([U, utilities(believed[at_target], objectives)])


def _state(
    models: Sequence[MultilevelGaussianProcess],
    X: Blocks,
    U: Array,
    objectives: Sequence[Objective],
    open_: NDArray[np.bool_],
    chance: Array,
) -> tuple[Array, _State, Array]:
    """Return the target's means in the properties' units (n, m), the state of all rows, and the spreads (m,)."""
    means, covariances, noises, spreads = [], [], [], []
    for j, model in enumerate(models):
        mean, covariance = model.predict_all_levels(X)
        known = U[np.isfinite(U[:, j]), j]
        unit = Standardisation.of(known if known.any() else mean[:, -1]).unit
        means.append(mean[:, -1])
        covariances.append(covariance / unit / unit)
        noises.append((model.noise_std() / unit) ** 2)
        spreads.append(unit)
    mean, spread = np.column_stack(means), np.array(spreads)
    sign = np.array([-1.0 if objective.direction == "minimize" else 1.0 for objective in objectives])
    return mean, _State(mean * sign / spread, np.stack(covariances), np.stack(noises), open_, chance), spread


def _score(
    U: Array, objectives: Sequence[Objective], spread: Array, reference_point: Sequence[float] | None
) -> Hypervolume:
    ranges = {
        j: (objective.ends[0] / spread[j], objective.ends[1] / spread[j])
        for j, objective in enumerate(objectives)
        if objective.direction == "range"
    }
    if reference_point is not None:
        reference = reference_utilities(reference_point, objectives)
    elif len(objectives) == 1 and np.isfinite(U).any():
        reference = np.array([U[np.isfinite(U)].max()])
    else:
        raise InvalidInputError(
            "There is nothing to improve on.",
            where="reference_point",
            hint="Take design.default_reference_point(Y, objectives) of the initial design, once.",
        )
    return Hypervolume.over(U / spread, reference / spread, ranges)


def _rates(state: _State, score: Hypervolume, price: Array) -> Array:
    """Return expected improvement per expected cost of every question, -inf where it may not be asked, (k, L)."""
    rates = np.full(state.open.shape, -np.inf)
    for level, std in enumerate(state.revealed_std()):
        value = score(state.mean, std)
        cost = np.full(len(value), price[level])
        if level < len(price) - 1:
            cost += price[-1] * improvement_probability(state.mean, std, score.cells, score.ranges)
        rates[:, level] = state.chance * value / cost
    return np.where(state.open, rates, -np.inf)


def _removed(state: _State, price: Array) -> Array:
    """Return the variance of the target that each question removes, summed over objectives, per cost, (k, L)."""
    removed = (state.revealed_std() ** 2).sum(axis=2).T / price
    return np.where(state.open, removed, -np.inf)


def _shortlist(state: _State, score: Hypervolume, price: Array) -> NDArray[np.intp]:
    if len(state.mean) <= _OPEN:
        return np.arange(len(state.mean), dtype=np.intp)
    # Ties, as where nothing improves, go to what teaches most.
    best, teaches = _rates(state, score, price).max(axis=1), _removed(state, price).max(axis=1)
    return np.sort(np.lexsort((-teaches, -best))[:_OPEN])


def _greedy(
    models: Sequence[MultilevelGaussianProcess],
    X: Blocks,
    state: _State,
    score: Hypervolume,
    price: Array,
    budget: float,
    spread: Array,
) -> tuple[list[tuple[int, int]], list[float]]:
    picks: list[tuple[int, int]] = []
    values: list[float] = []
    left = float(budget)
    while True:
        # What is left is a difference of sums: a budget for ten questions should buy ten.
        affordable = price <= left + 1e-9 * budget
        state = replace(state, open=state.open & affordable)
        if not state.open.any():
            return picks, values
        rates = _rates(state, score, price)
        value = float(rates.max())
        if value <= 0.0:
            rates, value = _removed(state, price), 0.0
        row, level = (int(place) for place in np.unravel_index(int(np.argmax(rates)), rates.shape))
        picks.append((row, level))
        values.append(value)
        left -= float(price[level])
        if level == len(price) - 1:
            score = score.believing(state.mean[row])
        state = _after(models, X, state, row, level, spread)


def _after(
    models: Sequence[MultilevelGaussianProcess], X: Blocks, state: _State, row: int, level: int, spread: Array
) -> _State:
    """Return the state once a question is answered as predicted: means stay, covariances lose what it explains."""
    explained = np.zeros(state.covariance.shape[:3])
    covariance = state.covariance.copy()
    for j, model in enumerate(models):
        cross = model.covariance_with(X, take(X, [row]), [model.levels[level]])[..., 0] / spread[j] / spread[j]
        for earlier in state.explained:
            cross -= earlier[j] * earlier[j, row, level]
        variance = cross[row, level] + state.noise[j, level]
        if variance > 0:
            explained[j] = cross / np.sqrt(variance)
        covariance[j] -= explained[j][:, :, None] * explained[j][:, None, :]
    allowed = state.open.copy()
    allowed[row, level] = False
    if level == allowed.shape[1] - 1:
        allowed[row] = False
    return replace(state, covariance=covariance, open=allowed, explained=(*state.explained, explained))

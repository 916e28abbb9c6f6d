"""Repeat or explore: whether to ask a known candidate again with a new seed, or a new one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.design.acquisition.feasibility import Weights
from polyloop.design.acquisition.knowledge_gradient import expected_maximum_gain, moves
from polyloop.design.objectives import Array, Objective, check_directions
from polyloop.design.pareto import hypervolume, reference_utilities
from polyloop.learn import Blocks, Surrogate
from polyloop.learn.standardisation import Standardisation
from polyloop.learn.surrogate import row_count, take

__all__ = ["RepeatProposal", "noise_from_repeats", "propose_with_repeats", "replicate_noise_std"]

# Rows that may be asked, or be the best, by mean + 2 std. With several objectives each is weighed at every point of a
# quadrature by a hypervolume.
_SHORTLIST, _SHORTLIST_FRONT = 256, 48
_POINTS = 5


@dataclass(frozen=True)
class RepeatProposal:
    """What to ask next, new or again.

    Parameters
    ----------
    indices
        Rows of the pool, shape (q,); one may come up more than once.
    repeats
        Whether each was asked before, shape (q,).
    scores
        Knowledge gradient per cost at its picking, in units of each objective's spread, shape (q,).
    """

    indices: NDArray[np.intp]
    repeats: NDArray[np.bool_]
    scores: Array


def replicate_noise_std(values: Array, rows: NDArray[np.intp]) -> float:
    """Return the standard deviation of one observation about its row's mean, pooled over rows asked more than once.

    Parameters
    ----------
    values
        Observations, shape (n,).
    rows
        Which row of the pool each is of, shape (n,).

    Raises
    ------
    InvalidInputError
        If no row was asked twice.
    """
    squares, freedom = _within(values, rows)
    if freedom == 0:
        raise InvalidInputError("No candidate was asked twice.", hint="Repeat one, or state noise_std.")
    return float(np.sqrt(squares / freedom))


def noise_from_repeats(values: Array, rows: NDArray[np.intp], stated: Array | None = None) -> tuple[float, int]:
    """Return the same for any number of repeats, and its degrees of freedom; NaN and 0 where nothing tells it.

    What values state of themselves counts as one degree of freedom. Where rows were asked more than once and never
    differed there is no noise, whatever is stated.

    Parameters
    ----------
    stated
        Standard deviations that come with the values, shape (n,), NaN where there is none.
    """
    squares, freedom = _within(values, rows)
    if freedom and squares == 0:
        return 0.0, freedom
    known = np.zeros(0) if stated is None else stated[np.isfinite(stated)]
    if len(known):
        squares, freedom = squares + float(np.mean(known**2)), freedom + 1
    return (float(np.sqrt(squares / freedom)), freedom) if freedom else (float("nan"), 0)


def _within(values: Array, rows: NDArray[np.intp]) -> tuple[float, int]:
    """Return the sum of squares about the means of rows, and its degrees of freedom."""
    _, first, group, counts = np.unique(rows, return_index=True, return_inverse=True, return_counts=True)
    # Less the first value of each row, so that equal ones leave exactly nothing.
    shifted = values - values[first][group]
    means = np.bincount(group, shifted) / counts
    return float(((shifted - means[group]) ** 2).sum()), int((counts - 1).sum())


def propose_with_repeats(
    models: Sequence[Surrogate],
    X_pool: Blocks,
    objectives: Sequence[Objective],
    *,
    counts: NDArray[np.intp],
    batch: int,
    noise_std: Sequence[float] | None = None,
    repeat_cost: float = 1.0,
    reference_point: Sequence[float] | None = None,
    exclude: NDArray[np.bool_] | None = None,
    most: int | None = None,
    sure: tuple[NDArray[np.intp], Array] | None = None,
    costs: Array | None = None,
    budget: float | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> RepeatProposal:
    """Pick questions by knowledge gradient per cost, where a candidate asked before may be asked again.

    The value of a question is the expected rise of the best posterior mean (with several objectives, of the
    hypervolume of the posterior means), over the rows that may be best, known ones among them. A repeat is an
    observation of a row whose variance is smaller and whose noise is the same. It can reveal no more than what noise
    hides: the variance of a row asked r times counts as noise variance / r at most, whatever the model leaves open
    there because it does not fit. So without noise nothing is asked again.

    Parameters
    ----------
    models
        One per objective. Repeated values are ordinary rows of its data.
    counts
        How often each row has been observed, shape (rows of the pool,).
    noise_std
        Standard deviation of one observation of each objective, in its property's unit, as `replicate_noise_std`
        gives; None for what the models say.
    repeat_cost
        Cost of asking again, in units of that of a new candidate.
    reference_point
        In the properties' units, for several objectives.
    exclude
        Rows never to ask, such as failed ones. Shape (rows of the pool,).
    most
        How often one row may be observed in all; None for any number.
    sure
        Rows that are sure enough to meet all constraints, and every row's probability of it (rows of the pool,), as
        `Feasibility.weights` gives them: no other row is asked or may be the best, and values are multiplied by the
        probability.
    costs
        Of a first observation of each row, in any unit, shape (rows of the pool,); 1 when left out.
    budget
        Largest sum of the batch's costs.
    progress
        Called before each pick with the number of picks made and that of the batch.

    Raises
    ------
    ConfigurationError
        If an objective is a range.
    InvalidInputError
        If shapes do not fit, a cost or a noise is not positive, or the reference point is absent.

    References
    ----------
    Frazier, Powell & Dayanik (2009), doi:10.1287/ijoc.1080.0314. Replication against exploration: Binois, Huang,
    Gramacy & Ludkovski (2019), doi:10.1080/00401706.2018.1469433.
    """
    n = row_count(X_pool)
    _check(models, objectives, n, counts, batch, noise_std, repeat_cost, reference_point)
    weights = _weights(n, sure, costs, budget)
    predictions = [model.predict(X_pool) for model in models]
    sign = np.array([-1.0 if objective.direction == "minimize" else 1.0 for objective in objectives])
    unit = np.array([Standardisation.of(p.mean).unit for p in predictions])
    U = np.column_stack([p.mean for p in predictions]) * sign / unit
    std = np.column_stack([p.std for p in predictions]) / unit
    open_ = np.ones(n, dtype=bool) if exclude is None else ~exclude
    base = np.arange(n) if sure is None else sure[0]
    if not len(base):
        return RepeatProposal(np.zeros(0, dtype=np.intp), np.zeros(0, dtype=bool), np.zeros(0))
    rows = base[_shortlist(U[base], std[base], open_[base])]
    X = take(X_pool, rows)
    covariance = [model.joint(X)[1] / u / u for model, u in zip(models, unit, strict=True)]
    given = (
        [p.noise_std[rows] for p in predictions] if noise_std is None else [np.full(len(rows), s) for s in noise_std]
    )
    noise = [(s / u) ** 2 for s, u in zip(given, unit, strict=True)]
    reference = None if reference_point is None else reference_utilities(reference_point, objectives) / unit
    places, repeats, scores = _greedy(
        U[rows], covariance, noise, reference, np.asarray(counts)[rows].astype(float), open_[rows], batch,
        weights=weights.of_rows(rows), repeat_cost=repeat_cost, most=most,
        progress=progress,
    )  # fmt: skip
    return RepeatProposal(rows[places], np.array(repeats, dtype=bool), np.array(scores))


def _weights(n: int, sure: tuple[NDArray[np.intp], Array] | None, costs: Array | None, budget: float | None) -> Weights:
    costs = np.ones(n) if costs is None else costs
    return Weights.of(n, None if sure is None else sure[1], costs, budget) or Weights(np.ones(n), costs)


def _greedy(
    U: Array,
    covariance: Sequence[Array],
    noise: Sequence[Array],
    reference: Array | None,
    times: Array,
    open_: NDArray[np.bool_],
    batch: int,
    *,
    weights: Weights,
    repeat_cost: float,
    most: int | None,
    progress: Callable[[int, int], None],
) -> tuple[list[int], list[bool], list[float]]:
    """Pick rows one after another; return them, whether each is a repeat, and their values per cost."""
    picks: list[int] = []
    scores: list[float] = []
    repeats: list[bool] = []
    spent = 0.0
    everywhere = np.arange(len(U))
    while len(picks) < batch:
        dearer = np.where(times > 0, repeat_cost, 1.0)
        allowed = open_ if most is None else open_ & (times < most)
        allowed = allowed & weights.affordable(everywhere, spent, dearer)
        if not allowed.any():
            break
        progress(len(picks), batch)
        moved = np.stack([moves(c, s, times) for c, s in zip(covariance, noise, strict=True)], axis=2)
        value = _values(U, moved, reference) / dearer * weights.factor
        value[~allowed] = -np.inf
        # Of questions worth the same, as where nothing is worth anything, a new one.
        pick = int(np.lexsort((times == 0, value))[-1])
        picks.append(pick)
        scores.append(float(value[pick]))
        repeats.append(bool(times[pick] > 0))
        spent += weights.cost(pick) * float(dearer[pick])
        times[pick] += 1
        covariance = [_observed(c, s, pick) for c, s in zip(covariance, noise, strict=True)]
    return picks, repeats, scores


def _check(
    models: Sequence[Surrogate],
    objectives: Sequence[Objective],
    n: int,
    counts: NDArray[np.intp],
    batch: int,
    noise_std: Sequence[float] | None,
    repeat_cost: float,
    reference_point: Sequence[float] | None,
) -> None:
    if not objectives:
        raise ConfigurationError("There is no objective.", where="objectives", hint="Name at least one property.")
    check_directions(objectives)
    if len(models) != len(objectives):
        raise InvalidInputError(f"{len(models)} models for {len(objectives)} objectives; one for each.")
    if np.shape(counts) != (n,) or (np.asarray(counts) < 0).any():
        raise InvalidInputError(f"It must be {n} numbers, not negative.", where="counts")
    if batch < 1 or not repeat_cost > 0:
        raise InvalidInputError(f"A batch of {batch} at a cost of {repeat_cost} for repeats: both must be positive.")
    if noise_std is not None and (len(noise_std) != len(objectives) or min(noise_std) < 0):
        raise InvalidInputError("One standard deviation for each objective, not negative.", where="noise_std")
    if len(objectives) > 1 and reference_point is None:
        raise InvalidInputError(
            "Several objectives need a reference point.",
            where="reference_point",
            hint="Take design.default_reference_point(Y, objectives) of the initial design, once.",
        )


def _shortlist(U: Array, std: Array, allowed: NDArray[np.bool_] | None) -> NDArray[np.intp]:
    """Return the rows that are best, or may be: in turn by each objective, and by their sum."""
    size = _SHORTLIST if U.shape[1] == 1 else _SHORTLIST_FRONT
    optimistic = U + 2.0 * std
    orders = [np.argsort(-optimistic.sum(axis=1), kind="stable")]
    if U.shape[1] > 1:
        orders += [np.argsort(-column, kind="stable") for column in optimistic.T]
    merged = np.stack(orders, axis=1).ravel()
    first = merged[np.sort(np.unique(merged, return_index=True)[1])]
    short = first[:size]
    if allowed is not None and not allowed[short].any():
        # What may not be asked is not to hide what may.
        short = np.concatenate([short, first[allowed[first]][:size]])
    # The best mean is the incumbent whatever its variance.
    return np.union1d(short, U.argmax(axis=0))


def _values(U: Array, moved: Array, reference: Array | None) -> Array:
    """Return the knowledge gradient of one observation of all objectives at each row, shape (k,).

    Parameters
    ----------
    moved
        Of row i by an observation of row j, shape (k, k, m).
    """
    if U.shape[1] == 1:
        return np.array([expected_maximum_gain(U[:, 0], column) for column in moved[:, :, 0].T])
    if reference is None:
        raise InvalidInputError("Several objectives need a reference point.", where="reference_point")
    nodes, weights = np.polynomial.hermite_e.hermegauss(_POINTS)
    weights = weights / weights.sum()
    now = hypervolume(U, reference)
    values = np.zeros(len(U))
    for place in np.ndindex(*[_POINTS] * U.shape[1]):
        weight, deviate = float(np.prod(weights[list(place)])), nodes[list(place)]
        for row in range(len(U)):
            values[row] += weight * (hypervolume(U + deviate * moved[:, row], reference) - now)
    return values


def _observed(covariance: Array, noise_variance: Array, row: int) -> Array:
    """Return the covariance after one more observation of `row`, believed at its mean."""
    total = covariance[row, row] + noise_variance[row]
    if total <= 0:
        return covariance
    after: Array = covariance - np.outer(covariance[:, row], covariance[row]) / total
    return after

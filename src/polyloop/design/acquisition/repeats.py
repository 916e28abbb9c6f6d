"""Repeat or explore: whether to ask a known candidate again with a new seed, or a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.design.acquisition.knowledge_gradient import expected_maximum_gain, moves
from polyloop.design.objectives import Array, Objective, check_directions
from polyloop.design.pareto import hypervolume, reference_utilities
from polyloop.learn import Blocks, Surrogate
from polyloop.learn.standardisation import Standardisation
from polyloop.learn.surrogate import row_count, take

__all__ = ["RepeatProposal", "propose_with_repeats", "replicate_noise_std"]

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
    _, group, counts = np.unique(rows, return_inverse=True, return_counts=True)
    freedom = int((counts - 1).sum())
    if freedom == 0:
        raise InvalidInputError("No candidate was asked twice.", hint="Repeat one, or state noise_std.")
    means = np.bincount(group, values) / counts
    return float(np.sqrt(((values - means[group]) ** 2).sum() / freedom))


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
    predictions = [model.predict(X_pool) for model in models]
    sign = np.array([-1.0 if objective.direction == "minimize" else 1.0 for objective in objectives])
    unit = np.array([Standardisation.of(p.mean).unit for p in predictions])
    U = np.column_stack([p.mean for p in predictions]) * sign / unit
    std = np.column_stack([p.std for p in predictions]) / unit
    rows = _shortlist(U, std, None if exclude is None else ~exclude)
    X = take(X_pool, rows)
    covariance = [model.joint(X)[1] / u / u for model, u in zip(models, unit, strict=True)]
    given = (
        [p.noise_std[rows] for p in predictions] if noise_std is None else [np.full(len(rows), s) for s in noise_std]
    )
    noise = [(s / u) ** 2 for s, u in zip(given, unit, strict=True)]
    reference = None if reference_point is None else reference_utilities(reference_point, objectives) / unit
    allowed = np.ones(len(rows), dtype=bool) if exclude is None else ~exclude[rows]
    picks: list[int] = []
    scores: list[float] = []
    times = np.asarray(counts)[rows].astype(float)
    repeats: list[bool] = []
    while allowed.any() and len(picks) < batch:
        moved = np.stack([moves(c, s, times) for c, s in zip(covariance, noise, strict=True)], axis=2)
        value = _values(U[rows], moved, reference) / np.where(times > 0, repeat_cost, 1.0)
        value[~allowed] = -np.inf
        # Of questions worth the same, as where nothing is worth anything, a new one.
        pick = int(np.lexsort((times == 0, value))[-1])
        picks.append(pick)
        scores.append(float(value[pick]))
        repeats.append(bool(times[pick] > 0))
        times[pick] += 1
        covariance = [_observed(c, s, pick) for c, s in zip(covariance, noise, strict=True)]
    return RepeatProposal(rows[picks], np.array(repeats, dtype=bool), np.array(scores))


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

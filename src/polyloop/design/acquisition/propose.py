"""Propose the next batch of polymers from a pool."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.core.options import read_options
from polyloop.design.acquisition.acquisition import ACQUISITIONS, Acquisition
from polyloop.design.acquisition.feasibility import Feasibility, Weights
from polyloop.design.acquisition.problem import Problem, make_problem
from polyloop.design.objectives import Array, Objective
from polyloop.learn import Blocks, Surrogate

__all__ = ["ACQUISITIONS", "Proposal", "propose"]


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
    options: Mapping[str, Any] | None = None,
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
        In the properties' units (for a range: a distance to it); needed by those that measure a hypervolume. It stays
        the same through a campaign: see `default_reference_point`.
    exclude
        Mask of pool rows never to propose: labelled, failed, pending. Shape (rows of the pool,).
    X_pending
        Blocks of polymers under evaluation; they are believed at their predicted values.
    X_observed
        Blocks of the rows of Y_observed; needed by those that integrate over their true values.
    options
        The acquisition's own options by name, e.g. {"beta": 1.0} of "ucb".
    feasibility
        Constraints: refuses rows that meet one with less than its stated probability, and multiplies the score of the
        others by the probability of meeting all; for acquisitions that are weighable.
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
    kind = ACQUISITIONS.find(acquisition, "acquisition")
    kind.check_objectives(acquisition, objectives)
    _check_needs(acquisition, kind, reference_point, X_observed)
    if not kind.is_weighable and not (feasibility is None and costs is None and budget is None):
        raise ConfigurationError(
            f"{acquisition!r} knows no constraints and no costs.",
            where="acquisition",
            hint=f"Use one of {', '.join(name for name, one in ACQUISITIONS.items() if one.is_weighable)}.",
        )
    rule = kind(**read_options(kind, options or {}, noun="acquisition", name=acquisition))
    problem = make_problem(
        models, X_pool, Y_observed, objectives, batch, rng, reference_point, exclude, X_pending, X_observed
    )
    open_rows = len(problem.allowed)
    problem, weights = _weighted(problem, feasibility, costs, budget)
    progress(0, batch)
    if len(problem.allowed) == 0:
        picks, scores = np.zeros(0, dtype=np.intp), np.zeros(0)
    else:
        picks, scores = rule.pick(problem, progress, weights)
    return Proposal(picks, scores, problem.mean[picks], problem.std[picks], acquisition, exhausted=open_rows < batch)


def _check_needs(
    name: str, kind: type[Acquisition], reference_point: Sequence[float] | None, X_observed: Blocks | None
) -> None:
    if kind.needs_reference and reference_point is None:
        raise InvalidInputError(
            f"{name!r} needs a reference point.",
            where="reference_point",
            hint="Take design.default_reference_point(Y, objectives) of the initial design, once.",
        )
    if kind.needs_observed and X_observed is None:
        raise InvalidInputError(
            f"{name!r} integrates over the observed points' true values and needs their descriptors.",
            where="X_observed",
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

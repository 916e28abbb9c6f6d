"""Constraints on properties, met with a stated probability, and what a candidate costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from polyloop.core import ConfigurationError, InvalidInputError, get_property
from polyloop.design.objectives import Array
from polyloop.learn import Blocks, Prediction, Surrogate

__all__ = ["Constraint", "Feasibility", "Weights"]


@dataclass(frozen=True)
class Constraint:
    """A property that is to lie in a range with at least a stated probability.

    Parameters
    ----------
    property
        A name of the property table.
    low, high
        Ends of the range in the property's unit; one of them may be absent.
    probability
        Least probability of lying within, between 0 and 1, that a candidate must have to be proposed.

    Raises
    ------
    InvalidInputError
        If there is no such property.
    ConfigurationError
        If the ends or the probability make no sense.
    """

    property: str
    low: float | None = None
    high: float | None = None
    probability: float = 0.5

    def __post_init__(self) -> None:
        get_property(self.property)
        where, ends = f"constraint {self.property}", [end for end in (self.low, self.high) if end is not None]
        if not ends:
            raise ConfigurationError("A constraint needs 'low', 'high' or both.", where=where)
        if not all(isfinite(end) for end in ends) or (len(ends) == 2 and ends[0] >= ends[1]):
            raise ConfigurationError("'low' must be below 'high', and both finite.", where=where)
        if not 0.0 <= self.probability < 1.0:
            raise ConfigurationError(
                f"A probability of {self.probability:g} cannot be asked for.", where=where, hint="Use 0 to below 1."
            )

    def chance(self, prediction: Prediction) -> Array:
        """Return the probability that each of n true values lies in the range, shape (n,)."""
        # A model that is certain has a standard deviation of 0; the smallest number makes a step of the integral.
        safe = np.maximum(prediction.std, np.finfo(float).tiny ** 0.5)
        above = np.full(len(safe), np.inf) if self.low is None else (prediction.mean - self.low) / safe
        below = np.full(len(safe), -np.inf) if self.high is None else (prediction.mean - self.high) / safe
        # From the nearer tail, so that small probabilities keep their digits.
        near = -below < above
        chance: Array = np.clip(np.where(near, ndtr(-below) - ndtr(-above), ndtr(above) - ndtr(below)), 0.0, 1.0)
        return chance

    def meets(self, values: Array) -> NDArray[np.bool_]:
        """Tell which values of shape (n,) lie in the range; a missing one (NaN) does not."""
        low, high = -np.inf if self.low is None else self.low, np.inf if self.high is None else self.high
        inside: NDArray[np.bool_] = (values >= low) & (values <= high)
        return inside


@dataclass(frozen=True)
class Feasibility:
    """What a proposal needs to know of constraints.

    Parameters
    ----------
    constraints
        Each of one property.
    models
        One fitted surrogate per constraint; may be an objective's own.
    observed
        Values of the constraints' properties at the rows of `Y_observed`, shape (n, c), NaN where missing. Rows that
        break a constraint, or of which it is not known, are no incumbents.
    """

    constraints: Sequence[Constraint]
    models: Sequence[Surrogate]
    observed: Array

    def __post_init__(self) -> None:
        c = len(self.constraints)
        if c == 0 or len(self.models) != c or np.ndim(self.observed) != 2 or np.shape(self.observed)[1] != c:
            raise InvalidInputError(
                f"{c} constraints, {len(self.models)} models and values of shape {np.shape(self.observed)}; one model "
                "and one column for each.",
                where="feasibility",
            )

    def incumbents(self) -> NDArray[np.bool_]:
        """Tell which observed rows meet every constraint, shape (n,)."""
        columns = np.asarray(self.observed, dtype=float).T
        met = np.ones(len(self.observed), dtype=bool)
        for rule, values in zip(self.constraints, columns, strict=True):
            met &= rule.meets(values)
        return met

    def chances(self, X: Blocks) -> Array:
        """Return the probability of each constraint, independent of one another, shape (n, c)."""
        return np.column_stack([
            rule.chance(model.predict(X)) for rule, model in zip(self.constraints, self.models, strict=True)
        ])  # fmt: skip

    def weights(self, X: Blocks, allowed: NDArray[np.intp]) -> tuple[NDArray[np.intp], Array]:
        """Return the rows of `allowed` that may be proposed, and every row's probability of meeting all, shape (n,).

        A row that misses a stated probability is refused, since that is what was asked for; of those left improvement
        is multiplied by the probability, since what breaks a constraint improves nothing. Where no row is sure enough,
        the one nearest to it by its least ratio of probability to what is stated may be proposed, so that the
        constraint is learned.

        References
        ----------
        Schonlau, Welch & Jones (1998), doi:10.1214/lnms/1215456182; Gardner et al. (2014), Bayesian optimization with
        inequality constraints, PMLR 32, 937.
        """
        chances = self.chances(X)
        asked = np.array([rule.probability for rule in self.constraints])
        sure: NDArray[np.bool_] = np.logical_and.reduce(chances >= asked, axis=1)
        rows = allowed[sure[allowed]]
        if not len(rows) and len(allowed):
            ratio = (chances[allowed] / np.where(asked > 0, asked, 1.0)).min(axis=1)
            rows = allowed[np.flatnonzero(ratio == ratio.max())]
        return rows, chances.prod(axis=1)


@dataclass(frozen=True)
class Weights:
    """What a score is multiplied by, and what each row takes from a budget.

    Parameters
    ----------
    factor
        Probability of feasibility over cost, shape (n,).
    costs
        Shape (n,); None where all cost the same.
    budget
        Largest sum of a batch's costs; infinite for any.
    """

    factor: Array
    costs: Array | None = None
    budget: float = float("inf")

    @classmethod
    def of(cls, n: int, chance: Array | None, costs: Array | None, budget: float | None) -> Weights | None:
        """Check costs and budget, and combine them with the probability of feasibility; None where nothing is given.

        Raises
        ------
        InvalidInputError
            If costs are not n positive numbers, or there is a budget without them.
        """
        if costs is None:
            if budget is not None:
                raise InvalidInputError("A budget needs the candidates' costs.", where="costs")
            return None if chance is None else cls(chance)
        costs = np.asarray(costs, dtype=float)
        if costs.shape != (n,) or not (np.isfinite(costs).all() and (costs > 0).all()):
            raise InvalidInputError(f"Costs must be {n} positive numbers.", where="costs")
        return cls((np.ones(n) if chance is None else chance) / costs, costs, np.inf if budget is None else budget)

    def of_rows(self, rows: NDArray[np.intp]) -> Weights:
        """Return those of some rows."""
        return Weights(self.factor[rows], None if self.costs is None else self.costs[rows], self.budget)

    def affordable(self, rows: NDArray[np.intp], spent: float, dearer: Array | float = 1.0) -> NDArray[np.bool_]:
        """Tell which rows the rest of the budget pays for, where each costs so many times as much."""
        if self.costs is None or np.isinf(self.budget):
            return np.ones(len(rows), dtype=bool)
        # The rest is a difference of sums: a budget for ten is to buy ten.
        enough: NDArray[np.bool_] = self.costs[rows] * dearer <= self.budget - spent + 1e-9 * self.budget
        return enough

    def cost(self, row: int) -> float:
        """Return what a row takes from the budget."""
        return 0.0 if self.costs is None else float(self.costs[row])

"""A checked question to an acquisition, with the predictions over the pool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.design.objectives import Array, Objective, utilities
from polyloop.design.pareto import reference_utilities
from polyloop.learn import Blocks, Surrogate
from polyloop.learn.standardisation import Standardisation
from polyloop.learn.surrogate import row_count, stack

__all__ = ["Problem", "make_problem"]


@dataclass(frozen=True)
class Problem:
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


def make_problem(
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
) -> Problem:
    """Check what `propose` was asked, and predict the pool.

    Raises
    ------
    InvalidInputError
        If shapes do not fit.
    """
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
    return Problem(
        models, X_pool, objectives, U, reference, allowed, batch, rng, X_observed, U_pending,
        np.column_stack([p.mean for p in predictions]),
        np.column_stack([p.std for p in predictions]),
        np.column_stack([p.noise_std for p in predictions]),
    )  # fmt: skip

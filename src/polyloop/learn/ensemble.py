"""Bagged ridge regression behind the interface of the surrogates."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.core.options import Option
from polyloop.learn.bootstrap import bootstrap_counts, check_members, out_of_bag_noise
from polyloop.learn.members import ColumnModel
from polyloop.learn.state import State
from polyloop.learn.surrogate import Array
from polyloop.learn.truncated import fit_truncated

__all__ = ["RidgeEnsemble"]

_PENALTIES = np.logspace(-3, 4, 15)
_MOST_AXES, _ROUNDING = 40, 1e-9


class RidgeEnsemble(ColumnModel):
    """Ridge regressions on bootstrap samples: linear, so it extrapolates; their spread is the model's uncertainty.

    Columns are scaled as in the Gaussian process, and each block by its mean square. The penalty minimizes the
    closed-form leave-one-out error of a ridge on all rows. The observation noise is what out-of-bag errors show
    beyond the members' spread.

    Parameters
    ----------
    n_members
        Number of bootstrap samples.
    selected_below, selected_above
        Limit by which the rows were selected, in the unit of the values: members then maximize the likelihood of a
        normal distribution cut off there, along at most 40 principal components. To be given only where the limit is
        known: a limit that no value was held against makes predictions worse.
    seed
        Seed of the bootstrap.

    References
    ----------
    Breiman (1996), doi:10.1007/BF00058655; leave-one-out of ridge: Allen (1974), doi:10.1080/00401706.1974.10489157.
    """

    options: ClassVar[tuple[Option, ...]] = (
        Option("members", int, 64, "Number of members.", 2, 1_000, argument="n_members"),
        Option(
            "selected_below", float, None, "Only where rows were kept because their value is below this one.",
            in_unit_of_values=True,
        ),
        Option(
            "selected_above", float, None, "Only where rows were kept because their value is above this one.",
            in_unit_of_values=True,
        ),
    )  # fmt: skip

    def __init__(
        self,
        n_members: int = 64,
        *,
        selected_below: float | None = None,
        selected_above: float | None = None,
        seed: int = 0,
    ) -> None:
        self.n_members, self.seed = check_members(n_members), seed
        self.selected_below, self.selected_above = selected_below, selected_above

    def _fit(self, features: Array, y: Array, known: Array) -> float:
        if self.selected_below is not None or self.selected_above is not None:
            return self._fit_selected(features, y, known)
        n = len(y)
        penalty = _best_penalty(features @ features.T, y)
        rng = np.random.default_rng(self.seed)
        drawn = rng.integers(n, size=(self.n_members, n))
        self._intercepts = np.empty(self.n_members)
        self._coefficients = np.empty((features.shape[1], self.n_members))
        for j, rows in enumerate(drawn):
            center, mean = features[rows].mean(axis=0), y[rows].mean()
            zb = features[rows] - center
            dual = np.linalg.solve(zb @ zb.T + penalty * np.eye(n), y[rows] - mean)
            self._coefficients[:, j] = zb.T @ dual
            self._intercepts[j] = mean - center @ self._coefficients[:, j]
        inside = np.zeros((n, self.n_members), dtype=bool)
        for j, rows in enumerate(drawn):
            inside[rows, j] = True
        return out_of_bag_noise(self._members(features), inside, y, known)

    def _fit_selected(self, features: Array, y: Array, known: Array) -> float:
        """Learn values that were selected by their size, along principal components of the columns."""
        limits = [-np.inf if self.selected_above is None else self.selected_above]
        limits += [np.inf if self.selected_below is None else self.selected_below]
        low, high = (float(self._scale.standardise(np.array(limit))) for limit in limits)
        if not (low < y.min() and y.max() < high):
            raise InvalidInputError(
                f"Some value is not between {limits[0]:g} and {limits[1]:g}, where values were kept.",
                where="selected_above" if low >= y.min() else "selected_below",
                hint="Give the limit by which the rows were selected, in the unit of the values.",
            )
        center = features.mean(axis=0)
        _, sizes, axes = np.linalg.svd(features - center, full_matrices=False)
        used = sizes > _ROUNDING * max(float(sizes.max(initial=0.0)), 1e-300)
        axes = axes[used][: max(1, min(_MOST_AXES, len(y) // 4))]
        rotated = (features - center) @ axes.T
        penalty = _best_penalty(rotated @ rotated.T, y)
        counts = bootstrap_counts(len(y), self.n_members, np.random.default_rng(self.seed))
        fits = [fit_truncated(rotated, y, often / (1.0 + known), penalty, low, high) for often in counts]
        self._coefficients = axes.T @ np.column_stack([fit.coefficients for fit in fits])
        self._intercepts = np.array([fit.intercept for fit in fits]) - center @ self._coefficients
        # What was left out was selected as well, so that its errors say little: the likelihood's own noise instead.
        return max(float(np.mean([fit.noise_std**2 for fit in fits])), float(known.mean()))

    def _members(self, features: Array) -> Array:
        members: Array = features @ self._coefficients + self._intercepts
        return members

    def _learnt(self) -> dict[str, NDArray[Any]]:
        return {"coefficients": self._coefficients, "intercepts": self._intercepts}

    def _take(self, learnt: State) -> None:
        self._coefficients, self._intercepts = learnt["coefficients"], learnt["intercepts"]


def _best_penalty(gram: Array, y: Array) -> float:
    """Return the ridge penalty of least leave-one-out error (PRESS); columns of the gram are already centred."""
    values, vectors = np.linalg.eigh(gram)
    values = np.maximum(values, 0.0)
    centred = vectors.T @ (y - y.mean())
    if values.max() <= 0:
        return 1.0
    # In units of the mean eigenvalue, so that the grid fits any number of columns.
    grid = _PENALTIES * values.mean()
    errors = []
    for penalty in grid:
        shrink = penalty / (values + penalty)
        residual = vectors @ (shrink * centred)
        leverage = 1.0 - np.einsum("ij,j->i", vectors**2, shrink) + 1.0 / len(y)
        errors.append(float(np.mean((residual / np.maximum(1.0 - leverage, 1e-6)) ** 2)))
    return float(grid[int(np.argmin(errors))])

"""Bagged ridge regression behind the interface of the surrogates."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from polyloop.core.options import Option
from polyloop.learn.bootstrap import check_members, out_of_bag_noise
from polyloop.learn.members import ColumnModel
from polyloop.learn.state import State
from polyloop.learn.surrogate import Array

__all__ = ["RidgeEnsemble"]

_PENALTIES = np.logspace(-3, 4, 15)


class RidgeEnsemble(ColumnModel):
    """Ridge regressions on bootstrap samples: linear, so it extrapolates; their spread is the model's uncertainty.

    Columns are scaled as in the Gaussian process, and each block by its mean square. The penalty minimizes the
    closed-form leave-one-out error of a ridge on all rows. The observation noise is what out-of-bag errors show
    beyond the members' spread.

    Parameters
    ----------
    n_members
        Number of bootstrap samples.
    seed
        Seed of the bootstrap.

    References
    ----------
    Breiman (1996), doi:10.1007/BF00058655; leave-one-out of ridge: Allen (1974), doi:10.1080/00401706.1974.10489157.
    """

    options: ClassVar[tuple[Option, ...]] = (
        Option("members", int, 64, "Number of members.", 2, 1_000, argument="n_members"),
    )

    def __init__(self, n_members: int = 64, *, seed: int = 0) -> None:
        self.n_members, self.seed = check_members(n_members), seed

    def _fit(self, features: Array, y: Array, known: Array) -> float:
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

"""Nu support vector regression behind the interface of the surrogates."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from polyloop.core.options import Option
from polyloop.learn.bootstrap import bootstrap_counts, check_members, out_of_bag_noise
from polyloop.learn.kernel_members import KernelMembers
from polyloop.learn.surrogate import Array, Blocks

__all__ = ["SupportVectors"]

_COSTS, _FOLDS = (1.0, 10.0, 100.0, 1000.0), 3


class SupportVectors(KernelMembers):
    """Nu support vector regressions on bootstrap samples, with the kernels of kernel ridge regression.

    Errors count by their size and not by its square, so that single wrong values do little harm. The kernel is the one
    that kernel ridge regression would choose; the cost is chosen by cross-validation. The spread of the members is the
    model's uncertainty; the observation noise is what out-of-bag errors show beyond it.

    Parameters
    ----------
    n_members
        Number of bootstrap samples.
    nu
        Share of the rows that are support vectors, at least; upper bound of the share outside the tube.
    seed
        Seed of the folds and of the bootstrap.

    References
    ----------
    Schoelkopf et al. (2000), doi:10.1162/089976600300015565.
    """

    options: ClassVar[tuple[Option, ...]] = (
        Option("members", int, 16, "Number of members.", 2, 1_000, argument="n_members"),
        Option("nu", float, 0.5, "Least share of the rows that are support vectors.", 0.01, 1.0),
    )

    def __init__(self, n_members: int = 16, *, nu: float = 0.5, seed: int = 0) -> None:
        self.n_members, self.nu, self.seed = check_members(n_members), nu, seed

    def _learn(self, X: Blocks, y: Array, known: Array) -> float:
        rng = np.random.default_rng(self.seed)
        weights = 1.0 / (1.0 + known)
        kernel, _ = self._settle(X, y, 1.0 + known)
        cost = self._chosen(kernel, y, weights, rng)
        counts = bootstrap_counts(len(y), self.n_members, rng)
        self._duals, self._intercepts = np.zeros((len(y), self.n_members)), np.empty(self.n_members)
        for j, often in enumerate(counts):
            rows = np.flatnonzero(often)
            self._duals[rows, j], self._intercepts[j] = self._solved(
                kernel[np.ix_(rows, rows)], y[rows], often[rows] * weights[rows], cost
            )
        return out_of_bag_noise(kernel @ self._duals + self._intercepts, counts.T > 0, y, known)

    def _chosen(self, kernel: Array, y: Array, weights: Array, rng: np.random.Generator) -> float:
        """Return the cost of least error on the folds."""
        if len(y) < 2 * _FOLDS:
            return _COSTS[1]
        squares = dict.fromkeys(_COSTS, 0.0)
        for part in np.array_split(rng.permutation(len(y)), _FOLDS):
            rest = np.setdiff1d(np.arange(len(y)), part)
            for cost in _COSTS:
                duals, intercept = self._solved(kernel[np.ix_(rest, rest)], y[rest], weights[rest], cost)
                squares[cost] += float(np.sum((kernel[np.ix_(part, rest)] @ duals + intercept - y[part]) ** 2))
        return min(squares, key=squares.__getitem__)

    def _solved(self, kernel: Array, y: Array, weights: NDArray[Any], cost: float) -> tuple[Array, float]:
        """Return dual coefficients (n,) and the intercept."""
        from sklearn.svm import NuSVR

        if np.ptp(y) == 0:
            return np.zeros(len(y)), float(y[0])
        machine = NuSVR(nu=self.nu, C=cost, kernel="precomputed", cache_size=500)
        machine.fit(kernel, y, sample_weight=weights.astype(float))
        duals = np.zeros(len(y))
        duals[machine.support_] = machine.dual_coef_[0]
        return duals, float(machine.intercept_[0])

"""Kernel ridge regression behind the interface of the surrogates."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from polyloop.core.options import Option
from polyloop.learn.bootstrap import bootstrap_counts, check_members, out_of_bag_noise
from polyloop.learn.kernel_duals import bootstrap_duals
from polyloop.learn.kernel_members import KernelMembers
from polyloop.learn.surrogate import Array, Blocks

__all__ = ["KernelRidge"]


class KernelRidge(KernelMembers):
    """Kernel ridge regressions on bootstrap samples: MinMax on occurrences, a squared exponential on quantities.

    Penalty, length scale and the weight of fingerprints against quantities minimize the leave-one-out error on all
    rows, in closed form for each penalty, so that a fit costs ten decompositions of an (n, n) matrix. The spread of the
    members is the model's uncertainty; the observation noise is what out-of-bag errors show beyond it.

    Parameters
    ----------
    n_members
        Number of bootstrap samples.
    seed
        Seed of the bootstrap.

    References
    ----------
    MinMax kernel: Ralaivola et al. (2005), doi:10.1016/j.neunet.2005.07.009.
    """

    options: ClassVar[tuple[Option, ...]] = (
        Option("members", int, 32, "Number of members.", 2, 1_000, argument="n_members"),
    )

    def __init__(self, n_members: int = 32, *, seed: int = 0) -> None:
        self.n_members, self.seed = check_members(n_members), seed

    def _learn(self, X: Blocks, y: Array, known: Array) -> float:
        weights = 1.0 + known
        kernel, penalty = self._settle(X, y, weights)
        counts = bootstrap_counts(len(y), self.n_members, np.random.default_rng(self.seed))
        self._duals = bootstrap_duals(kernel, y, weights, penalty, counts)
        self._intercepts = np.zeros(self.n_members)
        return out_of_bag_noise(kernel @ self._duals, counts.T > 0, y, known)

"""Members that are sums of kernels with the training rows: MinMax on occurrences, squared-exponential on quantities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core.descriptors import BlockValues
from polyloop.learn.covariance import CONSTANT_VARIANCE, HyperParameters, SumCovariance, TermData, Training
from polyloop.learn.kernel_duals import leave_one_out_penalty
from polyloop.learn.kernels import Term, default_terms, rbf
from polyloop.learn.members import MemberModel
from polyloop.learn.state import State, blocks_of_state, part_of, prefixed, state_of_blocks
from polyloop.learn.surrogate import Array, Blocks, chunks, row_count, take

__all__ = ["KernelMembers"]

_LENGTH_SCALES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
# Of the kernel, what comes from occurrences; the rest comes from quantities.
_SHARES = (0.02, 0.1, 0.5, 0.9)


class KernelMembers(MemberModel):
    """A member model whose members are intercept + kernel with the training rows times dual coefficients.

    The kernel is a weighted mean of that of occurrences and that of quantities, each the mean over its blocks, plus a
    constant. The length scale of the quantities, and then the weights, minimize the leave-one-out error of a ridge.
    """

    _kernel: SumCovariance
    _rows: Mapping[str, BlockValues]
    _training: Training
    _duals: Array
    _intercepts: Array

    def _settle(self, X: Blocks, y: Array, weights: Array) -> tuple[Array, float]:
        """Choose the kernel; return it between the training rows (n, n), and the penalty of the ridge that chose it.

        Parameters
        ----------
        y, weights
            Centred values, and how noisy each is, shape (n,).
        """
        geometry = SumCovariance.fit(X, _terms(X))
        terms = geometry.term_data(X)
        quantities = np.array([data.length_count > 0 for data in terms])
        lengths = _LENGTH_SCALES if quantities.any() else (1.0,)
        equal = _weights(quantities, float((~quantities).mean()))
        tried = [(leave_one_out_penalty(_matrix(terms, equal, one), y, weights)[::-1], one, equal) for one in lengths]
        _, length, _ = min(tried, key=lambda found: found[0])
        for share in _SHARES if quantities.any() and not quantities.all() else ():
            shares = _weights(quantities, share)
            tried.append((leave_one_out_penalty(_matrix(terms, shares, length), y, weights)[::-1], length, shares))
        (_, penalty), length, shares = min(tried, key=lambda found: found[0])
        scales = tuple(np.full(data.length_count, length) for data in terms)
        self._kernel = geometry.with_parameters(HyperParameters(tuple(map(float, shares)), scales, 0.0))
        self._rows, self._training = dict(X), geometry.training(X)
        return _matrix(terms, shares, length), penalty

    def _answer(self, X: Blocks) -> Array:
        n = row_count(X)
        said = np.empty((n, len(self._intercepts)))
        for rows in chunks(n, int(np.clip(2_000_000 // max(1, len(self._duals)), 256, 16_384))):
            cross, _ = self._kernel.cross(take(X, rows), self._training)
            said[rows] = cross @ self._duals + self._intercepts
        return said

    def _learnt(self) -> dict[str, NDArray[Any]]:
        return {
            "duals": self._duals,
            "intercepts": self._intercepts,
            **prefixed("rows", state_of_blocks(self._rows)),
            **prefixed("covariance", self._kernel.state()),
        }

    def _take(self, learnt: State) -> None:
        self._rows = blocks_of_state(part_of(learnt, "rows"))
        terms = _terms(self._rows)
        self._kernel = SumCovariance.of_state(part_of(learnt, "covariance"), self._rows, terms)
        self._training = self._kernel.training(self._rows)
        self._duals, self._intercepts = learnt["duals"], learnt["intercepts"]


def _weights(quantities: NDArray[np.bool_], share: float) -> Array:
    """Return the weight of each term where occurrences together have this share."""
    shares: Array = np.where(quantities, (1.0 - share) / max(1, quantities.sum()), share / max(1, (~quantities).sum()))
    return shares


def _matrix(terms: list[TermData], shares: Array, length: float) -> Array:
    total = np.full_like(terms[0].matrix, CONSTANT_VARIANCE)
    for data, share in zip(terms, shares, strict=True):
        total += share * (rbf(data.matrix / length**2) if data.length_count else data.matrix)
    return total


def _terms(X: Blocks) -> tuple[Term, ...]:
    return default_terms(X, {name: ("rbf",) for name, block in X.items() if not block.kind.is_occurrence})

"""Covariance functions per descriptor block, in NumPy, arranged so that a large pool costs few matrix products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.learn.surrogate import Array, Blocks, chunks

__all__ = ["CountRows", "PhysicalGeometry", "Term", "default_terms", "matern52", "minmax", "rbf", "squared_distances"]

KINDS = ("minmax", "matern52", "rbf", "linear")

# A column whose spread is below this share of its values is constant; squared distances, likewise, are 0.
_EQUAL, _COPIES = 1e-9, 1e-12


@dataclass(frozen=True)
class Term:
    """One summand of the covariance: a kind of kernel on one block."""

    block: str
    kind: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidInputError(
                f"There is no kernel {self.kind!r}.", where=f"block {self.block!r}", hint=f"Known: {', '.join(KINDS)}."
            )

    @property
    def is_stationary(self) -> bool:
        """True for the kinds that have a length scale."""
        return self.kind in ("matern52", "rbf")


def default_terms(blocks: Blocks, kernels: Mapping[str, tuple[str, ...]] | None = None) -> tuple[Term, ...]:
    """Return the terms of a sum over blocks: MinMax on occurrences, Matern-5/2 plus linear on quantities.

    Parameters
    ----------
    kernels
        Kinds for a block of this name, in place of the default.
    """
    kernels = kernels or {}
    unknown = sorted(set(kernels) - set(blocks))
    if unknown:
        raise InvalidInputError(
            f"Kernels are given for {unknown[0]!r}, which is no block here.", hint=f"Blocks: {', '.join(blocks)}."
        )
    terms: list[Term] = []
    for block in sorted(blocks):
        default = ("minmax",) if blocks[block].kind.is_occurrence else ("matern52", "linear")
        terms.extend(Term(block, kind) for kind in kernels.get(block, default))
    if not terms:
        raise InvalidInputError("A covariance needs at least one term.", hint="Name a kernel for some block.")
    return tuple(terms)


def matern52(squared: Array, out: Array | None = None) -> Array:
    """Return the Matern-5/2 correlation of squared scaled distances; `out` may be `squared` itself.

    Reference: Rasmussen & Williams (2006), eq. 4.17, ISBN 0-262-18253-X.
    """
    # In place: on a large pool the time goes into memory traffic, not arithmetic.
    r = np.sqrt(squared, out=out)
    r *= np.sqrt(5.0)
    polynomial = r * r
    polynomial /= 3.0
    polynomial += r
    polynomial += 1.0
    np.negative(r, out=r)
    np.exp(r, out=r)
    r *= polynomial
    return r


def rbf(squared: Array, out: Array | None = None) -> Array:
    """Return the squared-exponential correlation of squared scaled distances; `out` may be `squared` itself."""
    result = np.multiply(squared, -0.5, out=out)
    return np.exp(result, out=result)


def squared_distances(gram: Array, squares_a: Array, squares_b: Array, factor: float = 1.0) -> Array:
    """Return factor * |a - b|^2, shape (n_a, n_b), from inner products; rounding below zero is cut."""
    squared = gram * (-2.0 * factor)
    squared += (squares_a * factor)[:, None]
    squared += (squares_b * factor)[None, :]
    return np.maximum(squared, 0.0, out=squared)


class CountRows:
    """Rows of non-negative numbers prepared to be compared with many others by the MinMax kernel.

    Counts are unrolled into thresholds (min(a, b) = sum_t [a >= t][b >= t]), which makes the sum of minima one exact
    matrix product.

    Raises
    ------
    InvalidInputError
        If a value is negative.
    """

    def __init__(self, rows: NDArray[Any]) -> None:
        _refuse_negative(rows)
        self.total = rows.sum(axis=1, dtype=float)
        self._columns = np.flatnonzero(rows.any(axis=0))
        self._values = np.asarray(rows[:, self._columns])
        highest = self._values.max(axis=0, initial=0)
        self._is_count = bool((self._values == np.rint(self._values)).all()) and highest.max(initial=0) <= 255
        if self._is_count:
            # One plane per column and threshold that some row reaches.
            repeats = highest.astype(int)
            plane = np.repeat(np.arange(len(repeats)), repeats)
            first = np.repeat(np.cumsum(repeats) - repeats, repeats)
            below = np.arange(len(plane)) - first
            self._below = below.astype(np.float32)
            self._plane_columns = self._columns[plane]
            # 32 bits hold sums of counts exactly to 2^24.
            self._planes = (self._values[:, plane] > below).astype(np.float32)

    def kernel(self, A: NDArray[Any]) -> Array:
        """Return the MinMax kernel of the rows of A with these, shape (n_a, n)."""
        _refuse_negative(A)
        smaller = self._sum_of_minima(A)
        larger = A.sum(axis=1, dtype=float)[:, None] + self.total[None, :] - smaller
        result: Array = np.divide(smaller, larger, out=np.ones_like(smaller), where=larger > 0)
        return result

    def _sum_of_minima(self, A: NDArray[Any]) -> Array:
        result = np.empty((len(A), len(self.total)))
        if not self._is_count:
            for j, row in enumerate(self._values):
                result[:, j] = np.minimum(A[:, self._columns], row).sum(axis=1, dtype=float)
            return result
        for rows in chunks(len(A), max(1, 4_000_000 // max(1, len(self._below)))):
            # A share of a count (those of a copolymer are means) fills its last threshold in part.
            reached = A[rows].astype(np.float32)[:, self._plane_columns] - self._below
            result[rows] = np.clip(reached, 0, 1, out=reached) @ self._planes.T
        return result


def _refuse_negative(rows: NDArray[Any]) -> None:
    if rows.size and rows.min() < 0:
        raise InvalidInputError("The MinMax kernel needs values that are not negative.", hint="Pass counts.")


def minmax(A: NDArray[Any], B: NDArray[Any]) -> Array:
    """Return the MinMax (generalised Tanimoto) kernel of non-negative rows, shape (n_a, n_b).

    sum_k min(a_k, b_k) / sum_k max(a_k, b_k); 1 for two rows of zeros.

    Raises
    ------
    InvalidInputError
        If a value is negative.

    References
    ----------
    Ralaivola et al. (2005), doi:10.1016/j.neunet.2005.07.009.
    """
    return CountRows(B).kernel(A)


@dataclass(frozen=True)
class PhysicalGeometry:
    """Scales of one physical block, fixed by the training rows, so that hyper-parameters are pure numbers.

    Parameters
    ----------
    center, scale
        Shape (d,). A row becomes z = (x - center) * scale.
    median_square
        Median of |z - z'|^2 over pairs of training rows: the unit of squared length.
    mean_square
        Mean of |z|^2 over training rows: the unit of the linear term.
    """

    center: Array
    scale: Array
    median_square: float
    mean_square: float

    @classmethod
    def fit(cls, block: BlockValues) -> PhysicalGeometry:
        """Take the scales from training rows of shape (n, d)."""
        X, is_raw = np.asarray(block.values, dtype=float), block.kind is BlockKind.DENSITIES
        center, spread = X.mean(axis=0), X.std(axis=0)
        # Relative to the column, whose unit may be any.
        varies = spread > _EQUAL * np.abs(X).max(axis=0)
        # A column that the training rows share still tells a new functional group apart from the known ones.
        unit = np.where(varies, spread, 1.0 + np.abs(center))
        scale = np.ones_like(center) if is_raw else 1.0 / unit
        z = (X - center) * np.where(varies, scale, 0.0)
        squares = np.einsum("ij,ij->i", z, z)
        pairs = squared_distances(z @ z.T, squares, squares)[np.triu_indices(len(z), k=1)]
        positive = pairs[pairs > _COPIES * squares.max()]
        # One row, or copies of one row, say nothing about scale; the number of columns is then the natural unit.
        fallback = 1.0 if is_raw else float(max(1, X.shape[1]))
        median = float(np.median(positive)) if len(positive) else fallback
        mean = float(squares.mean()) or median / 2
        return cls(center, scale, median, mean)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the scales as arrays."""
        return {
            "columns": np.stack([self.center, self.scale]),
            "squares": np.array([self.median_square, self.mean_square]),
        }

    @classmethod
    def of_state(cls, state: Mapping[str, NDArray[Any]]) -> PhysicalGeometry:
        """Take what `state` returned."""
        center, scale = state["columns"]
        median, mean = map(float, state["squares"])
        return cls(center, scale, median, mean)

    def encode(self, block: NDArray[Any]) -> Array:
        """Return z of shape (n, d)."""
        z: Array = np.asarray(block, dtype=float) - self.center
        z *= self.scale
        return z

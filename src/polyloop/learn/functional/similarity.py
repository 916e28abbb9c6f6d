"""One kernel over blocks of descriptors, its eigendecomposition at the training rows, and leave-one-out from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from polyloop.learn.kernels import CountRows, PhysicalGeometry, matern52, squared_distances
from polyloop.learn.surrogate import Array, Blocks

__all__ = ["Eigenbasis", "Similarity"]


@dataclass(frozen=True)
class Similarity:
    """Mean over blocks of MinMax (occurrences) or Matern-5/2 of twice the median distance (quantities): 1 for alike.

    It has nothing to fit, so that one decomposition serves every output and every penalty.
    """

    counts: Mapping[str, CountRows]
    encoded: Mapping[str, tuple[PhysicalGeometry, Array]]

    @classmethod
    def of(cls, X: Blocks) -> Similarity:
        """Prepare training rows."""
        counts = {name: CountRows(block.values) for name, block in X.items() if block.kind.is_occurrence}
        encoded = {}
        for name, block in X.items():
            if not block.kind.is_occurrence:
                geometry = PhysicalGeometry.fit(block)
                encoded[name] = (geometry, geometry.encode(block.values))
        return cls(counts, encoded)

    def to(self, X: Blocks) -> Array:
        """Return the kernel of the rows of X with the training rows, shape (n, n_train)."""
        parts = [rows.kernel(X[name].values) for name, rows in self.counts.items()]
        for name, (geometry, z_train) in self.encoded.items():
            z = geometry.encode(X[name].values)
            own, others = (np.einsum("ij,ij->i", rows, rows) for rows in (z, z_train))
            # The prior median of the Gaussian process's length scale: two median distances.
            parts.append(matern52(squared_distances(z @ z_train.T, own, others, 0.25 / geometry.median_square)))
        mean: Array = np.mean(parts, axis=0)
        return mean


@dataclass(frozen=True)
class Eigenbasis:
    """K = vectors diag(values) vectors' at n training rows; (K + penalty)^-1 is then cheap for any penalty."""

    values: Array
    vectors: Array

    @classmethod
    def of(cls, matrix: Array) -> Eigenbasis:
        """Decompose a kernel matrix, shape (n, n)."""
        values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
        return cls(np.maximum(values, 0.0), vectors)

    def solve(self, Y: Array, penalty: float) -> Array:
        """Return (K + penalty)^-1 Y, shape (n, p)."""
        solved: Array = self.vectors @ ((self.vectors.T @ Y) / (self.values + penalty)[:, None])
        return solved

    def precision(self, penalty: float) -> Array:
        """Return the diagonal of (K + penalty)^-1, shape (n,)."""
        diagonal: Array = (self.vectors**2) @ (1.0 / (self.values + penalty))
        return diagonal

    def left_out(self, Y: Array, penalty: float) -> Array:
        """Return the errors (value less prediction) of leaving each row out, shape (n, p).

        Reference: Rasmussen & Williams (2006), eq. 5.12, ISBN 0-262-18253-X.
        """
        errors: Array = self.solve(Y, penalty) / self.precision(penalty)[:, None]
        return errors

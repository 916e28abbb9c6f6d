"""Ridge regression in a kernel: the penalty by leave-one-out in closed form, and members on bootstrap samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve

from polyloop.learn.surrogate import Array

__all__ = ["PENALTIES", "bootstrap_duals", "leave_one_out_penalty"]

PENALTIES = np.logspace(-6, 2, 25)
"""Tried for kernels whose diagonal is of the order of 1, on values of variance 1."""


def leave_one_out_penalty(kernel: Array, y: Array, weights: Array) -> tuple[float, float]:
    """Return the penalty of least leave-one-out error, and that mean squared error.

    One decomposition serves all penalties: with A = K + penalty W, the error of row i when it is left out is
    [A^-1 y]_i / [A^-1]_ii.

    Parameters
    ----------
    kernel
        Shape (n, n).
    y
        Shape (n,), centred.
    weights
        Diagonal of W: how noisy each value is, 1 where nothing is known, shape (n,).

    References
    ----------
    Rifkin & Lippert (2007), "Notes on regularized least squares", MIT-CSAIL-TR-2007-025.
    """
    root = 1.0 / np.sqrt(weights)
    values, vectors = np.linalg.eigh(root[:, None] * kernel * root)
    values = np.maximum(values, 0.0)
    projected, squares = vectors.T @ (root * y), vectors**2
    errors = []
    for penalty in PENALTIES:
        inverse = 1.0 / (values + penalty)
        residual = (vectors @ (inverse * projected)) / (squares @ inverse) / root
        errors.append(float(np.mean(residual**2)))
    best = int(np.argmin(errors))
    return float(PENALTIES[best]), errors[best]


def bootstrap_duals(kernel: Array, y: Array, weights: Array, penalty: float, counts: NDArray[np.int64]) -> Array:
    """Return the dual coefficients of a ridge on each bootstrap sample, shape (n, n_members); 0 where a row is absent.

    Parameters
    ----------
    counts
        How often each row stands in each sample, shape (n_members, n); c copies of a row are one row of 1/c the noise.
    """
    duals = np.zeros((len(y), len(counts)))
    for j, often in enumerate(counts):
        rows = np.flatnonzero(often)
        matrix = kernel[np.ix_(rows, rows)]
        matrix[np.diag_indices(len(rows))] += penalty * weights[rows] / often[rows]
        duals[rows, j] = solve(matrix, y[rows], assume_a="pos", overwrite_a=True, check_finite=False)
    return duals

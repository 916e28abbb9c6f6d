"""Covariances of ordered pairs of monomers, from kernels of single ones.

log r12 + log r21 does not change when the monomers are exchanged, and log r12 - log r21 changes its sign. With a prior
that knows no order the two are independent, so each has a process of its own, with kernels that keep its symmetry.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["pair_terms", "self_terms"]

Array = NDArray[np.float64]
Pairs = NDArray[np.int64]


def pair_terms(kernels: Sequence[Array], rows: Pairs, columns: Pairs, sign: float) -> Array:
    """Return the terms of the covariance of pairs, shape (n_terms, n_rows, n_columns).

    Of k kernels there are k sums, k(a, c) + k(b, d) + sign [k(a, d) + k(b, c)], and k (k + 1) / 2 products,
    k(a, c) l(b, d) + sign k(a, d) l(b, c), symmetric in the two kernels.

    Parameters
    ----------
    kernels
        Of single monomers, shape (m, m') each: those of the rows' pairs with those of the columns'.
    rows, columns
        Pairs, shape (n, 2), as indices into the kernels.
    sign
        1 for what is symmetric in the two monomers, -1 for what changes its sign.
    """
    (a, b), (c, d) = rows.T, columns.T
    straight = [(kernel[np.ix_(a, c)], kernel[np.ix_(b, d)]) for kernel in kernels]
    crossed = [(kernel[np.ix_(a, d)], kernel[np.ix_(b, c)]) for kernel in kernels]
    terms = [s[0] + s[1] + sign * (x[0] + x[1]) for s, x in zip(straight, crossed, strict=True)]
    for i in range(len(kernels)):
        for j in range(i, len(kernels)):
            product = straight[i][0] * straight[j][1] + sign * crossed[i][0] * crossed[j][1]
            if i != j:
                product = (product + straight[j][0] * straight[i][1] + sign * crossed[j][0] * crossed[i][1]) / 2
            terms.append(product)
    return np.array(terms)


def self_terms(kernels: Sequence[Array], pairs: Pairs, sign: float) -> Array:
    """Return the terms of the variance of each pair, shape (n_terms, n); kernels (m, m) whose diagonal is 1."""
    across = [kernel[pairs[:, 0], pairs[:, 1]] for kernel in kernels]
    terms = [2.0 + 2.0 * sign * k for k in across]
    for i in range(len(kernels)):
        for j in range(i, len(kernels)):
            terms.append(1.0 + sign * across[i] * across[j])
    return np.array(terms)

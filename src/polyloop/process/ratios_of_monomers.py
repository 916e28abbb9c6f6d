"""The matrix of reactivity ratios of several monomers, with the deviations of their logarithms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from polyloop.process.reactivity.lookup import reactivity_ratios
from polyloop.process.reactivity.ratios import ReactivityRatios

__all__ = ["ratio_matrix"]

Array = NDArray[np.float64]


def ratio_matrix(smiles: Sequence[str]) -> tuple[Array, Array, tuple[ReactivityRatios, ...]]:
    """Return ratios r[i, j] = k_ii / k_ij (n, n), deviations of their log10 (n, n), and each pair's, for n monomers.

    Measured ones come before those of the model, as in `reactivity_ratios`.
    """
    n = len(smiles)
    ratios, stds, pairs = np.ones((n, n)), np.zeros((n, n)), []
    for i in range(n):
        for j in range(i + 1, n):
            found = reactivity_ratios(smiles[i], smiles[j])
            ratios[i, j], ratios[j, i] = found.r1, found.r2
            stds[i, j], stds[j, i] = found.log10_r1_std, found.log10_r2_std
            pairs.append(found)
    return ratios, stds, tuple(pairs)

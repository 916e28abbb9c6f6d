"""Probability that a normal prediction lies in the space that a front leaves free."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from scipy.special import ndtr

from polyloop.design.acquisition.expected_hypervolume import Cells
from polyloop.design.objectives import Array

__all__ = ["improvement_probability"]


def improvement_probability(
    mean: Array, std: Array, cells: Cells, ranges: Mapping[int, tuple[float, float]] = MappingProxyType({})
) -> Array:
    """Return the probability that each of n candidates would add to the hypervolume, shape (n,).

    Parameters
    ----------
    mean, std
        Utilities, all maximized, shape (n, m); in the columns of `ranges` the property itself. `std` may be 0.
    cells
        From `free_cells`.
    ranges
        Ends of the range, by the column whose utility is -(distance to it).

    References
    ----------
    Emmerich, Giannakoglou & Naujoks (2006), doi:10.1109/TEVC.2005.859463.
    """
    volume = np.ones((len(mean), len(cells.lower)))
    for j, edges in enumerate(cells.edges):
        beyond = _survival(mean[:, j], std[:, j], edges, ranges.get(j))
        volume *= beyond[:, cells.low_index[j]] - beyond[:, cells.high_index[j]]
    probability: Array = np.clip(volume.sum(axis=1), 0.0, 1.0)
    return probability


def _survival(mean: Array, std: Array, edges: Array, interval: tuple[float, float] | None) -> Array:
    """Return P(utility > edge), shape (n, len(edges))."""
    # A model that is certain has a standard deviation of 0; the smallest number makes a step of the integral.
    safe = np.maximum(std, np.finfo(float).tiny ** 0.5)[:, None]
    finite = np.where(np.isfinite(edges), edges, 0.0)
    beyond: Array
    if interval is None:
        beyond = ndtr((mean[:, None] - finite) / safe)
    else:
        low, high = interval
        beyond = ndtr((high - finite - mean[:, None]) / safe) - ndtr((low + finite - mean[:, None]) / safe)
        # Inside the range the utility is 0, and no more.
        beyond[:, edges >= 0] = 0.0
    beyond[:, np.isposinf(edges)] = 0.0
    return beyond

"""One row for each subject of a table: repeats are averaged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyloop.features import FeatureTable
from polyloop.learn.surrogate import Array

__all__ = ["average_repeats"]


def average_repeats(
    table: FeatureTable, y: Array, noise_variance: Array | None
) -> tuple[NDArray[np.intp], Array, Array | None]:
    """Return the first row, the mean value and the variance of that mean of each described subject that has a value.

    Parameters
    ----------
    table
        n described rows.
    y, noise_variance
        Values and the known variances of each, shape (n,), NaN where there is none.
    """
    usable = np.flatnonzero(table.valid & np.isfinite(y))
    groups: dict[str, list[int]] = {}
    for row in usable:
        groups.setdefault(table.polymers[row], []).append(int(row))
    firsts = np.array([rows[0] for rows in groups.values()], dtype=np.intp)
    values = np.array([y[rows].mean() for rows in groups.values()])
    noise = None
    if noise_variance is not None:
        given = np.asarray(noise_variance, dtype=float)
        noise = np.array([given[rows].mean() / len(rows) for rows in groups.values()])
    return firsts, values, noise

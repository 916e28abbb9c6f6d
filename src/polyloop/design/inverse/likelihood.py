"""The probability that properties lie in ranges, given predictions with error bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from polyloop.design.inverse.targets import PropertyTarget

__all__ = ["log_probability_in_range", "log_probability_in_ranges"]

Array = NDArray[Any]


def log_probability_in_range(mean: Array, std: Array, low: float, high: float) -> Array:
    """Return log(Phi((high - mean) / std) - Phi((low - mean) / std)), exact far outside the range too, shape (n,).

    Parameters
    ----------
    mean, std
        Of normal predictions, shape (n,); std positive.

    References
    ----------
    Ikebata et al. (2017), doi:10.1007/s10822-016-0008-z, equation 4.
    """
    below, above = (low - mean) / std, (high - mean) / std
    # Both ends in the lower tail, where differences of Phi keep their digits.
    flip = below + above > 0
    first, last = np.where(flip, -above, below), np.where(flip, -below, above)
    top, bottom = log_ndtr(last), log_ndtr(first)
    return np.asarray(top + np.log1p(-np.exp(np.minimum(bottom - top, -1e-16))))


def log_probability_in_ranges(mean: Array, std: Array, targets: Sequence[PropertyTarget]) -> Array:
    """Return the sum over targets of the logarithm of the probability of lying in the range, shape (n,).

    Predictions of shape (n, m), one column for each target; their errors are taken as independent.
    """
    columns = [
        log_probability_in_range(mean[:, column], std[:, column], target.low, target.high)
        for column, target in enumerate(targets)
    ]
    return np.asarray(np.sum(columns, axis=0))

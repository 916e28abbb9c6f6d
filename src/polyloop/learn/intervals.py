"""Intervals that cover: a factor from held-out errors, applied to what is learnt and carried over to the property."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from polyloop.core.invariant import Invariant
from polyloop.learn.surrogate import Array, Prediction

__all__ = ["LEVEL", "NORMAL_FACTOR", "Interval", "conformal_factor", "interval_of"]

LEVEL = 0.9
NORMAL_FACTOR = float(ndtri(0.5 + LEVEL / 2))
"""Half width of the central interval of a normal distribution, in standard deviations."""
_TINY = float(np.finfo(float).tiny) ** 0.5


@dataclass(frozen=True)
class Interval:
    """Mean, standard deviation and ends of the central interval of a new observation, each of shape (n,)."""

    mean: Array
    std: Array
    low: Array
    high: Array


def conformal_factor(y: Array, held: Prediction, level: float = LEVEL) -> float:
    """Return the half width, in predicted standard deviations, within which that share of held-out values lies.

    The quantile of the scaled held-out errors with the correction for finite samples (split conformal prediction with
    errors scaled by the model's own uncertainty; doi:10.1080/01621459.2017.1307116). It holds for rows that are drawn
    like the training rows, and for no others.

    Parameters
    ----------
    y
        Values, shape (n,).
    held
        Predictions of each by a model that has not seen it.
    """
    size = float(np.abs(y).max()) or 1.0
    scaled = np.sort(np.abs(y - held.mean) / np.maximum(held.predictive_std, _TINY * size))
    place = min(int(np.ceil((len(y) + 1) * level)), len(y)) - 1
    return float(scaled[place])


def interval_of(inside: Prediction, factor: float, invariant: Invariant | None, scale: Array | None) -> Interval:
    """Return the interval in the property's unit of predictions of what is learnt.

    Parameters
    ----------
    inside
        Predictions of the invariant, or of the value itself where there is none.
    factor
        That of `conformal_factor`.
    scale
        Factors of the invariant, shape (n,).
    """
    half = factor * inside.predictive_std
    if invariant is None or scale is None:
        return Interval(inside.mean, inside.predictive_std, inside.mean - half, inside.mean + half)
    mean = invariant.inverse(inside.mean, scale)
    std = np.abs(inside.predictive_std / invariant.slope(mean, scale))
    ends = np.stack([invariant.inverse(inside.mean + sign * half, scale) for sign in (-1.0, 1.0)])
    return Interval(mean, std, ends.min(axis=0), ends.max(axis=0))

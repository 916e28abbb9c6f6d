"""Curves on an axis, such as spectra, and what a model says of one: a mean and a pointwise band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from polyloop.core import Axis, InvalidInputError
from polyloop.learn.surrogate import Array, Blocks, check_blocks

__all__ = ["LEVEL", "Axis", "CurveModel", "CurvePrediction", "check_curves", "pointwise_quantile"]

LEVEL = 0.9
"""Share of the values that a band is to cover at each point."""


@dataclass(frozen=True)
class CurvePrediction:
    """Curves of n subjects at p points, in the unit of the curves.

    Parameters
    ----------
    mean
        Shape (n, p).
    half_width
        Half width of the pointwise 90 % band of a new curve, shape (n, p). It is marginal: of a whole curve some part
        is outside more often than not.
    """

    mean: Array
    half_width: Array

    def covers(self, Y: Array) -> NDArray[np.bool_]:
        """Return whether each value lies inside its band, shape (n, p)."""
        inside: NDArray[np.bool_] = np.abs(Y - self.mean) <= self.half_width
        return inside


class CurveModel(Protocol):
    """A model of curves on one axis."""

    def fit(self, X: Blocks, Y: Array) -> Self:
        """Learn from n subjects and their curves (n, p)."""

    def predict(self, X: Blocks) -> CurvePrediction:
        """Predict the curves of n subjects."""


def check_curves(X: Blocks, Y: Array) -> Array:
    """Return Y of shape (n, p) as numbers.

    Raises
    ------
    InvalidInputError
        If there are fewer than three curves, their number is not that of the rows of X, or a value is not finite.
    """
    n, Y = check_blocks(X), np.asarray(Y, dtype=float)
    if Y.ndim != 2 or len(Y) != n or n < 3 or Y.shape[1] < 2:
        raise InvalidInputError(
            f"{n} subjects and curves of shape {Y.shape}.", hint="Give one curve a subject, and at least three."
        )
    if not np.isfinite(Y).all():
        row, point = np.argwhere(~np.isfinite(Y))[0]
        raise InvalidInputError(f"Curve {row} is not finite at point {point}.", hint="Leave it out, or fill the gap.")
    return Y


def pointwise_quantile(errors: Array) -> Array:
    """Return the half width at each point within which 90 % of held-out errors (n, p) lie, shape (p,).

    With the correction for finite samples of split conformal prediction (doi:10.1080/01621459.2017.1307116).
    """
    place = min(int(np.ceil((len(errors) + 1) * LEVEL)), len(errors)) - 1
    width: Array = np.sort(np.abs(errors), axis=0)[place]
    return width

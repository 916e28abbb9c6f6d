"""The empirical limit of refractive index against Abbe number: an upper envelope of commercial optical polymers.

The limit is the straight line in the plane of Abbe number V and n_D that lies on or above every polymer of the shipped
table and encloses the least area over the table's range of V. The area under a line over an interval is its length
times the line's value at the middle, so that line is the edge of the upper convex hull above the middle of the range:
it touches two real materials and has no fitted constant. A straight line is what the field draws (the higher the
index, the lower the Abbe number), and it gives a scale for the margin, an index difference at equal Abbe number.
Between the two materials that it touches it is a mixing line: what lies above it beats every blend, by linear mixing
in the plane, of what can be bought. Beyond them it is an extrapolation.

A value with an error bar is beyond the limit only if it is by more than the standard deviation of its margin.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyloop.chem.library import OpticalPolymer, optical_polymers
from polyloop.core.errors import InvalidInputError

__all__ = [
    "LimitLine",
    "default_limit",
    "empirical_limit",
    "is_beyond_limit",
    "margin",
    "margin_std",
    "upper_envelope",
]


@dataclass(frozen=True)
class LimitLine:
    """The line n_D = intercept + slope * V.

    Raises
    ------
    InvalidInputError
        If slope or intercept is not finite.
    """

    slope: float
    intercept: float

    def __post_init__(self) -> None:
        for name in ("slope", "intercept"):
            if not isfinite(getattr(self, name)):
                raise InvalidInputError(
                    f"The limit line's {name} is {getattr(self, name)}.", where=name, hint="Give a finite number."
                )

    def __call__(self, abbe_number: ArrayLike) -> NDArray[np.float64]:
        """Return n_D of the line at `abbe_number`, of any shape; the result has the same shape."""
        return np.asarray(self.intercept + self.slope * np.asarray(abbe_number, dtype=np.float64), dtype=np.float64)


def upper_envelope(polymers: Iterable[OpticalPolymer]) -> LimitLine:
    """Return the straight line on or above all `polymers` with the least area over their range of Abbe numbers.

    Raises
    ------
    InvalidInputError
        If fewer than two different Abbe numbers are given.
    """
    best: dict[float, float] = {}
    for polymer in polymers:
        best[polymer.abbe_number] = max(polymer.refractive_index, best.get(polymer.abbe_number, -np.inf))
    points = sorted(best.items())
    if len(points) < 2:
        raise InvalidInputError(
            f"A limit line needs two different Abbe numbers; got {len(points)}.",
            where="optical polymers",
            hint="Give more polymers, or set slope and intercept yourself.",
        )
    middle = 0.5 * (points[0][0] + points[-1][0])
    hull = _upper_hull(points)
    left, right = next(edge for edge in pairwise(hull) if edge[1][0] >= middle)
    slope = (right[1] - left[1]) / (right[0] - left[0])
    return LimitLine(slope=slope, intercept=left[1] - slope * left[0])


def _upper_hull(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Andrew's monotone chain over points sorted by their first coordinate."""
    hull: list[tuple[float, float]] = []
    for point in points:
        while len(hull) > 1:
            (x0, y0), (x1, y1) = hull[-2:]
            if (x1 - x0) * (point[1] - y0) < (y1 - y0) * (point[0] - x0):
                break
            hull.pop()
        hull.append(point)
    return hull


@cache
def default_limit() -> LimitLine:
    """Return the limit line of the shipped table of optical polymers."""
    return upper_envelope(optical_polymers())


def _line(slope: float | None, intercept: float | None) -> LimitLine:
    if slope is None and intercept is None:
        return default_limit()
    if slope is None or intercept is None:
        raise InvalidInputError(
            "A limit line of your own needs both slope and intercept.",
            where="slope" if slope is None else "intercept",
            hint="Give both, or neither for the line of the shipped table.",
        )
    return LimitLine(slope, intercept)


def empirical_limit(
    abbe_number: ArrayLike, *, slope: float | None = None, intercept: float | None = None
) -> NDArray[np.float64]:
    """Return the limit's n_D at `abbe_number` (any shape), by the shipped table's line or one of your own.

    Raises
    ------
    InvalidInputError
        If only one of slope and intercept is given, or one is not finite.
    """
    return _line(slope, intercept)(abbe_number)


def margin(
    refractive_index: ArrayLike,
    abbe_number: ArrayLike,
    *,
    slope: float | None = None,
    intercept: float | None = None,
) -> NDArray[np.float64]:
    """Return n_D minus the limit at the same Abbe number: positive beyond the limit. Shapes broadcast."""
    limit = empirical_limit(abbe_number, slope=slope, intercept=intercept)
    return np.asarray(np.asarray(refractive_index, dtype=np.float64) - limit, dtype=np.float64)


def margin_std(
    refractive_index_std: ArrayLike,
    abbe_number_std: ArrayLike,
    *,
    slope: float | None = None,
    intercept: float | None = None,
) -> NDArray[np.float64]:
    """Return the standard deviation of `margin` for those of index and Abbe number. Shapes broadcast.

    The two are taken as independent: the error of a computed Abbe number is nearly all that of the dispersion, which
    the index at one wavelength does not share. NaN stands for a value without error bar, which adds nothing.
    """
    line = _line(slope, intercept)
    index, abbe = (np.nan_to_num(np.asarray(std, np.float64)) for std in (refractive_index_std, abbe_number_std))
    return np.asarray(np.hypot(index, line.slope * abbe), dtype=np.float64)


def is_beyond_limit(
    refractive_index: ArrayLike,
    abbe_number: ArrayLike,
    refractive_index_std: ArrayLike = 0.0,
    abbe_number_std: ArrayLike = 0.0,
    *,
    slope: float | None = None,
    intercept: float | None = None,
) -> NDArray[np.bool_]:
    """Tell which points lie above the limit line by more than one standard deviation of their distance to it.

    Without standard deviations, as for measured values, a point above the line is beyond. NaN is not. Shapes broadcast.
    """
    distance = margin(refractive_index, abbe_number, slope=slope, intercept=intercept)
    error = margin_std(refractive_index_std, abbe_number_std, slope=slope, intercept=intercept)
    return np.asarray(distance > error)

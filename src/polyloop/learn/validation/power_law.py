"""A power law with a floor, fitted to learning curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError

__all__ = ["PowerLaw", "fit_power_law"]

Array = NDArray[np.float64]
_FLOORS, _DRAWS = np.concatenate([[0.0], np.linspace(0.02, 0.995, 79)]), 400
_TINY = 1e-300


@dataclass(frozen=True)
class PowerLaw:
    """error(n)^2 = floor^2 + constant^2 n^(-2 exponent), with 90 % intervals by resampling the splits.

    Parameters
    ----------
    floor
        Error that more rows of the same sort do not remove: noise of the values, and what the model cannot express;
        0 where three sizes are too few to tell.
    floor_is_told
        Whether the interval of the floor excludes 0.
    """

    constant: float
    exponent: float
    floor: float
    exponent_low: float
    exponent_high: float
    floor_low: float
    floor_high: float

    @property
    def floor_is_told(self) -> bool:
        """Whether the data show that there is one."""
        return self.floor_low > 0.0

    def error(self, n: Array | float) -> Array:
        """Return the expected error of n rows."""
        found: Array = np.sqrt(self.floor**2 + self.constant**2 * np.asarray(n, dtype=float) ** (-2 * self.exponent))
        return found


def fit_power_law(sizes: Array, errors: Array, *, rng: np.random.Generator) -> PowerLaw:
    """Fit the law to errors of several splits at several sizes, by least squares of the logarithm of the mean square.

    For each of 80 floors between none and the least error the rest is a straight line; the best floor is taken.

    Parameters
    ----------
    sizes
        Numbers of rows, ascending, shape (s,), s > 2. With three, there is no floor.
    errors
        Root mean squared errors, positive, shape (splits, s).
    rng
        Draws the splits again, for the intervals; with one split these are the values themselves.

    Raises
    ------
    InvalidInputError
        If there are fewer than three sizes, or an error is not positive.

    References
    ----------
    Power laws with a floor: Hestness et al. (2017), arXiv:1712.00409.
    """
    if errors.ndim != 2 or errors.shape[1] != len(sizes) or len(sizes) < 3 or not (errors > 0).all():
        raise InvalidInputError(
            f"{len(sizes)} sizes and errors of shape {errors.shape} make no learning curve.", where="learning curve",
            hint="Give positive errors at three sizes or more.",
        )  # fmt: skip
    splits = len(errors)
    drawn = rng.integers(splits, size=(_DRAWS, splits)) if splits > 1 else np.zeros((1, 1), dtype=int)
    squares = np.concatenate([[np.mean(errors**2, axis=0)], np.mean(errors[drawn] ** 2, axis=1)])
    constant, exponent, floor = _fits(sizes, squares)
    ends = [np.quantile(values[1:], (0.05, 0.95)) for values in (exponent, floor)]
    return PowerLaw(
        float(constant[0]), float(exponent[0]), float(floor[0]), float(ends[0][0]), float(ends[0][1]),
        float(ends[1][0]), float(ends[1][1]),
    )  # fmt: skip


def _fits(sizes: Array, squares: Array) -> tuple[Array, Array, Array]:
    """Return constants, exponents and floors of curves of mean squares, shape (curves, s)."""
    x = np.log(sizes)
    x_mean, x_square = x.mean(), np.sum((x - x.mean()) ** 2)
    shares = _FLOORS if len(sizes) > 3 else _FLOORS[:1]
    floors = shares[:, None] * squares.min(axis=1)  # (floors, curves)
    z = np.log(np.maximum(squares[None] - floors[..., None], _TINY))
    slope = np.minimum(np.sum((x - x_mean) * z, axis=2) / x_square, 0.0)
    height = z.mean(axis=2) - slope * x_mean
    said = floors[..., None] + np.exp(height[..., None] + slope[..., None] * x)
    off = np.sum((np.log(said) - np.log(squares)[None]) ** 2, axis=2)
    best, curve = np.argmin(off, axis=0), np.arange(len(squares))
    return np.exp(0.5 * height[best, curve]), -0.5 * slope[best, curve], np.sqrt(floors[best, curve])

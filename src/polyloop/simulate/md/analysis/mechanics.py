"""Young's modulus and Poisson's ratio from a uniaxial deformation with free sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis.statistics import MINIMUM_SAMPLES, as_series, statistical_inefficiency

__all__ = ["Slope", "initial_slope", "poisson_ratio", "young_modulus"]

Floats = NDArray[np.float64]

# Curvature below so many of its standard errors is noise, and a straight line has the smaller error.
_CURVED = 2.0


@dataclass(frozen=True)
class Slope:
    """Slope at zero strain with its standard error, the effective number of samples, and whether the curve bends."""

    value: float
    std: float
    n_effective: float
    curved: bool


def initial_slope(strain: object, response: object, limit: float) -> Slope:
    """Return d response / d strain at zero strain from samples of strain up to `limit`.

    A straight line with an offset; where the curve bends by more than twice the standard error of its curvature, a
    parabola. The error counts the correlation of the residuals.

    Raises
    ------
    InvalidInputError
        For fewer than ten samples below the limit or strains that do not change.
    """
    x, y = as_series(strain, "The strain"), as_series(response, "The response")
    if x.shape != y.shape or x.ndim != 1:
        raise InvalidInputError(f"Strains {x.shape} and responses {y.shape} are not of one run.")
    small = np.abs(x) <= limit
    if small.sum() < MINIMUM_SAMPLES or np.ptp(x[small]) == 0.0:
        raise InvalidInputError(
            f"{int(small.sum())} samples of changing strain lie below {limit:g}.", mend="Deform slower or sample more."
        )
    x, y = x[small] / limit, y[small]
    line, line_std, count = _fit(x, y, 1)
    parabola, parabola_std, curved_count = _fit(x, y, 2)
    curved = abs(parabola[2]) > _CURVED * parabola_std[2]
    value, std, n = (parabola[1], parabola_std[1], curved_count) if curved else (line[1], line_std[1], count)
    return Slope(float(value / limit), float(std / limit), n, bool(curved))


def _fit(x: Floats, y: Floats, degree: int) -> tuple[Floats, Floats, float]:
    design = np.vander(x, degree + 1, increasing=True)
    coefficients = np.asarray(np.linalg.lstsq(design, y, rcond=None)[0], dtype=np.float64)
    residuals = y - design @ coefficients
    g = float(statistical_inefficiency(residuals)) if np.ptp(residuals) > 0.0 else 1.0
    variance = float(residuals @ residuals) / max(len(x) - g * (degree + 1), 1.0) * g
    return coefficients, np.sqrt(variance * np.diag(np.linalg.inv(design.T @ design))), len(x) / g


def young_modulus(strain: object, stress: object, limit: float = 0.02) -> Estimate:
    """Return Young's modulus in GPa: the initial slope of the tensile stress.

    Parameters
    ----------
    strain
        Engineering strain along the axis of pull, (n,), at a constant rate with the sides at constant pressure.
    stress
        Along the axis, GPa, positive in tension: -(P_xx - P) of the pressure tensor.
    limit
        Largest strain that is used. At simulation's strain rates the modulus of a glass comes out above experiment.
    """
    slope = initial_slope(strain, stress, limit)
    return Estimate("young_modulus", slope.value, slope.std, _std_of(slope), max(1, round(slope.n_effective)))


def poisson_ratio(strain: object, lateral: object, limit: float = 0.02) -> Estimate:
    """Return Poisson's ratio: minus the initial slope of the lateral strains, (n, 2), averaged over both sides."""
    sides = np.asarray(lateral, dtype=np.float64)
    if sides.ndim != 2 or sides.shape[1] != 2:
        raise InvalidInputError(f"Lateral strains have the shape (n, 2), not {sides.shape}.")
    slope = initial_slope(strain, sides.mean(axis=1), limit)
    return Estimate("poisson_ratio", -slope.value, slope.std, _std_of(slope), max(1, round(slope.n_effective)))


def _std_of(slope: Slope) -> str:
    return f"residuals of the {'parabola' if slope.curved else 'line'}, with their correlation counted"

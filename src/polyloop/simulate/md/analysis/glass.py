"""Glass transition temperature from specific volumes along a cooling, with an interval that tells what is resolved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from polyloop.core import EvaluationError, FailureCode, InvalidInputError
from polyloop.simulate.estimate import Estimate

__all__ = ["GlassTransition", "glass_transition"]

Floats = NDArray[np.float64]

# Volume at T0 and two slopes, T0, width.
_PARAMETERS = 5
_MINIMUM_TEMPERATURES = 8
# The transition lies where this many temperatures remain on either side, or one branch has no slope of its own.
_BRANCH = 3
# Probability that a straight line shows such a break: the place is free to move, so the usual 0.05 is too lenient.
_NO_BREAK = 1e-3
_STEPS, _WIDTHS = 600, 40
_SIGMA = float(stats.norm.cdf(1.0))


@dataclass(frozen=True)
class GlassTransition:
    """A glass transition.

    Parameters
    ----------
    temperature
        K, with half the width of its 68 % interval.
    interval
        The 95 % interval in K; an end that touches the range of possible values is a bound only.
    width
        K: over this the slope turns from the glass's to the melt's; 0 is a kink (two straight lines).
    glass_expansion, melt_expansion
        Volume expansion on both sides far from the transition, 1/K.
    """

    temperature: float
    std: float
    interval: tuple[float, float]
    width: float
    glass_expansion: float
    melt_expansion: float
    n_temperatures: int

    def estimate(self) -> Estimate:
        """Return the glass transition temperature."""
        std_of = "profile likelihood over the place and width of the transition, at this cooling rate"
        return Estimate("glass_transition_temperature", self.temperature, self.std, std_of, self.n_temperatures)


def glass_transition(temperatures: object, volumes: object, stds: object) -> GlassTransition:
    """Fit a hyperbola to specific volume against temperature, and give the interval of its centre.

    v = a + b T + c H, H = (T - T0)/2 + sqrt((T - T0)^2/4 + w^2): straight lines on both sides that turn into each other
    over a width w; w = 0 is the bilinear fit. For each T0 the best of the widths counts (profile likelihood), so the
    interval holds the uncertainty of the width; scatter beyond the stated errors widens it.

    Parameters
    ----------
    temperatures, volumes, stds
        K; mean specific volume (1/density) and its standard error, in any one unit; shape (k,), k at least 8.

    Raises
    ------
    InvalidInputError
        For too few temperatures, or errors that are not positive.
    EvaluationError
        NOT_EQUILIBRATED where no break is resolved, or where it may lie outside the range.

    References
    ----------
    doi:10.1016/j.polymer.2016.01.074 (Patrone, Dienstfrey, Browning, Tucker and Christensen 2016)
    """
    t, v, s = _ordered(temperatures, volumes, stds)
    places = np.linspace(t[_BRANCH - 1], t[-_BRANCH], _STEPS)
    widths = np.concatenate([[0.0], np.geomspace(0.01, 0.5, _WIDTHS - 1) * np.ptp(t)])
    bend = _bend(t, places[:, None, None], widths[:, None])
    line = np.linalg.qr(np.column_stack([np.ones_like(t), t - t.mean()]) / s[:, None])[0]
    off_line = v / s - line @ (line.T @ (v / s))
    shape = bend / s
    shape = shape - (shape @ line) @ line.T
    # Least squares for the strength of the bend alone: the straight line has been projected out. A melt expands more.
    strength = np.maximum(shape @ off_line, 0.0) / np.maximum(np.sum(shape**2, axis=-1), 1e-300)
    straight = float(off_line @ off_line)
    misfit = straight - strength**2 * np.sum(shape**2, axis=-1)
    freedom = len(t) - _PARAMETERS
    best = np.unravel_index(int(np.argmin(misfit)), misfit.shape)
    least = max(float(misfit[best]), 0.0)
    scale = max(1.0, least / freedom)
    if stats.f.sf((straight - least) / 3.0 / scale, 3, freedom) > _NO_BREAK:
        raise _unresolved("The volumes do not tell a break from a straight line")
    profile = misfit.min(axis=1)
    inside = _interval(places, profile, least + scale * float(stats.t.ppf(_SIGMA, freedom)) ** 2)
    outer = _interval(places, profile, least + scale * float(stats.t.ppf(0.975, freedom)) ** 2)
    if inside[0] <= places[0] or inside[1] >= places[-1]:
        raise _unresolved(f"The break may lie outside {places[0]:.0f} to {places[-1]:.0f} K")
    place, width, bent = float(places[best[0]]), float(widths[best[1]]), float(strength[best])
    glass = np.polyfit(t - place, v - bent * bend[best], 1, w=1.0 / s)
    volume = float(glass[1]) + bent * width
    expansions = (float(glass[0]) / volume, (float(glass[0]) + bent) / volume)
    return GlassTransition(place, (inside[1] - inside[0]) / 2.0, outer, width, *expansions, len(t))


def _bend(t: Floats, place: Floats, width: Floats) -> Floats:
    x = (t - place) / 2.0
    bend: Floats = x + np.sqrt(x**2 + width**2)
    return bend


def _interval(places: Floats, profile: Floats, limit: float) -> tuple[float, float]:
    inside = np.flatnonzero(profile <= limit)
    return float(places[inside[0]]), float(places[inside[-1]])


def _ordered(temperatures: object, volumes: object, stds: object) -> tuple[Floats, Floats, Floats]:
    t, v, s = (np.asarray(column, dtype=np.float64) for column in (temperatures, volumes, stds))
    if not (t.shape == v.shape == s.shape and t.ndim == 1) or len(np.unique(t)) < _MINIMUM_TEMPERATURES:
        raise InvalidInputError(
            f"A glass transition needs volumes and errors at {_MINIMUM_TEMPERATURES} or more temperatures.",
            hint="Cool in smaller steps.",
        )
    if not (np.isfinite(t).all() and np.isfinite(v).all() and (s > 0.0).all()):
        raise InvalidInputError("Volumes must be finite and their standard errors positive.")
    order = np.argsort(t, kind="stable")
    return t[order], v[order], s[order]


def _unresolved(what: str) -> EvaluationError:
    return EvaluationError(
        FailureCode.NOT_EQUILIBRATED,
        "glass transition",
        f"{what}.",
        hint="Cool over a wider range, in smaller steps, or longer at each temperature.",
    )

"""Mean squared displacements, self-diffusion of chains, and mobility of ions, with a test that it is diffusion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import constants, fft

from polyloop.core import EvaluationError, FailureCode, InvalidInputError
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis.chains import Frames, centre_series
from polyloop.simulate.md.analysis.statistics import MINIMUM_SAMPLES, Mean
from polyloop.simulate.md.analysis.units import M2_PER_S_PER_ANGSTROM2_PER_PS

__all__ = ["Diffusion", "centre_diffusion", "diffusion", "mean_squared_displacement", "mobility", "self_diffusion"]

Floats = NDArray[np.float64]

# Lags that are fitted, as fractions of the run: later ones rest on few independent displacements.
_WINDOW = (0.05, 0.25)
# A displacement that grows as t^b is diffusive where b is 1 within this or two standard errors, and b is known at all.
_EXPONENT_TOLERANCE = 0.1
_EXPONENT_UNKNOWN = 0.25


@dataclass(frozen=True)
class Diffusion:
    """What displacements tell.

    Parameters
    ----------
    coefficient, exponent
        In m2/s, and b of the displacement's growth t^b, each with its standard error.
    reach, longest_lag
        Root mean square displacement, angstrom, in the longest time that was fitted, ps.
    """

    coefficient: Mean
    exponent: Mean
    reach: float
    longest_lag: float

    @property
    def is_diffusive(self) -> bool:
        """Whether the mean squared displacement grows linearly."""
        off = abs(self.exponent.value - 1.0)
        return self.exponent.std <= _EXPONENT_UNKNOWN and off <= max(_EXPONENT_TOLERANCE, 2.0 * self.exponent.std)

    def estimate(self, name: str, std_of: str, factor: float = 1.0) -> Estimate:
        """Return the coefficient times `factor` as an estimate of the property `name`.

        Raises
        ------
        EvaluationError
            NOT_EQUILIBRATED where it is no diffusion, with the exponent.
        """
        if not self.is_diffusive:
            raise EvaluationError(
                FailureCode.NOT_EQUILIBRATED,
                name,
                f"The mean squared displacement grows as t^({self.exponent.value:.2f} +- {self.exponent.std:.2f}): "
                "this is not diffusive, and has no diffusion coefficient.",
                hint="Run longer or hotter; below the glass transition nothing large diffuses in reach of simulation.",
            )
        return self.coefficient.estimate(name, std_of, factor)


def mean_squared_displacement(positions: Floats) -> Floats:
    """Return squared displacements along each axis, averaged over all time origins, (f, ...) -> (f, ...), angstrom2.

    By fast Fourier transform, so of order f log f.

    References
    ----------
    doi:10.1051/sfn/201112010 (Calandrini et al. 2011, section 4.2)
    """
    x = np.asarray(positions, dtype=np.float64)
    x = x - x.mean(axis=0)
    n = len(x)
    size = fft.next_fast_len(2 * n, real=True)
    products = fft.irfft(np.abs(fft.rfft(x, size, axis=0)) ** 2, size, axis=0)[:n]
    running = np.concatenate([np.zeros_like(x[:1]), np.cumsum(x**2, axis=0)])
    ends = running[n - np.arange(n)] + running[n] - running[np.arange(n)]
    counts = (n - np.arange(n)).reshape(-1, *[1] * (x.ndim - 1))
    # Rounding may leave a tiny negative number where nothing moves.
    displacement: Floats = np.maximum((ends - 2.0 * products) / counts, 0.0)
    return displacement


def diffusion(positions: Floats, times: Floats, *, tied: int = 0) -> Diffusion:
    """Return the diffusion coefficient and the exponent of the growth of the mean squared displacement.

    The slope of a line over lags of 5 to 25 % of the run. The error is a jackknife over particles and axes, which are
    independent of each other.

    Parameters
    ----------
    positions
        Unwrapped, of particles or centres of mass, without the drift of the whole, (f, m, 3), angstrom.
    times
        Equally spaced, (f,), ps.
    tied
        How many of the m follow from the others: 1 where the mean of them all was taken off.

    Raises
    ------
    InvalidInputError
        For too few frames or unequal steps of time.
    """
    step = _time_step(times, len(positions))
    lags = np.arange(max(1, round(_WINDOW[0] * len(times))), round(_WINDOW[1] * len(times)) + 1)
    curves = mean_squared_displacement(positions)[lags].reshape(len(lags), -1)
    count = curves.shape[1]
    free = count - 3 * tied
    if free < 1 or not (curves.sum(axis=1) > 0.0).all():
        raise InvalidInputError("Nothing moves in these frames.")
    total = curves.sum(axis=1, keepdims=True)
    left_out = np.concatenate([total / count, (total - curves) / max(count - 1, 1)], axis=1)
    lag_times: Floats = lags * np.float64(step)
    slope = _slopes(lag_times, left_out) / 2.0 * M2_PER_S_PER_ANGSTROM2_PER_PS
    # Left out one by one a set that never moved would leave nothing to take the logarithm of.
    exponent = _slopes(np.log(lag_times), np.log(np.maximum(left_out, 1e-300)))
    both = [Mean(float(y[0]), _jackknife(y[1:]) * np.sqrt(count / free), float(free)) for y in (slope, exponent)]
    # Three axes make one displacement in space.
    return Diffusion(both[0], both[1], float(np.sqrt(3.0 * left_out[-1, 0])), float(lag_times[-1]))


def centre_diffusion(frames: Frames, masses: Floats, molecule: NDArray[np.int64], times: Floats) -> Diffusion:
    """Return how the molecules' centres of mass diffuse, relative to the centre of mass of all atoms.

    Molecule -1 marks atoms that belong to no chain.
    """
    whole = centre_series(frames, masses, np.zeros(len(masses), dtype=np.int64))
    return diffusion(centre_series(frames, masses, molecule) - whole, times, tied=1)


def self_diffusion(found: Diffusion) -> Estimate:
    """Return the self-diffusion coefficient in m2/s of what `centre_diffusion` found.

    Raises
    ------
    EvaluationError
        NOT_EQUILIBRATED where the motion is not diffusive.
    """
    return found.estimate("self_diffusion", "molecules and axes")


def mobility(name: str, positions: Floats, times: Floats, *, charge: float, temperature: float) -> Estimate:
    """Return an electric mobility in m2/(V s) by the Nernst-Einstein relation u = |q| D / (k T).

    Parameters
    ----------
    name
        The property, `sodium_mobility` or `chloride_mobility`.
    positions
        Of the ions relative to the polymer's centre of mass, unwrapped, (f, ions, 3), angstrom.
    charge
        In elementary charges.

    Raises
    ------
    EvaluationError
        NOT_EQUILIBRATED where the motion is not diffusive.

    References
    ----------
    doi:10.1002/andp.19053220806 (Einstein 1905)
    """
    factor = abs(charge) * constants.elementary_charge / (constants.Boltzmann * temperature)
    return diffusion(positions, times).estimate(name, "ions and axes, Nernst-Einstein", factor)


def _time_step(times: Floats, frames: int) -> float:
    steps = np.diff(times)
    if frames != len(times) or frames < 4 * MINIMUM_SAMPLES:
        raise InvalidInputError(
            f"Displacements need at least {4 * MINIMUM_SAMPLES} frames with a time each; there are {frames} frames and "
            f"{len(times)} times.",
            hint="Keep frames more often or run longer.",
        )
    if not (steps[0] > 0.0 and np.allclose(steps, steps[0], rtol=1e-3)):
        raise InvalidInputError("Frames must be equally spaced in time.", hint="Analyse one stage at a time.")
    return float(steps.mean())


def _slopes(x: Floats, y: Floats) -> Floats:
    centred = x - x.mean()
    slopes: Floats = centred @ y / (centred @ centred)
    return slopes


def _jackknife(left_out: Floats) -> float:
    count = len(left_out)
    return float(np.sqrt((count - 1) * np.var(left_out)))

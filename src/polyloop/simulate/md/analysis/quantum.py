"""Quantum correction of heat capacities: the vibrational density of states, weighted as harmonic oscillators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import constants, fft

from polyloop.core import InvalidInputError
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis.chains import Frames
from polyloop.simulate.md.analysis.statistics import Mean
from polyloop.simulate.md.analysis.units import (
    BOLTZMANN,
    JOULE_PER_KG_PER_KCAL_PER_G,
    WAVENUMBER_PER_INVERSE_PS,
)

__all__ = [
    "VibrationalSpectrum",
    "harmonic_weight",
    "quantum_correction",
    "quantum_heat_capacities",
    "vibrational_spectrum",
]

Floats = NDArray[np.float64]

# ps. Longer steps fold the stretching of bonds to hydrogen (3,000 to 3,700 1/cm) back into the spectrum.
LONGEST_INTERVAL = 0.004
_CHUNK = 8_000_000


@dataclass(frozen=True, eq=False)
class VibrationalSpectrum:
    """Density of states of each segment of time, (s, k), each summing to 1, at `wavenumbers` in 1/cm, (k,)."""

    wavenumbers: Floats
    density: Floats


def vibrational_spectrum(frames: Frames, interval: float, masses: Floats, segments: int = 8) -> VibrationalSpectrum:
    """Return the mass-weighted power spectrum of the velocities, from positions at short intervals.

    Velocities are differences of neighbouring frames; what that takes from high frequencies, sinc^2, is divided out.
    By equipartition each mode then weighs the same. Segments overlap by half and carry Hann windows (Welch).

    Parameters
    ----------
    frames
        (f, n, 3), angstrom, unwrapped, of a run with the atoms' own masses: repartitioned hydrogen shifts the modes.
    interval
        Between frames, in ps, at most 0.004.
    masses
        (n,), g/mol.

    Raises
    ------
    InvalidInputError
        For an interval that is too long or too few frames.

    References
    ----------
    doi:10.1063/1.1624057 (Lin, Blanco and Goddard 2003); doi:10.1109/TAU.1967.1161901 (Welch 1967)
    """
    if not 0.0 < interval <= LONGEST_INTERVAL:
        raise InvalidInputError(
            f"Frames {interval * 1e3:g} fs apart miss the fastest vibrations.",
            hint=f"Keep a frame every {LONGEST_INTERVAL * 1e3:g} fs or less.",
        )
    length = 2 * (len(frames) - 1) // (segments + 1)
    if length < 64:
        raise InvalidInputError(
            f"{len(frames)} frames are too few for {segments} segments of 64 or more.", hint="Keep more frames."
        )
    window = np.hanning(length + 1)[:-1]
    starts = np.arange(segments) * (length // 2)
    power = np.zeros((segments, length // 2 + 1))
    step = max(1, _CHUNK // (3 * len(frames)))
    for first in range(0, len(masses), step):
        atoms = slice(first, first + step)
        velocity = np.diff(frames[:, atoms].astype(np.float64), axis=0)
        weights = np.repeat(masses[atoms], 3)
        for row, start in enumerate(starts):
            piece = velocity[start : start + length].reshape(length, -1) * window[:, None]
            power[row] += np.abs(fft.rfft(piece, axis=0)) ** 2 @ weights
    frequency = fft.rfftfreq(length, interval)
    power /= np.sinc(frequency * interval) ** 2
    return VibrationalSpectrum(
        frequency * WAVENUMBER_PER_INVERSE_PS, power / power.sum(axis=1, keepdims=True)
    )  # fmt: skip


def harmonic_weight(wavenumbers: Floats, temperature: float) -> Floats:
    """Return the heat capacity of a quantum harmonic oscillator over the classical k: u^2 e^u / (e^u - 1)^2.

    u = h c nu / (k T), of wavenumbers nu in 1/cm.
    """
    half = np.asarray(wavenumbers) * 100.0 * constants.h * constants.c / (2.0 * constants.k * temperature)
    ratio: Floats = np.square(np.divide(half, np.sinh(np.minimum(half, 300.0)), out=np.ones_like(half), where=half > 0))
    return ratio


def quantum_correction(spectrum: VibrationalSpectrum, temperature: float, freedom: int, mass: float) -> Mean:
    """Return what quantum statistics adds to a classical heat capacity, in J/(kg K); it is negative.

    f k (<weight> - 1) / m, averaged over the density of states (one-phase thermodynamics, 1PT): every degree of freedom
    counts as a harmonic oscillator, also the few that are not (at zero frequency the weight is 1, so free motion stays
    classical). Rigid bonds to hydrogen are not among the f degrees of freedom, and need no correction: at 300 K their
    stretching adds less than a thousandth of k each. The error is that over segments of time, and not that of the
    harmonic picture.

    Parameters
    ----------
    freedom
        See `degrees_of_freedom`.
    mass
        Of the whole cell, g/mol.

    References
    ----------
    doi:10.1063/1.446044 (Berens et al. 1983); doi:10.1063/1.1624057
    """
    deficit = spectrum.density @ (harmonic_weight(spectrum.wavenumbers, temperature) - 1.0)
    values = freedom * BOLTZMANN * deficit / mass * JOULE_PER_KG_PER_KCAL_PER_G
    count = len(values)
    # Segments that overlap by half under Hann windows scatter almost as independent ones.
    std = float(values.std(ddof=1) / np.sqrt(count)) if count > 1 else float("inf")
    return Mean(float(values.mean()), std, float(count))


def quantum_heat_capacities(classical: Mapping[str, Estimate], correction: Mean) -> dict[str, Estimate]:
    """Return `heat_capacity_cp` and `heat_capacity_cv`: the classical ones of `fluctuation_properties` corrected."""
    found = {}
    for name in ("heat_capacity_cp", "heat_capacity_cv"):
        from_fluctuations = classical[f"classical_{name}"]
        std = float(np.hypot(from_fluctuations.std or 0.0, correction.std))
        std_of = f"{from_fluctuations.std_of}; harmonic quantum correction (1PT) over segments"
        found[name] = Estimate(name, from_fluctuations.value + correction.value, std, std_of, from_fluctuations.n)
    return found

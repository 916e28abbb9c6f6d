"""Rigid rotor and harmonic oscillator: partition function, thermal free energy and rotational constants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from polyloop.chem import Geometry
from polyloop.core.constants import BOHR, HARTREE_IN_KJ_PER_MOL

__all__ = ["LOWEST_WAVENUMBER", "Thermochemistry", "rotational_constants", "thermochemistry"]

LOWEST_WAVENUMBER = 50.0
"""cm-1. Softer modes, and imaginary ones of the force-free minimum's noise, count as this one: they are hindered
rotations, of which a harmonic oscillator makes too much."""

# SI, exact or CODATA 2018 (doi:10.1103/RevModPhys.93.025010).
_PLANCK, _BOLTZMANN, _LIGHT = 6.62607015e-34, 1.380649e-23, 2.99792458e10  # J s, J/K, cm/s
_AMU, _ELECTRON = 1.66053906660e-27, 9.1093837015e-31  # kg
_AVOGADRO = 6.02214076e23
_HARTREE_IN_JOULE = HARTREE_IN_KJ_PER_MOL * 1e3 / _AVOGADRO
_PASCAL = 101325.0
_LINEAR = 1e-3  # amu angstrom2: a smaller moment of inertia is none

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Thermochemistry:
    """What follows from a minimum and its Hessian.

    Parameters
    ----------
    log_partition_function
        Decimal logarithm of the molecular partition function, from the lowest vibrational state.
    free_energy
        What is to be added to the electronic energy: zero-point energy and -R T ln Q, hartree.
    wavenumbers
        Of the vibrations in cm-1, imaginary ones negative, ascending, as they were before the soft ones were raised.
    """

    log_partition_function: float
    free_energy: float
    wavenumbers: Floats


def thermochemistry(geometry: Geometry, hessian: Floats, temperature: float = 298.15) -> Thermochemistry:
    """Return partition function and free energy of an ideal gas at 1 atm, with a symmetry number of 1.

    Parameters
    ----------
    hessian
        Second derivatives in hartree/bohr2, shape (3 n, 3 n).
    temperature
        In K.

    References
    ----------
    McQuarrie, Statistical Mechanics, ISBN 978-1-891389-15-3, chapters 5 to 8
    """
    masses = _masses(geometry)
    thermal = _BOLTZMANN * temperature
    wave = (2.0 * np.pi * masses.sum() * _AMU * thermal) ** 1.5 / _PLANCK**3
    log_q = np.log(wave * thermal / _PASCAL)
    moments = _moments(geometry) * _AMU * 1e-20
    rotors = moments[moments > _LINEAR * _AMU * 1e-20]
    temperatures = _PLANCK**2 / (8.0 * np.pi**2 * rotors * _BOLTZMANN)
    if len(rotors) == 3:
        log_q += 0.5 * np.log(np.pi) + 1.5 * np.log(temperature) - 0.5 * np.log(temperatures).sum()
    elif len(rotors) == 2:
        log_q += np.log(temperature / temperatures[0])
    wavenumbers = _wavenumbers(geometry, hessian, 3 + len(rotors))
    quanta = _PLANCK * _LIGHT * np.maximum(wavenumbers, LOWEST_WAVENUMBER)
    log_q -= np.log1p(-np.exp(-quanta / thermal)).sum()
    zero_point = 0.5 * quanta.sum()
    return Thermochemistry(
        float(log_q / np.log(10.0)), float((zero_point - thermal * log_q) / _HARTREE_IN_JOULE), wavenumbers
    )


def rotational_constants(geometry: Geometry) -> Floats:
    """Return the rotational constants in GHz, largest first; those about the axis of a linear molecule are left out."""
    moments = _moments(geometry)
    finite = moments[moments > _LINEAR] * _AMU * 1e-20
    return np.sort(_PLANCK / (8.0 * np.pi**2 * finite) / 1e9)[::-1]


def _masses(geometry: Geometry) -> Floats:
    table = Chem.GetPeriodicTable()
    return np.array([table.GetMostCommonIsotopeMass(symbol) for symbol in geometry.symbols])


def _moments(geometry: Geometry) -> Floats:
    """Principal moments of inertia in amu angstrom2, shape (3,), ascending."""
    masses = _masses(geometry)
    centred = geometry.coordinates - masses @ geometry.coordinates / masses.sum()
    spread = (masses[:, None] * centred).T @ centred
    return np.asarray(np.linalg.eigvalsh(np.trace(spread) * np.eye(3) - spread))


def _wavenumbers(geometry: Geometry, hessian: Floats, external: int) -> Floats:
    """Wavenumbers of the vibrations in cm-1, after translations and rotations are projected out."""
    masses = _masses(geometry)
    roots = np.repeat(np.sqrt(masses), 3)
    centred = geometry.coordinates - masses @ geometry.coordinates / masses.sum()
    shifts = [np.tile(axis, len(masses)) for axis in np.eye(3)]
    turns = [np.cross(axis, centred).ravel() for axis in np.eye(3)]
    moved = np.array([roots * direction for direction in (*shifts, *turns)])
    _, _, directions = np.linalg.svd(moved, full_matrices=False)
    outer = directions[:external]
    project = np.eye(len(roots)) - outer.T @ outer
    weighted = project @ (hessian / np.outer(roots, roots)) @ project
    values = np.linalg.eigvalsh(weighted)
    # The projected directions have the value 0; of all values the vibrations' are the others.
    kept = np.delete(values, np.argsort(np.abs(values))[:external])
    to_si = _HARTREE_IN_JOULE / (BOHR * 1e-10) ** 2 / _AMU
    return np.asarray(np.sign(kept) * np.sqrt(np.abs(kept) * to_si) / (2.0 * np.pi * _LIGHT))

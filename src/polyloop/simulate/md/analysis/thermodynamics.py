"""Density, heat capacities, compressibilities and expansion from constant-pressure samples and temperature series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.topology import Topology
from polyloop.core import InvalidInputError
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis.statistics import (
    as_series,
    covariance_of_means,
    function_of_means,
    mean_with_error,
)
from polyloop.simulate.md.analysis.units import (
    ATM_ANGSTROM3,
    BOLTZMANN,
    GPA_PER_ENERGY_DENSITY,
    JOULE_PER_KG_PER_KCAL_PER_G,
)

__all__ = [
    "FLUCTUATION_PROPERTIES",
    "degrees_of_freedom",
    "density",
    "expansion_from_temperatures",
    "fluctuation_properties",
    "heat_capacity_from_temperatures",
]

Floats = NDArray[np.float64]

# What turns kcal/mol, angstrom and g/mol into each property's unit.
_FACTORS = {
    "classical_heat_capacity_cp": JOULE_PER_KG_PER_KCAL_PER_G,
    "classical_heat_capacity_cv": JOULE_PER_KG_PER_KCAL_PER_G,
    "volume_expansion": 1.0,
    "linear_expansion": 1.0,
    "isothermal_compressibility": 1.0 / GPA_PER_ENERGY_DENSITY,
    "bulk_modulus": GPA_PER_ENERGY_DENSITY,
    "isentropic_compressibility": 1.0 / GPA_PER_ENERGY_DENSITY,
    "isentropic_bulk_modulus": GPA_PER_ENERGY_DENSITY,
}
FLUCTUATION_PROPERTIES = tuple(_FACTORS)
_SERIES = "time, with its correlation counted"


def degrees_of_freedom(topology: Topology, constrain_hydrogens: bool) -> int:
    """Return how many degrees of freedom move: 3 n, less rigid bonds to hydrogen, less 3 for the centre of mass."""
    rigid = int((topology.numbers[topology.bonds] == 1).any(axis=1).sum()) if constrain_hydrogens else 0
    return 3 * topology.n_atoms - rigid - 3


def density(samples: object) -> Estimate:
    """Return the mean density of a series in g/cm3, shape (n,), taken in equilibrium at constant pressure."""
    return mean_with_error(as_series(samples, "The density")).estimate("density", _SERIES)


def fluctuation_properties(
    volume: object, potential_energy: object, *, temperature: float, pressure: float, mass: float, freedom: int
) -> dict[str, Estimate]:
    """Return what the fluctuations of volume V and enthalpy at constant temperature and pressure tell.

    With U the potential energy, W = U + P V, f degrees of freedom and total mass m:

    - c_p = (f k / 2 + var(W) / (k T^2)) / m, and volume expansion alpha = cov(V, W) / (V k T^2); linear alpha / 3
    - isothermal compressibility beta = var(V) / (V k T), bulk modulus 1 / beta
    - c_v = c_p - T V alpha^2 / (beta m); isentropic compressibility beta c_v / c_p, and its inverse

    The kinetic energy enters by its exact value f k T / 2, so its noise and an integrator's error do not. Classical
    mechanics throughout: see `quantum_correction` for what that does to heat capacities. Variances are lifted by the
    variance of the means, as their expectation over a short correlated series demands.

    Parameters
    ----------
    volume, potential_energy
        In angstrom3 and kcal/mol of the whole cell, shape (n,), in equilibrium.
    temperature, pressure
        Those of the thermostat and barostat, K and atm.
    mass
        Of the whole cell, g/mol.
    freedom
        See `degrees_of_freedom`.

    Returns
    -------
    dict
        One estimate for each of `FLUCTUATION_PROPERTIES`.

    Raises
    ------
    InvalidInputError
        For too few samples, numbers that are not finite, or a volume that does not change.

    References
    ----------
    Allen and Tildesley, Computer Simulation of Liquids, 2nd ed., section 2.5, doi:10.1093/oso/9780198803195.001.0001
    """
    v = as_series(volume, "The volume")
    u = as_series(potential_energy, "The potential energy")
    if len(u) != len(v):
        raise InvalidInputError(f"{len(v)} volumes and {len(u)} energies are not of one run.")
    if np.ptp(v) == 0.0:
        raise InvalidInputError("The volume does not change.", hint="Sample at constant pressure.")
    pair = np.stack([v, u + pressure * ATM_ANGSTROM3 * v])
    deviation = pair - pair.mean(axis=1, keepdims=True)
    products = np.stack([deviation[0] ** 2, deviation[1] ** 2, deviation[0] * deviation[1]])
    of_means = covariance_of_means(pair)
    moments = products.mean(axis=1) + of_means[[0, 1, 0], [0, 1, 1]]
    influence = np.concatenate([deviation[:1], products - products.mean(axis=1, keepdims=True)])
    thermal = BOLTZMANN * temperature

    def derived(averages: Floats) -> Floats:
        mean_volume, var_v, var_w, covariance = averages
        expansion = covariance / (mean_volume * thermal * temperature)
        compressibility = var_v / (mean_volume * thermal)
        cp = (freedom * BOLTZMANN / 2.0 + var_w / (thermal * temperature)) / mass
        cv = cp - temperature * mean_volume * expansion**2 / (compressibility * mass)
        isentropic = compressibility * cv / cp
        return np.array([cp, cv, expansion, expansion / 3.0, compressibility, 1.0 / compressibility,
                         isentropic, 1.0 / isentropic])  # fmt: skip

    found = function_of_means(derived, np.array([v.mean(), *moments]), influence)
    return {
        name: mean.estimate(name, _SERIES, factor) for (name, factor), mean in zip(_FACTORS.items(), found, strict=True)
    }


def expansion_from_temperatures(temperatures: object, volumes: object, stds: object, at: float) -> dict[str, Estimate]:
    """Return volume and linear expansion at `at` K from mean volumes along a series of temperatures.

    Parameters
    ----------
    temperatures
        K, shape (k,), on one side of the glass transition.
    volumes, stds
        Mean volumes, or specific volumes, and their standard errors in any one unit, shape (k,).

    References
    ----------
    alpha = (1/V) dV/dT, doi:10.1351/goldbook.C01096
    """
    slope, slope_std, volume, count = _slope(temperatures, volumes, stds, at)
    found = Estimate("volume_expansion", slope / volume, slope_std / volume, "mean volumes of the temperatures", count)
    third = replace(found, property="linear_expansion", value=found.value / 3.0, std=slope_std / volume / 3.0)
    return {found.property: found, third.property: third}


def heat_capacity_from_temperatures(
    temperatures: object, enthalpies: object, stds: object, at: float, mass: float
) -> Estimate:
    """Return the classical c_p at `at` K from mean total enthalpies (kcal/mol of the cell) along temperatures.

    `mass` in g/mol of the cell. The enthalpies hold kinetic energy; where hydrogens were rigid, so is this c_p.
    """
    slope, slope_std, _, count = _slope(temperatures, enthalpies, stds, at)
    factor = JOULE_PER_KG_PER_KCAL_PER_G / mass
    name = "classical_heat_capacity_cp"
    return Estimate(name, slope * factor, slope_std * factor, "mean enthalpies of the temperatures", count)


def _slope(temperatures: object, values: object, stds: object, at: float) -> tuple[float, float, float, int]:
    """Slope, its standard error, value at `at`, and number of temperatures, of a weighted line or parabola."""
    columns: Mapping[str, Floats] = {
        name: np.asarray(column, dtype=np.float64)
        for name, column in (("temperatures", temperatures), ("values", values), ("standard errors", stds))
    }
    t, y, s = columns.values()
    if not (t.shape == y.shape == s.shape and t.ndim == 1 and len(np.unique(t)) >= 3):
        raise InvalidInputError("A slope with an error needs at least three temperatures, a value and error for each.")
    if not (s > 0.0).all() or not all(np.isfinite(column).all() for column in columns.values()):
        raise InvalidInputError("Values must be finite and their standard errors positive.")
    if not t.min() <= at <= t.max():
        raise InvalidInputError(f"{at:g} K is outside the temperatures {t.min():g} to {t.max():g} K.")
    scale = np.ptp(t)
    degree = 2 if len(t) >= 5 else 1
    design = np.vander((t - at) / scale, degree + 1, increasing=True) / s[:, None]
    coefficients = np.linalg.lstsq(design, y / s, rcond=None)[0]
    residual = float(np.sum((y / s - design @ coefficients) ** 2)) / (len(t) - degree - 1)
    # Scatter beyond the stated errors (a glass that relaxes from run to run) widens the error; less than it does not.
    covariance = np.linalg.inv(design.T @ design) * max(1.0, residual)
    return float(coefficients[1] / scale), float(np.sqrt(covariance[1, 1]) / scale), float(coefficients[0]), len(t)

"""Fluctuation formulas against the ideal gas, the harmonic crystal and Gaussian fluctuations of known size."""

import numpy as np
import pytest

from polyloop.core import PROPERTIES, InvalidInputError
from polyloop.simulate.md.analysis.thermodynamics import (
    FLUCTUATION_PROPERTIES,
    density,
    expansion_from_temperatures,
    fluctuation_properties,
    heat_capacity_from_temperatures,
)
from polyloop.simulate.md.analysis.units import ATM_ANGSTROM3, BOLTZMANN, GPA_PER_ENERGY_DENSITY
from tests.simulate.md.synthetic import correlated, coverage

GAS_CONSTANT = 8.314462618  # J/(mol K)


def test_density_is_the_mean_with_its_correlated_error():
    rng = np.random.default_rng(1)
    found = [density(1.05 + 0.01 * correlated(rng, (1000,), 0.9)) for _ in range(300)]
    assert 0.58 < coverage([f.value for f in found], [f.std for f in found], 1.05) < 0.75  # 300 runs scatter by 0.027
    assert found[0].property == "density"
    assert 20 < np.median([f.n for f in found]) < 90  # 1000 / 19 = 53


def test_the_ideal_gas():
    """N free atoms at constant pressure: V is gamma distributed with shape N + 1, and there is no potential energy."""
    n, temperature, pressure = 200, 300.0, 1.0
    volumes = np.random.default_rng(2).gamma(n + 1, BOLTZMANN * temperature / (pressure * ATM_ANGSTROM3), 200_000)
    found = fluctuation_properties(
        volumes, np.zeros_like(volumes), temperature=temperature, pressure=pressure, mass=n * 39.948, freedom=3 * n
    )
    per_kg = GAS_CONSTANT / 39.948e-3
    assert found["classical_heat_capacity_cp"].value == pytest.approx(2.5 * per_kg, rel=0.01)  # 5/2 R
    assert found["classical_heat_capacity_cv"].value == pytest.approx(1.5 * per_kg, rel=0.01)  # 3/2 R
    assert found["volume_expansion"].value == pytest.approx(1 / temperature, rel=0.01)
    assert found["bulk_modulus"].value == pytest.approx(101325e-9, rel=0.01)  # the pressure
    assert found["isentropic_bulk_modulus"].value == pytest.approx(5 / 3 * 101325e-9, rel=0.015)
    assert found["linear_expansion"].value == pytest.approx(found["volume_expansion"].value / 3)


VOLUME, MASS, FREEDOM, TEMPERATURE = 20_000.0, 12_000.0, 4_000, 300.0
THERMAL = BOLTZMANN * TEMPERATURE


def glass(rng, n, phi, modulus=3.0, expansion=3e-4, configurational=1500.0):
    """Correlated Gaussian fluctuations of volume and energy with given K (GPa), alpha (1/K), part of c_p (J/(kg K))."""
    var_v = VOLUME * THERMAL / (modulus / GPA_PER_ENERGY_DENSITY)
    var_w = configurational * MASS / 4.184e6 * THERMAL * TEMPERATURE
    both = expansion * VOLUME * THERMAL * TEMPERATURE
    v, w = np.linalg.cholesky([[var_v, both], [both, var_w]]) @ correlated(rng, (2, n), phi)
    return VOLUME + v, w - ATM_ANGSTROM3 * (VOLUME + v)


def of(volume, energy):
    return fluctuation_properties(
        volume, energy, temperature=TEMPERATURE, pressure=1.0, mass=MASS, freedom=FREEDOM
    )  # fmt: skip


def test_every_fluctuation_property_and_its_error_bar():
    rng = np.random.default_rng(3)
    runs = [of(*glass(rng, 2000, 0.9)) for _ in range(250)]
    cp = 1500.0 + FREEDOM / 2 * GAS_CONSTANT / (MASS * 1e-3)
    cv = cp - TEMPERATURE * VOLUME * 1e-30 * 6.02214076e23 * 3e-4**2 * 3e9 / (MASS * 1e-3)  # T V alpha^2 K / m
    truth = dict(
        zip(FLUCTUATION_PROPERTIES, (cp, cv, 3e-4, 1e-4, 1 / 3, 3.0, cv / cp / 3, 3 * cp / cv), strict=True)
    )  # fmt: skip
    for name, true in truth.items():
        values, stds = (np.array([getattr(run[name], part) for run in runs]) for part in ("value", "std"))
        bias = abs(values.mean() - true)
        assert bias < 0.01 * true + 3 * values.std() / np.sqrt(len(runs)), name
        assert stds.mean() == pytest.approx(values.std(), rel=0.15), name
        assert 0.60 < coverage(values, stds, true) < 0.76, name


def test_short_runs_do_not_bend_the_variances_downwards():
    rng = np.random.default_rng(4)
    runs = [of(*glass(rng, 400, 0.9))["isothermal_compressibility"].value for _ in range(400)]
    # Twenty effective samples: the plain variance would be 5 % too small.
    assert np.mean(runs) == pytest.approx(1 / 3, rel=0.03)


def test_every_estimate_names_a_row_of_the_table_inside_its_range():
    for name, estimate in of(*glass(np.random.default_rng(5), 5000, 0.5)).items():
        assert estimate.property == name
        assert PROPERTIES[name].is_plausible(estimate.value), name


@pytest.mark.parametrize(
    ("volume", "energy", "message"),
    [
        (np.full(100, 5.0), np.zeros(100), "constant pressure"),
        (np.arange(100.0), np.zeros(99), "not of one run"),
        (np.arange(5.0), np.zeros(5), "at least 10"),
    ],
)
def test_samples_without_fluctuations_are_refused(volume, energy, message):
    with pytest.raises(InvalidInputError, match=message):
        of(volume, energy)


def test_expansion_from_a_temperature_series():
    rng = np.random.default_rng(6)
    temperatures = np.array([260.0, 280.0, 300.0, 320.0, 340.0])
    volumes = np.exp(4e-4 * (temperatures - 300.0))
    stds = np.full(5, 1e-4)
    found = [expansion_from_temperatures(temperatures, volumes + rng.normal(0, stds), stds, 300.0) for _ in range(300)]
    values, errors = zip(*[(f["volume_expansion"].value, f["volume_expansion"].std) for f in found], strict=True)
    assert np.mean(values) == pytest.approx(4e-4, rel=0.01)
    assert 0.64 < coverage(values, errors, 4e-4) < 0.85  # scatter can only widen the error
    assert found[0]["linear_expansion"].value == pytest.approx(values[0] / 3)


def test_the_error_of_a_slope_grows_where_runs_scatter_more_than_they_say():
    t, s = np.array([280.0, 290.0, 300.0, 310.0]), np.full(4, 1e-5)
    smooth = expansion_from_temperatures(t, 1 + 3e-4 * (t - 300), s, 300.0)["volume_expansion"]
    rough = expansion_from_temperatures(t, 1 + 3e-4 * (t - 300) + [2e-3, -2e-3, 2e-3, -2e-3], s, 300.0)
    assert rough["volume_expansion"].std > 50 * smooth.std


def test_heat_capacity_from_a_temperature_series():
    t = np.array([290.0, 300.0, 310.0])
    found = heat_capacity_from_temperatures(t, 3000 * 12.0 * (t - 300) / 4184, np.full(3, 0.5), 300.0, mass=12_000.0)
    assert found.value == pytest.approx(3000.0)  # 12 g/mmol: 3000 J/(kg K) is 36 kJ/(mol K) of the cell


@pytest.mark.parametrize(
    ("temperatures", "stds", "at", "message"),
    [
        ([300.0, 310.0], [1.0, 1.0], 300.0, "at least three"),
        ([290.0, 300.0, 310.0], [1.0, 0.0, 1.0], 300.0, "positive"),
        ([290.0, 300.0, 310.0], [1.0, 1.0, 1.0], 400.0, "outside"),
    ],
)
def test_slopes_without_a_basis_are_refused(temperatures, stds, at, message):
    with pytest.raises(InvalidInputError, match=message):
        expansion_from_temperatures(temperatures, np.ones(len(temperatures)), stds, at)

"""Elastic constants of stress-strain curves with known slope, and cohesion of a known liquid."""

import numpy as np
import pytest

from polyloop.core import InvalidInputError
from polyloop.simulate.md.analysis.cohesion import cohesive_energy_density, solubility_parameter
from polyloop.simulate.md.analysis.mechanics import initial_slope, poisson_ratio, young_modulus
from polyloop.simulate.md.analysis.statistics import Mean
from polyloop.simulate.md.analysis.units import GPA_PER_ENERGY_DENSITY
from tests.simulate.md.synthetic import correlated, coverage

STRAIN = np.linspace(0.0, 0.02, 800)


def test_the_modulus_of_a_noisy_line_and_its_error():
    rng = np.random.default_rng(1)
    found = [young_modulus(STRAIN, 0.01 + 3.0 * STRAIN + 0.03 * correlated(rng, (800,), 0.8)) for _ in range(300)]
    values, stds = np.array([f.value for f in found]), np.array([f.std for f in found])
    assert values.mean() == pytest.approx(3.0, rel=0.03)
    # One run in twenty takes noise for curvature and pays for it with a parabola's wider error.
    assert 0.60 < coverage(values, stds, 3.0) < 0.78


def test_a_curve_that_bends_gives_its_slope_at_zero():
    slope = initial_slope(STRAIN, 3.0 * STRAIN - 60.0 * STRAIN**2 + 1e-6 * np.sin(1e6 * STRAIN), 0.02)
    assert slope.curved
    assert slope.value == pytest.approx(3.0, rel=1e-3)


def test_strains_beyond_the_limit_do_not_count():
    strain = np.linspace(0.0, 0.1, 1000)
    stress = np.where(strain < 0.03, 2.0 * strain, 0.06)
    assert young_modulus(strain, stress).value == pytest.approx(2.0)


def test_poissons_ratio_is_the_mean_of_both_sides():
    rng = np.random.default_rng(2)
    lateral = -STRAIN[:, None] * [0.30, 0.38] + 1e-4 * rng.standard_normal((800, 2))
    found = poisson_ratio(STRAIN, lateral)
    assert found.value == pytest.approx(0.34, abs=4 * found.std)
    assert found.std < 0.01


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: young_modulus(STRAIN + 1.0, STRAIN), "0 samples of changing strain"),
        (lambda: young_modulus(np.zeros(50), np.arange(50.0)), "changing strain"),
        (lambda: young_modulus(STRAIN, STRAIN[:-1]), "not of one run"),
        (lambda: poisson_ratio(STRAIN, STRAIN), "shape"),
        (lambda: cohesive_energy_density(STRAIN, STRAIN, []), "there are none"),
        (lambda: solubility_parameter(cohesive_energy_density(np.ones(20), np.ones(20), [Mean(0.5, 0.1, 9)])), "root"),
    ],
)
def test_what_has_no_slope_or_cohesion_is_refused(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()


def test_cohesion_of_hexane():
    # 298 K: enthalpy of vaporization 31.56 kJ/mol, 131.6 cm3/mol; delta 14.9 MPa^0.5 (CRC Handbook, Barton).
    molecules, vaporization = 50, (31.56 - 2.48) / 4.184
    rng = np.random.default_rng(3)
    volume = molecules * 131.6 / 0.602214076 * (1 + 0.005 * correlated(rng, (500,), 0.5))
    energy = molecules * (20.0 - vaporization) + 5.0 * correlated(rng, (500,), 0.5)
    cohesion = cohesive_energy_density(energy, volume, [Mean(20.0, 0.1, 100)] * molecules)
    delta = solubility_parameter(cohesion)
    assert delta.value == pytest.approx(14.9, abs=0.1)
    assert delta.std == pytest.approx(cohesion.std / (2 * delta.value))
    alone = 0.1 * np.sqrt(molecules) / volume.mean() * GPA_PER_ENERGY_DENSITY * 1e3
    assert cohesion.std > alone

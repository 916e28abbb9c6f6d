"""The Lorentz-Lorenz equation, and errors propagated through it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyloop.core import EvaluationError, FailureCode
from polyloop.simulate.optics.lorentz_lorenz import OpticalInputs, molar_refraction, propagated_std, refractive_index


def benzene() -> OpticalInputs:
    return OpticalInputs(np.array([10.0, 10.33, 10.39, 10.57]), 0.8765, 78.11)


def test_benzene_comes_out_as_measured():
    # n_D 1.5011, 0.8765 g/cm3 at 20 C (CRC Handbook), hence R = 0.29467 * 78.11 / 0.8765 = 26.260 cm3/mol, and
    # alpha_D = 26.260 / 2.52250 = 10.410 angstrom3.
    assert refractive_index(10.410, 0.8765, 78.11) == pytest.approx(1.5011, abs=2e-4)
    assert molar_refraction(10.410) == pytest.approx(26.260, abs=0.002)


@given(n=st.floats(1.05, 2.5), density=st.floats(0.5, 4.0), mass=st.floats(10.0, 500.0))
def test_it_inverts_the_equation(n, density, mass):
    alpha = (n**2 - 1) / (n**2 + 2) * mass / density / molar_refraction(1.0)
    assert refractive_index(alpha, density, mass) == pytest.approx(n, rel=1e-9)


@pytest.mark.parametrize("alpha", [0.0, -3.0, 1e4])
def test_what_no_index_can_explain_is_a_density_failure(alpha):
    with pytest.raises(EvaluationError, match="outside 0 to 1") as caught:
        refractive_index(alpha, 1.0, 100.0)
    assert caught.value.failure.code is FailureCode.DENSITY


def test_propagation_agrees_with_sampling():
    level, dispersion, density = 0.01, 0.05, 0.02
    expected = propagated_std(benzene(), level, dispersion, density)
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(4000, 3)) * [level, dispersion, density]
    sampled = np.std([benzene().varied(*draw).constants() for draw in draws], axis=0)
    # 4,000 draws give a standard deviation to 1/sqrt(8000), 1.1 %; the fourth moment of V widens that.
    assert expected == pytest.approx(sampled, rel=0.06)


def test_the_density_moves_the_index_and_hardly_the_abbe_number():
    std = propagated_std(benzene(), 0.0, 0.0, 0.02)
    constants = benzene().constants()
    assert std[1] / (constants[1] - 1.0) > 0.02
    assert std[3] / constants[3] < 0.006


def test_the_dispersion_moves_the_abbe_number_and_hardly_the_index():
    std = propagated_std(benzene(), 0.0, 0.05, 0.0)
    constants = benzene().constants()
    assert std[3] / constants[3] == pytest.approx(0.05, rel=0.15)
    assert std[1] < 0.002

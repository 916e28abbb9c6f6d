"""Permittivity from dipole fluctuations of known size."""

import numpy as np
import pytest
from scipy import constants

from polyloop.core import InvalidInputError
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis.dielectric import dielectric_constant, dipole_series, static_dielectric_constant
from tests.simulate.md.synthetic import correlated, coverage


def test_the_formula_in_si_units_and_its_error():
    rng = np.random.default_rng(1)
    variance, volume, temperature = 30.0, 30_000.0, 400.0  # of each component, (e angstrom)2; angstrom3; K
    truth = 1 + 3 * variance * (constants.e * 1e-10) ** 2 / (
        3 * constants.epsilon_0 * volume * 1e-30 * constants.k * temperature
    )
    found = []
    for _ in range(200):
        dipoles = 5.0 + np.sqrt(variance) * correlated(rng, (3, 2000), 0.9).T
        found.append(static_dielectric_constant(dipoles, np.full(2000, volume), temperature))
    values, stds = np.array([f.value for f in found]), np.array([f.std for f in found])
    assert values.mean() == pytest.approx(truth, rel=0.02)
    assert stds.mean() == pytest.approx(values.std(), rel=0.15)
    assert 0.58 < coverage(values, stds, truth) < 0.78
    assert "unrelaxed dipoles not" in found[0].std_of


def test_dipoles_of_neutral_molecules_do_not_depend_on_the_origin():
    rng = np.random.default_rng(2)
    charges = np.array([0.4, -0.4, 0.3, -0.1, -0.2 + 1e-4])  # the second molecule is neutral but for rounding
    frames, molecule = rng.standard_normal((12, 5, 3)), np.array([0, 0, 1, 1, 1])
    plain = dipole_series(frames, charges, molecule)
    assert dipole_series(frames + 1000.0, charges, molecule) == pytest.approx(plain, abs=1e-9)
    assert plain[:, 0] == pytest.approx(frames[:, :, 0] @ charges, abs=1e-3)


def test_ions_are_refused():
    with pytest.raises(InvalidInputError, match=r"Molecule 1 has the charge \+1.000 e"):
        dipole_series(np.zeros((12, 3, 3)), np.array([0.4, -0.4, 1.0]), np.array([0, 0, 1]))


def test_the_electronic_part_is_added():
    # PI1 of PI1070: static 1.003523, n 1.512319, dc 2.290632.
    static = Estimate("static_dielectric_constant", 1.003523409, 0.01, "time", 50)
    found = dielectric_constant(static, Estimate("refractive_index", 1.512318548, 0.005, "model"))
    assert found.value == pytest.approx(2.290632128, abs=1e-3)
    assert found.std == pytest.approx(np.hypot(0.01, 2 * 1.5123 * 0.005), rel=1e-3)

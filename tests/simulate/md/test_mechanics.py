"""Elastic constants of stresses that are known, and of a crystal whose lattice sums are; cohesion of a known liquid."""

import numpy as np
import pytest

from polyloop.chem import Cell, Topology
from polyloop.core import EvaluationError, FailureCode, InvalidInputError
from polyloop.engines.dynamics.openmm import OpenMMEngine
from polyloop.engines.dynamics.stages import Stage
from polyloop.simulate.md.analysis.cohesion import cohesive_energy_density, solubility_parameter
from polyloop.simulate.md.analysis.mechanics import elastic_constants
from polyloop.simulate.md.analysis.statistics import Mean
from polyloop.simulate.md.analysis.units import GPA_PER_ENERGY_DENSITY
from polyloop.simulate.md.protocols.mechanics import affinely_strained
from tests.simulate.md.argon import EPSILON, SIGMA, argon
from tests.simulate.md.synthetic import correlated, coverage

GPA = 1e9 / 101325.0  # atm
STRAIN = 0.01
# Polystyrene's, in GPa: E = 3.3, nu = 0.33.
C11, C12 = 4.890, 2.408


def pressures(rng, c11=C11, c12=C12, noise=0.04, samples=400, strain=STRAIN):
    """Of an isotropic body under a residual stress, with correlated noise in GPa; atm, (3, 2, 3, n)."""
    stiffness = c12 + (c11 - c12) * np.eye(3)
    stress = np.stack([stiffness * strain, -stiffness * strain], axis=1)
    residual = np.array([0.05, -0.03, 0.02])
    return -GPA * ((stress + residual)[..., None] + noise * correlated(rng, (3, 2, 3, samples), 0.6))


def test_stresses_without_noise_give_the_constants_whatever_the_residual_stress():
    found = elastic_constants(pressures(np.random.default_rng(1), noise=1e-9), STRAIN)
    young, poisson = found.estimates()
    assert (found.c11, found.c12) == pytest.approx((C11, C12), rel=1e-6)
    assert (young.value, poisson.value) == pytest.approx((3.3, 0.33), rel=1e-3)
    assert found.bulk_modulus == pytest.approx(3.3 / (3 * (1 - 2 * 0.33)), rel=1e-3)


def test_errors_cover_the_truth():
    rng = np.random.default_rng(2)
    found = [elastic_constants(pressures(rng), STRAIN).estimates() for _ in range(300)]
    for place, truth in ((0, 3.3), (1, 0.33)):
        values = np.array([pair[place].value for pair in found])
        stds = np.array([pair[place].std for pair in found])
        assert values.mean() == pytest.approx(truth, rel=0.02)
        # The larger of two errors: above the 0.68 of either alone.
        assert 0.66 < coverage(values, stds, truth) < 0.86
        assert stds.mean() == pytest.approx(values.std(), rel=0.35)


def test_axes_that_differ_widen_the_error_beyond_the_noise_in_time():
    rng = np.random.default_rng(3)
    same = pressures(rng, noise=0.01)
    other = same * np.array([0.8, 1.0, 1.2])[:, None, None, None]
    young, wider = (elastic_constants(p, STRAIN).estimates()[0] for p in (same, other))
    assert wider.value == pytest.approx(young.value, rel=0.05)
    assert wider.std > 3 * young.std


def test_a_liquid_has_no_modulus():
    with pytest.raises(EvaluationError, match="no stiffness against shear") as caught:
        elastic_constants(pressures(np.random.default_rng(4), c11=2.0, c12=2.0), STRAIN).estimates()
    assert caught.value.failure.code is FailureCode.NOT_EQUILIBRATED


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: elastic_constants(np.ones((3, 2, 3, 9)), STRAIN), "at least 10"),
        (lambda: elastic_constants(np.ones((2, 2, 3, 50)), STRAIN), "have the shape"),
        (lambda: elastic_constants(np.ones((3, 2, 3, 50)), 0.0), "above zero"),
        (lambda: elastic_constants(np.full((3, 2, 3, 50), np.nan), STRAIN), "not finite"),
        (lambda: cohesive_energy_density(np.ones(20), np.ones(20), []), "there are none"),
        (lambda: solubility_parameter(cohesive_energy_density(np.ones(20), np.ones(20), [Mean(0.5, 0.1, 9)])), "root"),
    ],
)
def test_what_has_no_constants_or_cohesion_is_refused(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()


# Edge of argon's cubic cell at zero pressure and temperature: r = 1.0902 sigma (Ashcroft and Mermin, chapter 20).
CUBIC = np.sqrt(2.0) * 1.0902 * SIGMA
# Midway between two shells of neighbours, so that none crosses it.
CUTOFF = 9.45
BASIS = np.array([[0.0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])


def lattice_energy_density(scale):
    """Static energy in GPa per volume of the unstrained crystal, its edges times `scale`, (3,).

    A sum over the neighbours within the cut-off, and the energy of a continuum beyond, as engines count it.
    """
    side = np.arange(-3, 4)
    corners = np.stack(np.meshgrid(side, side, side, indexing="ij"), axis=-1).reshape(-1, 1, 3)
    neighbours = (corners + BASIS).reshape(-1, 3) * CUBIC
    r = np.linalg.norm(neighbours, axis=1)
    x = (SIGMA / np.linalg.norm((neighbours * scale)[(r > 0.1) & (r < CUTOFF)], axis=1)) ** 6
    within = 0.5 * (4 * EPSILON * (x**2 - x)).sum()
    density, y = 4 / (CUBIC**3 * scale.prod()), SIGMA**3 / CUTOFF**3
    beyond = 8 / 3 * np.pi * density * EPSILON * SIGMA**3 * (y**3 / 3 - y)
    return 4 * (within + beyond) / CUBIC**3 * GPA_PER_ENERGY_DENSITY


def lattice_constants(h=1e-3):
    """C11 and C12 by finite differences of the lattice energy with the two edges that strain moves."""
    one, two = np.eye(3)[0] * h, np.eye(3)[1] * h
    energy = lattice_energy_density
    c11 = (energy(1 + one) - 2 * energy(np.ones(3)) + energy(1 - one)) / h**2
    mixed = energy(1 + one + two) - energy(1 + one - two) - energy(1 - one + two) + energy(1 - one - two)
    return c11, mixed / (4 * h**2)


def test_a_crystal_of_argon_has_the_stiffness_of_its_lattice_sums(tmp_path):
    """Strained and sampled by an engine at 2 K, where vibrations soften a crystal by less than the tolerance."""
    edges = 4
    corners = np.stack(np.meshgrid(*[np.arange(edges)] * 3, indexing="ij"), axis=-1).reshape(-1, 1, 3)
    positions = ((corners + BASIS).reshape(-1, 3) + 0.25) * CUBIC
    topology = Topology.concatenate([argon(per_edge=1).topology] * len(positions))
    crystal = Cell(topology, positions, np.full(3, edges * CUBIC))
    held = Stage("held", "nvt", 8.0, 5.0, (2.0, 2.0), cutoff=CUTOFF, sample_interval=0.5)
    engine, strain, found = OpenMMEngine(), 0.005, []
    for axis in np.eye(3):
        for sign in (1.0, -1.0):
            strained = affinely_strained(crystal, crystal.box * (1.0 + sign * strain * axis))
            samples = engine.run(strained, held, tmp_path / str(len(found))).samples
            found.append([samples[f"pressure_{name}"][4:] for name in "xyz"])
    constants = elastic_constants(np.array(found).reshape(3, 2, 3, -1), strain)
    assert (constants.c11, constants.c12) == pytest.approx(lattice_constants(), rel=0.02)


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

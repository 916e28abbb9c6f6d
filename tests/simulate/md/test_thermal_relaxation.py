"""The decay of a temperature profile: kicks, profiles, and the fit on data whose answer is known."""

import numpy as np
import pytest

from polyloop.chem.topology import Cell
from polyloop.core import InvalidInputError
from polyloop.simulate.md.analysis.thermal_relaxation import RigidGroups, fit_decay, kicked, profile_amplitudes
from polyloop.simulate.md.analysis.units import BOLTZMANN, KCAL_PER_KINETIC_UNIT
from tests.engines.liquids import liquid
from tests.simulate.md.argon import argon

TEMPERATURE = 300.0


def warm(cell: Cell, rng: np.random.Generator, temperature: float = TEMPERATURE) -> Cell:
    """The cell with Maxwell's velocities and no constraints."""
    spread = np.sqrt(BOLTZMANN * temperature / (cell.topology.masses * KCAL_PER_KINETIC_UNIT))
    return Cell(cell.topology, cell.positions, cell.box, spread[:, None] * rng.normal(size=cell.positions.shape))


def kinetic(cell: Cell) -> float:
    return 0.5 * KCAL_PER_KINETIC_UNIT * float((cell.topology.masses[:, None] * cell.velocities**2).sum())


def test_a_carrier_and_its_hydrogens_are_one_rigid_group():
    # Ethane: two carbons, each with three hydrogens, and 3 * 4 - 3 degrees of freedom.
    topology = liquid("CC", 3, 0.3).topology
    groups = RigidGroups.of(topology, constrain_hydrogens=True)
    np.testing.assert_array_equal(groups.freedom, np.full(6, 9.0))
    np.testing.assert_array_equal(np.bincount(groups.group), np.full(6, 4))
    np.testing.assert_array_equal(RigidGroups.of(topology, constrain_hydrogens=False).freedom, np.full(24, 3.0))


def test_a_kick_gives_the_profile_that_was_asked_for():
    cell = warm(argon(per_edge=18), np.random.default_rng(1))
    groups = RigidGroups.of(cell.topology, True)
    hot, heat = kicked(cell, groups, 0.6)
    (cosine, sine), (before, _) = (
        profile_amplitudes(one.positions[None], one.velocities[None], float(cell.box[0]), groups)[0]
        for one in (hot, cell)
    )
    # The amplitude of a kinetic temperature fluctuates by 2 T / sqrt(3 n), 4.5 K here, before the kick.
    assert cosine - before == pytest.approx(0.6 * TEMPERATURE, abs=15.0)
    assert abs(sine) < 20.0
    # Half of the amplitude times the kinetic heat capacity of the cell, 3 n k / 2.
    assert heat == pytest.approx(0.5 * 0.6 * TEMPERATURE * 1.5 * BOLTZMANN * cell.topology.n_atoms, rel=0.1)
    assert abs(cell.topology.masses @ hot.velocities).max() < 1e-8 * np.abs(hot.velocities).sum()
    assert kinetic(hot) == pytest.approx(kinetic(cell), rel=0.02)


def test_a_kick_leaves_rigid_bonds_rigid():
    cell = liquid("CC", 8, 0.3)
    # Whole groups that move as one: no bond to hydrogen changes its length.
    groups = RigidGroups.of(cell.topology, True)
    velocities = np.random.default_rng(2).normal(size=(len(groups.freedom), 3))[groups.group]
    hot, _ = kicked(Cell(cell.topology, cell.positions, cell.box, velocities), groups, -0.6)
    i, j = cell.topology.bonds[(cell.topology.numbers[cell.topology.bonds] == 1).any(axis=1)].T
    np.testing.assert_allclose(hot.velocities[i], hot.velocities[j], atol=1e-12)
    assert not np.allclose(hot.velocities, velocities)


@pytest.mark.parametrize("amplitude", [1.0, -1.5])
def test_a_kick_of_all_the_heat_there_is_or_of_a_cell_at_rest_is_refused(amplitude):
    cell = warm(argon(3), np.random.default_rng(3))
    groups = RigidGroups.of(cell.topology, True)
    with pytest.raises(InvalidInputError, match="between -1 and 1"):
        kicked(cell, groups, amplitude)
    with pytest.raises(InvalidInputError, match="needs velocities"):
        kicked(argon(3), groups, 0.5)


def test_an_uneven_density_is_no_temperature():
    cell = argon(per_edge=12)
    positions = cell.positions.copy()
    positions[:, 0] = (positions[:, 0] / cell.box[0]) ** 2 * cell.box[0]
    velocities = np.tile([[3.0, 0.0, 0.0]], (len(positions), 1))
    groups = RigidGroups.of(cell.topology, True)
    found = profile_amplitudes(positions[None], velocities[None], float(cell.box[0]), groups)
    assert found == pytest.approx(np.zeros((1, 2)), abs=1e-9)


# A cell as md/thermal has it: 12,000 degrees of freedom, harmonic, hence a heat capacity of 12,000 k.
RATE, HEAT_CAPACITY, AMPLITUDE = 1.0 / 16.0, 12_000 * BOLTZMANN, 0.6
HEAT = 0.5 * AMPLITUDE * TEMPERATURE * 0.5 * HEAT_CAPACITY
TIMES = 0.2 * np.arange(1, 151)


def runs(rng, pairs=3, heat=HEAT, spoil=0.0, sound=0.0):
    """Pairs of modes that relax by a Langevin equation from one state, with noise of the kinetic energy on top.

    `spoil` adds a share of the signal that decays five times as fast, `sound` one that is damped with 0.3/ps and turns
    with 1.2/ps.
    """
    variance = 2.0 * BOLTZMANN * TEMPERATURE**2 / HEAT_CAPACITY
    keep = np.exp(-RATE * 0.2)
    modes = np.repeat(rng.normal(size=(pairs, 1, 2)), 2, axis=1) * np.sqrt(variance)
    signal = np.outer([2.0 * heat / HEAT_CAPACITY, -2.0 * heat / HEAT_CAPACITY], np.exp(-RATE * TIMES))
    signal = signal * (1.0 + spoil * np.exp(-4.0 * RATE * TIMES))
    wave = sound * 2.0 * heat / HEAT_CAPACITY * np.exp(-0.3 * TIMES) * np.cos(1.2 * TIMES)
    signal = signal + np.outer([1.0, -1.0], wave)
    series = []
    for _ in TIMES:
        modes = keep * modes + np.sqrt(variance * (1.0 - keep**2)) * rng.normal(size=modes.shape)
        series.append(modes + 3.9 * rng.normal(size=modes.shape))
    found = np.stack(series, axis=-1)
    found[:, :, 0] += signal
    return TIMES, found, [heat] * pairs


def fitted(*data):
    return fit_decay(*data, start=3.0, bin_width=1.0, temperature=TEMPERATURE, length=75.0)


@pytest.mark.slow
def test_rate_heat_capacity_and_their_product_are_found_with_error_bars_that_cover_them():
    rng = np.random.default_rng(4)
    decays = [fitted(*runs(rng)) for _ in range(30)]
    conducted = np.log([decay.rate * decay.heat_capacity / (RATE * HEAT_CAPACITY) for decay in decays])
    rates = np.log([decay.rate / RATE for decay in decays])
    stated = np.array([decay.relative_std(1.0, 1.0) for decay in decays])
    # The errors are widened where three pairs scatter more than they say, and so are a little too wide.
    assert 0.5 < np.sqrt(np.mean((conducted / stated) ** 2)) < 1.2
    assert abs(rates.mean()) < 3.0 * rates.std() / np.sqrt(30)
    assert abs(conducted.mean()) < 3.0 * conducted.std() / np.sqrt(30)
    # 2 s / theta of an Ornstein-Uhlenbeck process whose deviation is theta at first and s in the end, three pairs.
    theta = 2.0 * HEAT / HEAT_CAPACITY * np.exp(-3.0 * RATE)
    expected = 2.0 * np.sqrt(BOLTZMANN / HEAT_CAPACITY) * TEMPERATURE / theta / np.sqrt(3)
    assert rates.std() == pytest.approx(expected, rel=0.45)
    chances = np.array([decay.chance for decay in decays])
    assert 0.3 < chances.mean() < 0.7
    assert np.std([decay.control for decay in decays]) == pytest.approx(1.0, abs=0.4)


def test_sound_is_told_from_heat():
    decay = fitted(*runs(np.random.default_rng(8), pairs=8, sound=0.8))
    assert decay.sound == pytest.approx(0.8, abs=0.3)
    product = np.log(decay.rate * decay.heat_capacity / (RATE * HEAT_CAPACITY))
    assert abs(product) < 3.0 * decay.relative_std(1.0, 1.0) < 0.15
    assert decay.chance > 1e-3


def test_a_decay_that_is_no_exponential_is_told_by_its_chi_squared():
    rng = np.random.default_rng(5)
    assert fitted(*runs(rng, pairs=8, spoil=3.0)).chance < 1e-4


def test_without_a_signal_the_rate_is_within_its_error_of_anything():
    rng = np.random.default_rng(6)
    decay = fitted(*runs(rng, heat=1e-3 * HEAT))
    assert decay.signal < 4.0 or decay.relative_std(0.0, 1.0) > 0.25


def test_too_few_bins_are_refused():
    times, amplitudes, heats = runs(np.random.default_rng(7))
    with pytest.raises(InvalidInputError, match="too few"):
        fit_decay(
            times[:50], amplitudes[..., :50], heats, start=3.0, bin_width=1.0, temperature=TEMPERATURE, length=75.0
        )

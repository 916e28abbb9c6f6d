"""LAMMPS: ensembles have the temperature, density, pressure and energy that statistical mechanics asks for."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2

from polyloop.core import InvalidInputError
from polyloop.engines.lammps import LammpsEngine
from polyloop.engines.stages import SAMPLED, Stage
from tests.engines.liquids import liquid
from tests.engines.test_openmm_dynamics import ATM_ANGSTROM3, GAS_CONSTANT, ideal_gas

ENGINE = LammpsEngine()
FLEXIBLE = Stage("flexible", "nvt", constrain_hydrogens=False, nonbonded="short", sample_interval=0.1)


@pytest.fixture(scope="module")
def ethane(tmp_path_factory):
    """27 molecules, minimised and brought to 300 K with flexible bonds."""
    folder = tmp_path_factory.mktemp("ethane")
    cell = ENGINE.run(liquid("CC", 27, 0.45), Stage("minimise", "minimise"), folder / "minimise").cell
    return ENGINE.run(cell, replace(FLEXIBLE, duration=2.0), folder / "warm").cell


def test_hydrogens_and_carbons_have_the_same_temperature(ethane, tmp_path):
    """Half of the kinetic energy that was drawn has gone into bonds and come back through the thermostat by then."""
    cell = ENGINE.run(ethane, replace(FLEXIBLE, duration=2.0, timestep=0.5), tmp_path).cell
    topology = cell.topology
    # m v^2 in units of k T; 1 g/mol angstrom2/ps2 is 0.01 kJ/mol.
    thermal = topology.masses * (cell.velocities**2).sum(axis=1) * 0.01 / 4.184 / (GAS_CONSTANT * 300)
    for kind in (topology.numbers == 1, topology.numbers == 6):
        # The sum over n atoms is distributed as chi squared of 3 n degrees of freedom; one in 10,000 lies outside.
        low, high = chi2.ppf([5e-5, 1 - 5e-5], 3 * kind.sum())
        assert low < thermal[kind].sum() < high
    momentum = (topology.masses[:, None] * cell.velocities).sum(axis=0)
    assert np.abs(momentum).max() < 1e-6 * np.abs(topology.masses[:, None] * cell.velocities).sum()


def test_energy_is_conserved(ethane, tmp_path):
    """Weaker than the 0.01 kT per atom per ns that benchmarks/lammps_ensembles.py measures: 4 ps cannot see that."""
    stage = Stage("nve", "nve", duration=4.0, timestep=2.0, sample_interval=0.05)
    rest = replace(stage, name="rest", ensemble="nvt", duration=0.5)
    samples = ENGINE.run(ENGINE.run(ethane, rest, tmp_path / "r").cell, stage, tmp_path / "e").samples
    total = (samples["potential_energy"] + samples["kinetic_energy"]) / (ethane.topology.n_atoms * GAS_CONSTANT * 300)
    (slope, _), covariance = np.polyfit(samples["time"] / 1000, total, 1, cov=True)
    assert covariance[0, 0] < 0.5**2
    assert abs(slope) < 3 * np.sqrt(covariance[0, 0]) + 0.1
    assert total.std() < 0.01


def test_an_ideal_gas_has_the_volume_that_its_pressure_gives(tmp_path):
    number, temperature, pressure = 40, 300.0, 50.0
    mean = (number + 1) * GAS_CONSTANT * temperature / (pressure * ATM_ANGSTROM3)
    stage = Stage(
        "gas", "npt", duration=1000.0, timestep=10.0, temperature=(temperature,) * 2, pressure=(pressure,) * 2,
        sample_interval=5.0, cutoff=5.0, thermostat_time=1.0,
    )  # fmt: skip
    samples = ENGINE.run(ideal_gas(number, mean ** (1 / 3)), stage, tmp_path).samples
    volumes = samples["volume"][20:]
    # P(V) is proportional to V^N exp(-pV/kT): mean (N + 1) kT/p, variance (N + 1) (kT/p)^2.
    assert volumes.mean() == pytest.approx(mean, rel=0.08)
    assert volumes.std() == pytest.approx(mean / np.sqrt(number + 1), rel=0.4)
    # Without forces the virial is nothing but the kinetic energy.
    expected = 2 / 3 * samples["kinetic_energy"] / samples["volume"] / ATM_ANGSTROM3
    assert samples["pressure"] == pytest.approx(expected, rel=1e-3)
    assert np.abs(samples["temperature"].mean() - temperature) < 10


def test_samples_and_frames_are_what_the_stage_asked_for(ethane, tmp_path):
    stage = replace(FLEXIBLE, duration=0.6, sample_interval=0.2, frame_interval=0.3)
    told = []
    result = ENGINE.run(ethane, stage, tmp_path, progress=lambda *words: told.append(words))
    assert set(SAMPLED) <= set(result.samples)
    assert result.samples["time"] == pytest.approx([0.2, 0.4, 0.6])
    assert result.frame_times == pytest.approx([0.3, 0.6])
    assert result.frames.shape == (2, ethane.topology.n_atoms, 3)
    assert result.frames[-1] == pytest.approx(result.cell.positions, abs=1e-4)
    assert result.frame_boxes == pytest.approx(np.tile(ethane.box, (2, 1)))
    names = ("bond", "angle", "dihedral", "improper", "lennard_jones", "coulomb")
    assert sum(result.samples[name] for name in names) == pytest.approx(result.samples["potential_energy"])
    assert result.samples["potential_energy"][-1] == pytest.approx(ENGINE.energies(result.cell, stage).total, abs=1e-3)
    assert result.samples["density"] == pytest.approx(np.full(3, ethane.density))
    assert told[-1] == ("flexible", pytest.approx(0.6), pytest.approx(0.6))
    assert result.wall_time > 0


def test_rigid_bonds_keep_their_length_and_molecules_stay_whole(tmp_path):
    """In propane the heavier hydrogens leave carbons of one type with two masses."""
    propane = ENGINE.run(liquid("CCC", 18, 0.45), Stage("minimise", "minimise"), tmp_path / "minimise").cell
    stage = Stage("npt", "npt", duration=1.0, timestep=4.0, hydrogen_mass=3.0, nonbonded="short", frame_interval=0.5)
    result = ENGINE.run(propane, stage, tmp_path / "npt")
    i, j = propane.topology.bonds.T
    rigid = (propane.topology.numbers[propane.topology.bonds] == 1).any(axis=1)
    lengths = np.linalg.norm(result.cell.positions[i] - result.cell.positions[j], axis=1)
    # The barostat moves atoms after SHAKE, by what the box changes in one step.
    assert lengths[rigid] == pytest.approx(propane.topology.bond_r0[rigid], rel=1e-3)
    assert np.abs(lengths[~rigid] / propane.topology.bond_r0[~rigid] - 1).max() > 1e-2
    for frame in result.frames:
        assert np.linalg.norm(frame[i] - frame[j], axis=1).max() < 1.8
    assert not np.allclose(result.cell.box, propane.box)
    assert result.cell.topology is propane.topology  # with its own masses


def test_a_cell_is_deformed_to_a_density_while_it_is_heated(ethane, tmp_path):
    stage = replace(FLEXIBLE, duration=2.0, density=0.55, temperature=(300.0, 400.0))
    result = ENGINE.run(ethane, stage, tmp_path)
    assert result.cell.density == pytest.approx(0.55)
    edges = result.samples["box_x"]
    assert np.diff(edges) == pytest.approx(np.full(len(edges) - 1, np.diff(edges).mean()))
    assert result.samples["temperature"][-5:].mean() == pytest.approx(400, abs=60)


@pytest.mark.parametrize("ensemble", ["nvt", "npt"])
def test_strain_pulls_along_x_while_y_and_z_are_held_or_give(ethane, tmp_path, ensemble):
    stage = replace(FLEXIBLE, ensemble=ensemble, duration=0.5, strain_rate=0.04)
    result = ENGINE.run(ethane, stage, tmp_path)
    assert result.cell.box[0] == pytest.approx(ethane.box[0] * 1.02)
    assert (result.cell.box[1:] == pytest.approx(ethane.box[1:])) == (ensemble == "nvt")
    axes = np.array([result.samples[f"pressure_{axis}"] for axis in "xyz"])
    assert axes.mean(axis=0) == pytest.approx(result.samples["pressure"])


def test_the_seed_decides_and_nothing_else(ethane, tmp_path):
    stage = replace(FLEXIBLE, duration=0.05, sample_interval=0.01, new_velocities=True)
    runs = [ENGINE.run(ethane, stage, tmp_path / str(k), seed=seed) for k, seed in enumerate((1, 1, 2))]
    energies = [run.samples["kinetic_energy"] for run in runs]
    assert np.array_equal(energies[0], energies[1])
    assert not np.allclose(energies[0], energies[2], rtol=1e-3)


def test_two_processes_or_threads_compute_what_one_does(ethane, tmp_path):
    stage = Stage("short", "nve", duration=0.02, sample_interval=0.01, constrain_hydrogens=False)
    one, *more = (
        engine.run(ethane, stage, tmp_path / str(number)).samples["potential_energy"]
        for number, engine in enumerate((ENGINE, LammpsEngine(processes=2), LammpsEngine(threads=2)))
    )
    for other in more:
        assert other == pytest.approx(one, rel=1e-6)


@pytest.mark.parametrize("fault", [{"duration": 0.0}, {"density": 1.0, "ensemble": "npt"}, {"timestep": -1.0}])
def test_a_stage_that_contradicts_itself_is_refused(ethane, tmp_path, fault):
    with pytest.raises(InvalidInputError, match=next(iter(fault))):
        ENGINE.run(ethane, replace(FLEXIBLE, **{"duration": 1.0} | fault), tmp_path)

"""OpenMM: ensembles have the temperature, density, pressure and energy that statistical mechanics asks for."""

from dataclasses import replace

import numpy as np
import pytest

from polyloop.chem import Cell, Topology
from polyloop.core import InvalidInputError
from polyloop.engines.openmm import OpenMMEngine
from polyloop.engines.openmm.simulation import Simulation
from polyloop.engines.stages import SAMPLED, Stage
from tests.engines.liquids import liquid

ENGINE = OpenMMEngine("CPU")
GAS_CONSTANT = 1.987204259e-3  # kcal/(mol K)
ATM_ANGSTROM3 = 1.4584e-5  # kcal/mol


@pytest.fixture(scope="module")
def ethane(tmp_path_factory):
    """27 molecules, minimised and brought to 300 K with flexible bonds."""
    folder = tmp_path_factory.mktemp("ethane")
    cell = ENGINE.run(liquid("CC", 27, 0.45), Stage("minimise", "minimise"), folder / "minimise").cell
    return ENGINE.run(cell, replace(FLEXIBLE, duration=1.0), folder / "warm").cell


FLEXIBLE = Stage("flexible", "nvt", constrain_hydrogens=False, nonbonded="short", sample_interval=0.1)


def ideal_gas(number, edge, mass=40.0):
    """Atoms without any interaction."""
    none, pairs = np.zeros(0), np.zeros((0, 2), dtype=np.int64)
    topology = Topology(
        numbers=np.full(number, 18), masses=np.full(number, mass), charges=np.zeros(number), type_names=("ar",),
        types=np.zeros(number, dtype=np.int64), epsilon=np.zeros(number), sigma=np.ones(number),
        bonds=pairs, bond_k=none, bond_r0=none, angles=pairs.reshape(0, 3)[:0], angle_k=none, angle_theta0=none,
        dihedrals=np.zeros((0, 4), dtype=np.int64), term_dihedral=none.astype(int), term_k=none,
        term_n=none.astype(int), term_phase=none, impropers=np.zeros((0, 4), dtype=np.int64), improper_k=none,
        improper_sign=none.astype(int), improper_n=none.astype(int),
        molecule=np.arange(number), residue=np.arange(number),
    )  # fmt: skip
    return Cell(topology, np.random.default_rng(3).uniform(0, edge, (number, 3)), np.full(3, edge))


def test_every_kind_of_atom_and_the_molecules_have_the_same_temperature(ethane):
    simulation = Simulation(
        ethane.topology, FLEXIBLE, ethane.positions, ethane.velocities, ethane.box, platform=("CPU", 1, None)
    )
    masses, hydrogen = ethane.topology.masses, ethane.topology.numbers == 1
    temperatures = []
    for _ in range(80):
        simulation.step(60)  # the friction of 5 per ps forgets half of the velocities meanwhile
        velocities = simulation.state()[1]
        momenta = (masses[:, None] * velocities).reshape(27, 8, 3).sum(axis=1)
        of_atoms = masses * (velocities**2).sum(axis=1)
        of_molecules = (momenta**2).sum(axis=1) / masses[:8].sum()
        temperatures.append([of_atoms[hydrogen].mean(), of_atoms[~hydrogen].mean(), of_molecules.sum() / 26])
    # m v^2 = 3 k T, and 1 g/mol angstrom2/ps2 is 0.01 kJ/mol; one of 27 momenta is fixed by the others.
    kelvin = np.array(temperatures) * 0.01 / 4.184 / (3 * GAS_CONSTANT)
    error = kelvin.std(axis=0) / np.sqrt(len(kelvin) / 2)
    assert (error < [4, 7, 12]).all()
    assert (np.abs(kelvin.mean(axis=0) - 300) < 4 * error).all()


def test_energy_is_conserved(ethane, tmp_path):
    """Weaker than the 0.01 kT per atom per ns that benchmarks/openmm_ensembles.py measures: 4 ps cannot see that."""
    stage = Stage("nve", "nve", duration=4.0, timestep=2.0, sample_interval=0.05)
    rest = replace(stage, name="rest", ensemble="nvt", duration=0.5)
    samples = ENGINE.run(ENGINE.run(ethane, rest, tmp_path / "r").cell, stage, tmp_path / "e").samples
    total = (samples["potential_energy"] + samples["kinetic_energy"]) / (ethane.topology.n_atoms * GAS_CONSTANT * 300)
    (slope, _), covariance = np.polyfit(samples["time"] / 1000, total, 1, cov=True)
    assert covariance[0, 0] < 0.5**2
    assert abs(slope) < 3 * np.sqrt(covariance[0, 0]) + 0.1
    assert total.std() < 0.01
    # Bending of CH3 near 1400/cm has (frequency timestep)^2 / 4 = 7 %, skeletal motion next to nothing.
    degrees = 3 * ethane.topology.n_atoms - 27 * 6 - 3
    on_steps = 2 * samples["kinetic_energy"] / (degrees * GAS_CONSTANT)
    assert 1.01 < samples["temperature"].mean() / on_steps.mean() < 1.07


def test_an_ideal_gas_has_the_volume_that_its_pressure_gives(tmp_path):
    number, temperature, pressure = 40, 300.0, 50.0
    mean = (number + 1) * GAS_CONSTANT * temperature / (pressure * ATM_ANGSTROM3)
    cell = ideal_gas(number, mean ** (1 / 3))
    stage = Stage(
        "gas", "npt", duration=500.0, timestep=10.0, temperature=(temperature,) * 2, pressure=(pressure,) * 2,
        sample_interval=5.0, cutoff=5.0, thermostat_time=1.0,
    )  # fmt: skip
    samples = OpenMMEngine("Reference").run(cell, stage, tmp_path).samples
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
    terms = sum(result.samples[name] for name in ("bond", "angle", "dihedral", "improper", "nonbonded"))
    assert terms == pytest.approx(result.samples["potential_energy"])
    assert result.samples["density"] == pytest.approx(np.full(3, ethane.density))
    assert told[-1] == ("flexible", pytest.approx(0.6), pytest.approx(0.6))
    assert result.wall_time > 0


def test_rigid_bonds_keep_their_length_and_molecules_stay_whole(ethane, tmp_path):
    stage = Stage("npt", "npt", duration=1.0, timestep=4.0, hydrogen_mass=3.0, nonbonded="short", frame_interval=0.5)
    result = ENGINE.run(ethane, stage, tmp_path)
    i, j = ethane.topology.bonds.T
    rigid = (ethane.topology.numbers[ethane.topology.bonds] == 1).any(axis=1)
    lengths = np.linalg.norm(result.cell.positions[i] - result.cell.positions[j], axis=1)
    assert lengths[rigid] == pytest.approx(ethane.topology.bond_r0[rigid], rel=1e-4)
    for frame in result.frames:
        assert np.linalg.norm(frame[i] - frame[j], axis=1).max() < 1.8
    assert not np.allclose(result.cell.box, ethane.box)


def test_a_cell_is_deformed_to_a_density_while_it_is_heated(ethane, tmp_path):
    stage = replace(FLEXIBLE, duration=2.0, density=0.55, temperature=(300.0, 400.0))
    result = ENGINE.run(ethane, stage, tmp_path)
    assert result.cell.density == pytest.approx(0.55)
    edges = result.samples["box_x"]
    assert np.diff(edges) == pytest.approx(np.full(len(edges) - 1, np.diff(edges).mean()))
    assert result.samples["temperature"][-5:].mean() == pytest.approx(400, abs=60)


def test_a_cell_that_grows_far_keeps_its_energy_right(ethane, tmp_path):
    """Mesh and cut-off are laid out for a box, and must follow it."""
    stage = replace(FLEXIBLE, nonbonded="full", cutoff=6.0, duration=1.0, density=0.2)
    result = ENGINE.run(ethane, stage, tmp_path)
    assert (result.cell.box > 1.3 * ethane.box).all()
    expected = ENGINE.energies(result.cell, stage).total
    assert result.samples["potential_energy"][-1] == pytest.approx(expected, abs=0.05)


def test_strain_pulls_along_x_alone(ethane, tmp_path):
    stage = replace(FLEXIBLE, duration=0.5, strain_rate=0.04)
    result = ENGINE.run(ethane, stage, tmp_path)
    assert result.cell.box == pytest.approx(ethane.box * [1.02, 1, 1])
    axes = np.array([result.samples[f"pressure_{axis}"] for axis in "xyz"])
    assert axes.mean(axis=0) == pytest.approx(result.samples["pressure"])


def test_a_box_that_is_held_tells_the_pressure_along_each_axis(ethane, tmp_path):
    samples = ENGINE.run(ethane, replace(FLEXIBLE, duration=0.5, sample_interval=0.05), tmp_path).samples
    axes = np.array([samples[f"pressure_{axis}"] for axis in "xyz"])
    # Rows are 50 steps apart, and the pressure is worth its cost every 100.
    assert np.isfinite(axes).all(axis=0).tolist() == [False, True] * 5
    assert axes.mean(axis=0) == pytest.approx(samples["pressure"], nan_ok=True)
    assert np.ptp(axes[:, 1::2], axis=0).min() > 0.0


def test_strain_under_pressure_leaves_y_and_z_to_the_barostat(ethane, tmp_path):
    stage = replace(FLEXIBLE, ensemble="npt", duration=0.5, strain_rate=0.04)
    box = ENGINE.run(ethane, stage, tmp_path).cell.box
    assert box[0] == pytest.approx(1.02 * ethane.box[0])
    assert box[1] != box[2]


def test_the_seed_gives_new_velocities_and_noise(ethane, tmp_path):
    stage = replace(FLEXIBLE, duration=0.02, new_velocities=True)
    ends = [ENGINE.run(ethane, stage, tmp_path / str(n), seed=s).cell.velocities for n, s in enumerate((1, 1, 2))]
    assert ends[0] == pytest.approx(ends[1], abs=1e-3)
    assert not np.allclose(ends[0], ends[2], atol=0.1)


@pytest.mark.parametrize(
    "change",
    [{"duration": 0.0}, {"timestep": -1.0}, {"density": 0.5, "ensemble": "npt"}, {"strain_rate": 1, "ensemble": "nve"}],
)
def test_stages_that_contradict_themselves_are_refused(ethane, tmp_path, change):
    with pytest.raises(InvalidInputError, match="Stage 'flexible'"):
        ENGINE.run(ethane, replace(FLEXIBLE, **{"duration": 1.0, **change}), tmp_path)

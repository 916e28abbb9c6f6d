"""Every engine: ensembles have the temperature, density, pressure and energy that statistical mechanics asks for."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2

from polyloop.chem import Cell
from polyloop.core import InvalidInputError
from polyloop.engines.dynamics.registry import DYNAMICS_ENGINES
from polyloop.engines.dynamics.stages import SAMPLED, Stage
from tests.engines.liquids import ideal_gas
from tests.engines.programs import ENGINES

GAS_CONSTANT = 1.987204259e-3  # kcal/(mol K)
ATM_ANGSTROM3 = 1.4584e-5  # kcal/mol


def test_every_kind_of_atom_and_the_molecules_have_the_same_temperature(engine, facts, ethane, flexible, tmp_path):
    cell = engine.run(ethane, flexible(duration=2.0, timestep=0.5), tmp_path).cell
    masses, hydrogen = ethane.topology.masses, ethane.topology.numbers == 1
    momenta = masses[:, None] * cell.velocities
    of_molecules = (momenta.reshape(27, 8, 3).sum(axis=1) ** 2).sum() / masses[:8].sum()
    of_atoms = masses * (cell.velocities**2).sum(axis=1)
    for energy, freedom in (
        (of_atoms[hydrogen].sum(), 3 * hydrogen.sum()),
        (of_atoms[~hydrogen].sum(), 3 * (~hydrogen).sum()),
        (of_molecules, 3 * 26),  # the momentum of one is fixed by the others'
    ):
        # m v^2 in units of k T; 1 g/mol angstrom2/ps2 is 0.01 kJ/mol. One value in 10,000 lies outside.
        low, high = chi2.ppf([5e-5, 1 - 5e-5], freedom)
        assert low < energy * 0.01 / 4.184 / (GAS_CONSTANT * 300) < high
    assert np.abs(momenta.sum(axis=0)).max() < facts.momentum * np.abs(momenta).sum()


def test_energy_is_conserved(engine, facts, ethane, tmp_path):
    """Weaker than the 0.01 kT per atom per ns that the benchmarks of ensembles measure: 4 ps cannot see that."""
    stage = Stage("nve", "nve", duration=4.0, timestep=2.0, sample_interval=0.05)
    rest = replace(stage, name="rest", ensemble="nvt", duration=0.5)
    samples = engine.run(engine.run(ethane, rest, tmp_path / "r").cell, stage, tmp_path / "e").samples
    total = (samples["potential_energy"] + samples["kinetic_energy"]) / (ethane.topology.n_atoms * GAS_CONSTANT * 300)
    (slope, _), covariance = np.polyfit(samples["time"] / 1000, total, 1, cov=True)
    assert covariance[0, 0] < facts.slope**2
    assert abs(slope) < 3 * np.sqrt(covariance[0, 0]) + 0.1
    assert total.std() < 0.01
    # Six rigid bonds in each of 27 molecules, and a momentum that stays.
    degrees = 3 * ethane.topology.n_atoms - 27 * 6 - 3
    of_energy = 2 * samples["kinetic_energy"].mean() / (degrees * GAS_CONSTANT)
    assert facts.hot[0] < samples["temperature"].mean() / of_energy < facts.hot[1]


def test_an_ideal_gas_has_the_volume_that_its_pressure_gives(facts, tmp_path):
    number, temperature, pressure = 40, 300.0, 50.0
    mean = (number + 1) * GAS_CONSTANT * temperature / (pressure * ATM_ANGSTROM3)
    stage = Stage(
        "gas", "npt", duration=facts.gas_time, timestep=10.0, temperature=(temperature,) * 2,
        pressure=(pressure,) * 2, sample_interval=5.0, cutoff=5.0, thermostat_time=1.0,
        barostat_time=facts.gas_barostat_time,
    )  # fmt: skip
    samples = facts.make(**facts.gas).run(ideal_gas(number, mean ** (1 / 3)), stage, tmp_path).samples
    volumes = samples["volume"][20:]
    # P(V) is proportional to V^N exp(-pV/kT): mean (N + 1) kT/p, variance (N + 1) (kT/p)^2.
    assert volumes.mean() == pytest.approx(mean, rel=0.08)
    assert volumes.std() == pytest.approx(mean / np.sqrt(number + 1), rel=0.4)
    # Without forces the virial is nothing but the kinetic energy.
    expected = 2 / 3 * samples["kinetic_energy"] / samples["volume"] / ATM_ANGSTROM3
    assert samples["pressure"] == pytest.approx(expected, rel=1e-3)
    assert np.abs(samples["temperature"].mean() - temperature) < 10


def test_samples_and_frames_are_what_the_stage_asked_for(engine, facts, ethane, flexible, tmp_path):
    stage = flexible(duration=0.6, cutoff=5.5, sample_interval=0.2, frame_interval=0.3)
    told = []
    result = engine.run(ethane, stage, tmp_path, progress=lambda *words: told.append(words))
    assert set(SAMPLED) <= set(result.samples)
    assert result.samples["time"] == pytest.approx([0.2, 0.4, 0.6])
    assert result.frame_times == pytest.approx([0.3, 0.6])
    assert result.frames.shape == (2, ethane.topology.n_atoms, 3)
    assert result.frames[-1] == pytest.approx(result.cell.positions, abs=1e-4)
    assert result.frame_boxes == pytest.approx(np.tile(ethane.box, (2, 1)))
    potential = result.samples["potential_energy"]
    assert sum(result.samples[term] for term in facts.terms) == pytest.approx(potential, rel=facts.arithmetic)
    expected = engine.energies(result.cell, stage).total
    assert potential[-1] == pytest.approx(expected, abs=facts.running * ethane.topology.n_atoms)
    assert result.samples["density"] == pytest.approx(np.full(3, ethane.density))
    assert told[-1] == ("flexible", pytest.approx(0.6), pytest.approx(0.6))
    assert result.wall_time > 0


def test_rigid_bonds_keep_their_length_and_molecules_stay_whole(engine, facts, propane, tmp_path):
    """In propane the heavier hydrogens leave carbons of one type with two masses."""
    stage = Stage("npt", "npt", duration=1.0, timestep=4.0, hydrogen_mass=3.0, nonbonded="short", frame_interval=0.5)
    result = engine.run(propane, stage, tmp_path)
    i, j = propane.topology.bonds.T
    rigid = (propane.topology.numbers[propane.topology.bonds] == 1).any(axis=1)
    lengths = np.linalg.norm(result.cell.positions[i] - result.cell.positions[j], axis=1)
    assert lengths[rigid] == pytest.approx(propane.topology.bond_r0[rigid], rel=facts.rigid)
    assert np.abs(lengths[~rigid] / propane.topology.bond_r0[~rigid] - 1).max() > 1e-2
    for frame in result.frames:
        assert np.linalg.norm(frame[i] - frame[j], axis=1).max() < 1.8
    assert not np.allclose(result.cell.box, propane.box)
    assert result.cell.topology is propane.topology  # with its own masses


def test_a_cell_is_deformed_to_a_density_while_it_is_heated(engine, ethane, flexible, tmp_path):
    result = engine.run(ethane, flexible(duration=2.0, density=0.55, temperature=(300.0, 400.0)), tmp_path)
    assert result.cell.density == pytest.approx(0.55)
    edges = result.samples["box_x"]
    assert edges == pytest.approx(np.linspace(edges[0], edges[-1], len(edges)), rel=1e-6)
    assert result.samples["temperature"][-5:].mean() == pytest.approx(400, abs=60)


def test_a_cell_that_grows_far_keeps_its_energy_right(engine, facts, ethane, flexible, tmp_path):
    """Mesh and cut-off are laid out for a box, and must follow it."""
    stage = flexible(nonbonded="full", cutoff=6.0, duration=1.0, density=0.2, frame_interval=0.1)
    result = engine.run(ethane, stage, tmp_path)
    assert (result.cell.box > 1.3 * ethane.box).all()
    # The error of one energy scatters about zero; that of five tells its size.
    last = zip(result.frames[-5:], result.frame_boxes[-5:], result.samples["potential_energy"][-5:], strict=True)
    errors = [
        energy - engine.energies(Cell(ethane.topology, frame.astype(np.float64), box), stage).total
        for frame, box, energy in last
    ]
    assert np.sqrt(np.mean(np.square(errors))) < facts.mesh_scatter * ethane.topology.n_atoms


@pytest.mark.parametrize(
    "name", [name for name in ENGINES if DYNAMICS_ENGINES[name].capabilities.strain], indirect=True
)
@pytest.mark.parametrize("ensemble", ["nvt", "npt"])
def test_strain_pulls_along_x_while_y_and_z_are_held_or_give(engine, ethane, flexible, tmp_path, ensemble):
    result = engine.run(ethane, flexible(ensemble=ensemble, duration=0.5, strain_rate=0.04), tmp_path)
    assert result.cell.box[0] == pytest.approx(ethane.box[0] * 1.02)
    assert (result.cell.box[1:] == pytest.approx(ethane.box[1:])) == (ensemble == "nvt")
    assert (result.cell.box[1] == pytest.approx(result.cell.box[2], abs=1e-9)) == (ensemble == "nvt")
    axes = np.array([result.samples[f"pressure_{axis}"] for axis in "xyz"])
    assert axes.mean(axis=0) == pytest.approx(result.samples["pressure"])


def test_a_box_that_is_held_tells_the_pressure_along_each_axis(engine, ethane, flexible, tmp_path):
    samples = engine.run(ethane, flexible(duration=0.5, sample_interval=0.05), tmp_path).samples
    axes = np.array([samples[f"pressure_{axis}"] for axis in "xyz"])
    # Rows are 50 steps apart; an engine may leave out every other one.
    assert np.isfinite(axes[:, 1::2]).all()
    assert axes.mean(axis=0) == pytest.approx(samples["pressure"], nan_ok=True, rel=1e-3, abs=0.1)
    assert np.ptp(axes[:, 1::2], axis=0).min() > 0.0


def test_the_seed_decides_and_nothing_else(engine, facts, ethane, flexible, tmp_path):
    stage = flexible(duration=0.02, sample_interval=0.01, new_velocities=True)
    ends = [engine.run(ethane, stage, tmp_path / str(n), seed=s).cell.velocities for n, s in enumerate((1, 1, 2))]
    assert ends[0] == pytest.approx(ends[1], rel=0, abs=facts.repeats)
    assert not np.allclose(ends[0], ends[2], atol=0.1)


def test_several_cores_compute_what_one_does(engine, facts, ethane, tmp_path):
    stage = Stage("short", "nve", duration=0.02, sample_interval=0.01, constrain_hydrogens=False)
    one, *more = (
        each.run(ethane, stage, tmp_path / str(number)).samples["potential_energy"]
        for number, each in enumerate((engine, *(facts.make(**settings) for settings in facts.parallel)))
    )
    for other in more:
        assert other == pytest.approx(one, rel=max(1e-6, facts.arithmetic))


@pytest.mark.parametrize(
    "fault",
    [{"duration": 0.0}, {"timestep": -1.0}, {"density": 0.5, "ensemble": "npt"}, {"strain_rate": 1, "ensemble": "nve"}],
)
def test_stages_that_contradict_themselves_are_refused(engine, ethane, flexible, tmp_path, fault):
    with pytest.raises(InvalidInputError, match=rf"Stage 'flexible': {next(iter(fault))}"):
        engine.run(ethane, flexible(**({"duration": 1.0} | fault)), tmp_path)

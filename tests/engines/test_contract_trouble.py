"""Every engine: overlaps are pulled apart, blow-ups are noticed and tried once more, refusals say why."""

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from polyloop.chem import Cell, Topology
from polyloop.core import ConfigurationError, EvaluationError, FailureCode, MissingDependencyError
from polyloop.engines.dynamics.stages import Stage
from tests.engines.liquids import molecule
from tests.engines.programs import ENGINES, timestep_divisor

MINIMIZE = Stage("minimize", "minimize")
PROGRAMS = [name for name, facts in ENGINES.items() if facts.is_program]
SETTINGS = [(name, settings) for name, facts in ENGINES.items() for settings in facts.bad_settings]


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_molecules_on_top_of_each_other_are_pulled_apart(engine, facts, tmp_path, shift):
    topology, positions = molecule("CCc1ccccc1")
    cell = Cell(
        Topology.concatenate([topology] * 2), np.concatenate([positions, positions + shift]) + 10, np.full(3, 20.0)
    )
    # Engines take different shares of half an edge for the longest cut-off.
    minimize = replace(MINIMIZE, cutoff=9.0)
    result = engine.run(cell, minimize, tmp_path / "minimize")
    half = topology.n_atoms
    assert cdist(result.cell.positions[:half], result.cell.positions[half:]).min() > 2.0
    i, j = cell.topology.bonds.T
    lengths = np.linalg.norm(result.cell.positions[i] - result.cell.positions[j], axis=1)
    assert lengths == pytest.approx(cell.topology.bond_r0, rel=0.05)
    # The soft repulsion has gone again.
    energy = engine.energies(result.cell, minimize).total
    assert result.samples["potential_energy"][0] == pytest.approx(energy, abs=max(0.05, facts.running_mesh * 2 * half))
    # What goes on from there is sane.
    engine.run(result.cell, Stage("nvt", "nvt", duration=0.1), tmp_path / "nvt")


def test_too_long_a_step_is_halved_once(engine, cold_ethane, tmp_path):
    # A C-H stretch of 11 fs is stable under leapfrog and velocity Verlet up to 11 fs / pi = 3.6 fs.
    stage = Stage("long step", "nve", duration=1.0, timestep=4.4, constrain_hydrogens=False, sample_interval=0.1)
    result = engine.run(cold_ethane, stage, tmp_path)
    # 23 steps of 4.4 fs are 0.1012 ps.
    assert result.samples["time"] == pytest.approx(np.arange(1, 10) * 0.1012, abs=1e-6)
    assert np.isfinite(result.samples["potential_energy"]).all()
    assert timestep_divisor(tmp_path) == 2


@pytest.mark.slow
@pytest.mark.timeout(240)  # some seconds, for GROMACS half a minute, where nothing else runs
def test_a_stage_that_blows_up_twice_says_how(engine, facts, cold_ethane, tmp_path):
    stage = Stage("far too long step", "nvt", duration=10000.0, timestep=30.0, constrain_hydrogens=False)
    with pytest.raises(EvaluationError, match=r"blew up twice, the second time with 15 fs") as caught:
        engine.run(cold_ethane, stage, tmp_path)
    assert re.search(facts.blow_up, caught.value.failure.reason)
    assert caught.value.failure.code is FailureCode.BLOWN_UP
    assert caught.value.failure.stage == "far too long step"
    # The same call gives no third try with a still shorter step.
    with pytest.raises(EvaluationError, match="15 fs"):
        engine.run(cold_ethane, stage, tmp_path)


@pytest.mark.parametrize(("name", "settings"), SETTINGS, indirect=["name"])
def test_settings_out_of_range_are_refused(facts, settings):
    with pytest.raises(ConfigurationError, match="out of range"):
        facts.make(**settings)


@pytest.mark.parametrize("name", PROGRAMS, indirect=True)
def test_without_the_program_the_install_line_is_named(facts, cold_ethane, tmp_path):
    engine = facts.nowhere()
    for call in (engine.version, lambda: engine.run(cold_ethane, MINIMIZE, tmp_path)):
        with pytest.raises(MissingDependencyError, match=r"/nowhere/.*install"):
            call()


def test_the_version_is_the_program_s_own(engine, facts):
    # LAMMPS has days of years, the others numbers.
    assert max(int(number) for number in re.findall(r"\d+", engine.version())) >= facts.oldest

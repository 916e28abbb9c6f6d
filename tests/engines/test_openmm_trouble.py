"""OpenMM: overlaps are pulled apart, blow-ups are noticed in seconds and tried once more, refusals say why."""

import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from polyloop.chem import Cell, Topology
from polyloop.core import ConfigurationError, EvaluationError, FailureCode, MissingDependencyError
from polyloop.engines.openmm import OpenMMEngine
from polyloop.engines.openmm.guard import Guard, Unstable
from polyloop.engines.openmm.sitting import words_of_openmm
from polyloop.engines.stages import Stage
from tests.engines.liquids import liquid, molecule

ENGINE = OpenMMEngine("CPU")
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
    ENGINE.run(result.cell, Stage("nvt", "nvt", duration=0.2), tmp_path / "nvt")


def test_minimising_goes_down_to_small_forces_and_draws_no_velocities(tmp_path, ethane):
    cell = liquid("CC", 12, 0.3)
    assert ENGINE.energies(ethane, MINIMISE).total < ENGINE.energies(cell, MINIMISE).total
    # 10 kJ/(mol nm) is 0.24 kcal/(mol angstrom), by component; the mesh of runs adds its error.
    assert np.sqrt(np.mean(ENGINE.energies(ethane, MINIMISE).forces ** 2)) < 0.3
    assert ethane.velocities is None


def test_numbers_that_are_none_are_found_at_once(tmp_path, ethane):
    positions = ethane.positions.copy()
    positions[5, 1] = np.nan
    began = time.monotonic()
    with pytest.raises(EvaluationError, match="position of atom 5") as caught:
        ENGINE.run(replace(ethane, positions=positions), Stage("nvt", "nvt", duration=100.0), tmp_path)
    assert caught.value.failure.code is FailureCode.BLOWN_UP
    assert time.monotonic() - began < 5


def test_too_long_a_step_is_halved_once(tmp_path, ethane):
    # A C-H stretch of 11 fs is stable under leapfrog up to 11 fs / pi = 3.6 fs.
    stage = Stage("long step", "nve", duration=1.0, timestep=4.4, constrain_hydrogens=False, sample_interval=0.1)
    result = ENGINE.run(ethane, stage, tmp_path)
    assert len(result.samples["time"]) > 8
    assert np.isfinite(result.samples["potential_energy"]).all()
    with np.load(tmp_path / "result.npz") as archive:
        assert archive["substeps"] == 2


def test_a_stage_that_blows_up_twice_says_how(tmp_path, ethane):
    stage = Stage("far too long step", "nvt", duration=10000.0, timestep=30.0, constrain_hydrogens=False)
    began = time.process_time()
    figures = r"(NaN|a number|times its length|asked for|between two samples)\."
    with pytest.raises(EvaluationError, match="blew up twice, the second time with 15 fs, .*: .*" + figures) as caught:
        ENGINE.run(ethane, stage, tmp_path)
    assert time.process_time() - began < 10
    assert caught.value.failure.code is FailureCode.BLOWN_UP
    assert caught.value.failure.stage == "far too long step"
    # The same call gives no third try with a still shorter step.
    with pytest.raises(EvaluationError, match="15 fs"):
        ENGINE.run(ethane, stage, tmp_path)


def test_the_guard_names_what_went_wrong(ethane):
    guard = Guard(ethane.topology, 200)
    guard.check_state(ethane.positions, 330.0, 300.0)
    with pytest.raises(Unstable, match="3000 K where 300 K"):
        guard.check_state(ethane.positions, 3000.0, 300.0)
    with pytest.raises(Unstable, match="temperature is nan"):
        guard.check_state(ethane.positions, float("nan"), 300.0)
    torn = ethane.positions.copy()
    torn[1] += 5
    with pytest.raises(Unstable, match=r"bond of atoms \d+ and \d+ is \d.\d times its length"):
        guard.check_state(torn, 300.0, 300.0)
    guard.check_energy(100.0, 300.0)
    guard.check_energy(300.0, 300.0)
    with pytest.raises(Unstable, match=r"rose by 1e.05"):
        guard.check_energy(100300.0, 300.0)
    with pytest.raises(Unstable, match="not a number"):
        guard.check_energy(float("inf"), 300.0)


def test_what_else_openmm_refuses_comes_with_its_words():
    from openmm import OpenMMException

    with pytest.raises(EvaluationError, match=r"OpenMM: Out of luck\.$") as caught, words_of_openmm("stage"):
        raise OpenMMException("Out of luck")
    assert caught.value.failure.code is FailureCode.EVALUATOR


def test_settings_out_of_range_and_unknown_platforms_are_refused(tmp_path, ethane):
    with pytest.raises(ConfigurationError, match="out of range"):
        OpenMMEngine(threads=0)
    with pytest.raises(ConfigurationError, match="no OpenMM platform 'abacus'"):
        OpenMMEngine("abacus").run(ethane, MINIMISE, tmp_path)


def test_without_openmm_the_install_line_is_named(monkeypatch):
    # None in sys.modules is how Python itself marks a module that cannot be imported.
    monkeypatch.setitem(sys.modules, "openmm", None)
    with pytest.raises(MissingDependencyError, match=r"not installed.*pip install openmm"):
        ENGINE.version()


def test_openmm_is_imported_when_an_engine_works_and_not_before():
    code = "import sys, polyloop.engines.openmm; raise SystemExit('openmm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_version_is_openmm_s_own():
    assert int(ENGINE.version().split(".")[0]) >= 8

"""Frames carry velocities where a stage asks for them, those of the same moments as the samples."""

from dataclasses import replace

import numpy as np
import pytest

from polyloop.engines.dynamics.lammps import LammpsEngine
from polyloop.engines.dynamics.lammps.output import read_frames
from polyloop.engines.dynamics.openmm import OpenMMEngine
from polyloop.engines.dynamics.stages import Stage
from polyloop.engines.dynamics.validation import effective_masses
from tests.engines.liquids import liquid

CELL = liquid("CC", 12, 0.3)
GAS_CONSTANT = 1.987204259e-3  # kcal/(mol K)
STAGE = Stage(
    "warm", "nvt", duration=0.4, timestep=2.0, hydrogen_mass=3.0, nonbonded="short", cutoff=6.0, sample_interval=0.1,
    frame_interval=0.1, new_velocities=True, velocities=True,
)  # fmt: skip


def kinetic_energies(result):
    """Of each frame in kcal/mol; 1 g/mol angstrom2/ps2 is 0.01 kJ/mol."""
    masses = effective_masses(CELL.topology, STAGE.hydrogen_mass)
    return 0.5 * 0.01 / 4.184 * (masses[:, None] * result.frame_velocities.astype(float) ** 2).sum(axis=(1, 2))


@pytest.mark.parametrize("engine", [LammpsEngine(), OpenMMEngine("CPU")], ids=["lammps", "openmm"])
def test_velocities_of_frames_give_the_engine_s_kinetic_energy(tmp_path, engine):
    result = engine.run(CELL, STAGE, tmp_path)
    assert result.frame_times == pytest.approx(result.samples["time"])
    assert result.frame_velocities.shape == result.frames.shape
    assert result.frame_velocities[-1] == pytest.approx(result.cell.velocities, rel=1e-5, abs=1e-5)
    found = kinetic_energies(result)
    if engine.name == "lammps":
        assert found == pytest.approx(result.samples["kinetic_energy"], rel=1e-6)
        return
    # OpenMM's velocities are those between two steps, to which its temperature belongs; its kinetic energy is that on
    # the step, which the friction of the Langevin thermostat and the step's own length set a little apart.
    rigid = int((CELL.topology.numbers[CELL.topology.bonds] == 1).any(axis=1).sum())
    freedom = 3 * CELL.topology.n_atoms - rigid - 3
    assert 2 * found / (freedom * GAS_CONSTANT) == pytest.approx(result.samples["temperature"], rel=1e-5)
    assert found == pytest.approx(result.samples["kinetic_energy"], rel=0.05)


def test_a_stage_that_asks_for_none_gets_none(tmp_path):
    result = LammpsEngine().run(CELL, replace(STAGE, velocities=False), tmp_path)
    assert len(result.frames) == 4
    assert result.frame_velocities.shape == (0, CELL.topology.n_atoms, 3)
    assert not list(tmp_path.glob("*.velocities"))


def test_files_of_velocities_go_with_the_trajectory_once_the_result_is_written(tmp_path):
    LammpsEngine().run(CELL, STAGE, tmp_path)
    assert not list(tmp_path.glob("*.velocities"))
    again = LammpsEngine().run(CELL, STAGE, tmp_path)
    assert np.isfinite(again.frame_velocities).all() and len(again.frame_velocities) == 4


def test_a_kill_between_the_first_positions_and_the_first_velocities_leaves_no_frame(tmp_path):
    """LAMMPS makes the file of velocities when it first writes to it, after the positions of that moment."""
    header = bytearray(276)
    header[12:20] = np.array([0, 100], "<i4").tobytes()  # first step, steps between frames
    # The frame: six numbers for the box, then x, y and z of four atoms, each between two lengths.
    header[44:48] = np.array([2.0], "<f4").tobytes()  # timestep in fs
    (tmp_path / "run.dcd").write_bytes(bytes(header) + bytes(4 + 6 * 8 + 4) + 3 * bytes(4 + 4 * 4 + 4))
    assert len(read_frames(tmp_path / "run.dcd", 4, velocities=False).times) == 1
    frames = read_frames(tmp_path / "run.dcd", 4, velocities=True)
    assert frames.times.shape == (0,)
    assert frames.positions.shape == frames.velocities.shape == (0, 4, 3)

"""Run one stage in a process of its own, to be killed: python -m tests.engines.long_stage DIRECTORY PS ENGINE."""

import sys
from pathlib import Path

from polyloop.engines.lammps import LammpsEngine
from polyloop.engines.openmm import OpenMMEngine
from polyloop.engines.stages import Stage
from tests.engines.liquids import liquid


def cell_and_stage(duration):
    """Some 100 atoms and a stage with a sample each 0.05 ps and a frame with velocities each 0.1 ps."""
    stage = Stage(
        "long", "nvt", duration=duration, hydrogen_mass=3.0, nonbonded="short", sample_interval=0.05,
        frame_interval=0.1, cutoff=6.0, velocities=True,
    )  # fmt: skip
    return liquid("CC", 12, 0.3), stage


def engine(name):
    """An engine that writes a checkpoint every 0.12 s."""
    if name == "lammps":
        return LammpsEngine(checkpoint_minutes=0.002)
    return OpenMMEngine("CPU", checkpoint_minutes=0.002)


if __name__ == "__main__":
    engine(sys.argv[3]).run(*cell_and_stage(float(sys.argv[2])), Path(sys.argv[1]))

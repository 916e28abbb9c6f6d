"""Run one stage in a process of its own, to be killed: python -m tests.engines.long_stage DIRECTORY ENGINE."""

import sys
from pathlib import Path

from polyloop.engines.dynamics.stages import Stage
from tests.engines.liquids import liquid
from tests.engines.programs import ENGINES


def cell_and_stage(name):
    """Some 100 atoms and a stage with a sample each 0.05 ps and a frame with velocities each 0.1 ps."""
    stage = Stage(
        "long", "nvt", duration=ENGINES[name].long_time, hydrogen_mass=3.0, nonbonded="short", sample_interval=0.05,
        frame_interval=0.1, cutoff=6.0, velocities=True,
    )  # fmt: skip
    return liquid("CC", 12, 0.3), stage


def hasty(name):
    """The engine, with a checkpoint every 0.12 s."""
    return ENGINES[name].make(checkpoint_minutes=0.002)


if __name__ == "__main__":
    hasty(sys.argv[2]).run(*cell_and_stage(sys.argv[2]), Path(sys.argv[1]))

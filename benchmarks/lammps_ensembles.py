"""Measure whether LAMMPS stages conserve energy and sample their ensembles, as openmm_ensembles.py does for OpenMM.

Usage: python benchmarks/lammps_ensembles.py [--directory runs/lammps_ensembles] [--conserve 150] [--compress 200]

The liquid and the figures are the same; they go to results/lammps_ensembles.json. Stages go on where they were killed.
"""

from __future__ import annotations

import argparse
import resource
from pathlib import Path

import machine
from openmm_ensembles import TEMPERATURE, compressions, decane, drift
from polyloop.chem import Cell
from polyloop.engines.lammps import LammpsEngine
from polyloop.engines.stages import Stage


def conserving(engine: LammpsEngine, cell: Cell, timestep: float, mass: float, duration: float, folder: Path) -> dict:
    rest = Stage("rest", "nvt", duration=5, timestep=2, temperature=(TEMPERATURE,) * 2, hydrogen_mass=mass)
    rested = engine.run(cell, rest, folder / f"rest_{timestep:g}").cell
    stage = Stage(
        "nve", "nve", duration=duration, timestep=timestep, temperature=(TEMPERATURE,) * 2,
        hydrogen_mass=mass, sample_interval=0.1,
    )  # fmt: skip
    is_new, began = not (folder / f"nve_{timestep:g}" / "result.npz").exists(), children()
    figures = drift(engine, rested, stage, folder / f"nve_{timestep:g}")
    # LAMMPS is a program beside us, so its CPU time is that of our children.
    figures["cpu_ms_per_step"] = (children() - began) * timestep / duration if is_new else None
    return figures


def children() -> float:
    """CPU time in s of all programs that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, default=Path("runs/lammps_ensembles"))
    parser.add_argument("--conserve", type=float, default=150.0, help="ps at constant energy")
    parser.add_argument("--compress", type=float, default=200.0, help="ps at each pressure")
    arguments = parser.parse_args()
    engine, folder = LammpsEngine(), arguments.directory
    cell = decane(15, 0.5)
    cell = engine.run(cell, Stage("minimise", "minimise"), folder / "minimise").cell
    warm = Stage("compress", "nvt", duration=20, timestep=2, density=0.7, temperature=(450.0, TEMPERATURE))
    cell = engine.run(cell, warm, folder / "compress").cell
    result = {
        "system": f"{cell.topology.n_molecules} decane molecules, {cell.topology.n_atoms} atoms, one process",
        "conservation": [
            conserving(engine, cell, timestep, mass, arguments.conserve, folder)
            for timestep, mass in ((2.0, 1.008), (4.0, 3.0))
        ],
        "volumes": compressions(engine, cell, arguments.compress, folder),
        "machine": machine.describe("lammps", "numpy"),
    }
    print(machine.write("lammps_ensembles", result))


if __name__ == "__main__":
    main()

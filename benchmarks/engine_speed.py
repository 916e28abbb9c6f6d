"""Compare what one step of molecular dynamics costs GROMACS, LAMMPS and OpenMM's CPU platform on one polystyrene melt.

Usage: python benchmarks/engine_speed.py [--directory runs/engine_speed] [--atoms 2000] [--steps 600]

One core each, GROMACS where it is installed. A short and a long run of the same stage are compared, so that neither
counts its start. CPU time, which other programs on the machine disturb less than the clock; written to
results/engine_speed.json.
"""

from __future__ import annotations

import argparse
import resource
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

import machine
from polyloop.chem import Chain, Polymer, Topology
from polyloop.engines.dynamics.gromacs import GromacsEngine
from polyloop.engines.dynamics.lammps import LammpsEngine
from polyloop.engines.dynamics.openmm import OpenMMEngine
from polyloop.engines.dynamics.stages import Engine, Stage
from polyloop.simulate.cells import build_cell

ATOMS_PER_UNIT, ENDS = 16, 8
TEMPERATURE = (600.0, 600.0)


def charges(topology: Topology) -> np.ndarray:
    """Each hydrogen +0.115 e, taken from the carbon that bears it: the size of charges in styrene."""
    is_hydrogen = topology.numbers[topology.bonds] == 1
    hydrogens, carbons = topology.bonds[is_hydrogen], topology.bonds[:, ::-1][is_hydrogen]
    values = np.zeros(topology.n_atoms)
    np.add.at(values, hydrogens, 0.115)
    np.subtract.at(values, carbons, 0.115)
    return values


def cpu() -> float:
    """CPU time in s of this process and of all programs that it has run."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def cost(engine: Engine, cell, stage: Stage, steps: int, directory: Path) -> float:
    """CPU time of a step in ms."""
    spent = []
    for count in (steps // 4, steps):
        folder = directory / f"{engine.name}_{stage.name}_{count}"
        shutil.rmtree(folder, ignore_errors=True)
        began = cpu()
        engine.run(cell, replace(stage, duration=count * stage.timestep / 1000), folder)
        spent.append(cpu() - began)
    return 1000 * (spent[1] - spent[0]) / (steps - steps // 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, default=Path("runs/engine_speed"))
    parser.add_argument("--atoms", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=600)
    arguments = parser.parse_args()
    lammps, folder = LammpsEngine(), arguments.directory
    engines: list[Engine] = [lammps, OpenMMEngine("CPU"), *([GromacsEngine()] if shutil.which("gmx") else [])]
    chains = [Chain.homopolymer(Polymer("*CC(*)c1ccccc1"), (arguments.atoms // 5 - ENDS) // ATOMS_PER_UNIT)] * 5
    cell = build_cell(chains, density=0.6, seed=1)
    cell = replace(cell, topology=cell.topology.with_charges(charges(cell.topology)))
    cell = lammps.run(cell, Stage("minimize", "minimize"), folder / "minimize").cell
    warm = Stage("compress", "nvt", duration=6, timestep=2, density=0.95, temperature=TEMPERATURE)
    cell = lammps.run(cell, warm, folder / "compress").cell
    stages = (
        Stage("nvt", "nvt", timestep=2, temperature=TEMPERATURE),
        Stage("npt", "npt", timestep=4, temperature=TEMPERATURE, hydrogen_mass=3.0),
    )
    figures = {}
    for stage in stages:
        ms = {engine.name: cost(engine, cell, stage, arguments.steps, folder) for engine in engines}
        ratios = {f"{name}_over_lammps": spent / ms["lammps"] for name, spent in ms.items() if name != "lammps"}
        figures[stage.name] = {"cpu_ms_per_step": ms, **ratios}
    result = {
        "system": f"polystyrene, {cell.topology.n_atoms} atoms, {cell.density:.2f} g/cm3, {TEMPERATURE[0]:g} K",
        "cutoff_angstrom": stages[0].cutoff,
        "kspace_accuracy": lammps.kspace_accuracy,
        "steps": arguments.steps,
        "stages": figures,
        "programs": {engine.name: engine.version() for engine in engines},
        "machine": machine.describe("openmm", "lammps", "numpy"),
    }
    print(machine.write("engine_speed", result))


if __name__ == "__main__":
    main()

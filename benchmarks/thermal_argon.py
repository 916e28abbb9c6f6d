"""Measure the thermal conductivity of a Lennard-Jones liquid near its triple point as md/thermal does, against Helfand.

Usage: python benchmarks/thermal_argon.py [--directory runs/thermal_argon] [--pairs 12] [--wide 5] [--long 8]

The state and the cutoff are those of Viscardy, Servantie and Gaspard (doi:10.1063/1.2724821): T* = 0.722,
rho* = 0.8442, 2.5 sigma; their reduced conductivity is 6.946 +- 0.12, from the Helfand moment of 1,372 atoms.
Figures go to results/thermal_argon.json. Stages go on where they were killed.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

import machine
from polyloop.chem import Cell, Topology
from polyloop.core.constants import GAS_CONSTANT_KCAL
from polyloop.engines.dynamics.lammps import LammpsEngine
from polyloop.simulate.md.protocols.thermal import RelaxationSettings, conductivity, notes, relaxation, stages_of
from polyloop.simulate.md.run.progress import ProgressWriter
from polyloop.simulate.md.run.sampling import StageRunner
from polyloop.simulate.md.run.workspace import Workspace

# Argon, doi:10.1103/PhysRev.136.A405 (Rahman 1964): 120 K and 3.4 angstrom.
KELVIN, SIGMA, MASS = 120.0, 3.4, 39.948
EPSILON = KELVIN * GAS_CONSTANT_KCAL
TEMPERATURE, DENSITY, CUTOFF = 0.722 * KELVIN, 0.8442, 2.5 * SIGMA
PUBLISHED, PUBLISHED_STD = 6.946, 0.12
# k / sigma^2 sqrt(epsilon / m) in W/(m K).
UNIT = 1.380649e-23 / (SIGMA * 1e-10) ** 2 * np.sqrt(KELVIN * 1.380649e-23 / (MASS * 1.66053906660e-27))


def liquid(long: int, wide: int) -> Cell:
    """Face-centred cubic, to be melted."""
    cells = np.array([long, wide, wide])
    n = 4 * int(cells.prod())
    one, no = np.ones(n), np.zeros(0)
    pairs = {name: np.zeros((0, width), dtype=np.int64) for name, width in
             (("bonds", 2), ("angles", 3), ("dihedrals", 4), ("impropers", 4))}  # fmt: skip
    terms = ("bond_k", "bond_r0", "angle_k", "angle_theta0", "term_k", "term_phase", "improper_k")
    counts = ("term_dihedral", "term_n", "improper_sign", "improper_n")
    topology = Topology(
        numbers=np.full(n, 18), masses=MASS * one, charges=0.0 * one, type_names=("ar",),
        types=np.zeros(n, dtype=np.int64), epsilon=EPSILON * one, sigma=SIGMA * one, **pairs,
        **dict.fromkeys(terms, no), **dict.fromkeys(counts, np.zeros(0, dtype=np.int64)),
        molecule=np.arange(n), residue=np.arange(n),
    )  # fmt: skip
    edge = SIGMA * (4.0 / DENSITY) ** (1 / 3)
    corners = np.stack(np.meshgrid(*map(np.arange, cells), indexing="ij"), axis=-1).reshape(-1, 1, 3)
    basis = np.array([[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]])
    return Cell(topology, ((corners + basis + 0.25) * edge).reshape(-1, 3), edge * cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, default=Path("runs/thermal_argon"))
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--wide", type=int, default=5, help="unit cells of the crystal across the wave")
    parser.add_argument("--long", type=int, default=8, help="unit cells of the crystal along the wave")
    parser.add_argument("--amplitude", type=float, default=0.8)
    parser.add_argument("--start", type=float, default=2.0, help="ps after the kick at which the fit begins")
    arguments = parser.parse_args()
    plan = RelaxationSettings(
        copies=1, amplitude=arguments.amplitude, pairs=arguments.pairs, rest=5.0, relax=20.0, start=arguments.start,
        bin_width=0.5, parts=1,
    )  # fmt: skip
    stages = {
        stage.name: replace(stage, timestep=4.0, temperature=(TEMPERATURE,) * 2, cutoff=CUTOFF)
        for stage in stages_of(plan)
    }
    cell = liquid(arguments.long, arguments.wide)
    workspace = Workspace(arguments.directory)
    progress = ProgressWriter(workspace, "argon")
    key = f"{arguments.long} x {arguments.wide}"
    runner = StageRunner(LammpsEngine(), workspace, progress, 0, cell, key)
    melt = replace(stages["thermal_settle"], name="melt", duration=40.0, temperature=(400.0, TEMPERATURE))
    runner.run(melt)
    runner.run(stages["thermal_settle"])
    decay = relaxation(plan, runner, stages, progress, TEMPERATURE)
    found, diffusivity = conductivity(decay, runner.cell)
    result = {
        "system": f"{cell.topology.n_atoms} atoms, T* = 0.722, rho* = 0.8442, cutoff 2.5 sigma",
        "plan": asdict(plan),
        "reduced_conductivity": found.value / UNIT,
        "reduced_conductivity_std": found.std / UNIT,
        "published": {"value": PUBLISHED, "std": PUBLISHED_STD, "doi": "10.1063/1.2724821"},
        "diffusivity_m2_s": [diffusivity.value, diffusivity.std],
        "decay": asdict(decay),
        "notes": notes(decay, runner.cell),
        "cpu_s": round(sum(cost.cpu_s for cost in runner.costs.values()), 1),
        "machine": machine.describe("lammps", "numpy"),
    }
    path = machine.write("thermal_argon", result)
    value, std = result["reduced_conductivity"], result["reduced_conductivity_std"]
    print(f"{value:.3f} +- {std:.3f} where {PUBLISHED} is published; see {path}")


if __name__ == "__main__":
    main()

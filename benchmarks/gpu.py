"""Measure OpenMM on a GPU through polyloop's own engine: speed, sharing, agreement with the CPU, one density.

Usage: python benchmarks/gpu.py [--platform CUDA] [--minutes 8] [--directory runs/gpu]

It needs the wheels of OpenMM and of its CUDA platform: pip install 'polyloop[cuda]'. Where the platform does not work
it says so and ends with 1. It takes `--minutes` at most, and may be cut at any point: results/gpu.json is written after
each step, and says which steps are done. A density that was cut goes on in the same folder at the next call.
`--smoke` makes everything tiny, so that the script itself can be tried on a CPU:
python benchmarks/gpu.py --platform CPU --smoke
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import numpy as np

import machine
from engine_speed import charges
from polyloop.chem import Chain, Polymer
from polyloop.chem.topology import Cell
from polyloop.core import Conditions, PolyloopError, Request, write_atomically
from polyloop.engines.dynamics.openmm import OpenMMEngine
from polyloop.engines.dynamics.openmm.platforms import choose_platform, load_openmm, platform_properties
from polyloop.engines.dynamics.openmm.simulation import Simulation
from polyloop.engines.dynamics.openmm.system import ANGSTROM, GROUPS, KCAL, build_system
from polyloop.engines.dynamics.stages import ENERGY_TERMS, Stage
from polyloop.simulate.cells import build_cell
from polyloop.simulate.md.protocols.recipes import STANDARD
from polyloop.simulate.md.run.progress import read_progress
from polyloop.simulate.md.run.workspace import Workspace

POLYSTYRENE, ATOMS_PER_UNIT, ENDS, CHAINS = "*CC(*)c1ccccc1", 16, 8, 4
# The steps of md/standard@2: production at 2 fs, and its last equilibration at 4 fs with hydrogens of 3 g/mol.
STAGES = {"2 fs": STANDARD.at(Conditions()).production, "4 fs": STANDARD.at(Conditions()).equilibration[-1]}
# Copies of a cell of the size of md/standard's: some 1,600, 10,000 and 50,000 atoms.
COPIES, FEW_COPIES = ((1, 1, 1), (1, 2, 3), (2, 4, 4)), ((1, 1, 1), (1, 1, 2), (1, 2, 2))
SHARED_BY = (1, 2, 4, 8)
# GPUs sum forces of single precision: relative to the term, or to 1 kcal/mol where it is smaller; and the root mean
# square of the forces' deviation relative to that of the forces.
TERM_TOLERANCE, FORCE_TOLERANCE = 5e-5, 1e-4
# What the last step leaves to end by itself once it is told to, in s.
GRACE = 20.0


class Journal:
    """The result, written atomically after each step, with the time that is left."""

    def __init__(self, path: Path, seconds: float) -> None:
        self.path, self.end = path, time.monotonic() + seconds
        self.content: dict[str, Any] = {"steps_done": [], "complete": False}

    @property
    def left(self) -> float:
        return self.end - time.monotonic()

    def step(self, name: str, make: Callable[[], Any], needs: float) -> Any:
        """Do a step if its `needs` in s are left; keep what it yields, or why it yields nothing."""
        if self.left < needs:
            made: Any = {"skipped": f"{self.left:.0f} s were left, it needs {needs:.0f}"}
        else:
            print(f"{name} ({self.left:.0f} s left)", flush=True)
            try:
                made = make()
                self.content["steps_done"].append(name)
            except Exception as error:  # noqa: BLE001  a step that fails must not cost those after it
                made = {"failed": f"{type(error).__name__}: {error}"}
                print(made["failed"], flush=True)
        self.content[name] = made
        self.write()
        return made

    def write(self) -> None:
        write_atomically(self.path, json.dumps(self.content, indent=1) + "\n")


def packed(engine: OpenMMEngine, n_atoms: int, folder: Path) -> Cell:
    """Four polystyrene chains at 0.95 g/cm3 and 600 K, relaxed on the platform that is measured."""
    degree = max(2, round((n_atoms / CHAINS - ENDS) / ATOMS_PER_UNIT))
    cell = build_cell([Chain.homopolymer(Polymer(POLYSTYRENE), degree)] * CHAINS, density=0.6, seed=1)
    cell = replace(cell, topology=cell.topology.with_charges(charges(cell.topology)))
    cell = engine.run(cell, Stage("minimize", "minimize"), folder / "minimize").cell
    hot = Stage("compress", "nvt", duration=6.0, timestep=2.0, density=0.95, temperature=(600.0, 600.0))
    return replace(engine.run(cell, hot, folder / "compress").cell, velocities=None)


def agreement(platform: str, cell: Cell) -> dict[str, Any]:
    """Energy terms and forces against OpenMM's Reference platform, which has double precision on the CPU."""
    stage = STAGES["2 fs"]
    exact = OpenMMEngine("Reference").energies(cell, stage)
    cutoff = min(stage.cutoff, 0.5 * (1 - 1e-9) * float(cell.box.min()))
    openmm = load_openmm()
    context = openmm.Context(
        build_system(cell.topology, cell.box, stage, cutoff, split=True),
        openmm.VerletIntegrator(0.001),
        openmm.Platform.getPlatformByName(platform),
        platform_properties(platform, 1, None),
    )
    context.setPositions(cell.positions * ANGSTROM)
    terms = {}
    for name in ENERGY_TERMS:
        state = context.getState(getEnergy=True, groups={GROUPS[name]})
        energy, other = state.getPotentialEnergy()._value / KCAL, exact.terms[name]
        terms[name] = {
            "kcal_mol": energy, "reference": other, "relative": abs(energy - other) / max(abs(other), 1.0),
        }  # fmt: skip
    forces = np.asarray(context.getState(getForces=True).getForces(asNumpy=True)._value) * ANGSTROM / KCAL
    deviation = float(np.sqrt(np.mean((forces - exact.forces) ** 2) / np.mean(exact.forces**2)))
    return {
        "terms": terms,
        "force_deviation": deviation,
        "tolerance": {"terms": TERM_TOLERANCE, "forces": FORCE_TOLERANCE},
        "within_tolerance": deviation < FORCE_TOLERANCE
        and all(term["relative"] < TERM_TOLERANCE for term in terms.values()),
    }


def timed(platform: str, cell: Cell, stage: Stage, seconds: float, ready: Callable[[], Any]) -> dict[str, float]:
    """Integrate for so many seconds and return ns/day; `ready` is called between the warm-up and the measurement."""
    began = time.monotonic()
    threads = len(os.sched_getaffinity(0))
    simulation = Simulation(cell.topology, stage, cell.positions, None, cell.box, platform=(platform, threads, None))
    simulation.set_conditions(stage.temperature[0], stage.pressure[0])
    simulation.step(50)
    simulation.state()  # waits for the GPU
    ready()
    started, steps, chunk = time.monotonic(), 0, 20
    while (elapsed := time.monotonic() - started) < seconds:
        simulation.step(chunk)
        velocities = simulation.state()[1]
        steps += chunk
        rate = steps / (time.monotonic() - started)
        chunk = int(np.clip(0.25 * rate, 1, 20_000))
    return {
        "ns_per_day": steps * stage.timestep * 1e-6 / elapsed * 86400.0,
        "steps": steps,
        "seconds": elapsed,
        "start_s": started - began,
        "temperature_k": simulation.temperature(velocities),
    }


def sampled(engine: OpenMMEngine, cell: Cell, seconds: float, ns_per_day: float, folder: Path) -> dict[str, float]:
    """ns/day of the production of md/standard with its samples and frames, between the engine's reports."""
    shutil.rmtree(folder, ignore_errors=True)
    stage = replace(STAGES["2 fs"], duration=max(0.4, ns_per_day * seconds / 86400.0 * 1000.0))
    told: list[tuple[float, float]] = []
    result = engine.run(
        cell, stage, folder, seed=1, progress=lambda name, done, total: told.append((time.monotonic(), done))
    )
    (first, from_ps), (last, to_ps) = (told[0], told[-1]) if len(told) > 1 else ((0.0, 0.0), (0.0, 0.0))
    whole = stage.duration * 1e-3 / result.wall_time * 86400.0
    between = (to_ps - from_ps) * 1e-3 / (last - first) * 86400.0 if last - first > 1.0 else None
    return {"ns_per_day": between, "ns_per_day_with_start": whole, "density": float(result.samples["density"][-1])}


def speeds(
    engine: OpenMMEngine,
    base: Cell,
    sizes: Sequence[tuple[int, int, int]],
    options: argparse.Namespace,
    journal: Journal,
) -> None:
    """Each size at both timesteps; the first size also with the samples that md/standard takes."""
    seconds = options.seconds
    for copies in sizes:
        cell = base.replicated(copies)
        for name, stage in STAGES.items():
            words = f"{cell.topology.n_atoms} atoms, {name}"
            measure = partial(timed, engine.platform, cell, stage, seconds, lambda: None)
            made = journal.step(words, measure, needs=3 * seconds + 10)
            if cell.topology.n_atoms == base.topology.n_atoms and name == "2 fs" and "ns_per_day" in made:
                measure = partial(sampled, engine, base, seconds, made["ns_per_day"], options.directory / "sampled")
                journal.step(f"{words}, sampled", measure, needs=3 * seconds + 10)


def _share(platform: str, cell: Cell, seconds: float, barrier: Any, queue: Any) -> None:
    """One of several simulations, in a process of its own."""
    try:
        queue.put(timed(platform, cell, STAGES["4 fs"], seconds, lambda: barrier.wait(120)))
    except Exception as error:  # noqa: BLE001  what a process dies of must reach the parent, whatever it is
        barrier.abort()
        queue.put({"failed": f"{type(error).__name__}: {error}"})


def shared(platform: str, cell: Cell, seconds: float, count: int) -> dict[str, Any]:
    """ns/day of `count` simulations at once, in processes of their own as polyloop's workers are, and of all."""
    context = multiprocessing.get_context("spawn")
    barrier, queue = context.Barrier(count), context.Queue()
    workers = [
        context.Process(target=_share, args=(platform, cell, seconds, barrier, queue), daemon=True)
        for _ in range(count)
    ]
    for worker in workers:
        worker.start()
    each = [queue.get(timeout=180) for _ in workers]
    for worker in workers:
        worker.join(timeout=30)
    failures = [one["failed"] for one in each if "failed" in one]
    if failures:
        return {"simulations": count, "failed": failures[0]}
    rates = [one["ns_per_day"] for one in each]
    return {"simulations": count, "ns_per_day_together": sum(rates), "ns_per_day_each": rates}


def density(protocol: str, smiles: str, directory: Path, journal: Journal) -> dict[str, Any]:
    """Run a protocol end to end in a process that is ended when the time is up, and say how far it came."""
    scratch = directory / "scratch"
    request = Request(Polymer(smiles).subject, protocol, 1, Conditions())
    environment = {**os.environ, "POLYLOOP_SCRATCH": str(scratch), "POLYLOOP_MD_ENGINE": "openmm"}
    command = [sys.executable, __file__, "--density-only", protocol, smiles]
    began = time.monotonic()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as run:
        try:
            output, _ = run.communicate(timeout=max(1.0, journal.left - GRACE))
        except subprocess.TimeoutExpired:
            run.terminate()  # a checkpoint is written
            try:
                output, _ = run.communicate(timeout=GRACE / 2)
            except subprocess.TimeoutExpired:
                run.kill()
                output, _ = run.communicate()
    made = {
        "protocol": protocol,
        "polymer": smiles,
        "wall_s": time.monotonic() - began,
        "finished": run.returncode == 0,
    }
    if run.returncode == 0:
        return {**made, "finished": True, **json.loads(output.splitlines()[-1])}
    progress = read_progress(Workspace(scratch / "md"), request.key)
    return {**made, "finished": False, "came_to": progress.line() if progress else "charges", "exit": run.returncode}


def density_only(protocol: str, smiles: str) -> None:
    """What the process of `density` does."""
    from polyloop.simulate.md.run.workflow import simulate_polymer

    outcome = simulate_polymer(protocol, Polymer(smiles), 1, Conditions())
    (found,) = [estimate for estimate in outcome.estimates if estimate.property == "density"]
    said = {name: outcome.settings[name] for name in ("atoms", "equilibration", "cost")}
    print(json.dumps({"density_g_cm3": found.value, "std": found.std, "platform": choose_platform("auto"), **said}))


def devices(platform: str) -> list[dict[str, str]]:
    """What OpenMM says of the devices of a platform."""
    found = load_openmm().Platform.getPlatformByName(platform).getDevices()
    return [{str(key): str(value) for key, value in device.items()} for device in found]


def openmm_packages() -> list[str]:
    """Names of the installed wheels of OpenMM and its plugins."""
    return sorted(name for one in distributions() if (name := one.metadata["Name"] or "").lower().startswith("openmm"))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--platform", default="CUDA", help="OpenMM platform (CUDA, HIP, OpenCL, CPU)")
    parser.add_argument("--minutes", type=float, default=8.0, help="wall time of everything")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each measurement of speed")
    parser.add_argument("--polymer", default="*CC*", help="repeat unit whose density is computed")
    parser.add_argument("--directory", type=Path, default=Path("runs/gpu"))
    parser.add_argument("--output", type=Path, default=machine.RESULTS / "gpu.json")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes and md/smoke@1, to try the script on a CPU")
    parser.add_argument("--density-only", nargs=2, metavar=("PROTOCOL", "SMILES"), help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.density_only:
        density_only(*options.density_only)
        return
    try:
        platform = choose_platform(options.platform)
    except PolyloopError as error:
        sys.exit(f"Error: {error}\nThis benchmark needs a GPU and: pip install 'polyloop[cuda]'. See --help.")
    n_atoms, protocol, sizes, sharing = 1600, "md/standard@2", COPIES, SHARED_BY
    if options.smoke:
        options.seconds = min(options.seconds, 0.5)
        n_atoms, protocol, sizes, sharing = 200, "md/smoke@1", FEW_COPIES, SHARED_BY[:2]
    options.output.parent.mkdir(parents=True, exist_ok=True)
    journal = Journal(options.output, 60 * options.minutes)
    journal.content |= {
        "platform": platform, "devices": devices(platform), "smoke": options.smoke,
        "machine": machine.describe("numpy", *openmm_packages()),
    }  # fmt: skip
    journal.write()
    engine = OpenMMEngine(platform, threads=len(os.sched_getaffinity(0)))
    cells: list[Cell] = []

    def make_cell() -> dict[str, float]:
        cells.append(packed(engine, n_atoms, options.directory / f"{platform}_{n_atoms}"))
        return {"atoms": cells[0].topology.n_atoms, "density": cells[0].density}

    journal.step("cell", make_cell, needs=20)
    if cells:
        journal.step("agreement with the CPU", lambda: agreement(platform, cells[0]), needs=20)
        speeds(engine, cells[0], sizes, options, journal)
        for count in sharing:
            measure = partial(shared, platform, cells[0], options.seconds, count)
            journal.step(f"{count} sharing", measure, needs=options.seconds + 30)
    end_to_end = partial(density, protocol, options.polymer, options.directory, journal)
    journal.step("density", end_to_end, needs=GRACE + 10)
    journal.content["complete"] = True
    journal.write()
    print(options.output)


if __name__ == "__main__":
    main()

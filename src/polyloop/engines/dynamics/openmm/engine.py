"""OpenMM as an engine of stages."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np

from polyloop.chem.topology import Cell
from polyloop.core import ConfigurationError
from polyloop.engines.dynamics.capabilities import Capabilities, Device
from polyloop.engines.dynamics.openmm.dynamics import run_dynamics
from polyloop.engines.dynamics.openmm.minimize import run_minimization
from polyloop.engines.dynamics.openmm.platforms import (
    GPU_PLATFORMS,
    INSTALL,
    choose_platform,
    device_indices,
    load_openmm,
)
from polyloop.engines.dynamics.openmm.run import OpenMMRun, words_of_openmm
from polyloop.engines.dynamics.openmm.schedule import Schedule
from polyloop.engines.dynamics.openmm.snapshot import Snapshot
from polyloop.engines.dynamics.openmm.system import ANGSTROM, GROUPS, KCAL, build_system
from polyloop.engines.dynamics.registry import check_capabilities
from polyloop.engines.dynamics.run_directory import RunDirectory
from polyloop.engines.dynamics.stages import ENERGY_TERMS, Energies, Progress, Stage, StageResult
from polyloop.engines.dynamics.validation import check_cell, run_key
from polyloop.run.interrupts import Interruption

__all__ = ["OpenMMEngine"]

# The cut-off must not exceed half of an edge, not even by rounding.
_HALF = 0.5 * (1 - 1e-9)


class OpenMMEngine:
    """Molecular dynamics with OpenMM (doi:10.1021/acs.jpcb.3c06662): an `Engine`.

    Langevin dynamics in `nvt` and `npt` (LFMiddle, doi:10.1021/acs.jpca.9b02771) with a friction of
    1 / (2 thermostat_time), so that the kinetic energy relaxes within `thermostat_time`; a Monte Carlo barostat
    (doi:10.1016/j.cplett.2003.12.039) that scales centres of mass every 25 steps, whatever `barostat_time` says;
    leapfrog in `nve`.

    Parameters
    ----------
    platform
        `auto` (the first of CUDA, HIP, OpenCL and CPU that works), or one by name.
    threads
        Of the CPU platform.
    device
        Index of the GPU, or several with commas.
    checkpoint_minutes
        Wall time between checkpoints: what a killed run loses at most.

    Raises
    ------
    ConfigurationError
        For settings out of range.
    """

    name = "openmm"
    capabilities = Capabilities(
        "OpenMM", INSTALL, ("cpu", "gpu"), "mixed", preference={"gpu": 10, "cpu": 30}, package="openmm"
    )
    processes = 0

    def __init__(
        self,
        platform: str = "auto",
        threads: int = 1,
        device: int | str | None = None,
        checkpoint_minutes: float = 2.0,
    ) -> None:
        if threads < 1 or not 0 < checkpoint_minutes <= 5:
            raise ConfigurationError(
                f"threads = {threads} and checkpoint_minutes = {checkpoint_minutes} are out of range.",
                hint="Take at least one thread, and more than 0 to 5 minutes.",
            )
        self.platform, self.threads = platform, threads
        self.device = None if device is None else str(device)
        self.checkpoint_minutes = checkpoint_minutes

    @classmethod
    def works_on(cls, device: Device) -> bool:
        """Whether it is installed; and on GPUs, whether the best platform that works is one of them."""
        if find_spec("openmm") is None:
            return False
        return device == "cpu" or choose_platform("auto") in GPU_PLATFORMS

    @classmethod
    def for_machine(cls, n_cores: int, worker: int = 0) -> Self:
        """Return it with so many threads, and on the GPU of this worker where there are some.

        Workers are dealt out over the GPUs in turn; several on one share it, and fill it better than one.
        """
        devices = device_indices(choose_platform("auto"))
        return cls(threads=n_cores, device=devices[worker % len(devices)] if devices else None)

    def version(self) -> str:
        """Return OpenMM's version; raises `MissingDependencyError` where it is not installed."""
        return str(load_openmm().version.version)

    def energies(self, cell: Cell, stage: Stage) -> Energies:
        """Return energy terms and forces of `cell` as it stands, all bonds included, in double precision.

        Raises
        ------
        InvalidInputError
            Where `cell` is malformed.
        """
        check_cell(cell, stage)
        openmm = load_openmm()
        cutoff = min(stage.cutoff, _HALF * float(cell.box.min()))
        system = build_system(cell.topology, cell.box, stage, cutoff, split=True)
        reference = openmm.Platform.getPlatformByName("Reference")
        with words_of_openmm(stage.name):
            context = openmm.Context(system, openmm.VerletIntegrator(0.001), reference)
            context.setPositions(cell.positions * ANGSTROM)
            terms = {name: _energy(context, name) for name in ENERGY_TERMS}
            forces = context.getState(getForces=True).getForces(asNumpy=True)._value
        return Energies(terms, np.asarray(forces) * ANGSTROM / KCAL)

    def run(
        self, cell: Cell, stage: Stage, directory: Path, seed: int = 0, progress: Progress | None = None
    ) -> StageResult:
        """Run `stage` in `directory`; see `Engine.run`."""
        check_cell(cell, stage)
        folder = RunDirectory(Path(directory), f"{self.name} {run_key(cell, stage, seed)}", stage.name)
        if (done := folder.result(cell)) is not None:
            return done
        check_capabilities(self.capabilities, stage)
        schedule = None if stage.ensemble == "minimize" else Schedule.of(cell, stage)
        platform = (choose_platform(self.platform, self.device), self.threads, self.device)
        with Interruption() as interruption:
            folder.open()
            work = OpenMMRun(cell, stage, seed, folder, interruption, progress, platform, 60 * self.checkpoint_minutes)
            folder.own(os.getpid())
            try:
                kept = folder.newest()
                start = Snapshot.from_bytes((folder.path / kept.file).read_bytes()) if kept else _start(cell, stage)
                last = run_minimization(work, start) if schedule is None else run_dynamics(work, schedule, start)
                result = last.result(cell.topology, folder.state.wall_time)
                folder.finish(result)
            finally:
                folder.own(None)
            interruption.pass_on()
        return result


def _start(cell: Cell, stage: Stage) -> Snapshot:
    drawn = cell.velocities is None or (stage.new_velocities and stage.ensemble != "minimize")
    return Snapshot(
        step=0,
        positions=cell.positions,
        velocities=np.zeros((0, 3)) if drawn or cell.velocities is None else cell.velocities,
        box=cell.box,
    )


def _energy(context: Any, name: str) -> float:
    return float(context.getState(getEnergy=True, groups={GROUPS[name]}).getPotentialEnergy()._value) / KCAL

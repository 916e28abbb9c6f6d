"""LAMMPS as an engine of stages."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from polyloop.chem.formats import lammps_data
from polyloop.chem.topology import Cell
from polyloop.core import ConfigurationError, EvaluationError, FailureCode, write_atomically
from polyloop.engines.dynamics.interruption import Interruption
from polyloop.engines.dynamics.lammps.log import LogReader, is_unstable, last_words
from polyloop.engines.dynamics.lammps.output import Frames, read_dump, read_samples, sample_columns
from polyloop.engines.dynamics.lammps.program import Program
from polyloop.engines.dynamics.lammps.script import DATA, FINAL, VELOCITIES, Steps, energy_script, stage_script
from polyloop.engines.dynamics.lammps.sitting import Sitting
from polyloop.engines.dynamics.processes import end_group
from polyloop.engines.dynamics.run_directory import RunDirectory
from polyloop.engines.dynamics.stages import ENERGY_TERMS, Energies, Progress, Stage, StageResult
from polyloop.engines.dynamics.supervise import sit_until_done
from polyloop.engines.dynamics.validation import blown_up, check_cell, check_stage, effective_masses, run_key

__all__ = ["LammpsEngine"]


class LammpsEngine:
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

    def __init__(
        self,
        processes: int = 1,
        threads: int = 1,
        kspace_accuracy: float = 1e-4,
        checkpoint_minutes: float = 2.0,
        program: Path | None = None,
    ) -> None:
        if min(processes, threads) < 1 or not 0 <= checkpoint_minutes <= 5 or not 0 < kspace_accuracy < 0.1:
            raise ConfigurationError(
                f"processes = {processes}, threads = {threads}, kspace_accuracy = {kspace_accuracy}, "
                f"checkpoint_minutes = {checkpoint_minutes}: out of range.",
                hint="Take at least one process and thread, an accuracy below 0.1, and 0 to 5 minutes.",
            )
        self.program = Program(program, processes, threads)
        self.kspace_accuracy = kspace_accuracy
        self.checkpoint_minutes = checkpoint_minutes

    def version(self) -> str:
        """Return LAMMPS's version; raises `MissingDependencyError` where it is not installed."""
        return self.program.version()

    def energies(self, cell: Cell, stage: Stage) -> Energies:
        """Return energy terms and forces of `cell` as it stands, all bonds included.

        Raises
        ------
        InvalidInputError
            Where `cell` is malformed.
        EvaluationError
            EVALUATOR where LAMMPS fails, with its own words.
        """
        check_cell(cell, stage)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_atomically(folder / DATA, lammps_data(cell))
            write_atomically(folder / "energy.in", energy_script(cell, stage))
            # More ranks would not pay for one step.
            process = Program(self.program.path).start("energy.in", "energy.log", folder)
            try:
                process.wait()
            finally:
                end_group(process.pid)
            if process.returncode != 0 or not (folder / FINAL).exists():
                words = last_words(folder / "energy.log", folder / "console.txt")
                raise EvaluationError(FailureCode.EVALUATOR, stage.name, f"LAMMPS: {words}")
            row = LogReader(folder / "energy.log").read()[-1:]
            forces, _ = read_dump(folder / FINAL, cell.topology.n_atoms)
        columns = sample_columns(row)
        return Energies({term: float(columns[term][0]) for term in ENERGY_TERMS}, forces)

    def run(
        self, cell: Cell, stage: Stage, directory: Path, seed: int = 0, progress: Progress | None = None
    ) -> StageResult:
        """Run `stage` in `directory`; see `Engine.run`."""
        check_cell(cell, stage)
        if stage.ensemble != "minimize":
            check_stage(stage)
        # Another engine, or another accuracy, gives another answer.
        key = f"{self.name} {self.kspace_accuracy:g} {run_key(cell, stage, seed)}"
        folder = RunDirectory(Path(directory), key, stage.name, passing=("sitting-*.dcd", f"sitting-*{VELOCITIES}"))
        if (done := folder.result(cell)) is not None:
            return done
        with Interruption() as interruption:
            folder.open()
            # LAMMPS numbers its types by mass too, so data and script must see the same masses.
            masses = effective_masses(cell.topology, stage.hydrogen_mass)
            weighted = replace(cell, topology=replace(cell.topology, masses=masses))
            if not (folder.path / DATA).exists():
                folder.write(DATA, lammps_data(weighted))
            sitting = Sitting(self.program, stage, folder, interruption, 60 * self.checkpoint_minutes, progress)
            sit_until_done(
                lambda: self._sit(weighted, stage, sitting, seed),
                folder,
                stage,
                program="LAMMPS",
                is_unstable=is_unstable,
            )
            result = self._collect(cell, stage, folder)
            folder.finish(result)
        return result

    def _sit(self, cell: Cell, stage: Stage, sitting: Sitting, seed: int) -> str | None:
        folder = sitting.directory
        checkpoint = folder.newest()
        name = folder.begin_sitting()
        script = stage_script(
            cell,
            stage,
            divisor=folder.state.divisor,
            restart=(checkpoint.file, folder.state.divisor // checkpoint.divisor) if checkpoint else None,
            frames=name,
            seed=seed,
            owner=os.getpid() if Path("/proc/self/stat").exists() else 0,
            kspace_accuracy=self.kspace_accuracy,
        )
        return sitting.run(name, script)

    def _collect(self, cell: Cell, stage: Stage, folder: RunDirectory) -> StageResult:
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

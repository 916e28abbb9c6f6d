"""A molecular-dynamics program that runs as a process of its own, as an engine of stages.

An engine of this kind says how its input is written, how the program is started, and how its log (`ProgramRun`) and
its results are read. The directory, restarts, signals, blow-ups and refusals are here, once for all.
"""

from __future__ import annotations

import subprocess
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

from polyloop.chem.topology import Cell
from polyloop.core import ConfigurationError, EvaluationError, FailureCode
from polyloop.engines.dynamics.capabilities import Capabilities, Device
from polyloop.engines.dynamics.processes import end_group
from polyloop.engines.dynamics.program_run import ProgramRun, run_with_restarts
from polyloop.engines.dynamics.registry import check_capabilities
from polyloop.engines.dynamics.run_directory import RunDirectory
from polyloop.engines.dynamics.stage_run import StageRun
from polyloop.engines.dynamics.stages import Energies, Progress, Stage, StageResult
from polyloop.engines.dynamics.validation import check_cell, check_stage, run_key
from polyloop.run.interrupts import Interruption

__all__ = ["ProgramEngine"]


class ProgramEngine(ABC):
    """A program beside us as an `Engine`.

    Parameters
    ----------
    threads
        OpenMP threads of each process.
    processes
        MPI ranks.
    checkpoint_minutes
        Wall time between checkpoints: what a killed run loses at most.

    Raises
    ------
    ConfigurationError
        For settings out of range.
    """

    name: str
    capabilities: Capabilities
    # Patterns of files that go once the result is written, besides checkpoints.
    passing: ClassVar[tuple[str, ...]] = ()
    # The file that stands in a directory once the program has finished there.
    final: ClassVar[str]

    def __init__(self, threads: int = 1, processes: int = 1, checkpoint_minutes: float = 2.0) -> None:
        if min(threads, processes) < 1 or not 0 <= checkpoint_minutes <= 5:
            raise ConfigurationError(
                f"threads = {threads}, processes = {processes}, checkpoint_minutes = {checkpoint_minutes}: "
                "out of range.",
                hint="Take at least one thread and process, and 0 to 5 minutes.",
            )
        self.threads, self.processes, self.checkpoint_minutes = threads, processes, checkpoint_minutes

    @property
    def identity(self) -> str:
        """The engine and such settings as change its answer: part of a run's key."""
        return self.name

    @classmethod
    @abstractmethod
    def works_on(cls, device: Device) -> bool:
        """Whether the program is installed, starts, and finds such a device."""

    @classmethod
    @abstractmethod
    def for_machine(cls, n_cores: int, worker: int = 0) -> Self:
        """Return the engine as it is best on so many cores."""

    @abstractmethod
    def version(self) -> str:
        """Return the program's version; raises `MissingDependencyError` where it is not installed."""

    @abstractmethod
    def start_energies(self, cell: Cell, stage: Stage, folder: Path) -> subprocess.Popen[bytes]:
        """Write the input that computes energies and forces of `cell` once, and start the program on it."""

    @abstractmethod
    def read_energies(self, cell: Cell, folder: Path) -> Energies:
        """Return what it has computed."""

    @abstractmethod
    def write_inputs(self, work: StageRun) -> None:
        """Write what each start of the program reads."""

    @abstractmethod
    def program_run(self, work: StageRun) -> ProgramRun:
        """Write the input of one start of the program, from the newest checkpoint where there is one; return it."""

    @abstractmethod
    def collect(self, work: StageRun) -> StageResult:
        """Read what the program has left behind, put together over all its starts."""

    @abstractmethod
    def last_words(self, folder: Path, stem: str) -> str:
        """Return the program's error, or the end of what it said; `stem` names the files of this start."""

    @abstractmethod
    def is_unstable(self, words: str) -> bool:
        """Tell whether `words` speak of a simulation that blew up, and not of a program that failed."""

    def energies(self, cell: Cell, stage: Stage) -> Energies:
        """Return energy terms and forces of `cell` as it stands, all bonds included.

        Raises
        ------
        InvalidInputError
            Where `cell` is malformed.
        EvaluationError
            EVALUATOR where the program fails, with its own words.
        """
        check_cell(cell, stage)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            process = self.start_energies(cell, stage, folder)
            try:
                process.wait()
            finally:
                end_group(process.pid)
            if process.returncode != 0 or not (folder / self.final).exists():
                words = self.last_words(folder, "energy")
                raise EvaluationError(FailureCode.EVALUATOR, stage.name, f"{self.capabilities.title}: {words}")
            return self.read_energies(cell, folder)

    def run(
        self, cell: Cell, stage: Stage, directory: Path, seed: int = 0, progress: Progress | None = None
    ) -> StageResult:
        """Run `stage` in `directory`; see `Engine.run`."""
        check_cell(cell, stage)
        if stage.ensemble != "minimize":
            check_stage(stage)
        key = f"{self.identity} {run_key(cell, stage, seed)}"
        folder = RunDirectory(Path(directory), key, stage.name, self.passing)
        if (done := folder.result(cell)) is not None:
            return done
        check_capabilities(self.capabilities, stage)
        with Interruption() as interruption:
            folder.open()
            work = StageRun(cell, stage, seed, folder, interruption, progress)
            self.write_inputs(work)
            run_with_restarts(
                lambda: self.program_run(work).run(),
                folder,
                stage,
                program=self.capabilities.title,
                is_unstable=self.is_unstable,
            )
            result = self.collect(work)
            folder.finish(result)
        return result

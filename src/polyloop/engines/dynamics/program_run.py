"""One start of a program that runs a stage beside us: watched, its checkpoints kept, stopped by signals."""

from __future__ import annotations

import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.dynamics.processes import end_group
from polyloop.engines.dynamics.run_directory import RunDirectory
from polyloop.engines.dynamics.stage_run import StageRun
from polyloop.engines.dynamics.stages import Stage
from polyloop.engines.dynamics.validation import blown_up

__all__ = ["ProgramRun", "run_with_restarts"]

# s until the first look at the program: so short that short stages do not wait.
_FIRST_LOOK = 0.02
# s that the program has to write a checkpoint when it is asked to stop.
_PATIENCE = 120.0


class ProgramRun(ABC):
    """One start of a program, to the end of the stage or to a checkpoint.

    A subclass says how the program is started, what its log tells, and how it gives checkpoints.

    Parameters
    ----------
    work
        What is run.
    checkpoint_seconds
        Wall time after which a checkpoint is asked for.
    """

    # The file that stands there once the program has finished, and s between two looks at the program.
    final: ClassVar[str]
    look_interval: ClassVar[float] = 0.2

    def __init__(self, work: StageRun, checkpoint_seconds: float) -> None:
        self.work, self.checkpoint_seconds = work, checkpoint_seconds
        self.saved = time.monotonic()

    @abstractmethod
    def start(self) -> subprocess.Popen[bytes]:
        """Start the program (see `processes.start_program`)."""

    @abstractmethod
    def look(self, process: subprocess.Popen[bytes]) -> str | None:
        """Read what has come to the log, tell how far it is, and return what is wrong where it must be ended."""

    @abstractmethod
    def fresh_checkpoint(self) -> bool:
        """Whether a new restart file is whole; it then lies in `run_directory.FRESH`."""

    @abstractmethod
    def ask_to_stop(self, process: subprocess.Popen[bytes]) -> None:
        """Ask for a checkpoint and the end; called at every look until the program has ended."""

    @abstractmethod
    def last_words(self) -> str:
        """Return the program's error, or the end of what it said."""

    def ask_for_checkpoint(self) -> None:  # noqa: B027 - programs that keep the time themselves need not be asked
        """Ask for a checkpoint after which the program goes on."""

    def run(self) -> str | None:
        """Run the program to its end, or to the checkpoint that a signal asks for.

        Returns
        -------
        str or None
            What is wrong, in the program's words; None where the stage is done.
        """
        directory = self.work.directory
        final = directory.path / self.final
        final.unlink(missing_ok=True)
        self.saved = time.monotonic()
        process = self.start()
        try:
            directory.own(process.pid)
            fault = self._watch(process)
        finally:
            end_group(process.pid)
            process.wait()
            directory.own(None)
        self._adopt()
        self.look(process)
        directory.add_time(time.monotonic() - self.saved)
        self.work.interruption.pass_on()
        if fault is None and (process.returncode != 0 or not final.exists()):
            fault = f"{self.last_words()} (exit code {process.returncode})"
        return fault

    def _watch(self, process: subprocess.Popen[bytes]) -> str | None:
        """Look at the program until it ends; return what is wrong where it must be ended."""
        pause, asked = _FIRST_LOOK, None
        while process.poll() is None:
            time.sleep(pause)
            pause = min(self.look_interval, 1.5 * pause)
            if fault := self.look(process):
                return fault
            self._adopt()
            if self.work.interruption.asked is not None:
                asked = time.monotonic() if asked is None else asked
                self.ask_to_stop(process)
                if time.monotonic() - asked > _PATIENCE:
                    return None
            elif time.monotonic() - self.saved > self.checkpoint_seconds:
                self.ask_for_checkpoint()
        return None

    def _adopt(self) -> None:
        if self.fresh_checkpoint():
            now = time.monotonic()
            self.work.directory.adopt(now - self.saved)
            self.saved = now


def run_with_restarts(
    run: Callable[[], str | None],
    directory: RunDirectory,
    stage: Stage,
    *,
    program: str,
    is_unstable: Callable[[str], bool],
) -> None:
    """Run until the stage is done; after a blow-up once more, with half the timestep.

    Parameters
    ----------
    run
        Runs the program; returns None where it ended by itself, else what is wrong in its words.
    is_unstable
        Whether such words say that the simulation blew up.

    Raises
    ------
    EvaluationError
        BLOWN_UP after the second time, or a minimization; EVALUATOR where the program fails otherwise.
    """
    while (fault := run()) is not None:
        if not is_unstable(fault):
            raise EvaluationError(FailureCode.EVALUATOR, stage.name, f"{program}: {fault}")
        if directory.state.divisor > 1 or stage.ensemble == "minimize":
            raise blown_up(stage, fault)
        directory.halve_timestep()

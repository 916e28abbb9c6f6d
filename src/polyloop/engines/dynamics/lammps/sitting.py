"""One sitting of a run: the program at work, watched, asked for checkpoints, and stopped by signals."""

from __future__ import annotations

import math
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from polyloop.engines.dynamics.interruption import Interruption
from polyloop.engines.dynamics.lammps.log import THERMO, LogReader, last_words
from polyloop.engines.dynamics.lammps.program import Program
from polyloop.engines.dynamics.lammps.script import FINAL
from polyloop.engines.dynamics.processes import end_group
from polyloop.engines.dynamics.run_directory import FRESH, REQUEST, RunDirectory
from polyloop.engines.dynamics.stages import Progress, Stage

__all__ = ["Sitting"]

# s between two looks at the program: short at first, so that short stages do not wait.
_FIRST_LOOK, _LOOK = 0.02, 0.1
# s that the program has to write a checkpoint when it is asked to stop.
_PATIENCE = 120.0
_ENERGY = THERMO.index("pe")


@dataclass(eq=False)
class Sitting:
    """Runs one script to its end, or to a checkpoint; `run` returns the program's last words where it failed."""

    program: Program
    stage: Stage
    directory: RunDirectory
    interruption: Interruption
    checkpoint_seconds: float
    progress: Progress | None

    def run(self, name: str, script: str) -> str | None:
        """Run `script` under the stem `name`; None: it finished, and the last state is in `FINAL`."""
        folder = self.directory.path
        self.directory.write(f"{name}.in", script)
        (folder / FINAL).unlink(missing_ok=True)
        self.log = LogReader(folder / f"{name}.log")
        self.saved = self.asked = time.monotonic()
        process = self.program.start(f"{name}.in", f"{name}.log", folder)
        try:
            self.directory.own(process.pid)
            fault = self._watch(process)
        finally:
            end_group(process.pid)
            process.wait()
            self.directory.own(None)
        self._adopt()
        self._tell()
        self.directory.add_time(time.monotonic() - self.saved)
        self.interruption.pass_on()
        if fault is None and (process.returncode != 0 or not (folder / FINAL).exists()):
            words = last_words(self.log.path, folder / "console.txt")
            fault = f"{words} (exit code {process.returncode})"
        return fault

    def _watch(self, process: subprocess.Popen[bytes]) -> str | None:
        """Look at the program until it ends; return what is wrong where it must be ended."""
        pause = _FIRST_LOOK
        while process.poll() is None:
            time.sleep(pause)
            pause = min(_LOOK, 1.5 * pause)
            for row in self._tell():
                # A minimization may begin at overlaps.
                if not math.isfinite(row[_ENERGY]) and self.stage.ensemble != "minimize":
                    return f"the potential energy is nan at step {row[0]:.0f}"
            self._adopt()
            if self.interruption.asked is not None:
                self._ask("stop")
                if time.monotonic() - self.asked > _PATIENCE:
                    return None
            elif time.monotonic() - self.saved > self.checkpoint_seconds:
                self._ask("checkpoint")
        return None

    def _ask(self, order: str) -> None:
        request = self.directory.path / REQUEST
        if not request.exists() or (order == "stop" and request.read_text() != "stop\n"):
            self.directory.write(REQUEST, f"{order}\n")
            self.asked = time.monotonic()

    def _adopt(self) -> None:
        # The program removes the request once the restart file is whole.
        folder: Path = self.directory.path
        if (folder / FRESH).exists() and not (folder / REQUEST).exists():
            now = time.monotonic()
            self.directory.adopt(now - self.saved)
            self.saved = now

    def _tell(self) -> list[list[float]]:
        rows = self.log.read()
        if len(rows) and self.progress is not None and self.stage.ensemble != "minimize":
            done = min(self.stage.duration, rows[-1, 0] * rows[-1, 1] / 1000.0)
            self.progress(self.stage.name, float(done), self.stage.duration)
        listed: list[list[float]] = rows.tolist()
        return listed

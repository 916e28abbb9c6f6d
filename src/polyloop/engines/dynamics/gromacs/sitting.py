"""One sitting of a run: the program at work, watched, its checkpoints adopted, and stopped by signals."""

from __future__ import annotations

import math
import re
import signal
import subprocess
import time
from dataclasses import dataclass

import psutil

from polyloop.engines.dynamics.gromacs.output import LogReader
from polyloop.engines.dynamics.gromacs.parameters import list_steps
from polyloop.engines.dynamics.gromacs.program import CONSOLE, Program, last_words
from polyloop.engines.dynamics.interruption import Interruption
from polyloop.engines.dynamics.processes import end_group
from polyloop.engines.dynamics.run_directory import FRESH, RunDirectory
from polyloop.engines.dynamics.stages import Progress, Stage

__all__ = ["FINAL", "Sitting", "is_unstable"]

FINAL = "final.g96"
# s between two looks at the program: short at first, so that short stages do not wait.
_FIRST_LOOK, _LOOK = 0.02, 0.2
# CPU s of a thread without a row in the log, of which there should be some each second: it then wraps atoms that are
# out of this world.
_STALLED = 12.0
# s that the program has to write a checkpoint when it is asked to stop.
_PATIENCE = 120.0
# Times the target temperature, beyond the fluctuation of so few degrees of freedom: nothing sane gets there.
_HEAT = 4.0
# What GROMACS says where the simulation went wrong, and not the program; signals are what atoms far away end in.
_UNSTABLE = re.compile(
    r"not finite|non-finite|\bnan\b|lincs|constraint|too far|half the shortest box|box (?:size|vector)|"
    r"exit code -(?:8|11)\b|temperature is|moved more|distance out of cell|cut-off length",
    re.IGNORECASE,
)


def is_unstable(words: str) -> bool:
    """Tell whether `words` speak of a simulation that blew up."""
    return _UNSTABLE.search(words) is not None


@dataclass(eq=False)
class Sitting:
    """Runs one run input to its end, or to a checkpoint; `run` returns what is wrong where it failed."""

    program: Program
    stage: Stage
    directory: RunDirectory
    interruption: Interruption
    checkpoint_minutes: float
    progress: Progress | None
    n_atoms: int

    def run(self, stem: str, resume: str | None) -> str | None:
        """Run `stem`.tpr, from the checkpoint file `resume` where given; None: it ended by itself."""
        folder = self.directory.path
        (folder / FINAL).unlink(missing_ok=True)
        self.checkpoint = folder / f"{stem}.cpt"
        self.seen = self._stamp()
        self.log = LogReader(folder / f"{stem}.log")
        self.saved, self.told = time.monotonic(), 0.0
        arguments = ["-s", f"{stem}.tpr", "-deffnm", stem, "-c", FINAL, "-cpt", f"{self.checkpoint_minutes:g}"]
        if self.stage.ensemble != "minimize":
            # Longer lists, which it would choose by itself, may outgrow a cell that shrinks.
            arguments += ["-nstlist", str(list_steps(self.stage, self.directory.state.divisor))]
        else:
            # Else it chooses its transforms by timing them, and a path downhill parts by the last digits.
            arguments.append("-reprod")
        process = self.program.simulate([*arguments, *(["-cpi", resume] if resume else [])], folder)
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
            words = last_words((folder / CONSOLE).read_text(errors="replace"))
            fault = f"{words} (exit code {process.returncode})"
        return fault

    def _watch(self, process: subprocess.Popen[bytes]) -> str | None:
        """Look at the program until it ends; return what is wrong where it must be ended."""
        pause, asked = _FIRST_LOOK, None
        while process.poll() is None:
            time.sleep(pause)
            pause = min(_LOOK, 1.5 * pause)
            if fault := self._tell() or self._stalled(process.pid):
                return fault
            self._adopt()
            if self.interruption.asked is not None:
                if asked is None:
                    asked = time.monotonic()
                    process.send_signal(signal.SIGTERM)
                elif time.monotonic() - asked > _PATIENCE:
                    return None
        return None

    def _stamp(self) -> int:
        return self.checkpoint.stat().st_mtime_ns if self.checkpoint.exists() else 0

    def _adopt(self) -> None:
        # GROMACS puts a whole checkpoint in the place of the one before.
        stamp = self._stamp()
        if stamp != self.seen and self.stage.ensemble != "minimize":
            self.directory.write(FRESH, self.checkpoint.read_bytes())
            now = time.monotonic()
            self.directory.adopt(now - self.saved)
            self.saved, self.seen = now, stamp

    def _stalled(self, process_id: int) -> str | None:
        """Tell whether it computes and gets nowhere."""
        try:
            spent = sum(psutil.Process(process_id).cpu_times()[:2]) / self.program.threads
        except psutil.NoSuchProcess:
            return None
        if self.rows or self.stage.ensemble == "minimize":
            self.told = spent
        return f"no step in {_STALLED:g} s: atoms are too far away" if spent - self.told > _STALLED else None

    def _tell(self) -> str | None:
        """Tell how far it is; return what is wrong with the figures."""
        self.rows = rows = self.log.read()
        if self.stage.ensemble == "minimize":
            return None
        limit = _HEAT * max(self.stage.temperature) * (1 + 5 * (2 / (3 * self.n_atoms)) ** 0.5)
        for row in rows:
            if not math.isfinite(row.get("Potential", 0.0)):
                return f"the potential energy is nan at step {row['step']:.0f}"
            if self.stage.ensemble != "nve" and row.get("Temperature", 0.0) > limit:
                return f"the temperature is {row['Temperature']:.0f} K at step {row['step']:.0f}"
        if rows and self.progress is not None:
            self.progress(self.stage.name, min(self.stage.duration, rows[-1]["time"]), self.stage.duration)
        return None

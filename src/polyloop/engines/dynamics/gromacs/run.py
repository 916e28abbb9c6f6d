"""One start of GROMACS on a stage: its log read, its checkpoints copied, and stopped by a signal."""

from __future__ import annotations

import math
import re
import signal
import subprocess

import psutil

from polyloop.engines.dynamics.gromacs.output import LogReader
from polyloop.engines.dynamics.gromacs.parameters import list_steps
from polyloop.engines.dynamics.gromacs.program import Program, last_words
from polyloop.engines.dynamics.processes import CONSOLE
from polyloop.engines.dynamics.program_run import ProgramRun
from polyloop.engines.dynamics.run_directory import FRESH
from polyloop.engines.dynamics.stage_run import StageRun

__all__ = ["FINAL", "GromacsRun", "is_foreign", "is_unstable"]

FINAL = "final.g96"
# CPU s of a thread without a row in the log, of which there should be some each second: it then wraps atoms that are
# out of this world.
_STALLED = 12.0
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


def is_foreign(fault: str) -> bool:
    """Tell whether `fault` says that a checkpoint or the files that belong to it are not as they were.

    Of a file that it cannot write, a checkpoint among them, GROMACS says that the disk may be full.
    """
    said = fault.lower()
    return "disk space" not in said and any(word in said for word in ("checkpoint", "checksum", "append"))


class GromacsRun(ProgramRun):
    """Runs `stem`.tpr, from the checkpoint file `resume` where given."""

    final = FINAL

    def __init__(
        self, work: StageRun, checkpoint_minutes: float, program: Program, stem: str, resume: str | None
    ) -> None:
        super().__init__(work, 60 * checkpoint_minutes)
        self.program, self.stem, self.resume, self.checkpoint_minutes = program, stem, resume, checkpoint_minutes
        self.checkpoint = work.directory.path / f"{stem}.cpt"
        self.seen = self._stamp()
        self.log = LogReader(work.directory.path / f"{stem}.log")
        # CPU s of a thread when the log last grew.
        self.moved, self.is_asked = 0.0, False

    def run(self) -> str | None:
        """Run; see `ProgramRun.run`. Raises CHECKPOINT where GROMACS refuses the files that it should go on with."""
        fault = super().run()
        if fault is not None and self.resume and is_foreign(fault):
            directory = self.work.directory
            raise directory.error(f"GROMACS cannot go on in {directory.path}: {fault}.", "The stage must be run anew.")
        return fault

    def start(self) -> subprocess.Popen[bytes]:
        """Start `gmx mdrun`, which writes checkpoints by itself."""
        work, stem = self.work, self.stem
        arguments = ["-s", f"{stem}.tpr", "-deffnm", stem, "-c", FINAL, "-cpt", f"{self.checkpoint_minutes:g}"]
        if work.stage.ensemble != "minimize":
            # Longer lists, which it would choose by itself, may outgrow a cell that shrinks.
            arguments += ["-nstlist", str(list_steps(work.stage, work.directory.state.divisor))]
        else:
            # Else it chooses its transforms by timing them, and a path downhill parts by the last digits.
            arguments.append("-reprod")
        resume = ["-cpi", self.resume] if self.resume else []
        return self.program.simulate([*arguments, *resume], work.directory.path)

    def look(self, process: subprocess.Popen[bytes]) -> str | None:
        """Tell how far it is; return what is wrong with its figures, or that it gets nowhere."""
        stage, rows = self.work.stage, self.log.read()
        if stage.ensemble == "minimize":
            return None
        n_atoms = self.work.cell.topology.n_atoms
        limit = _HEAT * max(stage.temperature) * (1 + 5 * (2 / (3 * n_atoms)) ** 0.5)
        for row in rows:
            if not math.isfinite(row.get("Potential", 0.0)):
                return f"the potential energy is nan at step {row['step']:.0f}"
            if stage.ensemble != "nve" and row.get("Temperature", 0.0) > limit:
                return f"the temperature is {row['Temperature']:.0f} K at step {row['step']:.0f}"
        if rows:
            self.work.tell(rows[-1]["time"])
        return self._stalled(process.pid, moved=bool(rows))

    def fresh_checkpoint(self) -> bool:
        """GROMACS puts a whole checkpoint in the place of the one before."""
        stamp = self._stamp()
        if stamp == self.seen or self.work.stage.ensemble == "minimize":
            return False
        self.work.directory.write(FRESH, self.checkpoint.read_bytes())
        self.seen = stamp
        return True

    def ask_to_stop(self, process: subprocess.Popen[bytes]) -> None:
        """Send SIGTERM, once: to it a second one means to hurry."""
        if not self.is_asked:
            process.send_signal(signal.SIGTERM)
            self.is_asked = True

    def last_words(self) -> str:
        """Return GROMACS's error, or else the end of what it said."""
        return last_words((self.work.directory.path / CONSOLE).read_text(errors="replace"))

    def _stamp(self) -> int:
        return self.checkpoint.stat().st_mtime_ns if self.checkpoint.exists() else 0

    def _stalled(self, process_id: int, *, moved: bool) -> str | None:
        """Tell whether it computes and gets nowhere."""
        try:
            spent = sum(psutil.Process(process_id).cpu_times()[:2]) / self.program.threads
        except psutil.NoSuchProcess:
            return None
        if moved:
            self.moved = spent
        return f"no step in {_STALLED:g} s: atoms are too far away" if spent - self.moved > _STALLED else None

"""One start of LAMMPS on a stage: its log read, and asked for checkpoints by a file."""

from __future__ import annotations

import math
import subprocess
from contextlib import suppress
from pathlib import Path

from polyloop.engines.dynamics.lammps.log import THERMO, LogReader, last_words
from polyloop.engines.dynamics.lammps.program import Program
from polyloop.engines.dynamics.lammps.script import FINAL
from polyloop.engines.dynamics.processes import CONSOLE
from polyloop.engines.dynamics.program_run import ProgramRun
from polyloop.engines.dynamics.run_directory import FRESH, REQUEST
from polyloop.engines.dynamics.stage_run import StageRun

__all__ = ["LammpsRun"]

_ENERGY = THERMO.index("pe")


class LammpsRun(ProgramRun):
    """Runs `script` under the stem `name`; the last state is then in `FINAL`."""

    final = FINAL
    look_interval = 0.1

    def __init__(self, work: StageRun, checkpoint_seconds: float, program: Program, name: str, script: str) -> None:
        super().__init__(work, checkpoint_seconds)
        self.program, self.name, self.script = program, name, script
        self.folder: Path = work.directory.path
        self.log = LogReader(self.folder / f"{name}.log")

    def start(self) -> subprocess.Popen[bytes]:
        """Write the script and start LAMMPS on it."""
        self.work.directory.write(f"{self.name}.in", self.script)
        return self.program.start(f"{self.name}.in", f"{self.name}.log", self.folder)

    def look(self, process: subprocess.Popen[bytes]) -> str | None:
        """Tell how far it is; return what is wrong with the energy."""
        rows = self.log.read()
        if len(rows):
            self.work.tell(float(rows[-1, 0] * rows[-1, 1] / 1000.0))
        # A minimization may begin at overlaps.
        if self.work.stage.ensemble != "minimize":
            for row in rows.tolist():
                if not math.isfinite(row[_ENERGY]):
                    return f"the potential energy is nan at step {row[0]:.0f}"
        return None

    def fresh_checkpoint(self) -> bool:
        """LAMMPS removes the request once the restart file is whole."""
        return (self.folder / FRESH).exists() and not (self.folder / REQUEST).exists()

    def ask_for_checkpoint(self) -> None:
        """Ask for a checkpoint after which it goes on."""
        if not (self.folder / REQUEST).exists():
            self.work.directory.write(REQUEST, "checkpoint\n")

    def ask_to_stop(self, process: subprocess.Popen[bytes]) -> None:
        """Ask for a checkpoint and the end, also in the place of an earlier request that it has not read yet."""
        request = self.folder / REQUEST
        with suppress(FileNotFoundError):  # it has just removed an earlier one
            if request.read_text() == "stop\n":
                return
        self.work.directory.write(REQUEST, "stop\n")

    def last_words(self) -> str:
        """Return LAMMPS's error, or else the end of what it said."""
        return last_words(self.log.path, self.folder / CONSOLE)

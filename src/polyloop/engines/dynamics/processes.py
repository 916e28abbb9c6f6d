"""Programs beside us: where they are, how they are started, when they were born, and how they are ended."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from polyloop.core import EvaluationError, FailureCode, MissingDependencyError

__all__ = ["CONSOLE", "born", "end_group", "environment", "find_program", "program_version", "start_program"]

# What a program says outside its log.
CONSOLE = "console.txt"


def find_program(title: str, name: str, path: Path | None, *, hint: str, beside_python: bool = False) -> str:
    """Return where the program `name` is: at `path`, else (where it may come by pip) beside this Python, then on PATH.

    Raises
    ------
    MissingDependencyError
        If it is nowhere; `hint` is the install line.
    """
    places = os.environ.get("PATH", "")
    place = "on PATH"
    if beside_python:
        places = os.pathsep.join([str(Path(sys.prefix) / "bin"), places])
        place = f"beside this Python ({sys.prefix}) or on PATH"
    found = shutil.which(str(path)) if path is not None else shutil.which(name, path=places)
    if found is None:
        at = f"at {path}" if path is not None else place
        raise MissingDependencyError(f"{title}'s program {name!r} is not {at}.", hint=hint)
    return found


def environment(threads: int) -> dict[str, str]:
    """Return the environment in which a program computes with so many threads."""
    # Ranks and threads that spin while they wait cost ten times on a machine that is not idle.
    return os.environ | {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}


def start_program(command: Sequence[str], directory: Path, threads: int = 1) -> subprocess.Popen[bytes]:
    """Start a program in `directory`; what it says outside its log goes to `CONSOLE` there.

    It leads a group of its own, so that Ctrl-C reaches us alone and we can ask it for a checkpoint.
    """
    with (directory / CONSOLE).open("wb") as console:
        return subprocess.Popen(
            command,
            cwd=directory,
            env=environment(threads),
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def program_version(name: str, command: Sequence[str], pattern: str, *, hint: str) -> str:
    """Return what the group of `pattern` matches in the program's answer to `command`.

    Raises
    ------
    EvaluationError
        SETUP where it does not start.
    """
    answer = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    found = re.search(pattern, answer.stdout)
    if found is None:
        words = (answer.stderr or answer.stdout).strip()[-300:]
        raise EvaluationError(FailureCode.SETUP, name, f"{command[0]} does not start: {words}", hint=hint)
    return found.group(1).strip()


def end_group(process_id: int) -> None:
    """Kill the process that leads a group, and all of the group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process_id, signal.SIGKILL)


def born(process_id: int) -> float | None:
    """When a process was started, which tells it from a later one of the same number; None where there is none."""
    try:
        process = psutil.Process(process_id)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None

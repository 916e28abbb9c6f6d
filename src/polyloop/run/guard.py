"""A small process that outlives a killed pool for a moment: it ends the pool's workers and removes their scratch.

It is started as a plain script (`python -I -S guard.py SCRATCH`), so that it starts in milliseconds, and imports
nothing of polyloop. It reads `+PID` and `-PID` lines; the end of its input means that the pool has gone.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

# Set in each worker to its scratch folder; programs inherit it, into sessions of their own too.
TAG = "POLYLOOP_SCRATCH_OF_WORKER"

# Seconds to go on looking for programs that start others while they are ended.
PATIENCE_S = 5.0


def read_groups(lines: Iterable[str]) -> set[int]:
    """Read lines to their end, and return the process groups that are then still there."""
    groups: set[int] = set()
    for line in lines:
        sign, number = line[:1], line[1:].strip()
        if number.isdecimal():
            (groups.add if sign == "+" else groups.discard)(int(number))
    return groups


def tagged(folder: str) -> list[int]:
    """Return the processes whose environment has a scratch folder at or below `folder` (Linux; elsewhere none)."""
    found = []
    mark = f"{TAG}={folder}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) != os.getpid():
            # Those of other users cannot be read, and some end while one looks.
            with contextlib.suppress(OSError):
                values = (process / "environ").read_bytes().split(b"\0")
                if any(value == mark or value.startswith(mark + b"/") for value in values):
                    found.append(int(process.name))
    return found


def end_tagged(folder: str) -> None:
    """Kill what `tagged` finds, until it finds nothing more."""
    end = time.monotonic() + PATIENCE_S
    while (found := tagged(folder)) and time.monotonic() < end:
        for number in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGKILL)
        time.sleep(0.01)


def end(groups: Iterable[int], scratch: str) -> None:
    """Kill the process groups, and what they have started in other ones, and remove the folder."""
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
        # A worker that had no time yet to make a group of its own.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(group, signal.SIGKILL)
    end_tagged(scratch)
    shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end(read_groups(sys.stdin), sys.argv[1])

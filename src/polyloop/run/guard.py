"""A small process that outlives a killed pool for a moment: it ends the pool's workers and removes their scratch.

It is started as a plain script (`python -I -S guard.py SCRATCH`), so that it starts in milliseconds, and imports
nothing of polyloop. It reads `+PID` and `-PID` lines; the end of its input means that the pool has gone.
"""

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterable


def read_groups(lines: Iterable[str]) -> set[int]:
    """Read lines to their end, and return the process groups that are then still there."""
    groups: set[int] = set()
    for line in lines:
        sign, number = line[:1], line[1:].strip()
        if number.isdecimal():
            (groups.add if sign == "+" else groups.discard)(int(number))
    return groups


def end(groups: Iterable[int], scratch: str) -> None:
    """Kill the process groups and remove the folder."""
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
        # A worker that had no time yet to make a group of its own.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(group, signal.SIGKILL)
    shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end(read_groups(sys.stdin), sys.argv[1])

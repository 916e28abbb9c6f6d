"""Programs beside us: when they were born, and how they are ended."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import psutil

__all__ = ["born", "end_group"]


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

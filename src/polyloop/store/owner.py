"""Who holds a claim, and whether that process still lives."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

import psutil

__all__ = ["is_dead", "new_owner"]


def new_owner() -> str:
    """Return a name for this process as the holder of claims: host, boot, PID namespace, PID, start time, nonce.

    Each call gives another name, so that two campaigns in one process do not take each other for themselves.
    """
    pid = os.getpid()
    return "|".join((*_here(), str(pid), _start_time(pid), secrets.token_hex(4)))


def is_dead(owner: str, *, one_machine: bool) -> bool:
    """Tell whether the process behind `owner` has certainly ended; when in doubt, `False`.

    Parameters
    ----------
    owner
        A name made by `new_owner`; anything else cannot be judged and counts as alive.
    one_machine
        True for SQLite: its write-ahead log works through shared memory, so that every holder of a claim ran on
        this machine, and one of another boot has ended. PostgreSQL may have holders anywhere.
    """
    parts = owner.split("|")
    if len(parts) != 6:
        return False
    host, boot, namespace, pid, started, _ = parts
    here = _here()
    if one_machine and boot and here[1] and boot != here[1]:
        return True
    # In another PID namespace (a container) the same number names another process.
    if (host, boot, namespace) != here or not pid.isdecimal():
        return False
    now = _start_time(int(pid))
    return now == "" or now != started


def _here() -> tuple[str, str, str]:
    return socket.gethostname().replace("|", "_"), _boot_id(), _pid_namespace()


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
    except OSError:  # not Linux: a process is then told apart by PID and start time alone
        return ""


def _pid_namespace() -> str:
    try:
        return Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        return ""


def _start_time(pid: int) -> str:
    """Start of a living process, as text that stays the same; empty when there is none, or only its corpse."""
    try:
        # Ticks since boot; psutil's time since 1970 would shift when the clock is set.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    except OSError:
        pass
    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.NoSuchProcess:
        return ""

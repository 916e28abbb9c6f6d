"""Look into an SQLite file without changing it, also where neither it nor its folder can be written."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from polyloop.core import StoreError

__all__ = ["connect_to_look"]


def connect_to_look(path: Path, timeout: float) -> sqlite3.Connection:
    """Return a connection that refuses to write; `timeout` in s.

    Raises
    ------
    StoreError
        If there is no such file; it is not made.
    """
    if not path.is_file():
        raise StoreError("There is no store here.", where=str(path), hint="Name the file of a store, or its URL.")
    # sqlite3 would take %, ? and # of a path for parts of the URI.
    name = f"file:{quote(str(path))}?mode={_mode(path)}"
    connection = sqlite3.connect(name, uri=True, timeout=timeout, check_same_thread=False)
    connection.execute("PRAGMA query_only=ON")
    return connection


def _mode(path: Path) -> str:
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return "rw"  # the write-ahead log needs its shared memory, also to be read beside a running campaign
    log = Path(f"{path}-wal")
    if log.exists() and log.stat().st_size:
        return "ro"
    # Without a log nobody is writing, and without permission nobody can begin a log: only so is it safe.
    return "ro&immutable=1"

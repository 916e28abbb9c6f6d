"""Copy a store that is being written to; copying its file would miss what lies in the write-ahead log."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from polyloop.core import StoreError
from polyloop.store.archive import connect_to_look
from polyloop.store.database import Database

__all__ = ["backup"]


def backup(database: Database, target: Path) -> None:
    """Write one consistent state of an SQLite store to a file, in the place of an earlier copy; nobody waits for it.

    Raises
    ------
    StoreError
        If the store is PostgreSQL's, the target is a store in use or no file, or it cannot be written.
    """
    if not database.is_sqlite:
        raise StoreError(
            "PostgreSQL has programs of its own for this.",
            where=database.where,
            hint="Use pg_dump --format=custom --file FILE URL, and pg_restore; or copy records: polyloop store export.",
        )
    source = Path(database.where)
    _check_target(target, source)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".unfinished")
    except OSError as error:
        raise StoreError(
            f"The copy cannot be written: {error.strerror}.", where=str(target), hint="Name another file."
        ) from error
    temporary = Path(name)
    try:
        with (
            database.explained(),
            closing(connect_to_look(source, database.timeout)) as reading,
            closing(sqlite3.connect(temporary)) as writing,
        ):
            reading.backup(writing)
        os.fsync(handle)
        temporary.replace(target)
    finally:
        os.close(handle)
        for left in (temporary, Path(f"{temporary}-wal"), Path(f"{temporary}-shm")):
            left.unlink(missing_ok=True)


def _check_target(target: Path, source: Path) -> None:
    if target.exists() and not target.is_file():
        raise StoreError("This is no file.", where=str(target), hint="Name a file for the copy.")
    if target.exists() and target.samefile(source):
        raise StoreError("This is the store itself.", where=str(target), hint="Name another file for the copy.")
    if Path(f"{target}-wal").exists():
        raise StoreError("This file is a store in use.", where=str(target), hint="Name another file for the copy.")

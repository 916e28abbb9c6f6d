"""What went wrong in a database, and what the user can do about it."""

from __future__ import annotations

import sqlite3

from polyloop.core import StoreError

__all__ = ["explain"]

# How sqlite3's error name starts; what has happened; how to mend it.
_SQLITE_FAULTS = (
    (
        "SQLITE_FULL",
        "The disk (or quota) is full; nothing of this step was written.",
        "Free some space, then run the same command again.",
    ),
    (
        "SQLITE_IOERR",
        "The disk refused to read or write; nothing of this step was written.",
        "Look at the disk's space, quota and health, then run the same command again.",
    ),
    (
        "SQLITE_READONLY",
        "The database cannot be written.",
        "Give the file and its folder write permission, or name another store.",
    ),
    (
        "SQLITE_PERM",
        "The database may not be opened.",
        "Give the file and its folder read and write permission.",
    ),
    (
        "SQLITE_CANTOPEN",
        "The database file cannot be opened.",
        "Give the file and its folder read and write permission.",
    ),
    (
        "SQLITE_BUSY",
        "Another process has kept the database locked for too long.",
        "Wait for that process or end it, or pass a longer timeout.",
    ),
    (
        "SQLITE_NOTADB",
        "The file is no SQLite database.",
        "Name another file, or move this one away.",
    ),
    (
        "SQLITE_CORRUPT",
        "The database is damaged.",
        "Restore a copy, or save what is readable with: sqlite3 FILE .recover",
    ),
)


def explain(error: BaseException, where: str) -> StoreError:
    """Return the error of sqlite3 or psycopg as a `StoreError`."""
    message = " ".join(str(error).split())
    if not isinstance(error, sqlite3.Error):
        return StoreError(
            f"PostgreSQL refused: {message}.",
            where=where,
            mend="Check that the server runs and that the URL's user may write to this database.",
        )
    name = getattr(error, "sqlite_errorname", "")  # errors of the Python module itself have none
    for start, what, mend in _SQLITE_FAULTS:
        if name.startswith(start):
            return StoreError(what, where=where, mend=mend)
    return StoreError(f"SQLite refused: {message}.", where=where)

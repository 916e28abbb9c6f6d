"""What went wrong in a database, and what the user can do about it."""

from __future__ import annotations

import sqlite3

from polyloop.core import StoreError

__all__ = ["BusyError", "explain"]


class BusyError(StoreError):
    """The database did not let a transaction through now, and may do so later; nothing of it was kept."""


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
        "Wait for that process or end it, then run the same command again.",
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


# SQLSTATE of what passes by itself: serialisation, deadlock, a lock not had in time, a lost connection (class 08), and
# a server that shuts down, has crashed, starts up, or has no connection to spare.
_PASSING = ("40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300", "08")


def explain(error: BaseException, where: str, *, is_lost: bool = False) -> StoreError:
    """Return the error of sqlite3 or psycopg as a `StoreError`; `is_lost`: the connection went with it."""
    message = " ".join(str(error).split()).rstrip(".")
    if not isinstance(error, sqlite3.Error):
        return _explain_postgres(message, getattr(error, "sqlstate", None) or "", where, is_lost)
    name = getattr(error, "sqlite_errorname", "")  # errors of the Python module itself have none
    for start, what, hint in _SQLITE_FAULTS:
        if name.startswith(start):
            kind = BusyError if start == "SQLITE_BUSY" else StoreError
            return kind(what, where=where, hint=hint)
    return StoreError(f"SQLite refused: {message}.", where=where)


def _explain_postgres(message: str, state: str, where: str, is_lost: bool) -> StoreError:
    if state == "55P03":
        return BusyError(
            "Another process has kept a table or row locked for too long.",
            where=where,
            hint="Wait for that process or end it, then run the same command again.",
        )
    if "no password supplied" in message:
        return StoreError(
            "PostgreSQL asks for a password.",
            where=where,
            hint="Set POLYLOOP_STORE_PASSWORD, or write it into ~/.pgpass; it is kept neither in runs nor in stores.",
        )
    kind = BusyError if (is_lost and not state) or state.startswith(_PASSING) else StoreError
    return kind(
        f"PostgreSQL refused: {message}.",
        where=where,
        hint="Check that the server runs and that the URL's user may write to this database.",
    )

"""One database: open it (SQLite or PostgreSQL), survive forks, and run transactions whose errors say what to do."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError, StatementError

from polyloop.core import StoreError
from polyloop.store.faults import explain
from polyloop.store.place import read_place

__all__ = ["Database"]

# Engines that a fork left us with. Collecting one would close connections that belong to the parent: PostgreSQL's
# server would be told goodbye on the parent's socket, and SQLite might checkpoint under the parent's feet.
_inherited: list[Engine] = []


class Database:
    """A connection pool on one database, safe to use from several threads, processes and forks.

    Parameters
    ----------
    place
        Path of an SQLite file, or a URL (`sqlite:///...`, `postgresql://...`).
    timeout
        Seconds to wait for another process's lock.
    clock
        Source of the time in seconds since 1970. By default the server's for PostgreSQL, so that machines whose
        clocks differ agree on leases, and this machine's for SQLite.

    Raises
    ------
    StoreError
        If the place cannot be understood or opened.
    """

    def __init__(self, place: str | Path, *, timeout: float = 30.0, clock: Callable[[], float] | None = None) -> None:
        self._url = read_place(place)
        self._timeout = timeout
        self._clock = clock
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self.where = str(self._url.database) if self.is_sqlite else self._url.render_as_string(hide_password=True)
        self._engine = self._make_engine()
        self._pid = os.getpid()

    @property
    def url(self) -> str:
        """The full URL, password included."""
        return self._url.render_as_string(hide_password=False)

    @property
    def engine(self) -> Engine:
        """The engine of this process; a forked child gets one of its own."""
        if self._pid != os.getpid():
            _inherited.append(self._engine)
            self._engine, self._pid = self._make_engine(), os.getpid()
        return self._engine

    def now(self, connection: Connection) -> float:
        """Return the time in seconds since 1970 (UTC)."""
        if self._clock is not None:
            return self._clock()
        if self.is_sqlite:
            return time.time()
        return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())

    def insert(self, table: sqlalchemy.Table) -> Any:
        """Return the dialect's INSERT, which has `on_conflict_do_nothing` and `on_conflict_do_update`."""
        if self.is_sqlite:
            from sqlalchemy.dialects.sqlite import insert
        else:
            from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
        return insert(table)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads, on one consistent state of the database."""
        with self.explained(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that writes: all of it is committed, or nothing of it."""
        with self.explained(), self.engine.connect() as connection:
            # SQLite must take its lock at once: a reader that wants to become a writer may fail without waiting.
            connection = connection.execution_options(polyloop_write=True)
            with connection.begin():
                yield connection

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn the database's errors into `StoreError`s."""
        try:
            yield
        except DBAPIError as error:
            raise explain(error.orig or error, self.where) from error
        except sqlite3.Error as error:
            raise explain(error, self.where) from error
        except StatementError as error:  # a value that JSON or the column's type cannot hold
            raise StoreError(
                f"A value cannot be stored: {error.orig}.", where=self.where, mend="Use plain finite numbers and text."
            ) from error

    def close(self) -> None:
        """Close the connections of this process."""
        self.engine.dispose()

    def _make_engine(self) -> Engine:
        if not self.is_sqlite:
            return sqlalchemy.create_engine(self._url, pool_pre_ping=True)
        engine = sqlalchemy.create_engine(self._url, connect_args={"timeout": self._timeout})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def use_write_ahead_log(self) -> None:
        """Switch an SQLite file to its write-ahead log, which lets readers and one writer work at once."""
        if not self.is_sqlite:
            return
        deadline = time.monotonic() + self._timeout
        with self.explained():
            connection = self.engine.raw_connection()
            try:
                while True:
                    try:
                        mode = connection.cursor().execute("PRAGMA journal_mode=WAL").fetchone()
                        break
                    except sqlite3.OperationalError as error:
                        # The switch does not wait for others by itself, even with a busy timeout.
                        if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                            raise
                        time.sleep(0.02)
            finally:
                connection.close()
        if mode is None or mode[0] != "wal":
            raise StoreError(
                "This file system has no shared memory for SQLite's write-ahead log.",
                where=self.where,
                mend="Put the store on a local disk, or use PostgreSQL to share it between machines.",
            )


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # sqlite3's own transaction control starts too late (at the first write); _begin_sqlite does it instead.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
    # FULL syncs the log at each commit. NORMAL would be safe against damage, but a power cut could undo the last
    # commits, and with them hours of finished evaluations; a sync costs milliseconds.
    connection.execute("PRAGMA synchronous=FULL")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("polyloop_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

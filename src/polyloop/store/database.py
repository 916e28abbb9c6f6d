"""One database: open it (SQLite or PostgreSQL), survive forks, and run transactions whose errors say what to do."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError

from polyloop.core import StoreError
from polyloop.core.text import without_passwords
from polyloop.store.archive import connect_to_look
from polyloop.store.errors import explain
from polyloop.store.url import read_place

__all__ = ["Database"]

# Seconds that one try waits for a lock; then whoever waits is told, may be interrupted, and it is tried again.
_SLICE_S = 2.0
# Between two looks at SQLite's lock; drawn at random, so that several who wait do not look in step.
_LOOK_EVERY_S = (0.001, 0.008)
# Seconds after which a waiter looks more often, so that those who came later do not always come first; how much more.
_LONG_S, _FASTER = 0.2, 10.0

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
        Seconds for which a transaction is tried again while others keep it out (see `keeps_trying`).
    on_wait
        Called meanwhile, every second or two, with the seconds waited so far; what it raises ends the waiting.
    read_only
        Make nothing and refuse to write. An SQLite file may then lie where it cannot be written.
    clock
        Source of the time in seconds since 1970. By default the server's for PostgreSQL, so that machines whose
        clocks differ agree on leases, and this machine's for SQLite.

    Raises
    ------
    StoreError
        If the place cannot be understood or opened.
    """

    def __init__(
        self,
        place: str | Path,
        *,
        timeout: float = 30.0,
        on_wait: Callable[[float], None] = lambda waited: None,
        read_only: bool = False,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._url = read_place(place)
        self.timeout, self.on_wait = timeout, on_wait
        self.read_only, self._clock = read_only, clock
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        shown = without_passwords(self._url.render_as_string(hide_password=True))
        self.where = str(self._url.database) if self.is_sqlite else shown
        self._has_connected = False
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
            self._has_connected = True
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that writes: all of it is committed, or nothing of it.

        It waits for others' locks for a moment only; functions that write are marked with `keeps_trying`.
        """
        with self.explained(), self.engine.connect() as connection:
            # SQLite must take its lock at once: a reader that wants to become a writer may fail without waiting.
            connection = connection.execution_options(polyloop_write_timeout=self.timeout)
            with connection.begin():
                yield connection

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn the database's errors into `StoreError`s."""
        try:
            yield
        except DBAPIError as error:
            # A server that was there and now refuses connections is being restarted.
            is_away = self._has_connected and isinstance(error, OperationalError)
            raise explain(error.orig or error, self.where, is_lost=error.connection_invalidated or is_away) from error
        except sqlite3.Error as error:
            raise explain(error, self.where) from error
        except StatementError as error:  # a value that JSON or the column's type cannot hold
            raise StoreError(
                f"A value cannot be stored: {error.orig}.", where=self.where, hint="Use plain finite numbers and text."
            ) from error

    def close(self) -> None:
        """Close the connections of this process."""
        self.engine.dispose()

    def _make_engine(self) -> Engine:
        if not self.is_sqlite:
            settings = f"-c lock_timeout={round(1000 * min(_SLICE_S, self.timeout)) or 1}"
            settings += " -c default_transaction_read_only=on" if self.read_only else ""
            given = self._url.query.get("options", "")
            arguments = {"options": f"{given if isinstance(given, str) else ' '.join(given)} {settings}".strip()}
            return sqlalchemy.create_engine(self._url, pool_pre_ping=True, connect_args=arguments)
        if self.read_only:
            path = Path(str(self._url.database))
            engine = sqlalchemy.create_engine(self._url, creator=lambda: connect_to_look(path, self.timeout))
        else:
            engine = sqlalchemy.create_engine(self._url, connect_args={"timeout": self.timeout})
        # Functions of the module: SQLAlchemy knows listeners by their id, which that of an object passes on at its end.
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def use_write_ahead_log(self) -> None:
        """Switch an SQLite file to its write-ahead log, which lets readers and one writer work at once."""
        if not self.is_sqlite:
            return
        deadline = time.monotonic() + self.timeout
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
                hint="Put the store on a local disk, or use PostgreSQL to share it between machines.",
            )


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # sqlite3's own transaction control starts too late (at the first write); _begin_sqlite does it instead.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
    # FULL syncs the log at each commit. NORMAL would be safe against damage, but a power cut could undo the last
    # commits, and with them hours of finished evaluations; a sync costs milliseconds.
    connection.execute("PRAGMA synchronous=FULL")


def _begin_sqlite(connection: Connection) -> None:
    raw: Any = connection.connection.dbapi_connection
    timeout = connection.get_execution_options().get("polyloop_write_timeout")
    if timeout is None:
        raw.execute("BEGIN")
        return
    # SQLite's own waiting looks every 0.1 s in the end, so that whoever has waited longest gets the least chances.
    raw.execute("PRAGMA busy_timeout=0")
    try:
        _take_lock(raw, min(_SLICE_S, timeout))
    finally:
        raw.execute(f"PRAGMA busy_timeout={round(1000 * timeout)}")


def _take_lock(raw: sqlite3.Connection, seconds: float) -> None:
    started = time.monotonic()
    while True:
        try:
            raw.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            waited = time.monotonic() - started
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or waited > seconds:
                raise
            time.sleep(random.uniform(*_LOOK_EVERY_S) / (1.0 if waited < _LONG_S else _FASTER))

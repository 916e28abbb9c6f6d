"""Databases to test on: SQLite always, and PostgreSQL where POLYLOOP_TEST_POSTGRES names a server.

It is the URL of a database on a server whose user may create databases; each test makes its own.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy

__all__ = ["KINDS", "SERVER", "held", "new_postgres"]

SERVER = os.environ.get("POLYLOOP_TEST_POSTGRES", "")

# Parameters of a fixture that makes a store of each kind.
KINDS = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.skipif(not SERVER, reason="POLYLOOP_TEST_POSTGRES names no server")),
]


@contextmanager
def new_postgres() -> Iterator[str]:
    """Make a database of its own on the server, and give its URL."""
    name = f"polyloop_test_{secrets.token_hex(6)}"
    server = sqlalchemy.create_engine(
        sqlalchemy.make_url(SERVER).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
    try:
        yield sqlalchemy.make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(sqlalchemy.text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


# A second program that takes a lock of the whole store, says so, and keeps it for as long as it is told.
HOLDER = """
import sys, time
import sqlalchemy
place, seconds = sys.argv[1], float(sys.argv[2])
is_file = "://" not in place
url = sqlalchemy.URL.create("sqlite", database=place) if is_file else sqlalchemy.make_url(place)
engine = sqlalchemy.create_engine(url if is_file else url.set(drivername="postgresql+psycopg"),
                                  isolation_level="AUTOCOMMIT")
with engine.connect() as connection:
    if is_file:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("LOCK TABLE evaluations, campaigns, subjects IN EXCLUSIVE MODE")
    print("held", flush=True)
    time.sleep(seconds)
    connection.exec_driver_sql("COMMIT")
"""


@contextmanager
def held(place: str, seconds: float) -> Iterator[None]:
    """Let another process hold the store's lock for so many seconds, or for as long as the block lasts."""
    command = [sys.executable, "-c", HOLDER, place, str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(os.environ))
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    try:
        yield
    finally:
        process.terminate()
        process.communicate(timeout=60)

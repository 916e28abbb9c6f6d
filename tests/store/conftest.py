"""Stores to test: a new SQLite file each, and a new PostgreSQL database each where a server is named.

POLYLOOP_TEST_POSTGRES is the URL of a database on a server whose user may create databases; each test makes its own.
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy

from polyloop.chem import Polymer
from polyloop.core import Failure, FailureCode, Record, Request
from polyloop.store import Store

SERVER = os.environ.get("POLYLOOP_TEST_POSTGRES", "")

ETHYLENE, STYRENE, PROPYLENE = (Polymer(smiles).canonical for smiles in ("*CC*", "*CC(*)c1ccccc1", "*CC(*)C"))
SCF = Failure(FailureCode.SCF, "ground state", "no convergence", "level shift", retryable=True)


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", *(["postgres"] if SERVER else [])])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "results.db")
        return
    name = f"polyloop_test_{secrets.token_hex(6)}"
    server = sqlalchemy.create_engine(
        sqlalchemy.make_url(SERVER).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
    yield sqlalchemy.make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(sqlalchemy.text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture
def store(place: str, clock: Clock) -> Iterator[Store]:
    with Store(place, clock=clock) as opened:
        yield opened


def ask(polymer: str = ETHYLENE, seed: int = 0, protocol: str = "optics/quick@1") -> Request:
    return Request(polymer, protocol, seed)


def answer(request: Request, value: float = 0.9, **rest: object) -> list[Record]:
    return [Record.measured(request, "density", value, **rest)]


def fill(store: Store, *records: Record) -> None:
    """Put records in the store."""
    store.add(records)

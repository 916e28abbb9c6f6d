"""Stores to test: a new SQLite file each, and a new PostgreSQL database each where a server is named."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from polyloop.chem import Polymer
from polyloop.core import Failure, FailureCode, Record, Request, Subject
from polyloop.store import Store
from tests.databases import KINDS, new_postgres

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


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "results.db")
    else:
        with new_postgres() as url:
            yield url


@pytest.fixture
def store(place: str, clock: Clock) -> Iterator[Store]:
    with Store(place, clock=clock) as opened:
        yield opened


def ask(polymer: str = ETHYLENE, seed: int = 0, protocol: str = "optics/quick@1") -> Request:
    return Request(Subject("polymer", polymer), protocol, seed)


def answer(request: Request, value: float = 0.9, **rest: object) -> list[Record]:
    return [Record.of_value(request, "density", value, **rest)]


def fill(store: Store, *records: Record) -> None:
    """Put records in the store."""
    store.add(records)

"""Between rows of the tables and polyloop's words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from itertools import islice
from math import isfinite
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from polyloop.core import Conditions, Failure, InvalidInputError, Provenance, Record, Request, Status
from polyloop.store.database import Database
from polyloop.store.schema import evaluations, polymers, records
from polyloop.store.words import Evaluation

__all__ = [
    "chunks",
    "classify_new",
    "ensure_evaluations",
    "evaluation_from_row",
    "failure_from_json",
    "load_records",
    "record_from_row",
    "record_to_row",
    "request_from_row",
]

_Item = TypeVar("_Item")

# SQLite takes at most 32,766 values in one statement; the rows inserted here have up to 13 columns.
_CHUNK = 2000


def chunks(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    """Cut `items` into lists short enough for one statement."""
    iterator = iter(items)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def failure_from_json(data: Mapping[str, Any] | None) -> Failure | None:
    """Rebuild a failure, if there is one."""
    return None if data is None else Failure.from_dict(dict(data))


def request_from_row(row: Any) -> Request:
    """Rebuild a request from a row that has `smiles, protocol, seed, conditions`."""
    return Request(row.smiles, row.protocol, row.seed, Conditions(**row.conditions))


def evaluation_from_row(row: Any) -> Evaluation:
    """Rebuild an evaluation from a row of `evaluations` joined with `polymers.smiles`."""
    return Evaluation(
        request=request_from_row(row),
        status=Status(row.status),
        attempts=row.attempts,
        losses=row.losses,
        owner=row.owner or "",
        lease_until=row.lease_until,
        failure=failure_from_json(row.failure),
        created=row.created,
        updated=row.updated,
    )


def record_to_row(record: Record, now: float) -> dict[str, Any]:
    """Return the row of `records` for one record.

    Raises
    ------
    InvalidInputError
        If its value or std is not a finite number, or the std is negative.
    """
    for name, number in (("value", record.value), ("std", record.std)):
        if number is not None and not isfinite(number):
            raise InvalidInputError(
                f"The {name} of {record.property} is {number}, which no database can compare.",
                where=record.request.polymer,
                hint="Use Record.measured for a computed value, and None for an unknown std.",
            )
    if record.std is not None and record.std < 0:
        what = f"The std of {record.property} is negative ({record.std})."
        raise InvalidInputError(what, where=record.request.polymer)
    return {
        "evaluation_key": record.key,
        "property": record.property,
        "value": None if record.value is None else float(record.value),
        "std": None if record.std is None else float(record.std),
        "n": int(record.n),
        "std_of": record.std_of,
        "unit": record.unit,
        "status": record.status.value,
        "failure": record.failure.to_dict() if record.failure else None,
        "provenance": record.to_dict()["provenance"],
        "created": now,
    }


def record_from_row(row: Any, request: Request) -> Record:
    """Rebuild a record from its row."""
    provenance = dict(row.provenance)
    return Record(
        request=request,
        property=row.property,
        value=row.value,
        std=row.std,
        n=row.n,
        std_of=row.std_of,
        status=Status(row.status),
        failure=failure_from_json(row.failure),
        provenance=Provenance(**{**provenance, "parents": tuple(provenance["parents"])}),
    )


def load_records(connection: Connection, requests: Mapping[str, Request]) -> dict[str, tuple[Record, ...]]:
    """Return the records of these evaluations by key, each evaluation's ordered by property."""
    found: dict[str, list[Record]] = {key: [] for key in requests}
    for keys in chunks(requests):
        rows = connection.execute(
            select(records).where(records.c.evaluation_key.in_(keys)).order_by(records.c.property)
        )
        for row in rows:
            found[row.evaluation_key].append(record_from_row(row, requests[row.evaluation_key]))
    return {key: tuple(rows) for key, rows in found.items()}


def classify_new(database: Database, requests: Sequence[Request]) -> dict[str, str | None]:
    """Return the class of each polymer that the database does not know, for `ensure_evaluations`.

    Apart from it, because a class takes milliseconds to find: nobody should wait for that behind a lock.
    """
    by_key = {_polymer_key(request.polymer): request.polymer for request in requests}
    known: set[str] = set()
    with database.read() as connection:
        for keys in chunks(sorted(by_key)):
            known |= set(connection.scalars(select(polymers.c.key).where(polymers.c.key.in_(keys))))
    return {smiles: _polymer_class(smiles) for key, smiles in by_key.items() if key not in known}


def ensure_evaluations(
    database: Database,
    connection: Connection,
    requests: Sequence[Request],
    classes: Mapping[str, str | None],
    status: Status,
    now: float,
) -> set[str]:
    """Insert the evaluations (and their polymers) that are not there yet, as `status`; return the keys inserted.

    `classes` come from `classify_new`, called before the transaction.
    """
    # Always in the order of the keys: two transactions that insert the same rows then wait for, not on, each other.
    by_key = dict(sorted({request.key: request for request in requests}.items()))
    known: set[str] = set()
    for keys in chunks(by_key):
        known |= set(connection.scalars(select(evaluations.c.key).where(evaluations.c.key.in_(keys))))
    new = {key: request for key, request in by_key.items() if key not in known}
    _insert_polymers(database, connection, {request.polymer for request in new.values()} & set(classes), classes, now)
    inserted: set[str] = set()
    for items in chunks(new.items()):
        rows = [
            {
                "key": key,
                "polymer_key": _polymer_key(request.polymer),
                "protocol": request.protocol,
                "seed": int(request.seed),
                "conditions": asdict(request.conditions),
                "status": status.value,
                "attempts": 0,
                "losses": 0,
                "created": now,
                "updated": now,
            }
            for key, request in items
        ]
        statement = database.insert(evaluations).values(rows).on_conflict_do_nothing().returning(evaluations.c.key)
        inserted |= set(connection.scalars(statement))
    return inserted


def _insert_polymers(
    database: Database, connection: Connection, smiles: set[str], classes: Mapping[str, str | None], now: float
) -> None:
    for items in chunks(sorted((_polymer_key(text), text) for text in smiles)):
        rows = [{"key": key, "smiles": text, "polymer_class": classes[text], "first_seen": now} for key, text in items]
        connection.execute(database.insert(polymers).values(rows).on_conflict_do_nothing())


def _polymer_key(canonical: str) -> str:
    return hashlib.sha256(canonical.encode()).hexdigest()


@lru_cache(maxsize=100_000)
def _polymer_class(smiles: str) -> str | None:
    from polyloop.chem import Polymer  # late: looking into a store need not load rdkit

    try:
        return str(Polymer(smiles).polymer_class)
    except InvalidInputError:
        return None  # an evaluator of the user's own may know structures that chem does not

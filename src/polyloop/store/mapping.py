"""Between rows of the tables and polyloop's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from math import isfinite
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from polyloop.core import Conditions, Failure, InvalidInputError, Provenance, Record, Request, Status, Subject
from polyloop.core.subject import classify
from polyloop.store.database import Database
from polyloop.store.models import Evaluation
from polyloop.store.schema import evaluations, records, subjects

__all__ = [
    "REQUEST_COLUMNS",
    "chunks",
    "classify_new",
    "ensure_evaluations",
    "ensure_subjects",
    "evaluation_from_row",
    "failure_from_json",
    "load_records",
    "record_from_row",
    "record_to_row",
    "request_from_row",
]

_Item = TypeVar("_Item")

# What `request_from_row` needs, of evaluations joined with subjects.
REQUEST_COLUMNS = (
    subjects.c.kind, subjects.c.text, evaluations.c.protocol, evaluations.c.seed, evaluations.c.conditions
)  # fmt: skip

# Characters of the column; a copolymer of many units has the classes of all.
_LONGEST_CLASS = 64
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
    """Rebuild a request from a row that has `kind, text, protocol, seed, conditions`."""
    return Request(Subject(row.kind, row.text), row.protocol, row.seed, Conditions(**row.conditions))


def evaluation_from_row(row: Any) -> Evaluation:
    """Rebuild an evaluation from a row of `evaluations` joined with the subject's kind and text."""
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
                where=str(record.request.subject),
                hint="Use Record.of_value for a computed value, and None for an unknown std.",
            )
    if record.std is not None and record.std < 0:
        what = f"The std of {record.property} is negative ({record.std})."
        raise InvalidInputError(what, where=str(record.request.subject))
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


def classify_new(database: Database, requests: Sequence[Request]) -> dict[Subject, str | None]:
    """Return the class of each subject that the database does not know, for `ensure_evaluations`.

    Apart from it, because a class takes milliseconds to find: nobody should wait for that behind a lock.
    """
    by_key = {request.subject.key: request.subject for request in requests}
    known: set[str] = set()
    with database.read() as connection:
        for keys in chunks(sorted(by_key)):
            known |= set(connection.scalars(select(subjects.c.key).where(subjects.c.key.in_(keys))))
    return {subject: _class(subject) for key, subject in by_key.items() if key not in known}


def ensure_evaluations(
    database: Database,
    connection: Connection,
    requests: Sequence[Request],
    classes: Mapping[Subject, str | None],
    status: Status,
    now: float,
) -> set[str]:
    """Insert the evaluations (and their subjects) that are not there yet, as `status`; return the keys inserted.

    `classes` come from `classify_new`, called before the transaction.
    """
    # Always in the order of the keys: two transactions that insert the same rows then wait for, not on, each other.
    by_key = dict(sorted({request.key: request for request in requests}.items()))
    known: set[str] = set()
    for keys in chunks(by_key):
        known |= set(connection.scalars(select(evaluations.c.key).where(evaluations.c.key.in_(keys))))
    new = {key: request for key, request in by_key.items() if key not in known}
    ensure_subjects(database, connection, {request.subject for request in new.values()} & set(classes), classes, now)
    inserted: set[str] = set()
    for items in chunks(new.items()):
        rows = [
            {
                "key": key,
                "subject_key": request.subject.key,
                "protocol": request.protocol_id,
                "seed": int(request.seed),
                "conditions": request.conditions.to_dict(),
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


def ensure_subjects(
    database: Database, connection: Connection, new: set[Subject], classes: Mapping[Subject, str | None], now: float
) -> None:
    """Insert subjects that are not there yet; `classes` come from `classify_new`, called before the transaction."""
    for items in chunks(sorted((subject.key, subject) for subject in new)):
        rows = [
            {
                "key": key,
                "kind": subject.kind,
                "text": subject.text,
                "subject_class": classes[subject],
                "first_seen": now,
            }
            for key, subject in items
        ]
        connection.execute(database.insert(subjects).values(rows).on_conflict_do_nothing())


@lru_cache(maxsize=100_000)
def _class(subject: Subject) -> str | None:
    # Looking into a store need not load rdkit: the kind does, when it is first asked.
    found = classify(subject)
    return None if found is None else found[:_LONGEST_CLASS]

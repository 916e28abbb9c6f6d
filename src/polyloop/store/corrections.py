"""Values that people give, and correct later: the present value in `records`, what it was before in `superseded`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from polyloop.core import InvalidInputError, Record, Status
from polyloop.store.claims import end_open_attempts, set_status, verdict
from polyloop.store.database import Database
from polyloop.store.definitions import keep_definitions
from polyloop.store.mapping import classify_new, ensure_evaluations, load_records, record_from_row, record_to_row
from polyloop.store.patience import keeps_trying
from polyloop.store.schema import records, superseded

__all__ = ["Superseded", "Told", "get_history", "tell"]


@dataclass(frozen=True)
class Told:
    """What became of values that were given: how many are new, take the place of another, or were known."""

    new: int = 0
    corrected: int = 0
    known: int = 0


@dataclass(frozen=True)
class Superseded:
    """A value that was corrected later: the record as it was, when it was replaced (s since 1970, UTC), and why."""

    record: Record
    replaced: float
    reason: str


@keeps_trying
def tell(database: Database, given: Sequence[Record], reason: str) -> Told:
    """Keep values that people give, in one transaction; one that differs from what is known takes its place.

    Raises
    ------
    InvalidInputError
        If two of the records are of one evaluation, or one is no value of an experiment.
    """
    by_key = {record.key: record for record in given}
    if len(by_key) < len(given):
        raise InvalidInputError("Two of the values are of one evaluation.", hint="Give each repeat a seed of its own.")
    for record in given:
        if not record.request.protocol_id.startswith("experiment/"):
            raise InvalidInputError(
                f"{record.request.protocol_id} is no experiment: what a protocol computed is never overwritten.",
                where=str(record.request.subject),
            )
    requests = {key: record.request for key, record in by_key.items()}
    classes = classify_new(database, list(requests.values()))
    new = corrected = known = 0
    with database.write() as connection:
        now = database.now(connection)
        ensure_evaluations(database, connection, list(requests.values()), classes, Status.WAITING, now)
        present = load_records(connection, requests)
        for key, record in by_key.items():
            before = present[key][0] if present[key] else None
            if before is not None and _content(before) == _content(record):
                known += 1
                continue
            if before is not None:
                _keep_history(connection, before, now, reason)
                connection.execute(delete(records).where(records.c.evaluation_key == key))
            end_open_attempts(connection, key, now, Status.LOST)
            keep_definitions(database, connection, [record], now)
            connection.execute(insert(records), [record_to_row(record, now)])
            status, failure = verdict(record.request, [record])
            set_status(connection, key, now, status, failure=failure)
            new, corrected = new + (before is None), corrected + (before is not None)
    return Told(new, corrected, known)


def get_history(database: Database, key: str) -> list[Superseded]:
    """Return what an evaluation's values were before they were corrected, the oldest first."""
    from polyloop.store.queries import get_evaluations

    found = get_evaluations(database, keys=[key])
    if not found:
        return []
    statement = select(superseded).where(superseded.c.evaluation_key == key).order_by(superseded.c.number)
    with database.read() as connection:
        rows = list(connection.execute(statement))
    return [Superseded(record_from_row(row, found[0].request), row.replaced, row.reason) for row in rows]


def _content(record: Record) -> tuple[object, ...]:
    failure = None if record.failure is None else (record.failure.code, record.failure.reason)
    return record.value, record.std, record.n, record.status, failure


def _keep_history(connection: Connection, record: Record, now: float, reason: str) -> None:
    own = (superseded.c.evaluation_key == record.key) & (superseded.c.property == record.property)
    number = (connection.scalar(select(func.max(superseded.c.number)).where(own)) or 0) + 1
    created = connection.scalar(
        select(records.c.created).where(records.c.evaluation_key == record.key, records.c.property == record.property)
    )
    row = {name: value for name, value in record_to_row(record, created or now).items() if name != "unit"}
    connection.execute(insert(superseded), [{**row, "number": number, "replaced": now, "reason": reason}])

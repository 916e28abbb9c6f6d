"""Claims: who computes which evaluation, so that no key is computed twice and no finished work is lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from polyloop.core import Failure, InvalidInputError, Record, Request, Status, StoreError
from polyloop.store.database import Database
from polyloop.store.definitions import keep_definitions
from polyloop.store.mapping import (
    chunks,
    classify_new,
    ensure_evaluations,
    failure_from_json,
    load_records,
    record_to_row,
)
from polyloop.store.models import Attempt, Claim, ClaimOutcome
from polyloop.store.owner import is_dead
from polyloop.store.patience import keeps_trying
from polyloop.store.schema import attempts, evaluations, records

__all__ = ["LOG_LENGTH", "claim", "end_open_attempts", "fail", "finish", "release", "renew", "set_status", "verdict"]

# Characters of an attempt's log that are kept: its end, which is where programs say why they stopped.
LOG_LENGTH = 8000

_READY = {Status.WAITING, Status.CANCELLED, Status.LOST}


@keeps_trying
def claim(
    database: Database, requests: Sequence[Request], owner: str, lease: float, *, retry_failed: bool, host: str
) -> list[Claim]:
    """Claim each request in one transaction; see `Store.claim`."""
    if not owner:
        raise StoreError("A claim needs an owner.", hint="Make one with polyloop.store.new_owner().")
    by_key = {request.key: request for request in requests}
    claims: dict[str, Claim] = {}
    classes = classify_new(database, requests)
    with database.write() as connection:
        now = database.now(connection)
        ensure_evaluations(database, connection, requests, classes, Status.WAITING, now)
        finished: dict[str, Request] = {}
        for row in _locked(connection, by_key):
            status, request = Status(row.status), by_key[row.key]
            if status is Status.RUNNING and row.owner != owner and _abandoned(database, row, now):
                row = _lose(connection, row, now)
                status = Status.LOST
            if status is Status.RUNNING and row.owner != owner:
                claims[row.key] = _answer(request, row, ClaimOutcome.BUSY)
            elif status in _READY or status is Status.RUNNING or (status is Status.FAILED and retry_failed):
                claims[row.key] = _grant(connection, request, row, owner, now, lease, host)
            else:
                finished[row.key] = request
                outcome = ClaimOutcome.FAILED if status is Status.FAILED else ClaimOutcome.DONE
                claims[row.key] = _answer(request, row, outcome)
        found = load_records(connection, finished)
    return [_with_records(claims[request.key], found) for request in requests]


@keeps_trying
def renew(database: Database, keys: Iterable[str], owner: str, lease: float) -> set[str]:
    """Extend the leases that `owner` still holds; return their keys."""
    renewed: set[str] = set()
    with database.write() as connection:
        until = database.now(connection) + lease
        for part in chunks(sorted(set(keys))):
            statement = update(evaluations).where(evaluations.c.key.in_(part), *_held(owner))
            renewed |= set(connection.scalars(statement.values(lease_until=until).returning(evaluations.c.key)))
    return renewed


@keeps_trying
def finish(database: Database, request: Request, found: Sequence[Record], owner: str, tries: Sequence[Attempt]) -> bool:
    """Keep the records of a finished evaluation, its status and its attempts in one transaction."""
    status, failure = verdict(request, found)
    with database.write() as connection:
        now = database.now(connection)
        row = _one(connection, request, database)
        held = row.status == Status.RUNNING and row.owner == owner
        # Whoever lost the claim may still bring a result, and it is as good as any; only a failure is not.
        settled = Status(row.status).is_final and row.status != Status.CANCELLED
        if not held and (settled or status is Status.FAILED):
            return False
        if held:
            _close_attempts(connection, row, owner, now, tries, status, failure)
        else:
            end_open_attempts(connection, request.key, now, Status.LOST)
            late = tries or [Attempt(now, now, status)]
            _insert_attempts(connection, request.key, owner, late, _next_number(connection, request.key))
        _replace_records(database, connection, request.key, found, now)
        counted = sum(item.outcome is not Status.LOST for item in tries) or 1
        set_status(connection, request.key, now, status, failure=failure, attempts=row.attempts + counted)
    return True


@keeps_trying
def fail(
    database: Database,
    request: Request,
    failure: Failure,
    owner: str,
    properties: Sequence[str],
    tries: Sequence[Attempt],
) -> bool:
    """Keep a failure: the evaluation's, and a failed record for each promised property."""
    failed = [Record.failed(request, name, failure) for name in properties]
    with database.write() as connection:
        now = database.now(connection)
        row = _one(connection, request, database)
        if row.status != Status.RUNNING or row.owner != owner:
            return False
        _close_attempts(connection, row, owner, now, tries, Status.FAILED, failure)
        _replace_records(database, connection, request.key, failed, now)
        counted = sum(item.outcome is not Status.LOST for item in tries) or 1
        set_status(connection, request.key, now, Status.FAILED, failure=failure, attempts=row.attempts + counted)
    return True


@keeps_trying
def release(database: Database, keys: Iterable[str], owner: str, status: Status, log: str) -> set[str]:
    """Give claims back without a result; return the keys that `owner` did hold."""
    if status not in _READY:
        raise StoreError(f"A claim cannot be released as {status.value!r}.", hint="Use lost, cancelled or waiting.")
    released: set[str] = set()
    with database.write() as connection:
        now = database.now(connection)
        for row in _locked(connection, keys):
            if row.status != Status.RUNNING or row.owner != owner:
                continue
            end_open_attempts(connection, row.key, now, status, log=log)
            losses = row.losses + (status is Status.LOST)
            set_status(connection, row.key, now, status, losses=losses)
            released.add(row.key)
    return released


def verdict(request: Request, found: Sequence[Record]) -> tuple[Status, Failure | None]:
    """Return status and failure of an evaluation that yields these records; raise where they cannot be its."""
    where = str(request.subject)
    if not found:
        raise InvalidInputError(
            "An evaluation must yield at least one record.", where=where, hint="Use fail() for none."
        )
    names = [record.property for record in found]
    if len(set(names)) < len(names):
        raise InvalidInputError("An evaluation has two records of one property.", where=where)
    for record in found:
        if record.key != request.key:
            raise InvalidInputError(f"The record of {record.property} answers another request.", where=where)
        record_to_row(record, 0.0)
    if all(record.status is Status.FAILED for record in found):
        return Status.FAILED, found[0].failure
    done = any(record.status is Status.DONE for record in found)
    return (Status.DONE if done else Status.UNPHYSICAL), None


def _abandoned(database: Database, row: Any, now: float) -> bool:
    return row.lease_until <= now or is_dead(row.owner, one_machine=database.is_sqlite)


def _lose(connection: Connection, row: Any, now: float) -> Any:
    end_open_attempts(connection, row.key, now, Status.LOST)
    return set_status(connection, row.key, now, Status.LOST, losses=row.losses + 1)


def _grant(
    connection: Connection, request: Request, row: Any, owner: str, now: float, lease: float, host: str
) -> Claim:
    if row.status != Status.RUNNING:
        number = _next_number(connection, row.key)
        _insert_attempts(connection, row.key, owner, [Attempt(started=now, host=host)], number)
    row = set_status(connection, row.key, now, Status.RUNNING, owner=owner, lease_until=now + lease)
    return _answer(request, row, ClaimOutcome.GRANTED)


def _answer(request: Request, row: Any, outcome: ClaimOutcome) -> Claim:
    return Claim(
        request,
        outcome,
        failure=failure_from_json(row.failure) if outcome is ClaimOutcome.FAILED else None,
        owner=row.owner or "",
        lease_until=row.lease_until,
        attempts=row.attempts,
        losses=row.losses,
    )


def _with_records(answer: Claim, found: dict[str, tuple[Record, ...]]) -> Claim:
    return replace(answer, records=found[answer.request.key]) if answer.request.key in found else answer


def _held(owner: str) -> tuple[Any, ...]:
    return evaluations.c.status == Status.RUNNING.value, evaluations.c.owner == owner


def _locked(connection: Connection, keys: Iterable[str]) -> list[Any]:
    rows: list[Any] = []
    for part in chunks(sorted(set(keys))):
        statement = select(evaluations).where(evaluations.c.key.in_(part)).order_by(evaluations.c.key)
        rows.extend(connection.execute(statement.with_for_update()))
    return rows


def _one(connection: Connection, request: Request, database: Database) -> Any:
    rows = _locked(connection, [request.key])
    if not rows:
        raise StoreError(
            f"{request.subject} by {request.protocol_id} was never claimed.",
            where=database.where,
            hint="Claim it first, or use add() for records that were made elsewhere.",
        )
    return rows[0]


def set_status(connection: Connection, key: str, now: float, status: Status, **values: Any) -> Any:
    """Set an evaluation's status and further columns; those of claim and failure are emptied where none is given."""
    cleared = {"owner": None, "lease_until": None, "failure": None, **values}
    cleared["failure"] = cleared["failure"].to_dict() if cleared["failure"] else None
    statement = update(evaluations).where(evaluations.c.key == key).values(status=status.value, updated=now, **cleared)
    return connection.execute(statement.returning(evaluations)).one()


def _replace_records(database: Database, connection: Connection, key: str, found: Sequence[Record], now: float) -> None:
    connection.execute(delete(records).where(records.c.evaluation_key == key))
    if found:
        keep_definitions(database, connection, found, now)
        connection.execute(insert(records), [record_to_row(record, now) for record in found])


def _next_number(connection: Connection, key: str) -> int:
    last = connection.scalar(select(func.max(attempts.c.number)).where(attempts.c.evaluation_key == key))
    return (last or 0) + 1


def end_open_attempts(connection: Connection, key: str, now: float, outcome: Status, *, log: str = "") -> None:
    """End the attempt at an evaluation that is under way, if there is one."""
    opened = (attempts.c.evaluation_key == key) & (attempts.c.outcome == Status.RUNNING.value)
    values = {"outcome": outcome.value, "ended": now, "log": _excerpt(log)}
    connection.execute(update(attempts).where(opened).values(**values, wall_time=now - attempts.c.started))


def _close_attempts(
    connection: Connection,
    row: Any,
    owner: str,
    now: float,
    tries: Sequence[Attempt],
    status: Status,
    failure: Failure | None,
) -> None:
    """Put `tries` in the place of the open attempt; without any, end the open attempt as `status`."""
    opened = (attempts.c.evaluation_key == row.key) & (attempts.c.outcome == Status.RUNNING.value)
    if not tries:
        values = {"outcome": status.value, "ended": now, "failure": failure.to_dict() if failure else None}
        connection.execute(update(attempts).where(opened).values(**values, wall_time=now - attempts.c.started))
        return
    connection.execute(delete(attempts).where(opened))
    _insert_attempts(connection, row.key, owner, tries, _next_number(connection, row.key))


def _insert_attempts(connection: Connection, key: str, owner: str, tries: Sequence[Attempt], number: int) -> None:
    rows = [
        {
            "evaluation_key": key,
            "number": number + index,
            "owner": owner,
            "started": item.started,
            "ended": item.ended,
            "outcome": item.outcome.value,
            "failure": item.failure.to_dict() if item.failure else None,
            "log": _excerpt(item.log),
            "host": item.host,
            "wall_time": item.wall_time,
        }
        for index, item in enumerate(tries)
    ]
    connection.execute(insert(attempts), rows)


def _excerpt(log: str) -> str:
    # PostgreSQL's text has no NUL, and no database has half a surrogate pair; a crashed program may print both.
    return log[-LOG_LENGTH:].encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")

"""Look things up: records, evaluations, attempts, failures, counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from polyloop.core import InvalidInputError, Record, Status, Subject, get_property
from polyloop.store.database import Database
from polyloop.store.mapping import (
    REQUEST_COLUMNS,
    chunks,
    evaluation_from_row,
    failure_from_json,
    record_from_row,
    request_from_row,
)
from polyloop.store.models import Attempt, Evaluation
from polyloop.store.schema import attempts, evaluations, picks, records, subjects

__all__ = ["classes_of", "counts", "get_attempts", "get_evaluations", "get_records"]

_Where = list[ColumnElement[bool]]


def get_records(
    database: Database,
    *,
    keys: Collection[str] | None = None,
    subjects_in: Collection[Subject] | None = None,
    properties: Collection[str] | None = None,
    protocols: Collection[str] | None = None,
    statuses: Collection[Status] | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    campaign: str | None = None,
) -> list[Record]:
    """Return matching records in the order of (evaluation key, property); see `Store.records`."""
    if (minimum is not None or maximum is not None) and (properties is None or len(properties) != 1):
        raise InvalidInputError("A range of values needs exactly one property, whose unit it is in.")
    for name in properties or ():
        get_property(name)
    where = _evaluation_filter(protocols, campaign)
    if properties is not None:
        where.append(records.c.property.in_(list(properties)))
    if statuses is not None:
        where.append(records.c.status.in_([Status(status).value for status in statuses]))
    if minimum is not None:
        where.append(records.c.value >= minimum)
    if maximum is not None:
        where.append(records.c.value <= maximum)
    columns = (records, *REQUEST_COLUMNS)
    statement = select(*columns).select_from(records.join(evaluations).join(subjects))
    with database.read() as connection:
        rows = _rows(connection, statement, where, keys, subjects_in)
    requests: dict[str, Any] = {}
    for row in rows:
        if row.evaluation_key not in requests:
            requests[row.evaluation_key] = request_from_row(row)
    rows.sort(key=lambda row: (row.evaluation_key, row.property))
    return [record_from_row(row, requests[row.evaluation_key]) for row in rows]


def get_evaluations(
    database: Database,
    *,
    keys: Collection[str] | None = None,
    subjects_in: Collection[Subject] | None = None,
    protocols: Collection[str] | None = None,
    statuses: Collection[Status] | None = None,
    campaign: str | None = None,
) -> list[Evaluation]:
    """Return matching evaluations in the order of their keys."""
    where = _evaluation_filter(protocols, campaign)
    if statuses is not None:
        where.append(evaluations.c.status.in_([Status(status).value for status in statuses]))
    statement = select(evaluations, subjects.c.kind, subjects.c.text).select_from(evaluations.join(subjects))
    with database.read() as connection:
        rows = _rows(connection, statement, where, keys, subjects_in)
    return [evaluation_from_row(row) for row in sorted(rows, key=lambda row: str(row.key))]


def get_attempts(database: Database, key: str) -> list[Attempt]:
    """Return all attempts at one evaluation, oldest first."""
    statement = select(attempts).where(attempts.c.evaluation_key == key).order_by(attempts.c.number)
    with database.read() as connection:
        return [
            Attempt(
                started=row.started,
                ended=row.ended,
                outcome=Status(row.outcome),
                failure=failure_from_json(row.failure),
                log=row.log,
                host=row.host,
                wall_time=row.wall_time,
                owner=row.owner,
                number=row.number,
            )
            for row in connection.execute(statement)
        ]


def counts(database: Database, *, campaign: str | None = None) -> dict[str, dict[Status, int]]:
    """Count evaluations by protocol and status."""
    number = func.count().label("number")
    statement = select(evaluations.c.protocol, evaluations.c.status, number)
    statement = statement.where(*_evaluation_filter(None, campaign))
    statement = statement.group_by(evaluations.c.protocol, evaluations.c.status)
    found: dict[str, dict[Status, int]] = {}
    with database.read() as connection:
        for row in sorted(connection.execute(statement), key=lambda row: (str(row.protocol), str(row.status))):
            found.setdefault(row.protocol, {})[Status(row.status)] = row.number
    return found


def classes_of(database: Database, of: Iterable[Subject]) -> dict[Subject, str]:
    """Return the class of each subject that the store knows."""
    by_key = {subject.key: subject for subject in of}
    found: dict[Subject, str] = {}
    with database.read() as connection:
        for part in chunks(by_key):
            statement = select(subjects.c.key, subjects.c.subject_class).where(subjects.c.key.in_(part))
            found.update({by_key[row.key]: row.subject_class or "" for row in connection.execute(statement)})
    return found


def _evaluation_filter(protocols: Collection[str] | None, campaign: str | None) -> _Where:
    where: _Where = []
    if protocols is not None:
        where.append(evaluations.c.protocol.in_(list(protocols)))
    if campaign is not None:
        where.append(evaluations.c.key.in_(select(picks.c.evaluation_key).where(picks.c.campaign == campaign)))
    return where


def _rows(
    connection: Connection,
    statement: Any,
    where: _Where,
    keys: Collection[str] | None,
    subjects_in: Collection[Subject] | None,
) -> list[Any]:
    """Run `statement`, cutting a long list of keys or subjects into several."""
    statement = statement.where(*where)
    if keys is not None and subjects_in is not None:
        allowed = set(subjects_in)
        found = _rows(connection, statement, [], keys, None)
        return [row for row in found if Subject(row.kind, row.text) in allowed]
    named = None if subjects_in is None else {subject.key for subject in subjects_in}
    for column, values in ((evaluations.c.key, keys), (subjects.c.key, named)):
        if values is not None:
            parts = chunks(sorted(set(values)))
            return [row for part in parts for row in connection.execute(statement.where(column.in_(part)))]
    return list(connection.execute(statement))

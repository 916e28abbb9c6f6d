"""Look a whole store over for damage: what SQLite can see, and what only polyloop knows."""

from __future__ import annotations

from sqlalchemy import Connection, exists, func, select

from polyloop.core import Status, StoreError, Subject
from polyloop.store.database import Database
from polyloop.store.mapping import request_from_row
from polyloop.store.schema import attempts, curves, evaluations, records, subjects

__all__ = ["check"]


def check(database: Database) -> list[str]:
    """Return one sentence for each thing that is wrong; an empty list means that all is well."""
    try:
        with database.read() as connection:
            found = _sqlite_problems(connection) if database.is_sqlite else []
            # A damaged file makes every further question meaningless.
            return found or [*_wrong_keys(connection), *_inconsistent(connection)]
    except StoreError as error:
        return [str(error)]


def _sqlite_problems(connection: Connection) -> list[str]:
    found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check") if row[0] != "ok"]
    for row in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        found.append(f"Row {row[1]} of {row[0]} refers to a row of {row[2]} that is not there.")
    return found


def _wrong_keys(connection: Connection) -> list[str]:
    found = []
    for row in connection.execute(select(subjects.c.key, subjects.c.kind, subjects.c.text)):
        if Subject(row.kind, row.text).key != row.key:
            found.append(f"The {row.kind} {row.text} is filed under the wrong key {row.key}.")
    statement = select(evaluations, subjects.c.kind, subjects.c.text).select_from(evaluations.join(subjects))
    for row in connection.execute(statement):
        if request_from_row(row).key != row.key:
            found.append(f"Evaluation {row.key} does not match its subject, protocol, conditions and seed.")
    statement = select(curves, subjects.c.kind, subjects.c.text).select_from(curves.join(subjects))
    for row in connection.execute(statement):
        if request_from_row(row).key != row.key:
            found.append(f"Curve {row.key} does not match its subject, protocol, conditions and seed.")
        if not len(row.axis_points) == len(row.curve_values) > 0 or len(row.curve_std or row.curve_values) != len(
            row.curve_values
        ):
            found.append(f"Curve {row.key} ({row.name}) has not one value for each point of its axis.")
    return found


def _inconsistent(connection: Connection) -> list[str]:
    key, status = evaluations.c.key, evaluations.c.status
    finished = status.in_([Status.DONE.value, Status.UNPHYSICAL.value])
    ended = status.in_([item.value for item in Status if item is not Status.RUNNING])
    has_records = exists().where(records.c.evaluation_key == key)
    has_open = exists().where(attempts.c.evaluation_key == key, attempts.c.outcome == Status.RUNNING.value)
    rules = {
        "is done but has no records": finished & ~has_records,
        "has records but is not finished": status.in_([Status.WAITING.value]) & has_records,
        "runs without an owner or a lease": (status == Status.RUNNING.value)
        & (evaluations.c.owner.is_(None) | evaluations.c.lease_until.is_(None)),
        "runs without an open attempt": (status == Status.RUNNING.value) & ~has_open,
        "has ended but has an open attempt": ended & has_open,
    }
    found = []
    for words, rule in rules.items():
        number = connection.scalar(select(func.count()).select_from(evaluations).where(rule))
        if number:
            example = connection.scalar(select(key).where(rule).limit(1))
            found.append(f"{number} evaluations: {example} {words}.")
    return found

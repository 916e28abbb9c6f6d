"""Records that were made elsewhere: kept in short transactions, so that nobody waits long behind an import."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, insert, update

from polyloop.core import Failure, Record, Request, Status, StoreError, Subject
from polyloop.store.claims import end_open_attempts, set_status, verdict
from polyloop.store.database import Database
from polyloop.store.definitions import keep_definitions
from polyloop.store.mapping import chunks, classify_new, ensure_evaluations, load_records, record_to_row
from polyloop.store.patience import keeps_trying
from polyloop.store.schema import evaluations, records

__all__ = ["add"]

# Evaluations in one transaction: some 0.05 s on SQLite, of which others notice nothing.
_PART = 100
# Between two of them SQLite's lock must be free for longer than its waiters sleep, or they would hardly ever have it.
_REST_S = 0.05

_Groups = Mapping[str, Sequence[Record]]


def add(database: Database, found: Sequence[Record]) -> tuple[int, int]:
    """Keep records that were made elsewhere; return how many evaluations were new and known.

    All are compared with what the database has before the first is kept. Each evaluation is kept whole. After a kill
    in between, adding the same records again adds those that are missing.
    """
    groups: dict[str, list[Record]] = {}
    for record in found:
        groups.setdefault(record.key, []).append(record)
    groups = dict(sorted(groups.items()))
    verdicts = {key: verdict(group[0].request, group) for key, group in groups.items()}
    classes = _compare(database, groups)
    keys, added = iter(groups), 0
    while part := {key: groups[key] for key in islice(keys, _PART)}:
        if added and database.is_sqlite:
            time.sleep(_REST_S)
        added += _add_part(database, part, verdicts, classes)
    return added, len(groups) - added


@keeps_trying
def _compare(database: Database, groups: _Groups) -> dict[Subject, str | None]:
    """Raise where the database has other values; return the classes of subjects that it does not know."""
    requests = {key: group[0].request for key, group in groups.items()}
    with database.read() as connection:
        for key, present in load_records(connection, requests).items():
            if present:
                _same_or_error(database, present, groups[key])
    return classify_new(database, list(requests.values()))


@keeps_trying
def _add_part(
    database: Database,
    groups: _Groups,
    verdicts: Mapping[str, tuple[Status, Failure | None]],
    classes: Mapping[Subject, str | None],
) -> int:
    """Keep some evaluations in one transaction; return how many were new."""
    requests: dict[str, Request] = {key: group[0].request for key, group in groups.items()}
    with database.write() as connection:
        now = database.now(connection)
        new = ensure_evaluations(database, connection, list(requests.values()), classes, Status.WAITING, now)
        present = load_records(connection, {key: requests[key] for key in requests if key not in new})
        for key, rows in present.items():
            if rows:
                _same_or_error(database, rows, groups[key])
        fresh = [key for key in groups if not present.get(key)]
        for key in fresh:
            if key not in new:  # somebody is computing it, or meant to
                end_open_attempts(connection, key, now, Status.LOST)
        for part in chunks(fresh):
            keep_definitions(database, connection, (record for key in part for record in groups[key]), now)
            rows_of = [record_to_row(record, now) for key in part for record in groups[key]]
            connection.execute(insert(records), rows_of)
            _settle(connection, {key: verdicts[key] for key in part}, now)
    return len(fresh)


def _settle(connection: Connection, verdicts: Mapping[str, tuple[Status, Failure | None]], now: float) -> None:
    """Set the status of several evaluations; in bulk where there is no failure to keep."""
    for status in (Status.DONE, Status.UNPHYSICAL):
        keys = [key for key, verdict in verdicts.items() if verdict[0] is status]
        values = {"status": status.value, "updated": now, "owner": None, "lease_until": None, "failure": None}
        connection.execute(update(evaluations).where(evaluations.c.key.in_(keys)).values(values))
    for key, (status, failure) in verdicts.items():
        if failure is not None:
            set_status(connection, key, now, status, failure=failure)


def _same_or_error(database: Database, present: Sequence[Record], given: Sequence[Record]) -> None:
    def content(rows: Sequence[Record]) -> dict[str, Any]:
        return {row.property: (row.value, row.std, row.n, row.status) for row in rows}

    if content(present) != content(given):
        request = given[0].request
        raise StoreError(
            f"The store has other values for {request.subject} by {request.protocol_id}.",
            where=database.where,
            hint="Values are never overwritten: give the new ones a new version, e.g. "
            f"{request.protocol_id.rpartition('@')[0]}@{int(request.protocol_id.rpartition('@')[2]) + 1}.",
        )

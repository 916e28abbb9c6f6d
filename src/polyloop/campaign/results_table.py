"""Read what a laboratory enters: values with errors, failures, repeats and notes, for any candidate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from polyloop.core import (
    Conditions,
    Failure,
    FailureCode,
    InvalidInputError,
    Provenance,
    Record,
    Request,
    Subject,
    get_property,
)
from polyloop.core.names import did_you_mean
from polyloop.evaluation.laboratory import experiment_id
from polyloop.tables import BadRow, NumberColumn, Table, ValueRow, read_values, refuse_bad_rows, split_header

__all__ = ["REPEAT", "STATUS_WORDS", "read_results"]

NOTE, STATUS, SEED, REPEAT = "note", "status", "seed", "repeat"
# What people write of a candidate that has no value; empty and "done" say nothing.
STATUS_WORDS = {
    "": None, "done": None, "ok": None, "waiting": None, "suggested": None, "pending": None,
    "failed": FailureCode.NOT_MADE, "could not be made": FailureCode.NOT_MADE, "not made": FailureCode.NOT_MADE,
    "could not be measured": FailureCode.NOT_MADE, "not_made": FailureCode.NOT_MADE,
}  # fmt: skip
_PREDICTED = ("_predicted", "_predicted_std")


def read_results(
    path: Path,
    *,
    kind: str,
    column: str,
    wanted: Collection[str],
    passed: Collection[str],
    conditions: Conditions,
    next_seed: Callable[[Subject, str], int],
    first_seed: int = 0,
) -> list[Record]:
    """Return a record for each value, or failure, that a table holds.

    A row has the subject, columns of properties with an optional `NAME_std`, and optionally `status` (done, failed,
    "could not be made"), `note`, `repeat` (1 for the first measurement, 2, ...), `seed` (numbers repeats as the store
    does) and conditions. A row without value and failure says nothing. Rows of one subject, state and property are
    repeats.

    Parameters
    ----------
    wanted
        Properties that a failure without any value is a failure of.
    passed
        Columns that may stand there and mean nothing, such as those of the pool.
    next_seed
        The seed of the first value of a subject and property in this table, where the table does not number them.
    first_seed
        The seed of a first measurement; that of repeat 2 is the next.

    Raises
    ------
    InvalidInputError
        Naming file, line and column of all that is wrong; nothing is kept then.
    """

    def check(table: Table, columns: Mapping[str, NumberColumn]) -> None:
        _check_columns(table, columns, {*passed, column, NOTE, STATUS, SEED, REPEAT})
        if not columns and STATUS not in table.header:
            raise InvalidInputError(
                "There is no column of a property.", where=f"{path}, line 1", hint=f"Name one {', '.join(wanted)}."
            )

    table = read_values(
        path, column, kind=kind, conditions=conditions, ignore=_predicted(path, passed), with_seeds=True, check=check,
        may_lack_values=True,
    )  # fmt: skip
    cells = {row.line: row.cells for row in table.table.rows}
    places = {name: table.table.header.index(name) for name in (NOTE, STATUS, REPEAT) if name in table.table.header}
    found: list[Record] = []
    bad: list[BadRow] = []
    counts: Counter[tuple[Subject, str, Conditions]] = Counter()
    for row in table.rows:
        said = {name: cells[row.line][place].strip() for name, place in places.items()}
        word = said.get(STATUS, "").lower()
        if word not in STATUS_WORDS:
            reason, hint = f"{word!r} is no status.", did_you_mean(word, [one for one in STATUS_WORDS if one])
            bad.append(BadRow(row.line, STATUS, said[STATUS], reason, hint))
            continue
        number = said.get(REPEAT, "")
        if number and not (number.isdecimal() and int(number)):
            bad.append(BadRow(row.line, REPEAT, number, "It numbers no measurement.", "Write 1, 2, ... or nothing."))
            continue
        if number and row.seed is None:
            row = replace(row, seed=first_seed + int(number) - 1)
        if row.subject is not None:
            found += _records(row, row.subject, STATUS_WORDS[word], said.get(NOTE, ""), wanted, counts, next_seed, path)
    refuse_bad_rows(path, bad, table.table.total, skip=False)
    return found


def _records(
    row: ValueRow,
    subject: Subject,
    code: FailureCode | None,
    note: str,
    wanted: Collection[str],
    counts: Counter[tuple[Subject, str, Conditions]],
    next_seed: Callable[[Subject, str], int],
    path: Path,
) -> list[Record]:
    settings: dict[str, Any] = {"source": f"{path.name}, line {row.line}"} | ({"note": note} if note else {})
    provenance = Provenance(settings=settings)

    def request(name: str) -> Request:
        group = (subject, name, row.conditions)
        seed = next_seed(subject, name) + counts[group] if row.seed is None else row.seed
        counts[group] += 1
        return Request(subject, experiment_id(name), seed, row.conditions)

    found = [
        Record.of_value(
            request(name), name, value, std=std, std_of="" if std is None else "as given by the laboratory",
            provenance=provenance,
        )
        for name, (value, std) in row.values.items()
    ]  # fmt: skip
    if code is not None:
        failure = Failure(code, "laboratory", note or "It could not be made or measured.")
        found += [
            Record.failed(request(name), name, failure, provenance=provenance)
            for name in wanted
            if name not in row.values
        ]
    return found


def _predicted(path: Path, passed: Collection[str]) -> tuple[str, ...]:
    """Columns of predictions, which `suggest` writes; they are no values."""
    from polyloop.tables import read_table

    header = read_table(path).header
    return (*passed, *(name for name in header if split_header(name)[0].endswith(_PREDICTED)))


def _check_columns(table: Table, columns: Mapping[str, NumberColumn], passed: Collection[str]) -> None:
    """Raise for a column that means nothing: a mistyped one would be lost without a word."""
    from polyloop.core import CONDITIONS, PROPERTIES

    used = {place for found in columns.values() for place in found.positions}
    for place, header in enumerate(table.header):
        name = split_header(header)[0]
        if place in used or header in passed or name in CONDITIONS or name.endswith(_PREDICTED):
            continue
        known = [*passed, *CONDITIONS, *PROPERTIES, *(f"{one}_std" for one in PROPERTIES)]
        raise InvalidInputError(
            f"The column {header!r} means nothing here.",
            where=f"{table.path}, line 1, column {place + 1}",
            hint=f"{did_you_mean(name, known)} Else remove it; words of your own belong into a column 'note'.",
        )


def describe(record: Record) -> str:
    """Say a value, or a failure, with its unit for people."""
    unit = get_property(record.property).unit
    shown = "" if unit == "1" else f" {unit}"
    return record.failure.reason if record.failure else f"{record.value:.6g}{shown}"

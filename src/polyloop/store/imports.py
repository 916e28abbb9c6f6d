"""Turn a user's table of measured values into records; every column of it must mean something."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from polyloop.core import CONDITIONS, KINDS, PROPERTIES, Conditions, InvalidInputError, Provenance, Record, Request
from polyloop.core.names import did_you_mean
from polyloop.store.tables import BOOKKEEPING, POOL_PREFIX
from polyloop.tables import (
    BadRow,
    NumberColumn,
    Table,
    ValueRow,
    read_table,
    read_values,
    refuse_bad_rows,
    split_header,
)

__all__ = ["TableRecords", "read_records"]


SEED = "seed"


@dataclass(frozen=True)
class TableRecords:
    """The records of a table, the number of its rows that hold no value, and what is to be said of it."""

    records: tuple[Record, ...]
    empty_rows: int
    notes: tuple[str, ...]


def read_records(
    path: Path,
    protocol: str,
    *,
    kind: str | None = None,
    seed: int,
    conditions: Conditions,
    ignore: Collection[str],
    skip_bad: bool = False,
) -> TableRecords:
    """Read records from a table: a column `smiles`, and property names with an optional `_std`; see `read_values`.

    `kind` is that of the subjects; when left out, the table's column `kind` says it, else they are polymers.

    Raises
    ------
    InvalidInputError
        With file, line and column of all that is wrong.
    """
    column, kind = _subject_column(read_table(path), kind)

    def check(table: Table, columns: Mapping[str, NumberColumn]) -> None:
        _check_columns(table, columns, (*ignore, column))
        if not columns:
            raise InvalidInputError(
                "There is no column of a property.",
                where=f"{path}, line 1",
                hint=f"Name one of: {', '.join(PROPERTIES)}.",
            )

    table = read_values(
        path, column, kind=kind, conditions=conditions, ignore=ignore, skip_bad=skip_bad, with_seeds=True, check=check
    )
    found: list[Record] = []
    bad: list[BadRow] = []
    first: dict[str, int] = {}
    for row in table.rows:
        if row.subject is None:
            continue
        request = Request(row.subject, protocol, seed if row.seed is None else row.seed, row.conditions)
        line = first.setdefault(request.key, row.line)
        if line != row.line:
            reason = f"The {kind} {row.subject.text!r} is the one of line {line}, at the same conditions."
            hint = "Average the two rows (std: their deviation), or number them in a column 'seed'."
            bad.append(BadRow(row.line, column, row.subject.text, reason, hint))
            continue
        found += _records(request, row, path)
    refuse_bad_rows(path, bad, table.table.total, skip=skip_bad)
    notes = [*table.notes, *[f"{path.name}: {len(bad)} rows of the same {kind} left out."][: len(bad)]]
    return TableRecords(tuple(found), sum(not row.values for row in table.rows), tuple(notes))


def _records(request: Request, row: ValueRow, path: Path) -> list[Record]:
    return [
        Record.of_value(
            request,
            name,
            value,
            std=std,
            std_of="" if std is None else "as given in the table",
            provenance=Provenance(settings={"source": f"{path.name}, line {row.line}"}),
        )
        for name, (value, std) in row.values.items()
    ]


def _subject_column(table: Table, kind: str | None) -> tuple[str, str]:
    """Return the column of the subjects and their kind; a table holds subjects of one kind."""
    if kind is None:
        said = {row.cells[table.header.index("kind")] for row in table.rows} if "kind" in table.header else {"polymer"}
        if len(said) > 1:
            raise InvalidInputError(
                f"The table holds subjects of {len(said)} kinds: {', '.join(sorted(said))}.",
                where=f"{table.path}, column kind",
                hint="Import one table for each.",
            )
        kind = next(iter(said), "polymer")
    row = KINDS.find(kind, f"{table.path}, column kind")
    names = dict.fromkeys((row.column, "subject", kind))
    present = [name for name in names if name in table.header]
    if len(present) > 1:
        raise InvalidInputError(
            f"Two columns hold {present[1]!r}: {' and '.join(present)}.",
            where=f"{table.path}, line 1",
            hint="Remove or rename one of them.",
        )
    if not present:
        raise InvalidInputError(
            f"There is no column {row.column!r}.",
            where=f"{table.path}, line 1",
            hint=f"Name the column that holds each {row.title} {row.column}.",
        )
    return present[0], kind


def _check_columns(table: Table, columns: Mapping[str, NumberColumn], passed: Collection[str]) -> None:
    """Raise for a column that means nothing: a mistyped one would be lost without a word."""
    used = {place for column in columns.values() for place in column.positions}
    for place, header in enumerate(table.header):
        name = split_header(header)[0]
        if place in used or header in passed or name in BOOKKEEPING or name.startswith(POOL_PREFIX):
            continue
        if name == SEED or name in CONDITIONS:
            continue
        where = f"{table.path}, line 1, column {place + 1}"
        base = name.removesuffix("_std")
        if base in PROPERTIES and base != name:
            raise InvalidInputError(
                f"Column {name} has no column {base}.", where=where, hint="Add it, or ignore this one."
            )
        known = [SEED, *CONDITIONS, *PROPERTIES, *(f"{item}_std" for item in PROPERTIES)]
        hint = f"{did_you_mean(name, known)} If it is no property, ignore it: ignore=[{header!r}], --ignore."
        raise InvalidInputError(f"There is no property {name!r}.", where=where, hint=hint)

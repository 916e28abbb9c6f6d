"""Turn a user's table of measured values into records; every column of it must mean something."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from polyloop.core import PROPERTIES, Conditions, InvalidInputError, Provenance, Record, Request
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

_POLYMER, _OTHERS = ("smiles", "polymer"), ("seed", "temperature", "pressure")


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
    seed: int,
    conditions: Conditions,
    ignore: Collection[str],
    skip_bad: bool = False,
) -> TableRecords:
    """Read records from a table: a column `smiles`, and property names with an optional `_std`; see `read_values`.

    Raises
    ------
    InvalidInputError
        With file, line and column of all that is wrong.
    """
    smiles_column = _smiles_column(read_table(path))

    def check(table: Table, columns: Mapping[str, NumberColumn]) -> None:
        _check_columns(table, columns, (*ignore, smiles_column))
        if not columns:
            raise InvalidInputError(
                "There is no column of a property.",
                where=f"{path}, line 1",
                hint=f"Name one of: {', '.join(PROPERTIES)}.",
            )

    table = read_values(
        path, smiles_column, conditions=conditions, ignore=ignore, skip_bad=skip_bad, with_seeds=True, check=check
    )
    found: list[Record] = []
    bad: list[BadRow] = []
    first: dict[str, int] = {}
    for row in table.rows:
        request = Request(row.polymer, protocol, seed if row.seed is None else row.seed, row.conditions)
        line = first.setdefault(request.key, row.line)
        if line != row.line:
            reason = f"The polymer {row.polymer!r} is the one of line {line}, at the same conditions."
            hint = "Average the two rows (std: their deviation), or number them in a column 'seed'."
            bad.append(BadRow(row.line, smiles_column, row.polymer, reason, hint))
            continue
        found += _records(request, row, path)
    refuse_bad_rows(path, bad, table.table.total, skip=skip_bad)
    notes = [*table.notes, *[f"{path.name}: {len(bad)} rows of the same polymer left out."][: len(bad)]]
    return TableRecords(tuple(found), sum(not row.values for row in table.rows), tuple(notes))


def _records(request: Request, row: ValueRow, path: Path) -> list[Record]:
    return [
        Record.measured(
            request,
            name,
            value,
            std=std,
            std_of="" if std is None else "as given in the table",
            provenance=Provenance(settings={"source": f"{path.name}, line {row.line}"}),
        )
        for name, (value, std) in row.values.items()
    ]


def _smiles_column(table: Table) -> str:
    present = [name for name in _POLYMER if name in table.header]
    if len(present) > 1:
        raise InvalidInputError(
            f"Two columns hold {present[1]!r}: {' and '.join(present)}.",
            where=f"{table.path}, line 1",
            hint="Remove or rename one of them.",
        )
    if not present:
        raise InvalidInputError(
            "There is no column 'smiles'.",
            where=f"{table.path}, line 1",
            hint="Name the repeat units' column smiles.",
        )
    return present[0]


def _check_columns(table: Table, columns: Mapping[str, NumberColumn], passed: Collection[str]) -> None:
    """Raise for a column that means nothing: a mistyped one would be lost without a word."""
    used = {place for column in columns.values() for place in column.positions}
    for place, header in enumerate(table.header):
        name = split_header(header)[0]
        if place in used or header in passed or name in BOOKKEEPING or name.startswith(POOL_PREFIX) or name in _OTHERS:
            continue
        where = f"{table.path}, line 1, column {place + 1}"
        base = name.removesuffix("_std")
        if base in PROPERTIES and base != name:
            raise InvalidInputError(
                f"Column {name} has no column {base}.", where=where, hint="Add it, or ignore this one."
            )
        known = [*_POLYMER, *_OTHERS, *PROPERTIES, *(f"{item}_std" for item in PROPERTIES)]
        near = difflib.get_close_matches(name, known, n=1)
        guess = f"Did you mean {near[0]!r}? Otherwise" if near else "If it is no property,"
        raise InvalidInputError(
            f"There is no property {name!r}.", where=where, hint=f"{guess} ignore it: ignore=[{header!r}], --ignore."
        )

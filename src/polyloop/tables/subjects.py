"""Subjects in a column of a table: each row's polymer, copolymer, ..., or why it is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from polyloop.core import KINDS, InvalidInputError
from polyloop.tables.bad_rows import BadRow, refuse_bad_rows
from polyloop.tables.table import Row, Table, read_table

__all__ = ["parse_rows", "read_subjects"]


def parse_rows(table: Table, column: str = "smiles", kind: str = "polymer") -> Iterator[tuple[Row, Any | BadRow]]:
    """Yield each row with the object that its cell stands for, or with what is wrong; too short rows come first.

    Raises
    ------
    InvalidInputError
        If there is no such column.
    """
    place, parse = table.position(column), KINDS.find(kind).parse
    for bad in table.bad_rows:
        yield Row(bad.line, ()), bad
    for row in table.rows:
        try:
            yield row, parse(row.cells[place])
        except InvalidInputError as error:
            yield row, BadRow(row.line, column, row.cells[place], error.reason, error.hint)


def read_subjects(
    path: Path, column: str = "smiles", kind: str = "polymer", *, skip_bad: bool = False
) -> tuple[list[Any], list[BadRow]]:
    """Read the subjects of a table, as objects of their kind; return them and the rows that were left out.

    Raises
    ------
    InvalidInputError
        Naming all rows that hold none, unless `skip_bad`.
    """
    table = read_table(path)
    parsed, bad = [], []
    for _, found in parse_rows(table, column, kind):
        if isinstance(found, BadRow):
            bad.append(found)
        else:
            parsed.append(found)
    refuse_bad_rows(table.path, sorted(bad, key=lambda row: row.line), table.total, skip=skip_bad)
    return parsed, bad

"""Repeat units in a column of a table: each row's polymer, or why it is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError
from polyloop.tables.bad_rows import BadRow, refuse_bad_rows
from polyloop.tables.table import Row, Table, read_table

__all__ = ["parse_rows", "read_polymers"]


def parse_rows(table: Table, smiles_column: str = "smiles") -> Iterator[tuple[Row, Polymer | BadRow]]:
    """Yield each row with its polymer, or with what is wrong; rows with too few cells come first.

    Raises
    ------
    InvalidInputError
        If there is no such column.
    """
    place = table.position(smiles_column)
    for bad in table.bad_rows:
        yield Row(bad.line, ()), bad
    for row in table.rows:
        try:
            yield row, Polymer(row.cells[place])
        except InvalidInputError as error:
            yield row, BadRow(row.line, smiles_column, row.cells[place], error.reason, error.hint)


def read_polymers(
    path: Path, smiles_column: str = "smiles", *, skip_bad: bool = False
) -> tuple[list[Polymer], list[BadRow]]:
    """Read the repeat units of a table; return them and the rows that were left out.

    Raises
    ------
    InvalidInputError
        Naming all rows that hold none, unless `skip_bad`.
    """
    table = read_table(path)
    polymers, bad = [], []
    for _, found in parse_rows(table, smiles_column):
        if isinstance(found, BadRow):
            bad.append(found)
        else:
            polymers.append(found)
    refuse_bad_rows(table.path, sorted(bad, key=lambda row: row.line), table.total, skip=skip_bad)
    return polymers, bad

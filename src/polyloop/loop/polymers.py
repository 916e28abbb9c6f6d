"""Read repeat units from the command line or a CSV; errors name the one that is none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError, PolyloopError
from polyloop.loop.csv_rows import read_csv_rows

__all__ = ["parse_polymer", "parse_polymers", "read_polymers"]


def parse_polymers(smiles: Sequence[str]) -> list[Polymer]:
    """Parse repeat units.

    Raises
    ------
    InvalidInputError
        Naming the place of the first that is none.
    """
    return [parse_polymer(text, f"SMILES number {number}") for number, text in enumerate(smiles, start=1)]


def read_polymers(path: Path, smiles_column: str = "smiles") -> list[Polymer]:
    """Read the repeat units of a CSV.

    Raises
    ------
    InvalidInputError
        Naming the file, the line and the column.
    """
    table = read_csv_rows(path)
    table.need_column(smiles_column)
    return [
        parse_polymer(row[smiles_column], f"{path}, line {line}, column {smiles_column}") for line, row in table.rows
    ]


def parse_polymer(text: str, where: str) -> Polymer:
    """Parse one repeat unit that stands at `where`.

    Raises
    ------
    InvalidInputError
        If it is none.
    """
    try:
        return Polymer(text)
    except PolyloopError as error:
        raise InvalidInputError(error.what, where=f"{where}, {text!r}", mend=error.mend) from error

"""A table as text, row by row, from CSV (also .gz) or Parquet; whatever reads people's tables begins here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from polyloop.core import InvalidInputError
from polyloop.tables.bad_rows import BadRow
from polyloop.tables.delimited import read_delimited
from polyloop.tables.files import read_bytes
from polyloop.tables.parquet import read_parquet

__all__ = ["Row", "Table", "read_table"]

# A row takes some 300 bytes in memory: two million of them are what a laptop bears beside everything else.
MAX_ROWS = 2_000_000


@dataclass(frozen=True)
class Row:
    """The cells of a row, stripped of spaces, in the order of the header; `line` counts from 1, the header's line."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table as text.

    Parameters
    ----------
    header
        Names of the columns as they stand in the file; a column that has cells but no name is called `column N`.
    rows
        The rows that have as many cells as the header; empty rows are left out.
    separator
        What stands between cells: comma, semicolon or tab; empty in Parquet.
    bad_rows
        Rows that have another number of cells.
    """

    path: Path
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    separator: str
    bad_rows: tuple[BadRow, ...] = ()

    @property
    def total(self) -> int:
        """Number of rows, the bad ones among them."""
        return len(self.rows) + len(self.bad_rows)

    def position(self, column: str) -> int:
        """Return where the column of that name stands.

        Raises
        ------
        InvalidInputError
            If there is none.
        """
        if column not in self.header:
            raise InvalidInputError(
                f"There is no column {column!r}.",
                where=f"{self.path}, line 1",
                hint=f"The columns are: {', '.join(self.header)}.",
            )
        return self.header.index(column)

    def place(self, row: Row, position: int) -> str:
        """Return where a cell is, for an error: file, line and column."""
        return f"{self.path}, line {row.line}, column {self.header[position]}"


def read_table(path: str | Path) -> Table:
    """Read a table with a header: CSV (comma, semicolon or tab; UTF-8 with or without a mark; also .gz) or Parquet.

    Raises
    ------
    InvalidInputError
        If it cannot be read, is too large, is no text in UTF-8, has no rows, or its header names a column twice.
    MissingDependencyError
        If it is Parquet and pyarrow is not installed.
    """
    path = Path(path)
    if path.suffix in (".parquet", ".pq"):
        separator, lines = "", read_parquet(path, MAX_ROWS + 1)
    else:
        separator, lines = read_delimited(path, read_bytes(path), MAX_ROWS + 1)
    if len(lines) > MAX_ROWS + 1:
        raise InvalidInputError(
            f"The table has more than {MAX_ROWS:,} rows.", where=str(path), hint="Split it, or choose fewer rows."
        )
    if len(lines) < 2:
        what = "The table has no rows." if lines else "The table is empty."
        raise InvalidInputError(what, where=str(path), hint="Give a header and at least one row.")
    return _make(path, separator, lines)


def _make(path: Path, separator: str, lines: Sequence[tuple[int, list[str]]]) -> Table:
    named = [cell.strip() for cell in lines[0][1]]
    while named and not named[-1]:
        # Spreadsheets leave empty columns at the right; a column with cells gets a name below.
        named.pop()
    width = max([len(named), *(_width(cells) for _, cells in lines[1:] if len(cells) == len(lines[0][1]))])
    named += [""] * (width - len(named))
    filled = [
        any(len(cells) > place and cells[place].strip() for _, cells in lines[1:]) if not name else True
        for place, name in enumerate(named)
    ]
    header = tuple(name or f"column {place + 1}" for place, name in enumerate(named) if filled[place])
    _refuse_twins(path, header)
    rows, bad = [], []
    for line, raw in lines[1:]:
        cells = [cell.strip() for cell in raw]
        if len(cells) < width or any(cells[width:]):
            bad.append(_ragged(line, len(cells), width, separator))
            continue
        rows.append(Row(line, tuple(cell for cell, is_filled in zip(cells, filled, strict=False) if is_filled)))
    return Table(path, header, tuple(rows), separator, tuple(bad))


def _width(cells: Sequence[str]) -> int:
    """Number of cells up to the last that is not empty."""
    return max((place + 1 for place, cell in enumerate(cells) if cell.strip()), default=0)


def _ragged(line: int, cells: int, width: int, separator: str) -> BadRow:
    word = {",": "commas", ";": "semicolons", "\t": "tabs"}.get(separator, "separators")
    reason = f"The row has {cells} cells and the header {width}."
    return BadRow(line, "", "", reason, f"Quote cells that contain {word}.")


def _refuse_twins(path: Path, header: Sequence[str]) -> None:
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise InvalidInputError(
            f"The column {twice[0]!r} stands there twice.", where=f"{path}, line 1", hint="Rename one of them."
        )

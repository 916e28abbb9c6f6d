"""Read a CSV as text, row by row; errors name the file and the line."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from polyloop.core import InvalidInputError

__all__ = ["CsvRows", "read_csv_rows"]


@dataclass(frozen=True)
class CsvRows:
    """A CSV as text: header and (line number, cells by column) per row."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]
    digest: str

    def need_column(self, column: str) -> None:
        """Raise `InvalidInputError` when the header has no such column."""
        if column not in self.header:
            raise InvalidInputError(
                f"There is no column {column!r}.",
                where=f"{self.path}, line 1",
                mend=f"The columns are: {', '.join(self.header)}.",
            )


def read_csv_rows(path: Path) -> CsvRows:
    """Read a CSV (also .gz) with a header.

    Raises
    ------
    InvalidInputError
        If it cannot be read, is no UTF-8, has no header or rows, or a row has another number of cells.
    """
    data = _read_bytes(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"This is no UTF-8 text (byte {error.start}).", where=str(path), mend="Save the table as CSV in UTF-8."
        ) from error
    reader = csv.reader(io.StringIO(text), strict=True)
    header: tuple[str, ...] = ()
    rows = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = _header(path, cells)
                continue
            if len(cells) != len(header):
                raise InvalidInputError(
                    f"The row has {len(cells)} cells and the header {len(header)}.",
                    where=f"{path}, line {reader.line_num}",
                    mend="Quote cells that contain commas.",
                )
            row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
            rows.append((reader.line_num, row))
    except csv.Error as error:
        raise InvalidInputError(
            f"This is no valid CSV: {error}.", where=f"{path}, line {reader.line_num}", mend="Check the quotes."
        ) from error
    if not rows:
        raise InvalidInputError("The table has no rows.", where=str(path), mend="Give a header and at least one row.")
    return CsvRows(path, header, tuple(rows), hashlib.sha256(data).hexdigest())


def _read_bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InvalidInputError("There is no such file.", where=str(path), mend="Check the path.") from error
    except OSError as error:
        raise InvalidInputError(f"It cannot be read: {error.strerror}.", where=str(path), mend="Name a CSV.") from error
    if path.suffix != ".gz":
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInputError(
            f"This is no gzip file: {error}.", where=str(path), mend="Compress it again."
        ) from error


def _header(path: Path, cells: Sequence[str]) -> tuple[str, ...]:
    names = tuple(cell.strip() for cell in cells)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInputError(
            f"The column {twice[0]!r} stands there twice.", where=f"{path}, line 1", mend="Rename one of them."
        )
    return names

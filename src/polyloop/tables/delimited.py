"""Part delimited text into cells: commas, semicolons or tabs, whichever the rows agree on."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from polyloop.core import InvalidInputError
from polyloop.core.csv_text import plain_cell

__all__ = ["read_delimited"]

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
# So many rows are looked at to tell what parts the cells.
_LOOKED_AT = 200

Line = tuple[int, list[str]]


def read_delimited(path: Path, data: bytes, limit: int) -> tuple[str, list[Line]]:
    """Return the separator, and (line, cells) of each row that is not empty, the header first, `limit` + 1 at most.

    Raises
    ------
    InvalidInputError
        If this is no text in UTF-8, quotes are left open, or two separators fit equally well.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InvalidInputError("This is no UTF-8 text but UTF-16.", where=str(path), hint="Save it as CSV in UTF-8.")
    separator = _separator(path, data)
    return separator, list(islice(_lines(path, data, separator), limit + 1))


def _lines(path: Path, data: bytes, separator: str) -> Iterator[Line]:
    """Yield (first line, cells) of each row that is not empty."""
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    reader = csv.reader(text, delimiter=separator, strict=True, skipinitialspace=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, [plain_cell(cell) for cell in cells]
            line = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"This is no UTF-8 text (byte {error.object[error.start]:#04x} at or after line {line}).",
            where=str(path),
            hint="Save the table as CSV in UTF-8.",
        ) from error
    except csv.Error as error:
        raise InvalidInputError(
            f"This is no valid CSV: {error}.",
            where=f"{path}, line {line}",
            hint="Check the quotes: a quote inside a quoted cell is written twice.",
        ) from error


def _separator(path: Path, data: bytes) -> str:
    """Return what parts the most rows into as many cells as the header; of several, what parts into the most cells."""
    fits: dict[str, tuple[float, int]] = {}
    for separator in _SEPARATORS:
        try:
            lines = list(islice(_lines(path, data, separator), _LOOKED_AT))
        except InvalidInputError:
            continue  # quotes that this separator leaves open; with the right one they are complained of below
        width = len(lines[0][1]) if lines else 0
        if width > 1:
            rows = lines[1:]
            fits[separator] = (sum(len(cells) == width for _, cells in rows) / max(len(rows), 1), width)
    best = [separator for separator in fits if fits[separator] == max(fits.values())]
    if len(best) > 1:
        raise InvalidInputError(
            f"Both {' and '.join(_SEPARATORS[separator] for separator in best)} part the rows into equally many cells.",
            where=f"{path}, line 1",
            hint="Quote the cells that contain one of them.",
        )
    return best[0] if best else ","

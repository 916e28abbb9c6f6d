"""Tables that scripts hold in memory, read by the same rules as files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from polyloop.core import InvalidInputError
from polyloop.core.csv_text import csv_text

__all__ = ["as_file", "frame_text"]


@contextmanager
def as_file(table: Any) -> Iterator[Path]:
    """Yield a file that holds a table: the file that was named, or one for the time being with what is in memory."""
    if isinstance(table, str | Path):
        yield Path(table)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_text(frame_text(table), encoding="utf-8")
        yield path


def frame_text(table: Any) -> str:
    """Return a data frame, or rows as dictionaries, as CSV.

    Raises
    ------
    InvalidInputError
        If it is neither.
    """
    if hasattr(table, "itertuples"):
        rows = [[_cell(value) for value in row] for row in table.itertuples(index=False, name=None)]
        return csv_text([str(name) for name in table.columns], rows)
    if isinstance(table, Sequence) and table and all(isinstance(row, Mapping) for row in table):
        header = list(dict.fromkeys(name for row in table for name in row))
        return csv_text(header, [[_cell(row.get(name)) for name in header] for row in table])
    raise InvalidInputError(
        f"{type(table).__name__} is no table.", hint="Give a file, a data frame, or a list of dictionaries."
    )


def _cell(value: Any) -> Any:
    return "" if value is None or value != value else value

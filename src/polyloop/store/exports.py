"""Write records to CSV or Parquet, atomically."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from polyloop.core import KINDS, Record, StoreError, Subject, require, write_atomically
from polyloop.core.csv_text import csv_text
from polyloop.core.subject import column_of
from polyloop.store.tables import long_columns, long_rows, wide_columns, wide_rows

__all__ = ["Layout", "More", "write_csv", "write_parquet"]

Layout = Literal["wide", "long"]
# Further columns: by header, a text per canonical text of a subject.
More = Mapping[str, Mapping[str, str]]

_WHOLE_NUMBERS = ("seed", "n")
_TEXTS = ("kind", "class", "property", "unit", "std_of", "status", "failure", "protocol", "provenance", "key",
          "unphysical", "failed")  # fmt: skip


def write_csv(
    path: Path, found: Sequence[Record], classes: Mapping[Subject, str], layout: Layout, more: More | None = None
) -> int:
    """Write records as CSV (UTF-8, comma, point), with further columns; return the number of rows."""
    columns, rows = _lay_out(found, classes, layout, more or {})
    _write(path, csv_text(columns, ([row.get(column) for column in columns] for row in rows)))
    return len(rows)


def write_parquet(
    path: Path, found: Sequence[Record], classes: Mapping[Subject, str], layout: Layout, more: More | None = None
) -> int:
    """Write records as Parquet, with the same columns as the CSV; return the number of rows."""
    arrow = require("pyarrow", extra="parquet")
    parquet = require("pyarrow.parquet", extra="parquet")
    columns, rows = _lay_out(found, classes, layout, more or {})

    def kind(column: str) -> Any:
        if column in _TEXTS or column in {row.column for row in KINDS.values()} or column in (more or {}):
            return arrow.string()
        return arrow.int64() if column in _WHOLE_NUMBERS else arrow.float64()

    schema = arrow.schema([(column, kind(column)) for column in columns])
    sink = io.BytesIO()
    parquet.write_table(arrow.Table.from_pylist(rows, schema=schema), sink)
    _write(path, sink.getvalue())
    return len(rows)


def _lay_out(
    found: Sequence[Record], classes: Mapping[Subject, str], layout: Layout, more: More
) -> tuple[Sequence[str], list[dict[str, Any]]]:
    columns: Sequence[str]
    if layout == "long":
        columns, rows = long_columns(found), long_rows(found, classes)
    elif layout == "wide":
        columns, rows = wide_columns(found), wide_rows(found, classes)
    else:
        raise StoreError(f"There is no layout {layout!r}.", hint="Use wide or long.")
    for header, texts in more.items():
        for row in rows:
            row[header] = texts.get(row[column_of(row["kind"])], "")
    return [*columns, *more], rows


def _write(path: Path, content: str | bytes) -> None:
    try:
        write_atomically(path, content)
    except OSError as error:
        raise StoreError(
            f"The table cannot be written: {error.strerror}.",
            where=str(path),
            hint="Check the folder and its free space.",
        ) from error

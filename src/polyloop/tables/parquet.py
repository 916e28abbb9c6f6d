"""Read a Parquet file as text, cell by cell, so that the same rules hold for it as for a CSV."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import Any

from polyloop.core import InvalidInputError, require
from polyloop.tables.files import MAX_BYTES

__all__ = ["read_parquet"]

_BATCH = 10_000


def read_parquet(path: Path, limit: int) -> list[tuple[int, list[str]]]:
    """Return (line, cells), the header first as line 1, with at most `limit` + 1 rows; numbers keep every digit.

    Raises
    ------
    InvalidInputError
        If it cannot be read, or its text would be too large.
    MissingDependencyError
        If pyarrow is not installed.
    """
    arrow, parquet = require("pyarrow", extra="parquet"), require("pyarrow.parquet", extra="parquet")
    try:
        with parquet.ParquetFile(path) as file:
            lines = [(1, [str(name) for name in file.schema_arrow.names])]
            size = 0
            for batch in file.iter_batches(batch_size=_BATCH):
                for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    cells = [_text(value) for value in values]
                    size += sum(map(len, cells))
                    lines.append((len(lines) + 1, cells))
                if size > MAX_BYTES or len(lines) > limit:
                    break
    except FileNotFoundError as error:
        raise InvalidInputError("There is no such file.", where=str(path), hint="Check the path.") from error
    except (OSError, arrow.ArrowException) as error:
        raise InvalidInputError(
            f"This is no readable Parquet file: {error}.", where=str(path), hint="Write it again, or save it as CSV."
        ) from error
    if size > MAX_BYTES:
        raise InvalidInputError(
            f"The table is larger than {MAX_BYTES / 2**20:.0f} MiB as text.", where=str(path), hint="Split it."
        )
    return [line for line in lines if line[0] == 1 or any(line[1])]


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and isnan(value)):  # NaN is how data frames write "no value"
        return ""
    return repr(value) if isinstance(value, float) else str(value)

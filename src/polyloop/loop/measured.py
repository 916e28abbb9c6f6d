"""Read a CSV of measured or computed values per repeat unit; errors name the file, the row and the column."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from statistics import fmean, stdev

from polyloop.chem import Polymer
from polyloop.core import PROPERTIES, InvalidInputError, PolyloopError

__all__ = ["CsvRows", "Measured", "MeasuredTable", "read_csv_rows", "read_measured"]


@dataclass(frozen=True)
class Measured:
    """Value of one property of one polymer: mean of `n` rows, standard deviation in the property's unit or None."""

    value: float
    std: float | None
    n: int

    @property
    def std_of(self) -> str:
        """What `std` is the deviation of."""
        return "as given by the table" if self.n == 1 else "sample standard deviation of the table's rows"


@dataclass(frozen=True)
class MeasuredTable:
    """A table by canonical repeat unit and property; `digest` is the sha256 of the file."""

    values: Mapping[str, Mapping[str, Measured]]
    properties: tuple[str, ...]
    digest: str


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


def read_measured(
    path: Path, smiles_column: str = "smiles", columns: Mapping[str, str] | None = None, missing: Collection[float] = ()
) -> MeasuredTable:
    """Read the values of every known property in a CSV.

    A column `NAME_std` is the standard deviation of property NAME. Rows of the same polymer are averaged; their
    sample standard deviation then takes the place of the column's.

    Parameters
    ----------
    columns
        Column per property, where its name is not the property's own.
    missing
        Numbers that mean "no value", as an empty cell does.

    Raises
    ------
    InvalidInputError
        Naming the file, the row and the column.
    """
    table = read_csv_rows(path)
    table.need_column(smiles_column)
    column_of = {name: name for name in PROPERTIES if name in table.header} | dict(columns or {})
    for column in column_of.values():
        table.need_column(column)
    if not column_of:
        raise InvalidInputError(
            "No column is named after a property.",
            where=f"{path}, line 1",
            mend=f"Say which is which with columns = {{ PROPERTY = 'COLUMN' }}; the columns are: "
            f"{', '.join(table.header)}.",
        )
    found: dict[str, dict[str, list[tuple[float, float | None]]]] = {}
    for line, row in table.rows:
        where = f"{path}, line {line}"
        values = found.setdefault(_canonical(row[smiles_column], where), {})
        for name, column in column_of.items():
            value = _number(row[column], where, column, missing)
            if value is not None:
                values.setdefault(name, []).append((value, _number(row.get(f"{column}_std", ""), where, column, missing)))
    means = {unit: {name: _mean(pairs) for name, pairs in values.items()} for unit, values in found.items()}
    return MeasuredTable(means, tuple(column_of), table.digest)


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
        raise InvalidInputError(f"This is no gzip file: {error}.", where=str(path), mend="Compress it again.") from error


def _header(path: Path, cells: Sequence[str]) -> tuple[str, ...]:
    names = tuple(cell.strip() for cell in cells)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInputError(
            f"The column {twice[0]!r} stands there twice.", where=f"{path}, line 1", mend="Rename one of them."
        )
    return names


def _canonical(smiles: str, where: str) -> str:
    try:
        return Polymer(smiles).canonical
    except PolyloopError as error:
        raise InvalidInputError(error.what, where=where, mend=error.mend) from error


def _number(cell: str, where: str, column: str, missing: Collection[float]) -> float | None:
    if not cell:
        return None
    try:
        value = float(cell)
    except ValueError as error:
        raise InvalidInputError(
            f"{cell!r} is no number.", where=f"{where}, column {column}", mend="Leave the cell empty for no value."
        ) from error
    return value if isfinite(value) and value not in missing else None


def _mean(pairs: Sequence[tuple[float, float | None]]) -> Measured:
    if len(pairs) == 1:
        return Measured(*pairs[0], n=1)
    values = [value for value, _ in pairs]
    return Measured(fmean(values), stdev(values), len(values))

"""Read a CSV of measured or computed values per repeat unit; errors name the file, the line and the column."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from statistics import fmean, stdev

from polyloop.core import PROPERTIES, InvalidInputError
from polyloop.loop.csv_rows import read_csv_rows
from polyloop.loop.polymers import parse_polymer

__all__ = ["Measured", "MeasuredTable", "read_measured"]


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
        values = found.setdefault(parse_polymer(row[smiles_column], f"{where}, column {smiles_column}").canonical, {})
        for name, column in column_of.items():
            value = _number(row[column], where, column, missing)
            if value is not None:
                values.setdefault(name, []).append(
                    (value, _number(row.get(f"{column}_std", ""), where, column, missing))
                )
    means = {unit: {name: _mean(pairs) for name, pairs in values.items()} for unit, values in found.items()}
    return MeasuredTable(means, tuple(column_of), table.digest)


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

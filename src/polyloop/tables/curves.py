"""Curves in a table: a row a subject, and columns that are the points of one axis, such as `A220` to `A400`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.core.names import did_you_mean
from polyloop.tables.numbers import decimal_sign, is_no_value, parse_number
from polyloop.tables.table import Table, read_table

__all__ = ["CurveTable", "read_curves"]


@dataclass(frozen=True, eq=False)
class CurveTable:
    """Subjects and curves of n rows.

    Parameters
    ----------
    texts
        Subjects as they are written.
    points
        Points of the axis, increasing, shape (p,).
    values
        Shape (n, p).
    left_out
        (line, reason) of rows without a whole curve.
    lines
        Line of the file of each row, length n.
    """

    texts: tuple[str, ...]
    points: NDArray[np.float64]
    values: NDArray[np.float64]
    left_out: tuple[tuple[int, str], ...]
    lines: tuple[int, ...]


def read_curves(path: str | Path, prefix: str, column: str = "smiles") -> CurveTable:
    """Read the subjects and the columns whose header is `prefix` and a number, which is the point of the axis.

    A row that lacks a number is left out and told.

    Raises
    ------
    InvalidInputError
        If fewer than two columns are points of such an axis, or two are the same point.
    """
    table = read_table(path)
    place, columns = table.position(column), _columns(table, prefix)
    points = np.array([point for point, _ in columns])
    decimal = decimal_sign(table, [at for _, at in columns])
    texts, values, lines = [], [], []
    left_out = [(bad.line, bad.reason) for bad in table.bad_rows]
    for row in table.rows:
        empty = [table.header[at] for _, at in columns if is_no_value(row.cells[at])]
        if empty:
            left_out.append((row.line, f"no value in {empty[0]}"))
            continue
        try:
            values.append([parse_number(row.cells[at], decimal) for _, at in columns])
        except InvalidInputError as error:
            left_out.append((row.line, error.reason))
            continue
        texts.append(row.cells[place])
        lines.append(row.line)
    return CurveTable(tuple(texts), points, np.array(values).reshape(-1, len(points)), tuple(left_out), tuple(lines))


def _columns(table: Table, prefix: str) -> list[tuple[float, int]]:
    """Return (point, place) of each column of the curve, in the order of the axis."""
    found = []
    for at, header in enumerate(table.header):
        if header.startswith(prefix):
            try:
                found.append((float(header.removeprefix(prefix).strip()), at))
            except ValueError:
                continue
    found.sort()
    points = [point for point, _ in found]
    if len(found) < 2:
        raise InvalidInputError(
            f"{len(found)} columns are called {prefix!r} and a number.", where=str(table.path),
            hint=did_you_mean(prefix, table.header),
        )  # fmt: skip
    if len(set(points)) < len(points):
        raise InvalidInputError("Two columns are the same point of the axis.", where=str(table.path))
    return found

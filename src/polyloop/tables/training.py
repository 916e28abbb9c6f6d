"""A column of a table as what a model learns: any numbers, or a property in whatever unit its header states."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from polyloop.core import PROPERTIES, InvalidInputError, get_property
from polyloop.core.names import did_you_mean
from polyloop.core.units import convert, convert_std
from polyloop.tables.columns import NumberColumn, find_columns, split_header
from polyloop.tables.numbers import decimal_sign, is_no_value, parse_number
from polyloop.tables.table import Table, read_table

__all__ = ["TrainingTable", "read_numbers", "read_training"]


@dataclass(frozen=True)
class TrainingTable:
    """Texts and values of n rows.

    Parameters
    ----------
    target
        Name of the property, or of the column where it is none.
    texts
        Subjects as they are written.
    values, variances
        Shape (n,), in the property's unit; NaN where there is none.
    left_out
        (line, reason) of rows without a usable value.
    lines
        Line of the file of each row, length n.
    columns
        Further columns of numbers by what they were asked for as, shape (n,) each; NaN where there is none.
    """

    target: str
    texts: tuple[str, ...]
    values: NDArray[np.float64]
    variances: NDArray[np.float64]
    left_out: tuple[tuple[int, str], ...]
    lines: tuple[int, ...] = ()
    columns: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


def read_training(
    path: str | Path, target: str, column: str = "smiles", *, further: Mapping[str, str] | None = None
) -> TrainingTable:
    """Read the subjects and one column of numbers; `target` is its header, with or without its unit.

    Where it names a property, its values are converted to the property's unit, and a column `NAME_std` holds standard
    deviations. A row without a usable number is left out and told.

    Parameters
    ----------
    further
        Columns to read besides, as in `read_numbers`.

    Raises
    ------
    InvalidInputError
        If there is no such column, its unit is none of the property, or a further column is that of the target.
    """
    table = read_table(path)
    numbers = read_numbers(table, further or {})
    place, number = table.position(column), _target(table, target)
    unit = number.wanted if isinstance(number, NumberColumn) else None
    at = number.position if isinstance(number, NumberColumn) else number
    if twins := [header for header in (further or {}).values() if _place(table, header) == at]:
        raise InvalidInputError(f"{twins[0]} is what is to be learnt, and describes nothing.", where=str(table.path))
    decimal = decimal_sign(table, [at])
    texts, values, variances, lines, kept = [], [], [], [], []
    left_out = [(bad.line, bad.reason) for bad in table.bad_rows]
    for order, row in enumerate(table.rows):
        if is_no_value(row.cells[at]):
            left_out.append((row.line, "no value"))
            continue
        try:
            value, std = parse_number(row.cells[at], decimal), float("nan")
            if isinstance(number, NumberColumn) and unit is not None:
                value = convert(value, number.unit, unit)
                if number.std is not None and not is_no_value(row.cells[number.std.position]):
                    std = convert_std(parse_number(row.cells[number.std.position], decimal), number.std.unit, unit)
        except InvalidInputError as error:
            left_out.append((row.line, error.reason))
            continue
        texts.append(row.cells[place])
        values.append(value)
        variances.append(std * std)
        lines.append(row.line)
        kept.append(order)
    name = number.name if isinstance(number, NumberColumn) else table.header[at]
    return TrainingTable(
        name, tuple(texts), np.array(values), np.array(variances), tuple(left_out), tuple(lines),
        {word: found[kept] for word, found in numbers.items()},
    )  # fmt: skip


def read_numbers(table: Table, columns: Mapping[str, str]) -> dict[str, NDArray[np.float64]]:
    """Return columns of numbers of all rows, shape (rows,) each, NaN where a cell is empty or holds something else.

    Parameters
    ----------
    columns
        Header, with or without its unit, by what each is asked for as. What is asked for as a property is converted to
        the property's unit.

    Raises
    ------
    InvalidInputError
        If there is no such column, or its unit is none of the property.
    """
    found = {}
    for name, header in columns.items():
        column = _further(table, name, header)
        at = column.position if isinstance(column, NumberColumn) else column
        values = np.full(len(table.rows), np.nan)
        decimal = decimal_sign(table, [at])
        for order, row in enumerate(table.rows):
            with suppress(InvalidInputError):
                number = parse_number(row.cells[at], decimal)
                values[order] = (
                    convert(number, column.unit, column.wanted) if isinstance(column, NumberColumn) else number
                )
        found[name] = values
    return found


def _further(table: Table, name: str, header: str) -> NumberColumn | int:
    """Return the column of a header that was asked for as `name`: a property's, where that names one."""
    if name not in PROPERTIES:
        return _place(table, header)
    place = table.header[_place(table, header)]
    return find_columns(table, {name: place}, ignore=[one for one in table.header if one != place])[name]


def _place(table: Table, header: str) -> int:
    for place, present in enumerate(table.header):
        if header in (present, split_header(present)[0]):
            return place
    return table.position(header)


def _target(table: Table, target: str) -> NumberColumn | int:
    """Return the column of a property, or the place of another column."""
    name, _ = split_header(target)
    headers = [header for header in table.header if header == target or split_header(header)[0] == name]
    if not headers:
        raise InvalidInputError(
            f"There is no column {target!r}.", where=str(table.path), hint=did_you_mean(target, table.header)
        )
    if name in PROPERTIES:
        others = [header for header in table.header if split_header(header)[0] not in (name, f"{name}_std")]
        return find_columns(table, {get_property(name).name: headers[0]}, ignore=others)[name]
    return table.header.index(headers[0])

"""Which column of a table holds what: headers such as `density [kg/m3]`, `T_g [degC]`, `density_std`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from polyloop.core import CONDITIONS, PROPERTIES, InvalidInputError, get_property
from polyloop.core.units import Unit, find_unit
from polyloop.tables.table import Table

__all__ = ["NumberColumn", "find_columns", "find_conditions", "split_header"]

_BRACKETS = re.compile(r"(?P<name>.*?)\s*(\[(?P<square>[^\[\]]*)\]|\((?P<round>.*)\))\s*")


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers.

    Parameters
    ----------
    name
        Property, or condition.
    position
        Where it stands in the header.
    unit, wanted
        Unit of its cells, and the one that they are converted to.
    is_stated
        Whether the header says the unit.
    std
        The column of its standard deviations.
    """

    name: str
    position: int
    unit: Unit
    wanted: Unit
    is_stated: bool
    std: NumberColumn | None = None

    @property
    def positions(self) -> tuple[int, ...]:
        """Where its cells, and those of its deviations, stand."""
        return (self.position,) if self.std is None else (self.position, self.std.position)


def split_header(header: str) -> tuple[str, str | None]:
    """Return (name, unit or None) of a header: `density [kg/m3]`, and `density (kg/m3)` for those who write so."""
    match = _BRACKETS.fullmatch(header)
    if match is None or not match["name"]:
        return header, None
    return match["name"], (match["square"] if match["round"] is None else match["round"]).strip()


def find_columns(
    table: Table, columns: Mapping[str, str] | None = None, ignore: Collection[str] = ()
) -> dict[str, NumberColumn]:
    """Return the column of each property, in the order of the header.

    Parameters
    ----------
    columns
        Header per property, with or without its unit, where it is not named after the property. A property's symbol
        counts as its name where a unit follows in brackets.
    ignore
        Headers to pass over.

    Raises
    ------
    InvalidInputError
        If a column that `columns` names is not there, two hold the same, or a unit is none of the property.
    """
    given = {_named_column(table, header): get_property(name).name for name, header in (columns or {}).items()}
    found: dict[str, int] = {}
    for place, header in enumerate(table.header):
        name = given.get(place) or (None if header in ignore else _property_of(header))
        if name is None or (name in (columns or {}) and place not in given):
            continue
        if name in found:
            raise _twins(table, name, found[name], place)
        found[name] = place
    return {name: _with_std(table, name, place, ignore) for name, place in found.items()}


def find_conditions(table: Table, ignore: Collection[str] = ()) -> dict[str, NumberColumn]:
    """Return the columns of conditions, such as `temperature [K]`, which say at which state a row's values hold.

    A condition that is a word, such as a solvent, has no unit.

    Raises
    ------
    InvalidInputError
        If there are two of one, or its unit is none of that condition.
    """
    found: dict[str, NumberColumn] = {}
    for place, header in enumerate(table.header):
        name = split_header(header)[0]
        if name in CONDITIONS and header not in ignore:
            if name in found:
                raise _twins(table, name, found[name].position, place)
            found[name] = _column(table, name, place, CONDITIONS[name].unit or "1")
    return found


def _property_of(header: str) -> str | None:
    name, unit = split_header(header)
    if name in PROPERTIES:
        return name
    if unit is not None and "[" in header:
        # A symbol alone may be anything (E, K, S, a); with a unit of its property it is none but that.
        return next((row.name for row in PROPERTIES.values() if row.symbol == name), None)
    return None


def _named_column(table: Table, header: str) -> int:
    for place, present in enumerate(table.header):
        if present == header or split_header(present)[0] == header:
            return place
    return table.position(header)


def _with_std(table: Table, name: str, place: int, ignore: Collection[str]) -> NumberColumn:
    column = _column(table, name, place, get_property(name).unit)
    wanted = {f"{name}_std", f"{split_header(table.header[place])[0]}_std", f"{table.header[place]}_std"}
    for std, header in enumerate(table.header):
        symbol = {f"{get_property(name).symbol}_std"} if "[" in header else set()
        if split_header(header)[0] in wanted | symbol and header not in ignore:
            deviation = _column(table, name, std, column.wanted.name)
            if not deviation.is_stated:
                deviation = NumberColumn(name, std, column.unit, column.wanted, column.is_stated)
            return NumberColumn(name, place, column.unit, column.wanted, column.is_stated, deviation)
    return column


def _column(table: Table, name: str, place: int, wanted: str) -> NumberColumn:
    stated = split_header(table.header[place])[1]
    target = find_unit(wanted, wanted)
    if stated is None:
        return NumberColumn(name, place, target, target, False)
    try:
        unit = find_unit(stated, wanted)
    except InvalidInputError as error:
        where = f"{table.path}, line 1, column {table.header[place]}"
        raise InvalidInputError(f"{name}: {error.reason}", where=where, hint=error.hint) from error
    return NumberColumn(name, place, unit, target, True)


def _twins(table: Table, name: str, first: int, second: int) -> InvalidInputError:
    return InvalidInputError(
        f"Two columns hold {name!r}: {table.header[first]} and {table.header[second]}.",
        where=f"{table.path}, line 1",
        hint="Remove or rename one of them.",
    )

"""Say how many values of a column lie outside the plausible range, and which unit would explain it."""

from __future__ import annotations

from collections.abc import Sequence

from polyloop.core import CONDITIONS, InvalidInputError, get_property
from polyloop.core.units import Unit, convert, related_units
from polyloop.tables.columns import NumberColumn, split_header
from polyloop.tables.table import Table

__all__ = ["check_plausibility"]

# States of samples outside of which a number without a unit is in another one: 25 is no temperature in kelvin.
_CONDITION_RANGES = {"temperature": (50.0, 2000.0), "pressure": (0.0, 1e5)}
# A unit explains a column when nearly all of its values are plausible in it; a few may be slips of their own.
_EXPLAINED = 0.9
_LINES_NAMED = 5


def check_plausibility(table: Table, column: NumberColumn, values: Sequence[tuple[int, float]]) -> list[str]:
    """Return what is to be said of the values of a column, as sentences; raise where its unit cannot be right.

    Parameters
    ----------
    values
        (line, number as it stands in the file), of values that are not known to be implausible.

    Raises
    ------
    InvalidInputError
        If more than half of the values lie outside the plausible range; or if no unit is stated, and there are
        temperatures below absolute zero or outside the range which degrees Celsius would explain altogether. The error
        names the unit that would explain the values.
    """
    if column.name in CONDITIONS and (column.is_stated or column.name not in _CONDITION_RANGES):
        return []
    low, high = _range(column.name)

    def outside(unit: Unit) -> list[int]:
        return [line for line, value in values if not low <= convert(value, unit, column.wanted) <= high]

    wrong = outside(column.unit)
    if not wrong:
        return [*_assumed(table, column, values)]
    others = [unit for unit in related_units(column.wanted.name) if unit != column.unit]
    misfits = {unit: len(outside(unit)) for unit in others}
    best = min(misfits, key=lambda unit: misfits[unit], default=None)
    explains = best is not None and misfits[best] <= (1.0 - _EXPLAINED) * len(values)
    # In kelvin nothing is below zero, and hardly any polymer's transition is below the plausible range.
    not_kelvin = column.wanted.name == "K" and not column.is_stated and best is not None and misfits[best] == 0
    below_zero = column.unit.name == "K" and any(value < 0 for _, value in values)
    target = "" if column.wanted.name == "1" else f" {column.wanted.name}"
    read_as = f" (read as {column.unit.name})" if column.unit != column.wanted else ""
    counted = _count(len(wrong), len(values), column.name)
    what = f"{counted} outside the plausible range of {low:g} to {high:g}{target}{read_as}"
    name = split_header(table.header[column.position])[0]
    if 2 * len(wrong) > len(values) or not_kelvin or below_zero:
        inside = f"; in {best.name}, {len(values) - misfits[best]} would lie inside" if best and explains else ""
        unit = best.name if best and explains else column.wanted.name
        raise InvalidInputError(
            f"{what}{inside}.",
            where=f"{table.path}, column {table.header[column.position]}",
            hint=f"Write the unit of the values into the header, as in '{name} [{unit}]'; it is then converted.",
        )
    hint = f"; in {best.name} nearly all would lie inside" if best and explains else ""
    lines = ", ".join(str(line) for line in wrong[:_LINES_NAMED]) + (", ..." if len(wrong) > _LINES_NAMED else "")
    return [
        f"{table.path.name}: {what}{hint} (line {lines}): kept as unphysical, never learnt from.",
        *_assumed(table, column, values),
    ]


def _assumed(table: Table, column: NumberColumn, values: Sequence[tuple[int, float]]) -> list[str]:
    """Say that a temperature was taken as kelvin where the header says nothing: 100 to 250 pass in both units."""
    if column.is_stated or column.wanted.name != "K" or not values:
        return []
    least, most = min(value for _, value in values), max(value for _, value in values)
    header = table.header[column.position]
    return [
        f"{table.path.name}: {header} has no unit and is taken as K ({least:g} to {most:g}); "
        f"if it is in degrees Celsius, write '{header} [degC]'."
    ]


def _range(name: str) -> tuple[float, float]:
    if name in _CONDITION_RANGES:
        return _CONDITION_RANGES[name]
    row = get_property(name)
    return row.low, row.high


def _count(some: int, total: int, name: str) -> str:
    return f"{some} of {total} values of {name} {'lies' if some == 1 else 'lie'}"

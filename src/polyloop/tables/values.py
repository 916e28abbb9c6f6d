"""Read values of properties per repeat unit from a table: units converted, conditions told apart, all faults named."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from polyloop.core import CONDITIONS, Conditions, InvalidInputError, Subject
from polyloop.core.units import convert, convert_std
from polyloop.tables.bad_rows import BadRow, refuse_bad_rows
from polyloop.tables.columns import NumberColumn, find_columns, find_conditions
from polyloop.tables.numbers import decimal_sign, is_no_value, parse_number, parse_whole_number
from polyloop.tables.plausibility import check_plausibility
from polyloop.tables.subjects import parse_rows
from polyloop.tables.table import Row, Table, read_table

__all__ = ["ValueRow", "ValueTable", "read_values"]

SEED, UNPHYSICAL = "seed", "unphysical"


@dataclass(frozen=True)
class ValueRow:
    """A row: its subject, the state of the sample, a seed where the table numbers them, and (value, std) by property.

    Values and standard deviations are in the property's unit.
    """

    line: int
    subject: Subject | None
    conditions: Conditions
    seed: int | None
    values: Mapping[str, tuple[float, float | None]]


@dataclass(frozen=True)
class ValueTable:
    """A table of values.

    Parameters
    ----------
    columns
        By property, in the order of the header.
    conditions
        Which conditions the table has a column for.
    notes
        What is to be said of it: implausible values, units that were assumed, rows that were left out.
    """

    table: Table
    columns: Mapping[str, NumberColumn]
    conditions: tuple[str, ...]
    rows: tuple[ValueRow, ...]
    notes: tuple[str, ...] = ()
    bad_rows: tuple[BadRow, ...] = field(default=(), repr=False)

    @property
    def properties(self) -> tuple[str, ...]:
        """Properties that the table has a column for, in the order of the header."""
        return tuple(self.columns)


def read_values(
    path: str | Path,
    smiles_column: str = "smiles",
    *,
    kind: str = "polymer",
    columns: Mapping[str, str] | None = None,
    missing: Collection[float] = (),
    conditions: Conditions | None = None,
    ignore: Collection[str] = (),
    skip_bad: bool = False,
    with_seeds: bool = False,
    check: Callable[[Table, Mapping[str, NumberColumn]], None] | None = None,
    may_lack_values: bool = False,
) -> ValueTable:
    """Read the values of every known property in a table.

    A column `NAME_std` is the standard deviation of NAME; `temperature [K]` and `pressure [atm]` are the state of the
    sample. A unit in brackets is converted. Values that a column `unphysical` names are not asked for plausibility.

    Parameters
    ----------
    kind
        Kind of the subjects that the column `smiles_column` holds.
    columns
        Column per property, where its name is not the property's own.
    missing
        Numbers that mean "no value", as an empty cell does; as they stand in the file.
    conditions
        State of the samples where the table does not say it.
    with_seeds
        Whether a column `seed` tells repeated measurements apart; otherwise it means nothing.
    may_lack_values
        Whether a table without any column of a property will do.
    check
        Called with the columns before the rows are read, to raise what else is wrong with them.

    Raises
    ------
    InvalidInputError
        Naming file, line and column of all that cannot be read, or the unit that a column must be in.
    """
    table = read_table(path)
    found, states = find_columns(table, columns, ignore), find_conditions(table, ignore)
    if check is not None:
        check(table, found)
    table.position(smiles_column)
    if not found and not may_lack_values:
        raise InvalidInputError(
            "No column is named after a property.",
            where=f"{path}, line 1",
            hint=f"Say which is which with columns = {{ PROPERTY = 'COLUMN' }}; the columns are: "
            f"{', '.join(table.header)}.",
        )
    reader = _Reader(table, found, states, missing, conditions or Conditions(), with_seeds)
    rows, bad = [], []
    for row, parsed in parse_rows(table, smiles_column, kind):
        wrong = [parsed] if isinstance(parsed, BadRow) else []
        if row.cells:
            values = reader.read(row, None if isinstance(parsed, BadRow) else parsed.subject, wrong)
        if wrong:
            bad += wrong
        else:
            rows.append(values)
    bad.sort(key=lambda item: item.line)
    refuse_bad_rows(table.path, bad, table.total, skip=skip_bad)
    notes = reader.notes(rows)
    if bad:
        notes.append(f"{table.path.name}: {len({item.line for item in bad})} of {table.total} rows left out.")
    return ValueTable(table, found, tuple(states), tuple(rows), tuple(notes), tuple(bad))


class _Reader:
    """Reads the numbers of one table."""

    def __init__(
        self,
        table: Table,
        columns: Mapping[str, NumberColumn],
        states: Mapping[str, NumberColumn],
        missing: Collection[float],
        usual: Conditions,
        with_seeds: bool,
    ) -> None:
        self._table, self._columns, self._states, self._missing, self._usual = table, columns, states, missing, usual
        numbers = [column for name, column in states.items() if not CONDITIONS[name].is_word]
        places = [place for column in (*columns.values(), *numbers) for place in column.positions]
        self._decimal = decimal_sign(table, places)
        self._seed = table.header.index(SEED) if with_seeds and SEED in table.header else None
        self._unphysical = table.header.index(UNPHYSICAL) if UNPHYSICAL in table.header else None
        # (line, number as it stands there) by column, for the judgement of its unit.
        self._as_given: dict[str, list[tuple[int, float]]] = {name: [] for name in (*columns, *states)}

    def read(self, row: Row, subject: Subject | None, wrong: list[BadRow]) -> ValueRow:
        """Read a row, and add what is wrong with it to `wrong`."""
        known = row.cells[self._unphysical].replace(" ", "").split(";") if self._unphysical is not None else ()
        values = {}
        for name, column in self._columns.items():
            pair = self._value(row, column, name not in known, wrong)
            if pair is not None:
                values[name] = pair
        state = {name: self._state(row, column, wrong) for name, column in self._states.items()}
        conditions = self._usual.but(**{name: value for name, value in state.items() if value is not None})
        seed = None
        if self._seed is not None and not is_no_value(row.cells[self._seed]):
            try:
                seed = parse_whole_number(row.cells[self._seed])
            except InvalidInputError as error:
                wrong.append(self._bad(row, self._seed, error.reason, error.hint))
        return ValueRow(row.line, subject, conditions, seed, values)

    def notes(self, rows: Collection[ValueRow]) -> list[str]:
        """Return what is to be said of the values of the rows that are used."""
        used = {row.line for row in rows}
        found = []
        numbers = {name: column for name, column in self._states.items() if not CONDITIONS[name].is_word}
        for name, column in {**self._columns, **numbers}.items():
            given = [pair for pair in self._as_given[name] if pair[0] in used]
            found += check_plausibility(self._table, column, given)
        return found

    def _value(
        self, row: Row, column: NumberColumn, is_judged: bool, wrong: list[BadRow]
    ) -> tuple[float, float | None] | None:
        value = self._number(row, column.position, wrong)
        std = None if column.std is None else self._number(row, column.std.position, wrong)
        if column.std is not None and std is not None:
            if std < 0:
                wrong.append(self._bad(row, column.std.position, f"The standard deviation {std:g} is negative."))
            if value is None and is_judged and not any(bad.line == row.line for bad in wrong):
                wrong.append(self._bad(row, column.std.position, "There is a std but no value."))
            std = convert_std(std, column.std.unit, column.std.wanted)
        if value is None:
            return None
        if is_judged:
            self._as_given[column.name].append((row.line, value))
        return convert(value, column.unit, column.wanted), std

    def _state(self, row: Row, column: NumberColumn, wrong: list[BadRow]) -> str | float | None:
        condition = CONDITIONS[column.name]
        if condition.is_word:
            return row.cells[column.position].strip() or None
        given = self._number(row, column.position, wrong)
        if given is None:
            return None
        value = convert(given, column.unit, column.wanted)
        self._as_given[column.name].append((row.line, given))
        # A sample under no pressure at all is none that people measure.
        lowest = 0.0 if column.name == "pressure" else condition.low
        if lowest < value <= condition.high or (value == lowest and column.name not in ("temperature", "pressure")):
            return value
        if column.is_stated:
            wrong.append(self._bad(row, column.position, f"There is no {column.name} of {given:g} {column.unit.name}."))
        # Without a unit, all values together tell which one was meant.
        return None

    def _number(self, row: Row, place: int, wrong: list[BadRow]) -> float | None:
        if is_no_value(row.cells[place]):
            return None
        try:
            value = parse_number(row.cells[place], self._decimal)
        except InvalidInputError as error:
            wrong.append(self._bad(row, place, error.reason, error.hint))
            return None
        return None if value in self._missing else value

    def _bad(self, row: Row, place: int, reason: str, hint: str = "") -> BadRow:
        return BadRow(row.line, self._table.header[place], row.cells[place], reason, hint)

"""Measured values by repeat unit, property and state of the sample; only rows of one state are averaged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, stdev

from polyloop.core import Conditions
from polyloop.tables.bad_rows import BadRow
from polyloop.tables.values import read_values

__all__ = ["Measured", "MeasuredTable", "read_measured", "same_state", "state_words"]

# People write 298 K for 25 degrees Celsius and 1 bar for 1 atm.
_SAME_TEMPERATURE_K, _SAME_PRESSURE = 0.2, 0.02


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
    """A table of measured values.

    Parameters
    ----------
    path
        Where it was read.
    entries
        By canonical repeat unit and property: (state of the sample, value) for each state that differs.
    properties
        Properties that it has a column for.
    has_states
        Whether it says at which temperature or pressure its rows were measured.
    notes
        What is to be said of it; see `ValueTable`.
    bad_rows
        Rows that were left out.
    """

    path: Path
    entries: Mapping[str, Mapping[str, Sequence[tuple[Conditions, Measured]]]]
    properties: tuple[str, ...]
    has_states: bool = False
    notes: tuple[str, ...] = ()
    bad_rows: tuple[BadRow, ...] = field(default=(), repr=False)

    def at(self, polymer: str, conditions: Conditions | None = None) -> dict[str, Measured]:
        """Return the values of a polymer (canonical) by property that hold at `conditions`."""
        wanted = conditions or Conditions()
        found = {}
        for name, entries in self.entries.get(polymer, {}).items():
            near = [entry for entry in entries if same_state(entry[0], wanted)]
            if near:
                found[name] = min(near, key=lambda entry: abs(entry[0].temperature - wanted.temperature))[1]
        return found

    def states(self, property_name: str, polymer: str | None = None) -> Counter[Conditions]:
        """Count the values of a property (of one polymer, or of all) by state of the sample."""
        chosen = self.entries.values() if polymer is None else [self.entries.get(polymer, {})]
        return Counter(state for values in chosen for state, _ in values.get(property_name, ()))


def read_measured(
    path: str | Path,
    smiles_column: str = "smiles",
    columns: Mapping[str, str] | None = None,
    missing: Collection[float] = (),
    *,
    kind: str = "polymer",
    conditions: Conditions | None = None,
    skip_bad: bool = False,
) -> MeasuredTable:
    """Read the values of every known property in a table; see `read_values` for columns, units and errors.

    Rows of the same polymer at the same state are averaged; their sample standard deviation then takes the place of the
    column's.

    Parameters
    ----------
    conditions
        State of the samples where the table does not say it.

    Raises
    ------
    InvalidInputError
        Naming the file, the line and the column of all that is wrong.
    """
    table = read_values(
        path, smiles_column, kind=kind, columns=columns, missing=missing, conditions=conditions, skip_bad=skip_bad
    )
    found: dict[str, dict[str, list[tuple[Conditions, list[tuple[float, float | None]]]]]] = {}
    for row in table.rows:
        values = found.setdefault(row.subject.text if row.subject else "", {})
        for name, pair in row.values.items():
            groups = values.setdefault(name, [])
            group = next((pairs for state, pairs in groups if same_state(state, row.conditions)), None)
            if group is None:
                groups.append((row.conditions, [pair]))
            else:
                group.append(pair)
    entries = {
        unit: {name: tuple((state, _mean(pairs)) for state, pairs in groups) for name, groups in values.items()}
        for unit, values in found.items()
    }
    return MeasuredTable(Path(path), entries, table.properties, bool(table.conditions), table.notes, table.bad_rows)


def same_state(one: Conditions, other: Conditions) -> bool:
    """Tell whether two states are the same but for how people round them (298 K is 25 degrees Celsius, 1 bar 1 atm)."""
    pressures = sorted((one.pressure, other.pressure))
    return (
        one.but(temperature=other.temperature, pressure=other.pressure) == other
        and abs(one.temperature - other.temperature) <= _SAME_TEMPERATURE_K
        and pressures[1] - pressures[0] <= _SAME_PRESSURE * pressures[1]
    )


def state_words(state: Conditions) -> str:
    """Spell a state for people: `300 K and 1 atm`."""
    return " and ".join(state.words().split(", "))


def _mean(pairs: Sequence[tuple[float, float | None]]) -> Measured:
    if len(pairs) == 1:
        return Measured(*pairs[0], n=1)
    values = [value for value, _ in pairs]
    return Measured(fmean(values), stdev(values), len(values))

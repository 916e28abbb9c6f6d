"""Variables with a list of values: steps in an order, and choices without one."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.core.names import did_you_mean
from polyloop.design.space.scales import OnScale
from polyloop.design.space.variables import DIGITS, Value, check_choices, significant
from polyloop.learn.surrogate import Array

__all__ = ["Categorical", "Ordinal"]


@dataclass(frozen=True)
class Ordinal(OnScale):
    """A few steps in an order: numbers, ascending and as far apart as they are, or words, equally far apart.

    Raises
    ------
    InvalidInputError
        If there are fewer than two values, copies, or numbers that do not ascend.

    Examples
    --------
    >>> Ordinal("stirring", ("slow", "medium", "fast")).coordinate("medium")
    0.5
    """

    name: str
    values: tuple[Value, ...]
    unit: str = ""
    low: float = field(init=False, repr=False, default=0.0)
    high: float = field(init=False, repr=False, default=1.0)
    is_numeric: bool = field(init=False, repr=False, default=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(self.values))
        check_choices(self.name, self.values)
        words = [isinstance(value, str) for value in self.values]
        if any(words) and not all(words):
            raise InvalidInputError("Its values are numbers and words.", where=f"variable {self.name}")
        object.__setattr__(self, "is_numeric", not words[0])
        if self.is_numeric:
            if any(significant(float(value)) != value for value in self.values):
                raise InvalidInputError(f"Its values need {DIGITS} digits at most.", where=f"variable {self.name}")
            if list(self.values) != sorted(self.values, key=float):
                raise InvalidInputError("Its values do not ascend.", where=f"variable {self.name}")
        object.__setattr__(self, "low", float(self.values[0]) if self.is_numeric else 0.0)
        object.__setattr__(self, "high", float(self.values[-1]) if self.is_numeric else float(len(words) - 1))

    @property
    def levels(self) -> tuple[Value, ...]:
        """The values."""
        return self.values

    def snapped(self, value: Value) -> Value:
        """Return the step that a value is."""
        for known in self.values:
            if value == known or (self.is_numeric and not isinstance(value, str) and significant(value) == known):
                return known
        raise InvalidInputError(
            f"{value!r} is no step of it.", where=f"variable {self.name}", hint=did_you_mean(str(value), self.values)
        )

    def coordinate(self, value: Value) -> float:
        """Return the place of a step between the first (0) and the last (1)."""
        return super().coordinate(value) if self.is_numeric else self.values.index(value) / (len(self.values) - 1)

    def value(self, coordinate: float) -> Value:
        """Return the step nearest to a coordinate."""
        places = [self.coordinate(value) for value in self.values]
        return self.values[int(np.argmin(np.abs(np.array(places) - coordinate)))]

    def identity(self, value: Value) -> Value:
        """Return the number or the word."""
        return super().identity(value) if self.is_numeric else value

    def parse(self, cell: str) -> Value:
        """Read a step from a table's cell."""
        return super().parse(cell) if self.is_numeric else self.snapped(cell.strip())

    def format(self, value: Value) -> str:
        """Write a step."""
        return super().format(value) if self.is_numeric else str(value)


@dataclass(frozen=True)
class Categorical:
    """A choice among things without an order: two are alike or not.

    Raises
    ------
    InvalidInputError
        If there are fewer than two values, or copies.
    """

    name: str
    values: tuple[str, ...]

    is_numeric = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(self.values))
        for value in self.values:
            if not isinstance(value, str):
                raise InvalidInputError(
                    f"{value!r} is no text.", where=f"variable {self.name}", hint="Use Ordinal for numbers."
                )
        check_choices(self.name, self.values)

    @property
    def levels(self) -> tuple[Value, ...]:
        """The choices."""
        return self.values

    @property
    def width(self) -> int:
        """One column a choice."""
        return len(self.values)

    def snapped(self, value: Value) -> Value:
        """Return the choice."""
        if value in self.values:
            return value
        raise InvalidInputError(
            f"{value!r} is no choice of it.", where=f"variable {self.name}", hint=did_you_mean(str(value), self.values)
        )

    def coordinate(self, value: Value) -> float:
        """Return the index of a choice."""
        return float(self.values.index(str(value)))

    def value(self, coordinate: float) -> Value:
        """Return the choice whose index is nearest."""
        return self.values[min(max(round(float(coordinate)), 0), len(self.values) - 1)]

    def numbers(self, coordinates: Array) -> Array:
        """Refuse: a choice is no number."""
        raise InvalidInputError("It is a choice and no number.", where=f"variable {self.name}")

    def block(self, coordinates: Array) -> BlockValues:
        """Return a one in the column of each row's choice."""
        return BlockValues(np.eye(self.width)[np.rint(coordinates).astype(int)], BlockKind.CATEGORICAL)

    def identity(self, value: Value) -> Value:
        """Return the choice."""
        return value

    def parse(self, cell: str) -> Value:
        """Read a choice from a table's cell; capitals matter only where two choices differ by them."""
        text = cell.strip()
        alike = [value for value in self.values if value.casefold() == text.casefold()]
        return self.snapped(alike[0] if text not in self.values and len(alike) == 1 else text)

    def format(self, value: Value) -> str:
        """Write a choice."""
        return str(value)

"""Variables on a scale: numbers between two ends, on a grid or not, and whole numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.design.space.variables import DIGITS, Value, check_name, significant
from polyloop.learn.surrogate import Array
from polyloop.tables.numbers import parse_number

__all__ = ["PLACE_SCALE", "Continuous", "Integer", "OnScale"]

# A range narrower than this share of its numbers would hold too few different ones of six digits.
_NARROWEST = 1e-4
# Two random places in [0, 1] differ by 1/6 in mean square; two different choices by 1.
PLACE_SCALE = math.sqrt(6.0)
_MOST_LEVELS = 1_000_000


class OnScale:
    """What the variables on a scale share: the way between a number, its place in [0, 1], and a cell."""

    name: str
    low: float
    high: float
    unit: str

    is_numeric = True
    width = 1
    log = False

    def _check_scale(self) -> None:
        check_name(self.name)
        where = f"variable {self.name}"
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise InvalidInputError("Its ends must be finite.", where=where)
        if not self.low < self.high:
            raise InvalidInputError(
                f"Its low end ({self.low:g}) is not below its high end ({self.high:g}).",
                where=where,
                hint="Leave out a variable that cannot vary.",
            )
        if self.log and self.low <= 0:
            raise InvalidInputError(
                f"A logarithmic scale cannot start at {self.low:g}.", where=where, hint="Use a positive low end."
            )
        if self.high - self.low < _NARROWEST * max(abs(self.low), abs(self.high)):
            raise InvalidInputError(
                f"From {self.low:.9g} to {self.high:.9g} there are too few numbers of {DIGITS} digits.",
                where=where,
                hint="Use the distance to one end as the variable.",
            )

    def _within(self, value: Value) -> float:
        try:
            number = float(value)
        except ValueError as error:
            raise InvalidInputError(f"{value!r} is no number.", where=f"variable {self.name}") from error
        # Rounding may carry a value over an end by half a unit of the last digit kept.
        slack = 10.0 ** (1 - DIGITS) * abs(number)
        if isinstance(value, bool) or not self.low - slack <= number <= self.high + slack:
            raise InvalidInputError(
                f"{value!r} is outside {self.low:g} to {self.high:g}{f' {self.unit}' if self.unit else ''}.",
                where=f"variable {self.name}",
            )
        return number

    def coordinate(self, value: Value) -> float:
        """Return the place of a value between low (0) and high (1)."""
        number = float(value)
        if self.log:
            place = math.log(number / self.low) / math.log(self.high / self.low)
        else:
            place = (number - self.low) / (self.high - self.low)
        return min(max(place, 0.0), 1.0)

    def numbers(self, coordinates: Array) -> Array:
        """Return the numbers at coordinates of any shape."""
        if self.log:
            return self.low * (self.high / self.low) ** coordinates
        return self.low + (self.high - self.low) * coordinates

    def block(self, coordinates: Array) -> BlockValues:
        """Return one column on a scale that is the same for all variables."""
        return BlockValues(PLACE_SCALE * np.asarray(coordinates, dtype=float)[:, None], BlockKind.DENSITIES)

    def identity(self, value: Value) -> Value:
        """Return the number, without a point where it is whole."""
        number = float(value)
        return int(number) if number.is_integer() else number

    def parse(self, cell: str) -> Value:
        """Read a number from a table's cell."""
        try:
            return self.snapped(parse_number(cell))
        except InvalidInputError as error:
            raise InvalidInputError(error.reason, where=f"variable {self.name}", hint=error.hint) from error

    def format(self, value: Value) -> str:
        """Write a number with as many digits as it has."""
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)

    def snapped(self, value: Value) -> Value:
        """Return the value as it stands in a point; each variable has its own rule."""
        raise NotImplementedError

    def _number(self, coordinate: float) -> float:
        return float(self.numbers(np.array([min(max(coordinate, 0.0), 1.0)]))[0])


@dataclass(frozen=True)
class Continuous(OnScale):
    """A number between two ends, or on a grid between them.

    Parameters
    ----------
    low, high
        Ends, both allowed, in `unit`.
    unit
        For people; polyloop does not convert it.
    step
        Distance of the grid's points from `low` on; None for any number. Not with `log`.
    log
        Whether factors and not differences are alike, as of a catalyst loading from 0.01 to 10 %.

    Raises
    ------
    InvalidInputError
        If ends, step or name cannot be.

    Examples
    --------
    >>> temperature = Continuous("temperature", 20, 120, unit="degC", step=5)
    >>> temperature.value(0.273), temperature.coordinate(45)
    (45.0, 0.25)
    """

    name: str
    low: float
    high: float
    unit: str = ""
    step: float | None = None
    log: bool = False

    def __post_init__(self) -> None:
        self._check_scale()
        if self.step is None:
            return
        where, steps = f"variable {self.name}", (self.high - self.low) / self.step if self.step else 0.0
        if self.log:
            raise InvalidInputError("A step does not go with a logarithmic scale.", where=where, hint="Use Ordinal.")
        if not self.step > 0 or abs(steps - round(steps)) > 1e-6 * max(1.0, steps) or steps > _MOST_LEVELS:
            raise InvalidInputError(
                f"Steps of {self.step:g} do not lead from {self.low:g} to {self.high:g}.",
                where=where,
                hint="Choose ends that lie a whole number of steps apart.",
            )

    @property
    def levels(self) -> tuple[Value, ...] | None:
        """The points of the grid, or None."""
        if self.step is None:
            return None
        count = round((self.high - self.low) / self.step)
        return tuple(significant(self.low + k * (self.high - self.low) / count) for k in range(count + 1))

    def snapped(self, value: Value) -> Value:
        """Return the number rounded to six digits; on a grid, the point that it is."""
        number = significant(self._within(value))
        if self.step is None:
            return number
        place = (number - self.low) / self.step
        if abs(place - round(place)) > 1e-3:
            raise InvalidInputError(
                f"{value!r} is no step of {self.step:g} from {self.low:g}.", where=f"variable {self.name}"
            )
        return significant(self.low + round(place) * self.step)

    def value(self, coordinate: float) -> Value:
        """Return the number at a coordinate, or the nearest point of the grid."""
        number = self._number(coordinate)
        if self.step is not None:
            number = self.low + round((number - self.low) / self.step) * self.step
        return significant(number)


@dataclass(frozen=True)
class Integer(OnScale):
    """A whole number between two ends, both allowed.

    Raises
    ------
    InvalidInputError
        If the ends are not whole or in disorder.
    """

    name: str
    low: int
    high: int
    unit: str = ""

    def __post_init__(self) -> None:
        if int(self.low) != self.low or int(self.high) != self.high:
            raise InvalidInputError("Its ends must be whole numbers.", where=f"variable {self.name}")
        if max(abs(self.low), abs(self.high)) >= 10**DIGITS:
            raise InvalidInputError(
                f"A number in a point has {DIGITS} digits at most.",
                where=f"variable {self.name}",
                hint="Use Continuous, in a larger unit.",
            )
        self._check_scale()

    @property
    def levels(self) -> tuple[Value, ...]:
        """All whole numbers from low to high."""
        return tuple(range(int(self.low), int(self.high) + 1))

    def snapped(self, value: Value) -> Value:
        """Return the whole number."""
        number = self._within(value)
        if number != round(number):
            raise InvalidInputError(f"{value!r} is no whole number.", where=f"variable {self.name}")
        return int(number)

    def value(self, coordinate: float) -> Value:
        """Return the whole number nearest to a coordinate."""
        return round(self._number(coordinate))

"""What is wanted of a design: ranges of properties, each with one end or two."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan

from polyloop.core import InvalidInputError, get_property

__all__ = ["PropertyTarget", "read_target"]

_FORM = "Write NAME=LOW:HIGH, such as refractive_index=1.65:1.75; one of the two may be left out."


@dataclass(frozen=True)
class PropertyTarget:
    """A range of a property, in the property's unit; an end that is infinite is none.

    Raises
    ------
    InvalidInputError
        For an unknown property, an empty range, or one in which no plausible value of the property lies.
    """

    property: str
    low: float = -inf
    high: float = inf

    def __post_init__(self) -> None:
        known = get_property(self.property)
        if isnan(self.low) or isnan(self.high) or not self.low < self.high:
            raise InvalidInputError(f"The range {self} is empty.", where="target", hint=_FORM)
        if self.low == -inf and self.high == inf:
            raise InvalidInputError(f"The range of {self.property} has no end.", where="target", hint=_FORM)
        if self.low >= known.high or self.high <= known.low:
            raise InvalidInputError(
                f"No plausible {known.words} lies in {self}: from {known.low:g} to {known.high:g} {known.unit}.",
                where="target", hint="Ask for another range; mind the unit.",
            )  # fmt: skip

    def __str__(self) -> str:
        low, high = ("" if abs(end) == inf else f"{end:g}" for end in (self.low, self.high))
        return f"{self.property}={low}:{high}"


def read_target(text: str) -> PropertyTarget:
    """Read `NAME=LOW:HIGH`, of which one end may be left out.

    Raises
    ------
    InvalidInputError
        If it is of another form, or no target.

    Examples
    --------
    >>> read_target("refractive_index=1.65:1.75")
    PropertyTarget(property='refractive_index', low=1.65, high=1.75)
    """
    name, equals, ends = text.partition("=")
    low, colon, high = ends.partition(":")
    if not equals or not colon:
        raise InvalidInputError(f"{text!r} is no target.", where="target", hint=_FORM)
    try:
        return PropertyTarget(name.strip(), float(low or -inf), float(high or inf))
    except ValueError as error:
        if isinstance(error, InvalidInputError):
            raise
        raise InvalidInputError(f"{text!r} has an end that is no number.", where="target", hint=_FORM) from None

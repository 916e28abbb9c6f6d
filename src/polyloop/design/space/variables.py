"""What a variable of an experiment is, whatever its kind.

A variable turns a value into a coordinate and back. Of a number it is the place between low (0) and high (1), along
the logarithm where `log` is set; of a choice it is its index. Optimisers see coordinates, models see blocks, people
see values.
"""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.learn.surrogate import Array

__all__ = [
    "DIGITS",
    "SeveralViews",
    "Value",
    "Variable",
    "blocks_of",
    "check_choices",
    "check_label",
    "check_name",
    "significant",
]

Value = float | int | str
DIGITS = 6
"""Significant digits of a number in a point: finer differences are not two experiments."""


@runtime_checkable
class Variable(Protocol):
    """One axis of a space. Each checks itself when it is made."""

    @property
    def name(self) -> str:
        """Its name, as in a table's header and in constraints."""
        ...

    @property
    def is_numeric(self) -> bool:
        """True where values are numbers that constraints may add and multiply."""
        ...

    @property
    def levels(self) -> tuple[Value, ...] | None:
        """All values in order, or None where there is a continuum of them."""
        ...

    @property
    def width(self) -> int:
        """Columns of its block."""
        ...

    def snapped(self, value: Value) -> Value:
        """Return the value as it stands in a point: rounded, on the grid, a known choice.

        Raises
        ------
        InvalidInputError
            If it is none of this variable.
        """
        ...

    def coordinate(self, value: Value) -> float:
        """Return the coordinate of a value of this variable."""
        ...

    def value(self, coordinate: float) -> Value:
        """Return the value nearest to a coordinate."""
        ...

    def numbers(self, coordinates: Array) -> Array:
        """Return the numbers at coordinates of any shape; only where `is_numeric`. Tensors will do as well."""
        ...

    def block(self, coordinates: Array) -> BlockValues:
        """Return the columns that models see of coordinates (n,), shape (n, width)."""
        ...

    def identity(self, value: Value) -> Value:
        """Return what stands for a value in the canonical text of a point; `snapped` reads it."""
        ...

    def parse(self, cell: str) -> Value:
        """Read a value from a table's cell."""
        ...

    def format(self, value: Value) -> str:
        """Write a value as `parse` reads it."""
        ...


@runtime_checkable
class SeveralViews(Protocol):
    """A variable of which models see several blocks, each a view of it with a length scale of its own."""

    def views(self, coordinates: Array) -> dict[str, BlockValues]:
        """Return the blocks by name, NAME.BLOCK, at coordinates (n,)."""
        ...


def blocks_of(variable: Variable, coordinates: Array) -> dict[str, BlockValues]:
    """Return the blocks that models see of a variable at coordinates (n,): one of its own name, unless it has many."""
    if isinstance(variable, SeveralViews):
        return variable.views(coordinates)
    return {variable.name: variable.block(coordinates)}


def check_name(name: str) -> None:
    """Refuse a name that could not stand in a constraint.

    Raises
    ------
    InvalidInputError
        If it is no identifier.
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        raise InvalidInputError(
            f"{name!r} cannot name a variable.", hint="Use letters, digits and _, as in residence_time."
        )


def significant(value: float) -> float:
    """Return a number rounded to `DIGITS` significant digits; never minus zero."""
    return float(f"{float(value):.{DIGITS}g}") + 0.0


def check_choices(name: str, values: Sequence[Value]) -> None:
    """Refuse fewer than two values, copies, and texts that no table could hold.

    Raises
    ------
    InvalidInputError
        If one is.
    """
    check_name(name)
    where = f"variable {name}"
    if len(values) < 2:
        raise InvalidInputError(
            f"It has {len(values)} values.", where=where, hint="Leave out a variable that cannot vary."
        )
    for position, value in enumerate(values):
        if value in values[:position]:
            raise InvalidInputError(f"{value!r} is listed twice.", where=where)
        if isinstance(value, str):
            check_label(name, value)


def check_label(name: str, value: str) -> None:
    """Refuse a text that no cell of a table could hold.

    Raises
    ------
    InvalidInputError
        If it is empty or has spaces around it.
    """
    if value != value.strip() or not value:
        raise InvalidInputError(f"{value!r} is empty or has spaces around it.", where=f"variable {name}")

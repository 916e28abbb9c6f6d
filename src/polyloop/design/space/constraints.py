"""Which points of a space are experiments at all: sums with a bound, and conditions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.design.space.expressions import Expression, read_expression
from polyloop.design.space.variables import DIGITS, Value, Variable

__all__ = ["TOLERANCE", "Condition", "Constraint", "Linear"]

TOLERANCE = 4 * 10.0 ** (1 - DIGITS)
"""Share of a constraint's size by which it may be missed, since a point's numbers are rounded."""

_SENSES = ("<=", ">=", "==")


class Constraint(Protocol):
    """Tells which points are allowed."""

    def check(self, variables: Sequence[Variable]) -> None:
        """Refuse variables that it does not fit."""
        ...

    def holds(self, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
        """Tell for each row of columns of values (n,), by variable, whether it is allowed, shape (n,)."""
        ...


@dataclass(frozen=True)
class Linear:
    """A weighted sum of numbers with a bound, such as shares of a mixture that add up to 1.

    Parameters
    ----------
    coefficients
        By variable.
    sense
        "<=", ">=" or "==".
    bound
        In the units of the sum.

    Raises
    ------
    InvalidInputError
        If a number is not finite, nothing is summed, or there is no such sense.

    Examples
    --------
    >>> Linear({"polymer": 1, "filler": 1}, "<=", 0.8).text
    'polymer + filler <= 0.8'
    """

    coefficients: Mapping[str, float]
    sense: Literal["<=", ">=", "=="]
    bound: float

    def __post_init__(self) -> None:
        if self.sense not in _SENSES:
            raise InvalidInputError(
                f"There is no sense {self.sense!r}.", where="linear constraint", hint=f"Use {', '.join(_SENSES)}."
            )
        numbers = [*self.coefficients.values(), self.bound]
        if not all(math.isfinite(number) for number in numbers):
            raise InvalidInputError("Its numbers must be finite.", where="linear constraint")
        kept = {name: float(number) for name, number in self.coefficients.items() if number != 0}
        if not kept:
            raise InvalidInputError("It sums nothing.", where="linear constraint", hint="Give a coefficient.")
        object.__setattr__(self, "coefficients", kept)

    @property
    def text(self) -> str:
        """The constraint as people write it."""
        parts = [name if number == 1 else f"{number:g} {name}" for name, number in self.coefficients.items()]
        return f"{' + '.join(parts)} {self.sense} {self.bound:g}".replace("+ -", "- ")

    def check(self, variables: Sequence[Variable]) -> None:
        """Refuse names that are no numeric variables, and bounds that no point can keep.

        Raises
        ------
        InvalidInputError
            If there is one.
        """
        where, known = f"constraint {self.text!r}", {variable.name: variable for variable in variables}
        _check_names(tuple(self.coefficients), known, where)
        ends = [
            sorted(number * float(end) for end in known[name].numbers(np.array([0.0, 1.0])))
            for name, number in self.coefficients.items()
        ]
        lowest, highest = (sum(pair[k] for pair in ends) for k in (0, 1))
        slack = TOLERANCE * max(abs(lowest), abs(highest), abs(self.bound))
        if (self.sense != ">=" and lowest > self.bound + slack) or (
            self.sense != "<=" and highest < self.bound - slack
        ):
            raise InvalidInputError(
                f"No point can keep it: the sum lies between {lowest:g} and {highest:g}.", where=where
            )

    def holds(self, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
        """Tell for each row whether it is allowed, up to `TOLERANCE` of the largest part of the sum."""
        parts = [number * np.asarray(columns[name], dtype=float) for name, number in self.coefficients.items()]
        total, size = np.sum(parts, axis=0), np.maximum(np.max(np.abs(parts), axis=0), abs(self.bound))
        above, below = total - self.bound <= TOLERANCE * size, self.bound - total <= TOLERANCE * size
        return np.asarray(above & below if self.sense == "==" else above if self.sense == "<=" else below)


@dataclass(frozen=True)
class Condition:
    """A condition that no sum expresses: a text of arithmetic, or a function of a point.

    Parameters
    ----------
    condition
        A text such as "temperature * time < 4000", which optimisers can follow by its derivatives, or a function that
        takes a point (values by variable) and returns whether it is allowed. Of a text, < allows the bound itself, to
        which rounding may bring a point.

    Raises
    ------
    InvalidInputError
        If the text cannot be read.

    Examples
    --------
    >>> Condition("temperature * time < 4000").expression.names
    ('temperature', 'time')
    """

    condition: str | Callable[[Mapping[str, Value]], bool]
    expression: Expression | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        if isinstance(self.condition, str):
            object.__setattr__(self, "expression", read_expression(self.condition))
        elif not callable(self.condition):
            raise InvalidInputError(f"{self.condition!r} is neither a text nor a function.", where="condition")

    @property
    def text(self) -> str:
        """The text, or the name of the function."""
        return self.condition if isinstance(self.condition, str) else getattr(self.condition, "__name__", "a function")

    def check(self, variables: Sequence[Variable]) -> None:
        """Refuse names that are no numeric variables.

        Raises
        ------
        InvalidInputError
            If there is one.
        """
        if self.expression is not None:
            known = {variable.name: variable for variable in variables}
            _check_names(self.expression.names, known, f"constraint {self.text!r}")

    def holds(self, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
        """Tell for each row whether it is allowed; of a text up to `TOLERANCE` of the larger side."""
        if self.expression is not None:
            read = {name: np.asarray(columns[name], dtype=float) for name in self.expression.names}
            allowed = [margin >= -TOLERANCE * size for margin, size in self.expression.margins(read)]
            return np.asarray(np.logical_and.reduce(allowed))
        if isinstance(self.condition, str):
            raise InvalidInputError("It was never read.", where=f"constraint {self.text!r}")
        names, rows = list(columns), zip(*columns.values(), strict=True)
        answers = (self.condition({name: _plain(v) for name, v in zip(names, row, strict=True)}) for row in rows)
        return np.array([bool(answer) for answer in answers], dtype=bool)


def _plain(value: Any) -> Value:
    return value.item() if isinstance(value, np.generic) else value  # type: ignore[no-any-return]


def _check_names(names: Sequence[str], known: Mapping[str, Variable], where: str) -> None:
    for name in names:
        if name not in known:
            raise InvalidInputError(
                f"There is no variable {name!r}.", where=where, hint=f"Variables: {', '.join(known)}."
            )
        if not known[name].is_numeric:
            raise InvalidInputError(
                f"{name!r} is a choice and no number.", where=where, hint="Pass a function as condition."
            )

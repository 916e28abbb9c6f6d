"""What a campaign wants: objectives on properties, and the direction in which each improves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from polyloop.core import ConfigurationError, InvalidInputError, get_property

__all__ = ["Objective", "check_directions", "utilities"]

Array = NDArray[np.float64]
DIRECTIONS = ("maximize", "minimize", "range")
_SPELLINGS = {"maximise": "maximize", "minimise": "minimize", "max": "maximize", "min": "minimize"}


@dataclass(frozen=True)
class Objective:
    """One property to maximize, to minimize, or to bring into a range.

    Parameters
    ----------
    property
        A name of the property table.
    direction
        "maximize", "minimize" or "range".
    low, high
        Ends of the range in the property's unit, for "range" only; one of them may be absent.

    Raises
    ------
    InvalidInputError
        If there is no such property.
    ConfigurationError
        If the direction is unknown, or the ends of the range are absent, in disorder, not finite, or given for
        another direction.
    """

    property: str
    direction: Literal["maximize", "minimize", "range"] = "maximize"
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        get_property(self.property)
        object.__setattr__(self, "direction", _SPELLINGS.get(self.direction, self.direction))
        where = f"objective {self.property}"
        if self.direction not in DIRECTIONS:
            raise ConfigurationError(
                f"There is no direction {self.direction!r}.", where=where, hint=f"Known: {', '.join(DIRECTIONS)}."
            )
        ends = [end for end in (self.low, self.high) if end is not None]
        if self.direction != "range" and ends:
            raise ConfigurationError(
                f"'low' and 'high' do not go with {self.direction!r}.", where=where, hint="Use direction = 'range'."
            )
        if self.direction == "range":
            if not ends:
                raise ConfigurationError("A range needs 'low', 'high' or both.", where=where)
            if not all(isfinite(end) for end in ends):
                raise ConfigurationError("The ends of a range must be finite.", where=where, hint="Leave out one end.")
            if len(ends) == 2 and ends[0] >= ends[1]:
                raise ConfigurationError(f"'low' ({ends[0]:g}) is not below 'high' ({ends[1]:g}).", where=where)

    @cached_property
    def unit(self) -> str:
        """Unit of the property, of `low` and of `high`."""
        return get_property(self.property).unit

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Ends of the range; an absent one is infinite."""
        low = -np.inf if self.low is None else self.low
        return low, np.inf if self.high is None else self.high

    @cached_property
    def size(self) -> float:
        """Width of the range, or the size of its one end, in the property's unit; 0 for the other directions."""
        ends = [end for end in (self.low, self.high) if end is not None]
        return abs(ends[-1] - ends[0]) if len(ends) == 2 else sum(map(abs, ends))

    def utility(self, values: Array) -> Array:
        """Turn property values of any shape into what is maximized: value, -value, or -(distance to the range)."""
        values = np.asarray(values, dtype=float)
        if self.direction == "maximize":
            return values
        if self.direction == "minimize":
            return -values
        low, high = self.ends
        distance: Array = np.maximum(np.maximum(low - values, values - high), 0.0)
        return -distance

    def reference_utility(self, reference: float) -> float:
        """Return the utility of one number of a reference point: a property value, or for a range a distance to it."""
        if self.direction != "range":
            return float(self.utility(np.array(reference)))
        if reference < 0:
            raise InvalidInputError(
                f"The reference of a range is a distance to it and cannot be {reference:g}.",
                where=f"objective {self.property}",
            )
        return -float(reference)


def utilities(Y: Array, objectives: Sequence[Objective]) -> Array:
    """Turn property values of shape (n, m) into utilities, all maximized, of the same shape.

    Raises
    ------
    InvalidInputError
        If Y does not have one column per objective.
    """
    Y = np.asarray(Y, dtype=float)
    if Y.ndim != 2 or Y.shape[1] != len(objectives):
        raise InvalidInputError(f"Values of shape {Y.shape} for {len(objectives)} objectives; one column for each.")
    return np.column_stack([o.utility(Y[:, j]) for j, o in enumerate(objectives)])


def check_directions(objectives: Sequence[Objective]) -> None:
    """Refuse ranges, for acquisitions that need objectives to maximize or minimize.

    Raises
    ------
    ConfigurationError
        If one is a range.
    """
    for objective in objectives:
        if objective.direction == "range":
            raise ConfigurationError(
                "This acquisition needs objectives to maximize or minimize.",
                where=f"objective {objective.property}",
                hint="For a range use acquisition = 'ehvi', 'pi' or 'qlognehvi'.",
            )

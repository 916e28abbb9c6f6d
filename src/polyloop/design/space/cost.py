"""What a point of a space costs: arithmetic on its variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.core.names import did_you_mean
from polyloop.design.space.expressions import Arithmetic, read_arithmetic
from polyloop.design.space.sampling import sample
from polyloop.design.space.space import Space
from polyloop.learn.surrogate import Array

__all__ = ["PointCost"]

_LOOKED_AT = 512


@dataclass(frozen=True, eq=False)
class PointCost:
    """The cost of points, in any unit.

    Parameters
    ----------
    formula
        Arithmetic on numeric variables, such as "0.5 + 0.01 * time".

    Raises
    ------
    InvalidInputError
        If it cannot be read, names what is no number of the space, or is not above 0 somewhere. Every combination is
        looked at where they can be listed, else many points that fill the space.

    Examples
    --------
    >>> from polyloop.design.space import Continuous
    >>> space = Space((Continuous("time", 1, 10, "h"),))
    >>> PointCost(space, "0.5 + 0.1 * time").of_texts([space.canonical({"time": 5})])
    array([1.])
    """

    space: Space
    formula: str
    _read: Arithmetic = field(init=False, repr=False)
    _known: dict[str, float] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_read", read_arithmetic(self.formula))
        numeric = {variable.name for variable in self.space.variables if variable.is_numeric}
        for name in self._read.names:
            if name not in numeric:
                is_choice = name in self.space.names
                reason = f"{name!r} is a choice and no number." if is_choice else f"There is no variable {name!r}."
                raise InvalidInputError(reason, where=self._where, hint=did_you_mean(name, numeric))
        if self.space.is_enumerable:
            self.of_coordinates(self.space.combinations)
        else:
            self.of_coordinates(sample(self.space, _LOOKED_AT, np.random.default_rng(0)))

    @property
    def _where(self) -> str:
        return f"cost {self.formula!r}"

    def of_coordinates(self, coordinates: Array) -> Array:
        """Return the cost at coordinates of shape (n, d), shape (n,).

        Raises
        ------
        InvalidInputError
            If one is no number above 0.
        """
        columns = self.space.columns(coordinates)
        values = self._read.values({name: np.asarray(columns[name], dtype=float) for name in self._read.names})
        costs = np.broadcast_to(np.asarray(values, dtype=float), len(coordinates)).copy()
        bad = np.flatnonzero(~(np.isfinite(costs) & (costs > 0)))
        if len(bad):
            point = self.space.canonical(self.space.points(coordinates[bad[:1]])[0])
            raise InvalidInputError(
                f"It is {costs[bad[0]]:g} at {point}, and a cost is above 0.", where=self._where, hint="Correct it."
            )
        return costs

    def of_texts(self, texts: Sequence[str]) -> Array:
        """Return the cost of points by their canonical texts, shape (n,)."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            costs = self.of_coordinates(self.space.coordinates([self.space.parse(text) for text in new]))
            self._known.update(zip(new, costs.tolist(), strict=True))
        return np.array([self._known[text] for text in texts])

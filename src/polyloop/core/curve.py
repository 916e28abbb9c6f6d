"""Curve: a record whose value is a function on an axis, such as a spectrum, with its error bar and its origin."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polyloop.core.errors import InvalidInputError
from polyloop.core.record import Provenance, Request

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Axis", "Curve"]

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,63}$")
_LONGEST_UNIT = 32


@dataclass(frozen=True, eq=False)
class Axis:
    """What a curve is drawn over: a name, a unit, and p points, increasing.

    Raises
    ------
    InvalidInputError
        If there are fewer than two points, or they do not increase.
    """

    name: str
    unit: str
    points: Array

    def __post_init__(self) -> None:
        import numpy as np

        points = np.asarray(self.points, dtype=float)
        if points.ndim != 1 or len(points) < 2 or not np.isfinite(points).all() or (np.diff(points) <= 0).any():
            raise InvalidInputError(
                f"{len(np.atleast_1d(points))} points of the axis {self.name!r} do not make a curve.",
                hint="Give at least two, in increasing order.",
            )
        object.__setattr__(self, "points", points)

    def __len__(self) -> int:
        return len(self.points)

    def __eq__(self, other: object) -> bool:
        import numpy as np

        if not isinstance(other, Axis):
            return NotImplemented
        return (self.name, self.unit) == (other.name, other.unit) and np.array_equal(self.points, other.points)

    def __hash__(self) -> int:
        return hash((self.name, self.unit, self.points.tobytes()))


@dataclass(frozen=True, eq=False)
class Curve:
    """One function on an axis of one subject.

    Parameters
    ----------
    request
        Of what it is, by which protocol, under which conditions, with which seed.
    name, unit
        What is drawn, a word such as `absorbance`, and its unit.
    values
        Shape (p,), one for each point of the axis.
    std
        Standard deviation at each point, shape (p,); None where it is not known.

    Raises
    ------
    InvalidInputError
        If the name is no word, a unit is too long, a value is not finite, or there is not one for each point.
    """

    request: Request
    name: str
    unit: str
    axis: Axis
    values: Array
    std: Array | None = None
    provenance: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        import numpy as np

        for name, word in (("name", self.name), ("axis", self.axis.name)):
            if not _NAME.match(word):
                raise InvalidInputError(
                    f"{word!r} is no name of a curve or an axis.", where=name,
                    hint="Write small letters, digits and _, a letter first, at most 64.",
                )  # fmt: skip
        for name, word in (("unit", self.unit), ("axis_unit", self.axis.unit)):
            if not 0 < len(word) <= _LONGEST_UNIT:
                raise InvalidInputError(
                    f"{word!r} is no unit: it has {len(word)} characters.", where=name,
                    hint=f"Write 1 to {_LONGEST_UNIT}; 1 is the unit of plain numbers.",
                )  # fmt: skip
        for name in ("values", "std"):
            given = getattr(self, name)
            if given is None:
                continue
            array = np.asarray(given, dtype=float)
            if (
                array.shape != (len(self.axis),)
                or not np.isfinite(array).all()
                or (name == "std" and (array < 0).any())
            ):
                raise InvalidInputError(
                    f"The {name} of {self.name} do not fit an axis of {len(self.axis)} points.",
                    where=str(self.request.subject),
                    hint="Give a finite number for each point; standard deviations are not negative.",
                )
            object.__setattr__(self, name, array)

    @property
    def key(self) -> str:
        """Key of its request."""
        return self.request.key

    def __eq__(self, other: object) -> bool:
        """Tell whether it says the same, wherever it comes from."""
        import numpy as np

        if not isinstance(other, Curve):
            return NotImplemented
        both = (self.std is None) == (other.std is None)
        same = (self.request.key, self.name, self.unit, self.axis) == (
            other.request.key, other.name, other.unit, other.axis
        )  # fmt: skip
        if not (same and both and np.array_equal(self.values, other.values)):
            return False
        return self.std is None or other.std is None or np.array_equal(self.std, other.std)

    def __hash__(self) -> int:
        return hash((self.key, self.name))

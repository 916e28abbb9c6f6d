"""Invariants: what a property becomes once what is known of the structure is taken out of it, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from polyloop.core.errors import InvalidInputError

# The table of properties is read by every command, `--help` too, and numpy is loaded where numbers are computed.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["FACTORS", "TRANSFORMATIONS", "Invariant", "Transformation"]

FACTORS = ("molar_mass", "vdw_volume", "atoms", "molar_refraction")
"""What the factors of an invariant are made of, per repeat unit: g/mol, angstrom3, a count, cm3/mol."""


@dataclass(frozen=True)
class Transformation:
    """A monotone function of the property, its inverse and its slope, each of an array of any shape."""

    forward: Callable[[Array], Array]
    inverse: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    low: float = -inf
    """Values at or below it have no image."""


def _lorentz_lorenz(n: Array) -> Array:
    squared = n * n
    ratio: Array = (squared - 1.0) / (squared + 2.0)
    return ratio


def _index(ratio: Array) -> Array:
    import numpy as np

    # A ratio of 1 is the pole; what lies beyond is no refractive index.
    bounded = np.clip(ratio, -0.49, 0.95)
    n: Array = np.sqrt((1.0 + 2.0 * bounded) / (1.0 - bounded))
    return n


def _log(y: Array) -> Array:
    import numpy as np

    return np.log(y)


def _exp(z: Array) -> Array:
    import numpy as np

    # Beyond, a double has no room for the result.
    return np.exp(np.clip(z, -700.0, 700.0))


TRANSFORMATIONS: Mapping[str, Transformation] = {
    "identity": Transformation(lambda y: y, lambda z: z, lambda y: 0.0 * y + 1.0),
    "log": Transformation(_log, _exp, lambda y: 1.0 / y, low=0.0),
    "lorentz_lorenz": Transformation(_lorentz_lorenz, _index, lambda n: 6.0 * n / (n * n + 2.0) ** 2, low=0.0),
}


@dataclass(frozen=True)
class Invariant:
    """z = constant * T(y) * product of factors to their powers, which varies less between polymers than y does.

    Parameters
    ----------
    meaning
        What z is, in words, with its unit.
    transformation
        Name of T: `identity`, `log` or `lorentz_lorenz`.
    powers
        Power of each of `FACTORS` that it takes; none for a transformation alone.
    constant
        Makes z the quantity that `meaning` says.
    reference
        Where the relation comes from, e.g. a DOI.

    Raises
    ------
    InvalidInputError
        If there is no such transformation or factor.

    Examples
    --------
    >>> import numpy as np
    >>> packing = Invariant("packing fraction", "identity", {"vdw_volume": 1, "molar_mass": -1}, 0.6022)
    >>> factor = packing.factor(np.array([[28.05, 34.6, 6, 9.24]]))
    >>> float(packing.forward(np.array([0.855]), factor).round(2)[0])
    0.64
    """

    meaning: str
    transformation: str
    powers: Mapping[str, int]
    constant: float = 1.0
    reference: str = ""

    def __post_init__(self) -> None:
        if self.transformation not in TRANSFORMATIONS:
            raise InvalidInputError(
                f"There is no transformation {self.transformation!r}.", hint=f"Known: {', '.join(TRANSFORMATIONS)}."
            )
        for name in self.powers:
            if name not in FACTORS:
                raise InvalidInputError(f"There is no factor {name!r}.", hint=f"Known: {', '.join(FACTORS)}.")

    @property
    def _function(self) -> Transformation:
        return TRANSFORMATIONS[self.transformation]

    def factor(self, factors: Array) -> Array:
        """Return the product of constant and factors, shape (n,), from the columns `FACTORS`, shape (n, 4)."""
        import numpy as np

        product = np.full(len(factors), self.constant)
        for column, name in enumerate(FACTORS):
            if name in self.powers:
                product *= factors[:, column] ** float(self.powers[name])
        return product

    def applies(self, y: Array) -> bool:
        """Tell whether every value has an image."""
        import numpy as np

        return bool((np.asarray(y) > self._function.low).all())

    def forward(self, y: Array, factor: Array) -> Array:
        """Return z of values y and factors, both of shape (n,)."""
        import numpy as np

        z: Array = self._function.forward(np.asarray(y, dtype=float)) * factor
        return z

    def inverse(self, z: Array, factor: Array) -> Array:
        """Return y of z and factors, whose shapes broadcast."""
        return self._function.inverse(z / factor)

    def slope(self, y: Array, factor: Array) -> Array:
        """Return dz/dy at y: standard deviations of y times it are those of z."""
        import numpy as np

        slope: Array = self._function.slope(np.asarray(y, dtype=float)) * factor
        return slope

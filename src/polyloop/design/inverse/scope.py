"""Which repeat units a design may propose: elements, how many atoms of each, and how large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from polyloop.core import InvalidInputError

__all__ = ["StructureScope"]

# Elements of the liquids that `optics/instant` and the density model were fitted to.
_CALIBRATED = frozenset({"H", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Br", "I"})


@dataclass(frozen=True)
class StructureScope:
    """Bounds within which an evaluator may be believed, so that no search can win by leaving them.

    Parameters
    ----------
    elements
        Elements that may occur; by default those that the optical protocols were fitted to.
    most
        Most atoms of an element in a repeat unit, by its symbol.
    most_heavy_atoms
        Most atoms other than hydrogen in a repeat unit.

    Raises
    ------
    InvalidInputError
        If a number is negative, or no heavy atom may occur.
    """

    elements: frozenset[str] = _CALIBRATED
    most: Mapping[str, int] = field(default_factory=dict)
    most_heavy_atoms: int = 80

    def __post_init__(self) -> None:
        if self.most_heavy_atoms < 1 or any(count < 0 for count in self.most.values()):
            raise InvalidInputError("A scope needs numbers of atoms of 0 or more, and at least one heavy atom.")

    def fault(self, composition: Mapping[str, int], charged: bool = False) -> str | None:
        """Return why a composition (atoms of one repeat unit by element) is outside, or None if it is not."""
        if charged:
            return "it is charged"
        for element, count in composition.items():
            if count and element not in self.elements:
                return f"it holds {element}"
            if count > self.most.get(element, count):
                return f"it holds {count} {element}, of which {self.most[element]} are allowed"
        heavy = sum(count for element, count in composition.items() if element != "H")
        return f"it has {heavy} heavy atoms" if heavy > self.most_heavy_atoms else None

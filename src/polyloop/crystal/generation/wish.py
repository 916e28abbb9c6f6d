"""What is wanted of compositions that are to be proposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyloop.core.errors import InvalidInputError
from polyloop.crystal.element_features import ELEMENT_COUNT
from polyloop.crystal.elements import ELEMENTS

if TYPE_CHECKING:
    from polyloop.crystal.composition import Composition

__all__ = ["MOST_ELEMENTS", "CompositionWish"]

MOST_ELEMENTS = 8
_KNOWN = frozenset(ELEMENTS[:ELEMENT_COUNT])


@dataclass(frozen=True)
class CompositionWish:
    """What is wanted.

    Parameters
    ----------
    formation_energy
        In eV/atom, or None where any will do.
    include
        Symbols of elements that each composition holds.
    avoid
        Symbols of elements that none holds.
    allowed
        Symbols of the only elements that may occur; empty for all.
    elements
        Least and largest number of elements.
    stable
        Whether compositions like those of stable phases are asked for.
    neutral
        Whether only those are wanted whose charges can balance, see `oxidation`. One in five real compositions cannot:
        an intermetallic phase is none of ions.

    Raises
    ------
    InvalidInputError
        If there is no such element, or no composition can be both.
    """

    formation_energy: float | None = None
    include: Sequence[str] = ()
    avoid: Sequence[str] = ()
    allowed: Sequence[str] = ()
    elements: tuple[int, int] = (2, MOST_ELEMENTS)
    stable: bool = True
    neutral: bool = False

    def __post_init__(self) -> None:
        for symbol in (*self.include, *self.avoid, *self.allowed):
            if symbol not in _KNOWN:
                raise InvalidInputError(
                    f"There is no element {symbol!r} among those from H to {ELEMENTS[ELEMENT_COUNT - 1]}.",
                    hint="Write symbols as in formulas, for example Li,O.",
                )
        if both := set(self.include) & set(self.avoid):
            raise InvalidInputError(f"{', '.join(sorted(both))} is to be held and to be avoided.", hint="Choose one.")
        if self.allowed and (outside := set(self.include) - set(self.allowed)):
            raise InvalidInputError(
                f"{', '.join(sorted(outside))} is to be held and is not among the allowed elements.", hint="Choose one."
            )
        low, high = self.elements
        if not 1 <= low <= high <= MOST_ELEMENTS:
            raise InvalidInputError(
                f"From {low} to {high} is no range of numbers of elements.", hint=f"From 1 to {MOST_ELEMENTS}."
            )
        if len(set(self.include)) > high:
            raise InvalidInputError(
                f"{len(set(self.include))} elements are to be held, and {high} may be.", hint="Allow more elements."
            )
        if self.allowed and len(set(self.allowed) - set(self.avoid)) < low:
            raise InvalidInputError(
                f"At least {low} elements are wanted, and fewer are allowed.", hint="Allow more elements."
            )
        if self.formation_energy is not None and not -8.0 <= self.formation_energy <= 8.0:
            raise InvalidInputError(
                f"No compound has a formation energy of {self.formation_energy:g} eV/atom.",
                hint="It is per atom; stable compounds lie between -4.5 and 0.",
            )

    def admits(self, composition: Composition) -> bool:
        """Return whether a composition has the elements that are wanted; its energy is not looked at."""
        held = set(composition.elements)
        return (
            held >= set(self.include)
            and not held & set(self.avoid)
            and (not self.allowed or held <= set(self.allowed))
            and self.elements[0] <= len(held) <= self.elements[1]
        )

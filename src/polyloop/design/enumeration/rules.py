"""What molecules are wanted: elements, size or formula, rings, bonds, and groups that are left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from polyloop.core import InvalidInputError
from polyloop.core.names import did_you_mean
from polyloop.design.enumeration.graphs import MOST_VERTICES

__all__ = ["VALENCES", "MoleculeRules", "read_molecular_formula"]

# Usual valences: charges, radicals, and the higher valences of P, S and the halogens (nitro, sulfone) are not made.
VALENCES = {"C": 4, "Si": 4, "B": 3, "N": 3, "P": 3, "O": 2, "S": 2, "F": 1, "Cl": 1, "Br": 1, "I": 1}
_FORMULA = re.compile(r"([A-Z][a-z]?)(\d*)")
_MOST_ORDER = 3


@dataclass(frozen=True)
class MoleculeRules:
    """The molecules to make: connected, neutral, with the usual valences and without stereochemistry.

    Parameters
    ----------
    elements
        Symbols beside hydrogen, of `VALENCES`.
    heavy_atoms
        Least and greatest number of atoms beside hydrogen, both included.
    formula
        Numbers of atoms by symbol, hydrogen included; None for any number of each.
    saturated
        Single bonds only.
    rings
        Least and greatest number of independent rings; a greatest of None is any.
    ring_sizes
        Least and greatest length of the shortest ring through any ring bond; a greatest of None is any.
    heteroatom_bonds
        Whether atoms other than carbon and hydrogen may be bonded to each other.
    cumulenes
        Whether an atom may have two double bonds.
    ring_triple_bonds
        Whether a triple bond may stand in a ring.
    one_kekule
        Whether an aromatic molecule stands once, instead of once for each of its different Kekule structures.
    forbidden
        SMARTS of groups that are left out. These and `one_kekule` ask RDKit of single molecules, some 10,000 a second.

    Raises
    ------
    InvalidInputError
        If no molecule could be such.
    """

    elements: tuple[str, ...] = ("C",)
    heavy_atoms: tuple[int, int] = (1, 1)
    formula: Mapping[str, int] | None = None
    saturated: bool = False
    rings: tuple[int, int | None] = (0, None)
    ring_sizes: tuple[int, int | None] = (3, None)
    heteroatom_bonds: bool = True
    cumulenes: bool = True
    ring_triple_bonds: bool = True
    one_kekule: bool = False
    forbidden: tuple[str, ...] = ()
    _order: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.formula is not None:
            heavy = {symbol: number for symbol, number in self.formula.items() if symbol != "H" and number}
            object.__setattr__(self, "elements", tuple(heavy))
            object.__setattr__(self, "heavy_atoms", (sum(heavy.values()),) * 2)
        for symbol in self.elements:
            if symbol not in VALENCES:
                hint = did_you_mean(symbol, VALENCES)
                raise InvalidInputError(f"{symbol!r} is no element that molecules are made of.", hint=hint)
        if not self.elements or len(set(self.elements)) != len(self.elements):
            raise InvalidInputError("Name each element once, and at least one.", where="elements")
        # Those that fit an atom with b bonds are then the first few.
        order = tuple(sorted(self.elements, key=lambda symbol: -VALENCES[symbol]))
        object.__setattr__(self, "_order", order)
        least, most = self.heavy_atoms
        if not 1 <= least <= most <= MOST_VERTICES:
            raise InvalidInputError(
                f"{least} to {most} heavy atoms are no range between 1 and {MOST_VERTICES}.", where="heavy_atoms"
            )
        for name, (low, high), floor in (("rings", self.rings, 0), ("ring_sizes", self.ring_sizes, 3)):
            if low < floor or (high is not None and high < low):
                raise InvalidInputError(f"{low} to {high} is no range from {floor} on.", where=name)
        if self.formula is not None and self.unsaturation is None:
            raise InvalidInputError("No molecule of the usual valences has this formula.", where="formula")

    @property
    def ordered_elements(self) -> tuple[str, ...]:
        """The elements by falling valence."""
        return self._order

    @property
    def valences(self) -> tuple[int, ...]:
        """Valences of `ordered_elements`."""
        return tuple(VALENCES[symbol] for symbol in self._order)

    @property
    def max_order(self) -> int:
        """Greatest order of a bond."""
        return 1 if self.saturated else _MOST_ORDER

    @property
    def unsaturation(self) -> int | None:
        """Number of rings and further bonds that the formula asks for; None without one, or where there can be none."""
        if self.formula is None:
            return None
        free = 2 + sum((VALENCES[symbol] - 2) * self.formula[symbol] for symbol in self.elements)
        twice = free - self.formula.get("H", 0)
        return twice // 2 if twice >= 0 and twice % 2 == 0 else None

    @property
    def ring_range(self) -> tuple[int, int]:
        """Least and greatest number of rings, of any molecule of these rules."""
        low, high = self.rings
        # With n atoms of valence v there are at most n v / 2 bonds.
        n, valence = self.heavy_atoms[1], max(self.valences)
        most = min(n * valence // 2, n * (n - 1) // 2) - n + 1
        high = most if high is None else min(high, most)
        if self.unsaturation is not None:
            high = min(high, self.unsaturation)
            low = max(low, self.unsaturation) if self.saturated else low
        return low, max(high, 0)


def read_molecular_formula(text: str) -> dict[str, int]:
    """Read a formula such as `C10H16O` as numbers of atoms.

    Raises
    ------
    InvalidInputError
        If the text is no formula.
    """
    parts = list(_FORMULA.finditer(text))
    if not text or "".join(part[0] for part in parts) != text:
        raise InvalidInputError("This is no formula.", where=repr(text), hint="Write it like C10H16O.")
    counts: dict[str, int] = {}
    for part in parts:
        counts[part[1]] = counts.get(part[1], 0) + int(part[2] or 1)
    return counts

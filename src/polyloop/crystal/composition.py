"""Composition: the elements of a material and their proportions, whatever its structure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from math import gcd, lcm

from polyloop.core.errors import InvalidInputError
from polyloop.core.subject import Subject
from polyloop.crystal.elements import order_of
from polyloop.crystal.formula import read_formula

__all__ = ["Composition"]

_LARGEST = 10_000


@dataclass(frozen=True)
class Composition:
    """A reduced composition. Two spellings of one composition are equal.

    Parameters
    ----------
    formula
        As a person writes it, in any spelling that `read_formula` knows.

    Raises
    ------
    InvalidInputError
        If it is no formula, or its smallest whole numbers sum to more than 10,000.

    Examples
    --------
    >>> Composition("Ca(OH)2").canonical, Composition("O2 H2 Ca") == Composition("Ca2(OH)4")
    ('CaH2O2', True)
    >>> Composition("La0.7Sr0.3MnO3").canonical
    'Sr3La7Mn10O30'
    """

    formula: str

    def __post_init__(self) -> None:
        self.amounts  # noqa: B018 - what cannot be read is refused at once

    @cached_property
    def amounts(self) -> dict[str, int]:
        """Smallest whole amounts, the least electronegative element first."""
        found = read_formula(self.formula)
        common = lcm(*(amount.denominator for amount in found.values()))
        whole = {symbol: int(amount * common) for symbol, amount in found.items()}
        divisor = reduce(gcd, whole.values())
        reduced = {symbol: whole[symbol] // divisor for symbol in sorted(whole, key=order_of)}
        if (total := sum(reduced.values())) > _LARGEST:
            raise InvalidInputError(
                f"The smallest whole numbers of this composition sum to {total:,}.", where=self.formula,
                hint=f"Round its amounts, so that they sum to {_LARGEST:,} at most.",
            )  # fmt: skip
        return reduced

    @cached_property
    def canonical(self) -> str:
        """The reduced formula, for example LiFePO4; no brackets, no amount of 1."""
        return "".join(f"{symbol}{amount if amount > 1 else ''}" for symbol, amount in self.amounts.items())

    @property
    def elements(self) -> tuple[str, ...]:
        """Symbols, the least electronegative first."""
        return tuple(self.amounts)

    @cached_property
    def atoms(self) -> int:
        """Number of atoms of the reduced formula."""
        return sum(self.amounts.values())

    @cached_property
    def fractions(self) -> dict[str, float]:
        """Share of each element in the atoms; they sum to 1."""
        return {symbol: float(Fraction(amount, self.atoms)) for symbol, amount in self.amounts.items()}

    @property
    def subject(self) -> Subject:
        """The subject of values that are of this composition."""
        return Subject("composition", self.canonical)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Composition) and self.canonical == other.canonical

    def __hash__(self) -> int:
        return hash(self.canonical)

    def __str__(self) -> str:
        return self.canonical

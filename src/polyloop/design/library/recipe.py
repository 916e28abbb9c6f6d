"""Recipe: all chains that one rule makes of a classified stock, by index, without listing the pairs."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from math import isqrt

from polyloop.chem.polymer_class import PolymerClass
from polyloop.chem.polymerisation import Orientation, PolymerisationRule, Residue, canonical_chain
from polyloop.core.errors import UnsupportedChemistryError
from polyloop.design.library.classification import Entry

__all__ = ["Chain", "Recipe"]


@dataclass(frozen=True)
class Chain:
    """One chain of a recipe: its residues, which entries they are of, and how they are directed."""

    residues: tuple[Residue, ...]
    entries: tuple[Entry, ...]
    orientation: Orientation

    @property
    def classes(self) -> tuple[PolymerClass, PolymerClass]:
        """Classes that the first and the last entry give the chain."""
        return self.entries[0].polymer_class, self.entries[-1].polymer_class


@dataclass(frozen=True, eq=False)
class Recipe:
    """The chains of one rule, numbered from 0.

    No two are alike where the rule takes one monomer; where it takes two, no two have the same residues in the same
    directions, which are the same chain only if one monomer can open in two ways.

    Parameters
    ----------
    rule
        The polymerisation.
    entries
        The residues of the stock's monomers, one sequence for each role.
    """

    rule: PolymerisationRule
    entries: tuple[Sequence[Entry], ...]

    def __len__(self) -> int:
        return len(self.alone) if len(self.entries) == 1 else self._pairs + self._turned

    def __getitem__(self, index: int) -> Chain:
        """Return a chain by its number.

        Raises
        ------
        IndexError
            If there is none.
        """
        if len(self.entries) == 1:
            if not 0 <= index < len(self):
                raise IndexError(index)
            return self.alone[index]
        return self.at(*self.places(index))

    def places(self, index: int) -> tuple[int, int, bool]:
        """Return where the entries of chain `index` of a rule with two monomers stand, and whether one is turned.

        Raises
        ------
        IndexError
            If there is no such chain.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index < self._pairs:
            return *self._picked(index, len(self.entries[1])), False
        first, second = self._directed
        one, other = self._picked(index - self._pairs, len(second))
        return first[one], second[other], True

    def at(self, first: int, second: int, turned: bool = False) -> Chain:
        """Return the chain of the entries at two places, of a rule with two monomers."""
        one, other = self.entries[0][first], self.entries[1][second]
        if turned:
            ends = (
                (one.residue, other.residue.turned) if self.rule.roles[1].reversible
                else (one.residue.turned, other.residue)
            )  # fmt: skip
            return Chain(ends, (one, other), Orientation.HEAD_TO_HEAD)
        way = Orientation.HEAD_TO_TAIL if self.turns(first, second) else Orientation.ONLY
        return Chain((one.residue, other.residue), (one, other), way)

    def turns(self, first: int, second: int) -> bool:
        """Tell whether the entries at two places make another chain when one of them is turned."""
        free = any(role.reversible for role in self.rule.roles)
        return free and not any(
            listed[place].residue.symmetric for listed, place in zip(self.entries, (first, second), strict=True)
        )

    @cached_property
    def alone(self) -> tuple[Chain, ...]:
        """The chains of a rule with one monomer."""
        made: dict[str, Chain] = {}
        (listed,) = self.entries
        for _, group in groupby(sorted(listed, key=lambda entry: entry.monomer), key=lambda entry: entry.monomer):
            entries = {entry.residue.text: entry for entry in group}
            for residues, orientation in self.rule.combinations([entry.residue for entry in entries.values()]):
                own = tuple(entries[r.text] for r in residues if r.text in entries)
                with contextlib.suppress(UnsupportedChemistryError):
                    # A ring that opens at either of two bonds may leave one chain, cut in two places.
                    text = canonical_chain(residues)
                    made.setdefault(text, Chain(residues, own or tuple(entries.values())[:1], orientation))
        return tuple(made.values())

    @property
    def same_role(self) -> bool:
        """Whether both monomers of a rule are of one kind, so that their order does not matter."""
        return len(self.rule.roles) == 2 and self.rule.roles[0] is self.rule.roles[1]

    @cached_property
    def _pairs(self) -> int:
        first, second = self.entries
        return len(first) * (len(first) - 1) // 2 if self.same_role else len(first) * len(second)

    @cached_property
    def _directed(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Places of entries that read differently from their two ends, where one of the roles can be turned."""
        if not any(role.reversible for role in self.rule.roles):
            return (), ()
        first, second = (
            tuple(place for place, entry in enumerate(listed) if not entry.residue.symmetric) for listed in self.entries
        )
        return first, second

    @cached_property
    def _turned(self) -> int:
        first, second = self._directed
        return len(first) * (len(first) - 1) // 2 if self.same_role else len(first) * len(second)

    def _picked(self, index: int, width: int) -> tuple[int, int]:
        if not self.same_role:
            return index // width, index % width
        # Pairs i < j are numbered j (j - 1) / 2 + i.
        later = (1 + isqrt(8 * index + 1)) // 2
        return index - later * (later - 1) // 2, later

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
        return len(self._alone) if len(self.entries) == 1 else self._pairs + self._turned

    def __getitem__(self, index: int) -> Chain:
        """Return a chain by its number.

        Raises
        ------
        IndexError
            If there is none.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        if len(self.entries) == 1:
            return self._alone[index]
        return self._pair(index) if index < self._pairs else self._turned_pair(index - self._pairs)

    @cached_property
    def _alone(self) -> tuple[Chain, ...]:
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

    @cached_property
    def _same_role(self) -> bool:
        return self.rule.roles[0] is self.rule.roles[1]

    @cached_property
    def _pairs(self) -> int:
        first, second = self.entries
        return len(first) * (len(first) - 1) // 2 if self._same_role else len(first) * len(second)

    @cached_property
    def _directed(self) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
        """Entries of each role that read differently from their two ends, where one of the roles can be turned."""
        if not any(role.reversible for role in self.rule.roles):
            return (), ()
        first, second = (tuple(e for e in listed if not e.residue.symmetric) for listed in self.entries)
        return first, second

    @cached_property
    def _turned(self) -> int:
        first, second = self._directed
        return len(first) * (len(first) - 1) // 2 if self._same_role else len(first) * len(second)

    def _pair(self, index: int) -> Chain:
        first, second = self._picked(index, *self.entries)
        free = any(role.reversible for role in self.rule.roles)
        free = free and not (first.residue.symmetric or second.residue.symmetric)
        way = Orientation.HEAD_TO_TAIL if free else Orientation.ONLY
        return Chain((first.residue, second.residue), (first, second), way)

    def _turned_pair(self, index: int) -> Chain:
        first, second = self._picked(index, *self._directed)
        if self.rule.roles[1].reversible:
            residues = (first.residue, second.residue.turned)
        else:
            residues = (first.residue.turned, second.residue)
        return Chain(residues, (first, second), Orientation.HEAD_TO_HEAD)

    def _picked(self, index: int, first: Sequence[Entry], second: Sequence[Entry]) -> tuple[Entry, Entry]:
        if not self._same_role:
            return first[index // len(second)], second[index % len(second)]
        # Pairs i < j are numbered j (j - 1) / 2 + i.
        later = (1 + isqrt(8 * index + 1)) // 2
        return first[index - later * (later - 1) // 2], first[later]

"""Different polymers from a generator, with what was drawn on the way."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError
from polyloop.design.language.generator import RepeatUnitGenerator

__all__ = ["Drawing"]

_BATCH = 256
# Draws in a row that bring nothing new, after which a generator has said what it can.
_MOST_IN_VAIN = 20_000


@dataclass
class Drawing:
    """Draws different polymers, and counts.

    Parameters
    ----------
    generator
        Who writes them.
    known
        Whether units that taught the generator may come.
    exclude
        Canonical SMILES that are not wanted.
    """

    generator: RepeatUnitGenerator
    known: bool = False
    exclude: Collection[str] = ()
    drawn: int = 0
    invalid: int = 0
    repeated: int = 0
    taught: int = 0

    def polymers(self, n: int, *, rng: np.random.Generator, polymer_class: str | None = None) -> Iterator[Polymer]:
        """Yield n different polymers.

        Parameters
        ----------
        polymer_class
            Only polymers of this class, written in its way.

        Raises
        ------
        InvalidInputError
            If the generator brings nothing new any more.
        """
        seen, made, in_vain = set(self.exclude), 0, 0
        while made < n:
            for smiles in self.generator.sample(min(_BATCH, max(16, n - made)), rng=rng, polymer_class=polymer_class):
                polymer = self._new(smiles, seen)
                if polymer is None or (polymer_class is not None and polymer.polymer_class != polymer_class):
                    in_vain += 1
                    if in_vain > _MOST_IN_VAIN:
                        raise InvalidInputError(
                            f"After {made:,} polymers the model wrote nothing new {in_vain:,} times in a row.",
                            hint="Ask for fewer, teach it with more units, or raise its temperature.",
                        )
                    continue
                made, in_vain = made + 1, 0
                yield polymer
                if made == n:
                    return

    def _new(self, smiles: str, seen: set[str]) -> Polymer | None:
        self.drawn += 1
        try:
            polymer = Polymer(smiles)
        except InvalidInputError:
            self.invalid += 1
            return None
        if polymer.canonical in seen:
            self.repeated += 1
            return None
        seen.add(polymer.canonical)
        if not self.known and self.generator.knows(polymer.canonical):
            self.taught += 1
            return None
        return polymer

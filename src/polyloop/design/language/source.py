"""Candidates that are written anew for each batch: drawn from a language model, and near the best so far."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError, content_key
from polyloop.core.options import Option
from polyloop.design.generated.source import GeneratedSource, SourceInputs, best_observed
from polyloop.design.language.generation import Drawing
from polyloop.design.language.generator import RepeatUnitGenerator
from polyloop.design.language.keeping import load_language, save_language
from polyloop.design.language.ngram import NgramGenerator
from polyloop.design.language.recurrent import RecurrentGenerator
from polyloop.design.objectives import Objective
from polyloop.design.sources import Observations
from polyloop.learn import Surrogate
from polyloop.tables import read_table

__all__ = ["LanguageSource"]

# Tries for each neighbour that is wanted.
_TRIES = 10


@dataclass(frozen=True, eq=False)
class LanguageSource(GeneratedSource):
    """Candidates from a generator of repeat units, with feedback: each batch is chosen from a pool of its own.

    The pool of a batch holds units drawn from the generator and neighbours of the best observed ones; the acquisition
    chooses from it.

    Parameters
    ----------
    generator
        Who writes repeat units.
    neighbours
        Share of the pool that are neighbours of the best.
    parents
        Number of the best observed units that have neighbours.

    Raises
    ------
    InvalidInputError
        If a number is out of range.
    """

    options: ClassVar[tuple[Option, ...]] = (
        Option("neighbours", float, 0.5, "Share of a batch's pool that are neighbours of the best.", 0.0, 1.0),
        Option("parents", int, 20, "Number of the best evaluated candidates that have neighbours.", 1, 10_000),
    )
    takes: ClassVar[tuple[str, ...]] = ("file", "model")

    generator: RepeatUnitGenerator
    neighbours: float = 0.5
    parents: int = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.parents < 1 or not 0.0 <= self.neighbours <= 1.0:
            raise InvalidInputError("A language source needs parents, and a share of neighbours from 0 to 1.")

    @classmethod
    def read(cls, inputs: SourceInputs, **arguments: Any) -> Self:
        """Return the source of a trained model, or of an n-gram model that a table (or the shipped one) teaches.

        Raises
        ------
        InvalidInputError
            If both are named, or one cannot be read.
        """
        cls.verify(inputs)
        if inputs.model is not None:
            return cls(load_language(inputs.model), **arguments)
        return cls(NgramGenerator.train(_units(inputs)), **arguments)

    @classmethod
    def verify(cls, inputs: SourceInputs) -> None:
        """Raise where both a model and a table are named, or the folder holds no model."""
        super().verify(inputs)
        if inputs.model is not None and inputs.file is not None:
            raise InvalidInputError("A model and a table that teaches one are named.", hint="Name one of them.")
        if inputs.model is not None:
            load_language(inputs.model)

    @property
    def identity(self) -> str:
        """The generator's method, settings, and the digest of what taught it."""
        card = self.generator.card
        return content_key({"method": card.method, "sha256": card.sha256, "settings": card.settings})

    def drawn(self, n: int, exclude: Collection[str], rng: np.random.Generator) -> list[str]:
        """Return units drawn from the generator."""
        if n <= 0:
            return []
        found = Drawing(self.generator, exclude=exclude).polymers(n, rng=rng)
        return [polymer.canonical for polymer in found if self.admits(polymer.canonical)]

    def refreshed(
        self,
        models: Sequence[Surrogate],
        observations: Observations,
        objectives: Sequence[Objective],
        exclude: Collection[str],
        rng: np.random.Generator,
    ) -> list[str]:
        """Return neighbours of the best observed units, and drawn ones."""
        parents = best_observed(observations, objectives, self.parents)
        near = list(self._near(parents, set(exclude), rng)) if parents else []
        return [*near, *self.drawn(self.size - len(near), {*exclude, *near}, rng)]

    def origins(self, texts: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return which generator wrote them."""
        card = self.generator.card
        return {text: {"generator": f"{card.method} {card.sha256[:12]}"} for text in texts}

    def as_table(self, folder: Path) -> dict[str, Any]:
        """Return the table `[pool]`; the model is kept in a folder.

        Raises
        ------
        InvalidInputError
            If the generator is none that can be kept.
        """
        if not isinstance(self.generator, NgramGenerator | RecurrentGenerator):
            raise InvalidInputError(
                "A generator of this type cannot be kept with the run.", where="candidates",
                hint="Use an NgramGenerator or a RecurrentGenerator.",
            )  # fmt: skip
        save_language(self.generator, folder)
        return {"source": "language", "model": str(folder), "size": self.size, "neighbours": self.neighbours,
                "parents": self.parents}  # fmt: skip

    def describe(self) -> dict[str, Any]:
        """Return what wrote the candidates, and how a batch's pool is made."""
        card = self.generator.card
        return {
            "generator": card.method, "taught_by": card.n, "sha256": card.sha256, "settings": card.settings,
            "size": self.size, "neighbours": self.neighbours, "parents": self.parents, "blocks": list(self.blocks),
        }  # fmt: skip

    def _near(self, parents: list[str], taken: set[str], rng: np.random.Generator) -> Iterator[str]:
        wanted = round(self.neighbours * self.size)
        seen = set(taken)
        for attempt in range(_TRIES * wanted):
            if wanted == 0:
                return
            try:
                text = Polymer(self.generator.propose(parents[attempt % len(parents)], rng=rng)).canonical
            except InvalidInputError:
                # What tokens do not say (charges, isotopes) has no neighbours.
                continue
            if text not in seen and self.admits(text):
                seen.add(text)
                wanted -= 1
                yield text


def _units(inputs: SourceInputs) -> list[str]:
    if inputs.file is None:
        from polyloop.chem.library import homopolymers

        return [row.smiles for row in homopolymers()]
    table = read_table(inputs.file)
    place = table.position(inputs.column)
    return [row.cells[place] for row in table.rows]

"""Candidates that are written anew for each batch: drawn from a language model, and near the best so far."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.design.language.generation import Drawing
from polyloop.design.language.generator import RepeatUnitGenerator
from polyloop.design.objectives import Objective, utilities
from polyloop.design.sources import Observations, PoolSource, Suggestion, Weighing
from polyloop.features import FeatureTable, featurize
from polyloop.learn import Surrogate
from polyloop.learn.surrogate import take

__all__ = ["LanguageSource"]

# Tries for each neighbour that is wanted, and how many candidates the first batch is chosen from.
_TRIES, _FIRST = 10, 20


@dataclass(frozen=True, eq=False)
class LanguageSource:
    """Candidates from a generator of repeat units, with feedback: each batch is chosen from a pool of its own.

    The pool of a batch holds units drawn from the generator and neighbours of the best observed ones; the acquisition
    chooses from it. Nothing is kept between calls, so that a campaign that was killed gets the same answer again.

    Parameters
    ----------
    blocks
        Descriptors of candidates, names of `polyloop.features.BLOCKS`.
    size
        Candidates of the pool of a batch.
    neighbours
        Share of them that are neighbours of the best.
    parents
        Number of the best observed units that have neighbours.
    time_limit
        Seconds that one block of one candidate may take; None describes them in this process, without limits.

    Raises
    ------
    InvalidInputError
        If a number is out of range.
    """

    generator: RepeatUnitGenerator
    blocks: tuple[str, ...] = ("forcefield", "ecfp")
    size: int = 500
    neighbours: float = 0.5
    parents: int = 20
    time_limit: float | None = 20.0

    def __post_init__(self) -> None:
        if self.size < 1 or self.parents < 1 or not 0.0 <= self.neighbours <= 1.0:
            raise InvalidInputError(
                "A language source needs a size and parents of at least 1, and a share of neighbours from 0 to 1."
            )

    def encode(self, texts: Sequence[str]) -> Mapping[str, BlockValues]:
        """Return the blocks of candidates.

        Raises
        ------
        InvalidInputError
            If one cannot be described.
        """
        table = self._described(texts)
        if table.failures:
            row, why = next(iter(table.failures.items()))
            raise InvalidInputError(f"This candidate cannot be described: {why}", where=repr(texts[row]))
        return dict(table.described())

    def _described(self, texts: Sequence[str]) -> FeatureTable:
        if self.time_limit is None:
            return featurize(list(texts), self.blocks, time_limit=None, memory_limit=None)
        return featurize(list(texts), self.blocks, time_limit=self.time_limit)

    def knows(self, text: str) -> bool:
        """Tell whether a text is the canonical one of a polymer."""
        try:
            return Polymer(text).canonical == text
        except InvalidInputError:
            return False

    def initial(
        self, size: int, method: str | None = None, *, rng: np.random.Generator, exclude: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Return candidates to start with, of as many drawn ones as a batch is chosen from, or twenty times as many."""
        drawn = self._drawn(max(self.size, _FIRST * size), exclude, rng)
        return self._pool(drawn).initial(size, method, rng=rng, exclude=exclude)

    def propose(
        self,
        models: Sequence[Surrogate],
        observations: Observations,
        objectives: Sequence[Objective],
        *,
        batch: int,
        rng: np.random.Generator,
        reference_point: Sequence[float],
        exclude: Collection[str] = (),
        acquisition: str | None = None,
        weighing: Weighing | None = None,
    ) -> Suggestion:
        """Return the next batch, chosen by an acquisition from a pool written for it.

        Raises
        ------
        ConfigurationError
            If the acquisition does not fit.
        InvalidInputError
            If an observed candidate cannot be described.
        """
        taken = {*exclude, *observations.texts, *observations.pending}
        parents = self._best(observations, objectives)
        near = list(self._near(parents, taken, rng)) if parents else []
        fresh = [*near, *self._drawn(self.size - len(near), {*taken, *near}, rng)]
        pool = self._pool(fresh, (*observations.texts, *observations.pending))
        return pool.propose(
            models, observations, objectives, batch=batch, rng=rng, reference_point=reference_point,
            exclude=exclude, acquisition=acquisition, weighing=weighing or Weighing(),
        )  # fmt: skip

    def describe(self) -> dict[str, Any]:
        """Return what wrote the candidates, and how a batch's pool is made."""
        card = self.generator.card
        return {
            "generator": card.method, "taught_by": card.n, "sha256": card.sha256, "settings": card.settings,
            "size": self.size, "neighbours": self.neighbours, "parents": self.parents, "blocks": list(self.blocks),
        }  # fmt: skip

    def _drawn(self, n: int, exclude: Collection[str], rng: np.random.Generator) -> list[str]:
        if n <= 0:
            return []
        return [polymer.canonical for polymer in Drawing(self.generator, exclude=exclude).polymers(n, rng=rng)]

    def _best(self, observations: Observations, objectives: Sequence[Objective]) -> list[str]:
        """Return the observed units of least mean rank over the objectives."""
        rows = observations.complete
        if not len(rows):
            return []
        scores = utilities(observations.values[rows], objectives)
        ranks = (-scores).argsort(axis=0).argsort(axis=0).mean(axis=1)
        return [observations.texts[rows[place]] for place in np.argsort(ranks, kind="stable")[: self.parents]]

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
            if text not in seen:
                seen.add(text)
                wanted -= 1
                yield text

    def _pool(self, fresh: Sequence[str], needed: Sequence[str] = ()) -> PoolSource:
        """Describe candidates; those that cannot be described are left out, unless they are needed."""
        texts = tuple(dict.fromkeys([*fresh, *needed]))
        table = self._described(texts)
        for row, why in table.failures.items():
            if texts[row] in needed:
                raise InvalidInputError(f"This candidate cannot be described: {why}", where=repr(texts[row]))
        rows = np.flatnonzero(table.valid)
        return PoolSource(tuple(texts[row] for row in rows), take(dict(table.described()), rows))

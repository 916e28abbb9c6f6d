"""GeneratedSource: what all sources share that write a pool for each batch, which the acquisition then chooses from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.core.options import Option
from polyloop.design.objectives import Objective, utilities
from polyloop.design.pool_filter import PoolFilter
from polyloop.design.sources import Observations, PoolSource, Suggestion, Weighing
from polyloop.features import FeatureTable, featurize
from polyloop.learn import Surrogate
from polyloop.learn.surrogate import take

__all__ = ["GeneratedSource", "PolymerDescriber", "SourceInputs", "best_observed"]

PolymerDescriber = Callable[[Sequence[str], bool], FeatureTable]
"""Maps canonical texts, and whether each may take as long as it needs, to descriptors."""

# How many candidates the first batch is chosen from, for each that is wanted.
_FIRST = 20
_ALL = PoolFilter(None, None, None)


@dataclass(frozen=True)
class SourceInputs:
    """What a campaign file names: files, the column of candidates, and a folder that may keep what takes long."""

    file: Path | None = None
    model: Path | None = None
    monomers: Path | None = None
    column: str = "smiles"
    cache: Path | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class GeneratedSource(ABC):
    """A source without a list of candidates: each batch is chosen from a pool of its own.

    The pool is written from what was learnt (`refreshed`), the acquisition chooses from it. Nothing that matters is
    kept between calls, so that a campaign that was killed asks the same question again and gets the same answer.

    Parameters
    ----------
    blocks
        Descriptors of candidates, names of `polyloop.features.BLOCKS`.
    size
        Candidates of the pool of a batch.
    time_limit
        Seconds that one block of one candidate may take; None describes them in this process, without limits.
    accepts
        Which candidates may be proposed.
    describer
        Who describes candidates in place of `featurize`: a campaign keeps what it described.

    Raises
    ------
    InvalidInputError
        If `size` is less than 1.
    """

    options: ClassVar[tuple[Option, ...]] = ()
    """What a campaign file may say of the source under `[pool]`."""
    takes: ClassVar[tuple[str, ...]] = ()
    """Which of `file`, `model` and `monomers` it reads."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Which of them must be there."""

    blocks: tuple[str, ...] = ("forcefield", "ecfp")
    size: int = 500
    time_limit: float | None = 20.0
    accepts: PoolFilter = _ALL
    describer: PolymerDescriber | None = field(default=None, repr=False)
    # What was found to be describable in this process, which is asked of all that is known in each cycle.
    _readable: dict[str, bool] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        if self.size < 1:
            raise InvalidInputError(f"A pool holds at least 1 candidate, not {self.size}.", where="size")

    # What each source says of itself

    @classmethod
    @abstractmethod
    def read(cls, inputs: SourceInputs, **arguments: Any) -> Self:
        """Return the source that a campaign file describes."""

    @classmethod
    def verify(cls, inputs: SourceInputs) -> None:
        """Raise `InvalidInputError` where the files of a campaign cannot be read, as far as that is quick to tell."""
        for name in cls.takes:
            path = getattr(inputs, name)
            if path is not None and not path.exists():
                raise InvalidInputError(
                    f"There is no {name} {path}.", where=name, hint="The path is relative to the campaign file."
                )

    @property
    @abstractmethod
    def identity(self) -> str:
        """A digest of what it draws from: with another one it is another source."""

    @abstractmethod
    def drawn(self, n: int, exclude: Collection[str], rng: np.random.Generator) -> list[str]:
        """Return canonical texts before there is any model; at most n, each once, none of them excluded."""

    @abstractmethod
    def refreshed(
        self,
        models: Sequence[Surrogate],
        observations: Observations,
        objectives: Sequence[Objective],
        exclude: Collection[str],
        rng: np.random.Generator,
    ) -> list[str]:
        """Return canonical texts written from what was learnt; at most `size`, each once, none of them excluded."""

    @abstractmethod
    def origins(self, texts: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return how candidates were made, by text: rule, monomers, price, generator, as far as it is known."""

    @abstractmethod
    def as_table(self, folder: Path) -> dict[str, Any]:
        """Return the table `[pool]` that reads back as this source; what lies in memory is written into a folder."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return what the source is, ready for JSON."""

    # What they share

    def encode(self, texts: Sequence[str]) -> Mapping[str, BlockValues]:
        """Return the blocks of candidates.

        Raises
        ------
        InvalidInputError
            If one cannot be described.
        """
        table = self.described(texts)
        if table.failures:
            row, why = next(iter(table.failures.items()))
            raise InvalidInputError(f"This candidate cannot be described: {why}", where=repr(texts[row]))
        return dict(table.described())

    def described(self, texts: Sequence[str], *, freely: bool = False) -> FeatureTable:
        """Return the descriptors of candidates; `freely` in this process, without limits and without keeping them."""
        if self.describer is not None:
            return self.describer(texts, freely)
        if freely or self.time_limit is None:
            return featurize(list(texts), self.blocks, time_limit=None, memory_limit=None)
        return featurize(list(texts), self.blocks, time_limit=self.time_limit)

    def knows(self, text: str) -> bool:
        """Tell whether a text is the canonical one of a polymer that can be described."""
        if text not in self._readable:
            try:
                self._readable[text] = Polymer(text).canonical == text and not self.described([text]).failures
            except InvalidInputError:
                self._readable[text] = False
        return self._readable[text]

    def admits(self, text: str) -> bool:
        """Tell whether a candidate may be proposed."""
        return self.accepts == _ALL or self.accepts.accepts(Polymer.of_canonical(text))

    def initial(
        self, size: int, method: str | None = None, *, rng: np.random.Generator, exclude: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Return candidates to start with, of as many drawn ones as a batch is chosen from, or twenty times as many."""
        fresh = self.drawn(max(self.size, _FIRST * size), exclude, rng)
        return self._pool(fresh).initial(size, method, rng=rng, exclude=exclude) if fresh else ()

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
        fresh = self.refreshed(models, observations, objectives, taken, rng)
        if not fresh:
            nothing = np.empty((0, len(objectives)))
            return Suggestion((), np.empty(0), nothing, nothing, "nothing new could be written", exhausted=True)
        pool = self._pool(fresh, (*observations.texts, *observations.pending))
        return pool.propose(
            models, observations, objectives, batch=batch, rng=rng, reference_point=reference_point,
            exclude=exclude, acquisition=acquisition, weighing=weighing or Weighing(),
        )  # fmt: skip

    def _pool(self, fresh: Sequence[str], needed: Sequence[str] = ()) -> PoolSource:
        """Describe candidates; those that cannot be described are left out, unless they are needed."""
        texts, wanted = tuple(dict.fromkeys([*fresh, *needed])), set(needed)
        table = self.described(texts)
        for row, why in table.failures.items():
            if texts[row] in wanted:
                raise InvalidInputError(f"This candidate cannot be described: {why}", where=repr(texts[row]))
        self._readable.update(zip(texts, table.valid.tolist(), strict=True))
        rows = np.flatnonzero(table.valid)
        return PoolSource(tuple(texts[row] for row in rows), take(dict(table.described()), rows))


def best_observed(observations: Observations, objectives: Sequence[Objective], count: int) -> list[str]:
    """Return the observed candidates of least mean rank over the objectives, the best first."""
    rows = observations.complete
    if not len(rows):
        return []
    scores = utilities(observations.values[rows], objectives)
    ranks = (-scores).argsort(axis=0).argsort(axis=0).mean(axis=1)
    return [observations.texts[rows[place]] for place in np.argsort(ranks, kind="stable")[:count]]

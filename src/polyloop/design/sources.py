"""Where candidates come from: one interface for pools, spaces of variables and whatever proposes next."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.design.acquisition import Feasibility, propose
from polyloop.design.initial import initial_design
from polyloop.design.objectives import Objective
from polyloop.learn import Blocks, Surrogate
from polyloop.learn.surrogate import Array, row_count, take

__all__ = ["CandidateSource", "Observations", "PoolSource", "Suggestion", "Weighing"]


@dataclass(frozen=True, eq=False)
class Observations:
    """What is known when a batch is proposed.

    Parameters
    ----------
    texts
        Canonical texts of the candidates with values, length n.
    values
        Property values in the properties' units, shape (n, m), NaN where missing.
    pending
        Canonical texts of the candidates under evaluation.
    """

    texts: tuple[str, ...]
    values: Array
    pending: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        values = np.asarray(self.values, dtype=float)
        if values.ndim != 2 or len(values) != len(self.texts):
            raise InvalidInputError(
                f"Values of shape {values.shape} for {len(self.texts)} candidates; one row for each."
            )
        object.__setattr__(self, "values", values)

    @property
    def complete(self) -> NDArray[np.intp]:
        """Rows with a value of every property, shape (k,)."""
        return np.flatnonzero(np.isfinite(self.values).all(axis=1))


@dataclass(frozen=True, eq=False)
class Suggestion:
    """The candidates to evaluate next.

    Parameters
    ----------
    texts
        Canonical texts, each once and none that was excluded; fewer than asked for when the source is exhausted.
    scores
        Acquisition value of each at its picking, shape (q,).
    mean, std
        Predictions before any pick, in the properties' units, shape (q, m).
    method
        How they were found, such as "ehvi over all 1,728 candidates".
    exhausted
        True when the source has no more than these.
    """

    texts: tuple[str, ...]
    scores: Array
    mean: Array
    std: Array
    method: str
    exhausted: bool = False


@dataclass(frozen=True, eq=False)
class Weighing:
    """What scores are multiplied by, besides what the objectives say.

    Parameters
    ----------
    feasibility
        Constraints on properties, with values at the rows of `Observations`.
    costs
        Maps canonical texts to what their evaluation costs, shape (n,); scores are then per cost.
    budget
        Largest sum of the batch's costs.
    """

    feasibility: Feasibility | None = None
    costs: Callable[[Sequence[str]], Array] | None = None
    budget: float | None = None

    def at(self, observations: Observations, texts: Sequence[str]) -> dict[str, Any]:
        """Return what `propose` takes of it, for the complete observations and the candidates of these texts."""
        told = self.feasibility
        if told is not None:
            told = replace(told, observed=np.asarray(told.observed)[observations.complete])
        return {
            "feasibility": told,
            "costs": None if self.costs is None else self.costs(texts),
            "budget": self.budget,
        }


_NOTHING = Weighing()


@runtime_checkable
class CandidateSource(Protocol):
    """Who proposes candidates: a finite pool, a space of variables, or a generator that learns.

    A candidate is its canonical text, the text of a subject, and nothing else crosses this interface. A source keeps
    no state between calls: what was picked before comes in `exclude`, and randomness in `rng`, so that a campaign that
    was killed asks the same question again and gets the same answer.
    """

    def encode(self, texts: Sequence[str]) -> Mapping[str, BlockValues]:
        """Return the blocks that models read of candidates of this source."""
        ...

    def knows(self, text: str) -> bool:
        """Tell whether a candidate is one that `encode` reads."""
        ...

    def initial(
        self, size: int, method: str | None = None, *, rng: np.random.Generator, exclude: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Return the candidates to start with, before there is any model; `method` None is the source's own."""
        ...

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
        weighing: Weighing = _NOTHING,
    ) -> Suggestion:
        """Return the next batch, given one surrogate per objective fitted on `encode` of the observed candidates.

        Neither observed nor pending nor excluded candidates are proposed.
        """
        ...

    def describe(self) -> dict[str, Any]:
        """Return what the source is, ready for JSON."""
        ...


@dataclass(frozen=True, eq=False)
class PoolSource:
    """A finite list of candidates with their blocks, searched one by one.

    Parameters
    ----------
    texts
        Canonical texts, each once, length n.
    blocks
        Their descriptors.

    Raises
    ------
    InvalidInputError
        If there are not as many rows as texts, or a text stands twice.
    """

    texts: tuple[str, ...]
    blocks: Blocks
    _rows: Mapping[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rows = {text: row for row, text in enumerate(self.texts)}
        if row_count(self.blocks) != len(self.texts) or len(rows) != len(self.texts):
            raise InvalidInputError(
                f"{len(self.texts)} candidates, {len(rows)} of them different, do not fit the blocks."
            )
        object.__setattr__(self, "_rows", rows)

    def encode(self, texts: Sequence[str]) -> dict[str, BlockValues]:
        """Return the blocks of candidates of the pool.

        Raises
        ------
        InvalidInputError
            If one is none of them.
        """
        unknown = [text for text in texts if text not in self._rows]
        if unknown:
            raise InvalidInputError(f"{unknown[0]!r} is no candidate.", where="pool")
        return take(self.blocks, np.array([self._rows[text] for text in texts], dtype=np.intp))

    def knows(self, text: str) -> bool:
        """Tell whether a text is that of a candidate of the pool."""
        return text in self._rows

    def initial(
        self, size: int, method: str | None = None, *, rng: np.random.Generator, exclude: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Return candidates to start with; see `initial_design` (by default "diverse")."""
        mask = self._mask(exclude)
        return tuple(
            self.texts[row] for row in initial_design(self.blocks, size, method or "diverse", rng=rng, exclude=mask)
        )

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
        weighing: Weighing = _NOTHING,
    ) -> Suggestion:
        """Return the next batch by an acquisition of `ACQUISITIONS` (by default "ehvi") over all candidates left.

        Raises
        ------
        ConfigurationError
            If the acquisition does not fit.
        InvalidInputError
            If shapes do not fit.
        """
        name = acquisition or "ehvi"
        taken = {*exclude, *observations.texts, *observations.pending}
        complete = observations.complete
        proposal = propose(
            models,
            self.blocks,
            observations.values[complete],
            objectives,
            batch=batch,
            rng=rng,
            acquisition=name,
            reference_point=reference_point,
            exclude=self._mask(taken),
            X_pending=self.encode(observations.pending) if observations.pending else None,
            X_observed=self.encode([observations.texts[row] for row in complete]),
            **weighing.at(observations, self.texts),
        )
        texts = tuple(self.texts[row] for row in proposal.indices)
        method = f"{name} over all {len(self.texts):,} candidates"
        return Suggestion(texts, proposal.scores, proposal.mean, proposal.std, method, proposal.exhausted)

    def describe(self) -> dict[str, Any]:
        """Return the number of candidates and the blocks."""
        return {"candidates": len(self.texts), "blocks": {name: block.width for name, block in self.blocks.items()}}

    def _mask(self, exclude: Collection[str]) -> Any:
        mask = np.zeros(len(self.texts), dtype=bool)
        mask[[self._rows[text] for text in exclude if text in self._rows]] = True
        return mask

"""A space of variables as a source of candidates."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.design.acquisition import propose
from polyloop.design.objectives import Objective, utilities
from polyloop.design.pareto import reference_utilities
from polyloop.design.sources import Observations, PoolSource, Suggestion, Weighing
from polyloop.design.space.sampling import sample, snap
from polyloop.design.space.space import Space
from polyloop.learn import Surrogate
from polyloop.learn.standardisation import Standardisation
from polyloop.learn.surrogate import Array

__all__ = ["SpaceSource"]

_SAMPLE = 1024
_ROUNDS = 3
# Numbers of all blocks of all combinations, up to which these are kept side by side: 240 MB.
_MOST_NUMBERS = 30_000_000


@dataclass(frozen=True, eq=False)
class SpaceSource:
    """Proposes points of a space, by the way that the space and the models allow.

    - All variables have levels, and there are at most `MOST_COMBINATIONS`, of 30 million columns in all: every free
      combination is scored, by any acquisition of pools and any surrogate.
    - Otherwise, where the surrogates have derivatives ("product_gp"): BoTorch's mixed optimiser (`gradient_batch`).
    - Otherwise, where a constraint is a function, or scores are weighed by requirements or costs: points that fill the
      space are scored as a pool, then points near the best of them, three times over.

    Parameters
    ----------
    space
        The variables and constraints.
    allow_repeats
        Whether a point may be proposed again, as for replicates; never twice in one batch.

    Examples
    --------
    >>> from polyloop.design.space import Continuous
    >>> source = SpaceSource(Space((Continuous("temperature", 20, 120, "degC"),)))
    >>> len(source.initial(4, rng=np.random.default_rng(0)))
    4
    """

    space: Space
    allow_repeats: bool = False

    @property
    def is_listed(self) -> bool:
        """Whether every combination is scored: there are not too many of them, nor of their columns."""
        width = sum(variable.width for variable in self.space.variables)
        return self.space.is_enumerable and (self.space.n_combinations or 0) * width <= _MOST_NUMBERS

    @cached_property
    def pool(self) -> PoolSource:
        """All combinations as a pool; only of a space that can be enumerated."""
        combinations = self.space.combinations
        return PoolSource(self._texts(combinations), self.space.blocks(combinations))

    def encode(self, texts: Sequence[str]) -> dict[str, BlockValues]:
        """Return one block a variable for canonical texts of points."""
        return self.space.encode([self.space.parse(text) for text in texts])

    def knows(self, text: str) -> bool:
        """Tell whether a text is that of a point of the variables, constraints aside."""
        try:
            self.space.parse(text)
        except InvalidInputError:
            return False
        return True

    def initial(
        self, size: int, method: str | None = None, *, rng: np.random.Generator, exclude: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Return points to start with: "fill" (the default; see `sampling.sample`), or those of pools where listed.

        Raises
        ------
        ConfigurationError
            If there is no such method for this space.
        InvalidInputError
            If size is not positive or too few points keep the constraints.
        """
        if method not in (None, "fill"):
            if not self.is_listed:
                raise ConfigurationError(
                    f"{method!r} needs a list of candidates; this space is none.",
                    where="initial.method",
                    hint="Use 'fill'.",
                )
            return self.pool.initial(size, method, rng=rng, exclude=exclude)
        taken = set(exclude)
        texts = self._texts(sample(self.space, size + len(taken), rng))
        return tuple(text for text in texts if text not in taken)[:size]

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
        """Return the next batch of points.

        Raises
        ------
        ConfigurationError
            If the acquisition does not fit the objectives or the space.
        InvalidInputError
            If shapes do not fit, or there is no complete observation.
        """
        if batch < 1:
            raise InvalidInputError(f"A batch of {batch} proposes nothing.", where="batch", hint="Use at least 1.")
        if len(models) != len(objectives):
            raise InvalidInputError(f"{len(models)} models for {len(objectives)} objectives; one for each.")
        taken = set(exclude) | set(observations.pending)
        if not self.allow_repeats:
            taken |= set(observations.texts)
        if self.is_listed and not self.allow_repeats:
            return self.pool.propose(
                models, observations, objectives, batch=batch, rng=rng, reference_point=reference_point,
                exclude=exclude, acquisition=acquisition, weighing=weighing or Weighing(),
            )  # fmt: skip
        if len(observations.complete) == 0:
            raise InvalidInputError("No candidate has values of all objectives.", where="observations")
        if acquisition is None and weighing is None and self._has_derivatives(models):
            return self._by_gradient(models, observations, objectives, batch, rng, reference_point, taken)
        return self._by_sampling(
            models, observations, objectives, batch, rng, reference_point, taken, acquisition or "ehvi",
            weighing or Weighing(),
        )  # fmt: skip

    def describe(self) -> dict[str, Any]:
        """Return what the space is."""
        return self.space.describe()

    def _has_derivatives(self, models: Sequence[Surrogate]) -> bool:
        from polyloop.design.space.model import DifferentiableSurrogate

        return not self.space.has_functions and all(isinstance(model, DifferentiableSurrogate) for model in models)

    def _texts(self, coordinates: Array) -> tuple[str, ...]:
        return tuple(self.space.canonical(point) for point in self.space.points(coordinates))

    def _free(self, taken: set[str], coordinates: Array) -> NDArray[np.bool_]:
        new = np.array([text not in taken for text in self._texts(coordinates)], dtype=bool)
        return np.asarray(self.space.allowed(coordinates) & new)

    def _by_gradient(
        self,
        models: Sequence[Any],
        observations: Observations,
        objectives: Sequence[Objective],
        batch: int,
        rng: np.random.Generator,
        reference_point: Sequence[float],
        taken: set[str],
    ) -> Suggestion:
        from polyloop.design.space.optimize import Question, gradient_batch

        complete = observations.complete
        Y = observations.values[complete]
        scales = [Standardisation.of(Y[:, j]) for j in range(Y.shape[1])]
        question = Question(
            self.space, models, objectives,
            observed=self._coordinates([observations.texts[row] for row in complete]),
            utilities=utilities(Y, objectives),
            pending=self._coordinates(observations.pending),
            reference=reference_utilities(reference_point, objectives),
            center=np.array([scale.offset for scale in scales]),
            spread=np.array([scale.unit for scale in scales]),
            is_free=lambda coordinates: self._free(taken, coordinates),
        )  # fmt: skip
        picks, scores = gradient_batch(question, batch, rng)
        name = "qLogEI" if len(objectives) == 1 else "qLogNEHVI"
        return self._suggestion(models, picks, scores, f"{name} by derivatives", batch)

    def _by_sampling(
        self,
        models: Sequence[Surrogate],
        observations: Observations,
        objectives: Sequence[Objective],
        batch: int,
        rng: np.random.Generator,
        reference_point: Sequence[float],
        taken: set[str],
        acquisition: str,
        weighing: Weighing,
    ) -> Suggestion:
        from polyloop.design.space.neighbours import perturbed, swept

        complete = observations.complete
        known = self._coordinates([observations.texts[row] for row in complete])
        U = utilities(observations.values[complete], objectives)
        best = known[np.argsort(-U.sum(axis=1), kind="stable")[:4]]
        sweeps = [swept(self.space, point) for point in best[:1]]
        candidates = np.vstack([sample(self.space, _SAMPLE, rng), perturbed(self.space, best, rng), *sweeps])
        for turn in range(_ROUNDS):
            candidates = np.unique(candidates, axis=0)
            candidates = candidates[self._free(taken, candidates)]
            if not len(candidates):
                return self._suggestion(models, candidates, np.zeros(0), f"{acquisition} over points sampled", batch)
            last = turn == _ROUNDS - 1
            proposal = propose(
                models,
                self.space.blocks(candidates),
                observations.values[complete],
                objectives,
                batch=batch if last else max(8, batch),
                rng=rng,
                acquisition=acquisition,
                reference_point=reference_point,
                X_pending=self.encode(observations.pending) if observations.pending else None,
                X_observed=self.space.blocks(known),
                # A budget is for the batch, not for the points to look around.
                **(weighing if last else replace(weighing, budget=None)).at(observations, self._texts(candidates)),
            )
            picks = candidates[proposal.indices]
            if not last:
                candidates = np.vstack([candidates, perturbed(self.space, picks, rng)])
        return self._suggestion(models, picks, proposal.scores, f"{acquisition} over points sampled", batch)

    def _coordinates(self, texts: Sequence[str]) -> Array:
        return self.space.coordinates([self.space.parse(text) for text in texts])

    def _suggestion(
        self, models: Sequence[Surrogate], picks: Array, scores: Array, method: str, batch: int
    ) -> Suggestion:
        picks = snap(self.space, picks)
        if not len(picks):
            nothing = np.zeros((0, len(models)))
            return Suggestion((), scores, nothing, nothing, method, exhausted=True)
        predictions = [model.predict(self.space.blocks(picks)) for model in models]
        return Suggestion(
            self._texts(picks),
            scores,
            np.column_stack([prediction.mean for prediction in predictions]),
            np.column_stack([prediction.std for prediction in predictions]),
            method,
            exhausted=len(picks) < batch,
        )

"""From what is known at several levels to what is asked next, of which candidate and at which level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.campaign.proposal import LEAST_DATA, Proposer, Step, feasibility_of, predictions_of
from polyloop.campaign.state import Candidate, observed_values
from polyloop.campaign.suggestions import Proposed
from polyloop.design.acquisition import propose_levels
from polyloop.learn import MultilevelGaussianProcess, TrainingDomain
from polyloop.learn.surrogate import Array, Blocks

__all__ = ["LevelProposer"]


class LevelProposer(Proposer):
    """Proposes pairs of candidate and level from a pool: each the best value for its cost, until a budget is spent.

    The target is the level of the objectives; what is asked below it teaches the models of the target, and is no
    result by itself.
    """

    @property
    def _levels(self) -> tuple[str, ...]:
        """All levels by cost, the target last."""
        levels, target = self._config.levels, str(self._config.objectives[0].level)
        costs = {} if levels is None else levels.costs
        return (*sorted((name for name in costs if name != target), key=costs.__getitem__), target)

    def initial(self, rng: np.random.Generator) -> list[Proposed]:
        """Return the initial design, each candidate at every level: pairs of values say how the levels go together."""
        *lower, _ = self._levels
        design = super().initial(rng)
        return [Proposed(one.text, level=level) for one in design for level in (*lower, "")]

    def next_batch(
        self,
        candidates: Sequence[Candidate],
        reference_point: Sequence[float] | None,
        rng: np.random.Generator,
        tell: Step = lambda step, done, total: None,
        batch: int | None = None,
    ) -> tuple[list[Proposed], dict[str, dict[str, Any]]]:
        """Return what to ask next within the budget of a batch; there is no held-out calibration of several levels."""
        levels = self._levels
        known = [one for one in candidates if one.text in self._row]
        exclude = np.zeros((len(self._table), len(levels)), dtype=bool)
        for one in known:
            exclude[self._row[one.text], self._place(one.level)] = True
        exclude |= exclude[:, -1:]
        if exclude.all():
            return [], {}
        at_target = [one for one in known if not one.level]
        Y = observed_values(at_target, self._objectives)
        if min(np.isfinite(Y).sum(axis=0), default=0) < LEAST_DATA or reference_point is None:
            return super().next_batch([one for one in candidates if not one.level], None, rng, tell, batch)
        models, domains = self._fit(known, tell)
        complete = [at_target[row] for row in np.flatnonzero(np.isfinite(Y).all(axis=1))]
        feasibility = feasibility_of(
            self._constraints, self._config.surrogate,
            dict(zip((one.property for one in self._objectives), models, strict=True)),
            self._take([self._row[one.text] for one in complete]), complete, rng, tell,
        )  # fmt: skip
        costs = {} if self._config.levels is None else dict(self._config.levels.costs)
        budget = self._config.campaign.batch_cost or costs[levels[-1]] * (batch or self._config.campaign.batch)
        tell("acquire", 0, 1)
        proposal = propose_levels(
            models, self._X, observed_values(complete, self._objectives), self._objectives, costs=costs, budget=budget,
            reference_point=reference_point, exclude=exclude, pending=self._awaited(known), feasibility=feasibility,
        )  # fmt: skip
        rows = [int(row) for row in proposal.indices]
        predicted = predictions_of(self._take(rows), self._objectives, models, domains)
        names = [name if name != levels[-1] else "" for name in proposal.levels]
        return [
            Proposed(self._table.polymers[row], float(score), said, level)
            for row, score, said, level in zip(rows, proposal.scores, predicted, names, strict=True)
        ], {}

    def _awaited(self, known: Sequence[Candidate]) -> tuple[Blocks, NDArray[np.intp]] | None:
        """Return descriptors and places of the levels of what was asked and is not answered yet."""
        waiting = [one for one in known if not one.status.is_final]
        if not waiting:
            return None
        places = np.array([self._place(one.level) for one in waiting], dtype=np.intp)
        return self._take([self._row[one.text] for one in waiting]), places

    def _place(self, level: str) -> int:
        return self._levels.index(level) if level else len(self._levels) - 1

    def _fit(
        self, known: Sequence[Candidate], tell: Step
    ) -> tuple[list[MultilevelGaussianProcess], list[TrainingDomain]]:
        models, domains = [], []
        one_unit = self._config.levels is None or self._config.levels.one_unit
        for column, objective in enumerate(self._objectives):
            tell("fit", column, len(self._objectives))
            rows, places, y, noise = self._values(known, objective.property)
            X, variance = self._take(rows), noise if self._config.surrogate.record_noise else None
            model = MultilevelGaussianProcess(self._levels, one_unit=one_unit).fit(X, y, variance, level=places)
            models.append(model)
            at_target = places == len(self._levels) - 1
            domains.append(TrainingDomain().fit(self._take(rows[at_target]), y[at_target]))
        return models, domains

    def _values(self, known: Sequence[Candidate], name: str) -> tuple[NDArray[np.intp], NDArray[np.intp], Array, Array]:
        """Return rows of the table, places of the levels, values of a property and their variances, each (n,)."""
        found = [
            (self._row[one.text], self._place(one.level), value, (one.std(name) or 0.0) ** 2)
            for one in known
            if (value := one.level_value(name)) is not None
        ]
        rows, places, values, noise = zip(*found, strict=True)
        return (
            np.array(rows, dtype=np.intp), np.array(places, dtype=np.intp), np.array(values, dtype=float),
            np.array(noise, dtype=float),
        )  # fmt: skip

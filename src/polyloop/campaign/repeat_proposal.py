"""From what is known, with repeats, to what is asked next: a new candidate, or one that is known but noisy, again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.proposal import LEAST_DATA, Proposer, Step, fit_models, predictions_of
from polyloop.campaign.repeats import merge_repeats
from polyloop.campaign.state import Candidate
from polyloop.campaign.suggestions import Proposed
from polyloop.core import Status
from polyloop.design import Objective
from polyloop.design.acquisition import Constraint, noise_from_repeats, propose_with_repeats
from polyloop.design.objectives import utilities
from polyloop.features import FeatureTable
from polyloop.learn import Surrogate, TrainingDomain
from polyloop.learn.standardisation import Standardisation
from polyloop.learn.surrogate import Array

__all__ = ["RepeatProposer"]


# Noise of so many degrees of freedom is known well enough to be believed.
_ENOUGH = 3


@dataclass(frozen=True)
class _Noise:
    """What is known of the scatter of one objective's values: its std is NaN where nothing is."""

    scatters: bool
    std: float
    freedom: int
    is_stated: bool

    @property
    def needs_trial(self) -> bool:
        """Whether repeats are to show how large it is, or whether there is any."""
        return self.scatters and not self.is_stated and self.freedom < _ENOUGH and self.std != 0.0


@dataclass
class _Question:
    """What may be asked: how often each row was, which are closed, which are awaited, and what it may cost."""

    counts: NDArray[np.intp]
    closed: NDArray[np.bool_]
    awaited: list[int]
    sure: tuple[NDArray[np.intp], Array] | None
    budget: float | None


class RepeatProposer(Proposer):
    """Proposes candidates of a pool, new ones or known ones again, by knowledge gradient per cost.

    Every repeat is a row of the models' data, with the noise that repeats have shown. No model can tell noise from
    roughness where nothing was asked twice: unless values state their own error, each batch holds one repeat of the
    best candidate until repeats tell how large the noise is (three degrees of freedom), or that there is none.

    Parameters
    ----------
    scattered
        Properties whose values scatter between repeats; those of the others are known for good.
    """

    def __init__(
        self,
        config: CampaignConfig,
        objectives: Sequence[Objective],
        table: FeatureTable,
        *,
        constraints: Sequence[Constraint] = (),
        costs: Mapping[str, float] | None = None,
        scattered: Sequence[str],
    ) -> None:
        super().__init__(config, objectives, table, constraints=constraints, costs=costs)
        self._scattered = tuple(scattered)

    def next_batch(
        self,
        candidates: Sequence[Candidate],
        reference_point: Sequence[float] | None,
        rng: np.random.Generator,
        tell: Step = lambda step, done, total: None,
        batch: int | None = None,
    ) -> tuple[list[Proposed], dict[str, dict[str, Any]]]:
        """Return the next batch and the held-out calibration; as `Proposer.next_batch`.

        `candidates` are the evaluations as they were asked, repeats by themselves.
        """
        asked = [one for one in candidates if one.text in self._row]
        known = merge_repeats(asked)
        rows, Y, stds = self._rows_of_repeats(known)
        enough = min((len(set(rows[np.isfinite(column)])) for column in Y.T), default=0) >= LEAST_DATA
        if not enough or reference_point is None:
            return super().next_batch(known, None, rng, tell, batch)
        noises = self._noises(rows, Y, stds)
        models, calibration, domains = self._fitted(rows, Y, stds, noises, rng, tell)
        feasibility = self._feasibility(known, np.unique(rows), models, rng, tell)
        size = self._config.campaign.batch if batch is None else batch
        tell("acquire", 0, size)
        question = _Question(
            counts=np.bincount([self._row[one.text] for one in asked], minlength=len(self._table)),
            closed=self._closed(known, asked),
            awaited=[self._row[one.text] for one in asked if not one.status.is_final],
            sure=None if feasibility is None else feasibility.weights(self._X, np.arange(len(self._table))),
            budget=self._config.campaign.batch_cost,
        )
        picks: list[tuple[int, float]] = []
        if any(one.needs_trial for one in noises):
            picks = self._trial(models, question)
        picks += self._best(models, question, noises, reference_point, size - len(picks), partial(tell, "acquire"))
        places = [row for row, _ in picks]
        predicted = predictions_of(self._take(places), self._objectives, models, domains) if picks else []
        times = np.bincount([self._row[one.text] for one in asked], minlength=len(self._table))
        proposed = []
        for (row, score), said in zip(picks, predicted, strict=True):
            times[row] += 1
            proposed.append(Proposed(self._table.polymers[row], score, said, repeat=int(times[row])))
        return proposed, calibration

    def _fitted(
        self,
        rows: NDArray[np.intp],
        Y: Array,
        stds: Array,
        noises: Sequence[_Noise],
        rng: np.random.Generator,
        tell: Step,
    ) -> tuple[list[Surrogate], dict[str, dict[str, Any]], list[TrainingDomain]]:
        """Fit the models on every repeat with the noise that repeats have shown."""
        stated = stds**2 if self._config.surrogate.record_noise else np.full(Y.shape, np.nan)
        known = [noise.scatters and np.isfinite(noise.std) for noise in noises]
        variances = np.where(known, np.array([noise.std for noise in noises]) ** 2, stated)
        return fit_models(
            self._config.surrogate, self._objectives, self._take(rows), Y, variances, rng, tell, groups=rows,
            is_known=True,
        )  # fmt: skip

    def _trial(self, models: Sequence[Surrogate], question: _Question) -> list[tuple[int, float]]:
        """Repeat the known candidate of the best predicted values, to learn of the noise; nothing if none may be."""
        open_ = (question.counts > 0) & (question.counts <= self._config.acquisition.most_repeats) & ~question.closed
        if question.sure is not None:
            open_ &= np.isin(np.arange(len(open_)), question.sure[0])
        costs = self._cost_of_repeats()
        if question.budget is not None:
            open_ &= costs <= question.budget * (1 + 1e-9)
        rows = np.flatnonzero(open_)
        if not len(rows):
            return []
        means = np.column_stack([model.predict(self._take(rows)).mean for model in models])
        U = utilities(means, self._objectives)
        spreads = [Standardisation.of(column).unit for column in U.T]
        row = int(rows[np.argmax((U / spreads).sum(axis=1))])
        question.awaited.append(row)
        question.closed[row] = True
        if question.budget is not None:
            question.budget -= float(costs[row])
        return [(row, 0.0)]

    def _best(
        self,
        models: Sequence[Surrogate],
        question: _Question,
        noises: Sequence[_Noise],
        reference_point: Sequence[float],
        size: int,
        tell: Callable[[int, int], None],
    ) -> list[tuple[int, float]]:
        """Return the rows of the highest knowledge gradient per cost, new ones or known ones, with their scores."""
        if size < 1:
            return []
        if question.awaited:
            waiting = self._take(question.awaited)
            models = [model.condition(waiting, model.predict(waiting).mean) for model in models]
        proposal = propose_with_repeats(
            models,
            self._X,
            self._objectives,
            counts=question.counts,
            batch=size,
            noise_std=[self._taken_for_noise(one, model) for one, model in zip(noises, models, strict=True)],
            repeat_cost=self._config.acquisition.repeat_cost,
            most=1 + self._config.acquisition.most_repeats,
            reference_point=reference_point if len(self._objectives) > 1 else None,
            exclude=question.closed,
            sure=question.sure,
            costs=self._costs,
            budget=question.budget,
            progress=tell,
        )
        return [(int(row), float(score)) for row, score in zip(proposal.indices, proposal.scores, strict=True)]

    def _taken_for_noise(self, noise: _Noise, model: Surrogate) -> float:
        if not noise.scatters:
            return 0.0
        return noise.std if np.isfinite(noise.std) else float(model.predict(self._take([0])).noise_std[0])

    def _cost_of_repeats(self) -> Array:
        costs = np.ones(len(self._table)) if self._costs is None else self._costs
        dearer: Array = costs * self._config.acquisition.repeat_cost
        return dearer

    def _rows_of_repeats(self, known: Sequence[Candidate]) -> tuple[NDArray[np.intp], Array, Array]:
        """Return rows of the table (n,), plausible values (n, m) and their std (n, m): a row for each repeat."""
        rows, values, stds = [], [], []
        for one in known:
            singles = [one.singles(objective.property) for objective in self._objectives]
            for place in range(max(map(len, singles))):
                records = [found[place] if place < len(found) else None for found in singles]
                rows.append(self._row[one.text])
                values.append([np.nan if record is None else record.value for record in records])
                stds.append([np.nan if record is None or record.std is None else record.std for record in records])
        shape = (len(rows), len(self._objectives))
        found = [np.array(numbers, dtype=float).reshape(shape) for numbers in (values, stds)]
        return np.array(rows, dtype=np.intp), found[0], found[1]

    def _noises(self, rows: NDArray[np.intp], Y: Array, stds: Array) -> list[_Noise]:
        noises = []
        for objective, y, stated in zip(self._objectives, Y.T, stds.T, strict=True):
            scatters, known = objective.property in self._scattered, np.isfinite(y)
            std, freedom = noise_from_repeats(y[known], rows[known], stated[known])
            noises.append(_Noise(scatters, std, freedom, bool(np.isfinite(stated[known]).any())))
        return noises

    def _closed(self, known: Sequence[Candidate], asked: Sequence[Candidate]) -> NDArray[np.bool_]:
        """Return the rows that are not asked: what has failed, and what is awaited."""
        closed = np.zeros(len(self._table), dtype=bool)
        closed[[self._row[one.text] for one in asked if not one.status.is_final]] = True
        closed[[self._row[one.text] for one in known if one.status is not Status.DONE]] = True
        return closed

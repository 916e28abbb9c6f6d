"""From what is known to the next points of a space of variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.proposal import LEAST_DATA, Step, fit_models, predictions_of
from polyloop.campaign.state import Candidate, observed_values
from polyloop.campaign.suggestions import Proposed
from polyloop.design import Objective
from polyloop.design.sources import CandidateSource, Observations

__all__ = ["SourceProposer"]


class SourceProposer:
    """Proposes candidates from a source that is no list, such as a space of variables."""

    def __init__(self, config: CampaignConfig, objectives: Sequence[Objective], source: CandidateSource) -> None:
        self._config, self._objectives, self._source = config, tuple(objectives), source
        self._surrogate = config.surrogate

    def initial(self, rng: np.random.Generator) -> list[Proposed]:
        """Return the initial design: points that fill the space."""
        design = self._config.initial
        if design.polymers:
            return [Proposed(text) for text in design.polymers]
        return [Proposed(text) for text in self._source.initial(design.size, design.method, rng=rng)]

    def next_batch(
        self,
        candidates: Sequence[Candidate],
        reference_point: Sequence[float] | None,
        rng: np.random.Generator,
        tell: Step = lambda step, done, total: None,
        batch: int | None = None,
    ) -> tuple[list[Proposed], dict[str, dict[str, Any]]]:
        """Return the next batch and the held-out calibration; as `Proposer.next_batch`."""
        size = self._config.campaign.batch if batch is None else batch
        # A point of a subject without descriptors may have been told; no model can read it.
        candidates = [one for one in candidates if self._source.knows(one.text)]
        taken = [one.text for one in candidates]
        Y = observed_values(candidates, self._objectives)
        some = np.flatnonzero(np.isfinite(Y).any(axis=1))
        texts, Y = [taken[row] for row in some], Y[some]
        if min(np.isfinite(Y).sum(axis=0), default=0) < LEAST_DATA or reference_point is None:
            return [Proposed(text) for text in self._source.initial(size, rng=rng, exclude=taken)], {}
        stds = [[candidates[int(row)].std(one.property) for one in self._objectives] for row in some]
        noise = np.array(stds, dtype=float).reshape(Y.shape) ** 2
        X = self._source.encode(texts)
        models, calibration, domains = fit_models(self._surrogate, self._objectives, X, Y, noise, rng, tell)
        tell("acquire", 0, size)
        suggestion = self._source.propose(
            models,
            Observations(tuple(texts), Y, tuple(one.text for one in candidates if not one.status.is_final)),
            self._objectives,
            batch=size,
            rng=rng,
            reference_point=reference_point,
            exclude=taken,
            acquisition=self._config.acquisition.name,
        )
        if not suggestion.texts:
            return [], calibration
        predicted = predictions_of(self._source.encode(suggestion.texts), self._objectives, models, domains)
        scores = map(float, suggestion.scores)
        return [Proposed(*each) for each in zip(suggestion.texts, scores, predicted, strict=True)], calibration

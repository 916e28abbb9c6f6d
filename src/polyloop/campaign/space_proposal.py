"""From what is known to the next candidates of a source that is no list: a space, or one that writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.costs import Costs
from polyloop.campaign.proposal import (
    LEAST_DATA,
    Step,
    acquisition_of,
    feasibility_of,
    fit_models,
    predictions_of,
)
from polyloop.campaign.state import Candidate, observed_values
from polyloop.campaign.suggestions import Proposed
from polyloop.core import parse_subject
from polyloop.design import Objective
from polyloop.design.acquisition import Constraint
from polyloop.design.sources import CandidateSource, Observations, Weighing
from polyloop.learn import Blocks, Surrogate

__all__ = ["SourceProposer"]


class SourceProposer:
    """Proposes candidates from a source that is no list, such as a space of variables.

    Parameters
    ----------
    constraints
        What candidates must meet with a stated probability.
    costs
        Maps canonical texts of candidates to what they cost, shape (n,).
    keep
        Told what is proposed before anybody else is.
    """

    def __init__(
        self,
        config: CampaignConfig,
        objectives: Sequence[Objective],
        source: CandidateSource,
        *,
        constraints: Sequence[Constraint] = (),
        costs: Costs | None = None,
        keep: Callable[[Sequence[Proposed]], None] = lambda proposed: None,
    ) -> None:
        self._keep = keep
        self._config, self._objectives, self._source = config, tuple(objectives), source
        self._constraints, self._costs = tuple(constraints), costs
        self._surrogate = config.surrogate

    def initial(self, rng: np.random.Generator) -> list[Proposed]:
        """Return the initial design: points that fill the space."""
        design = self._config.initial
        kind = self._config.pool.kind
        texts: Sequence[str] = [parse_subject(kind, text).text for text in design.polymers]
        return self._kept(
            [Proposed(text) for text in texts or self._source.initial(design.size, design.method, rng=rng)]
        )

    def _kept(self, proposed: list[Proposed]) -> list[Proposed]:
        self._keep(proposed)
        return proposed

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
            return self._kept([Proposed(text) for text in self._source.initial(size, rng=rng, exclude=taken)]), {}
        stds = [[candidates[int(row)].std(one.property) for one in self._objectives] for row in some]
        noise = np.array(stds, dtype=float).reshape(Y.shape) ** 2
        X = self._source.encode(texts)
        models, calibration, domains = fit_models(self._surrogate, self._objectives, X, Y, noise, rng, tell)
        observed = [candidates[int(row)] for row in some]
        weighing = self._weighing(X, observed, models, rng, tell)
        tell("acquire", 0, size)
        suggestion = self._source.propose(
            models,
            Observations(tuple(texts), Y, tuple(one.text for one in candidates if not one.status.is_final)),
            self._objectives,
            batch=size,
            rng=rng,
            reference_point=reference_point,
            exclude=taken,
            **self._how(weighing),
        )  # fmt: skip
        if not suggestion.texts:
            return [], calibration
        predicted = predictions_of(self._source.encode(suggestion.texts), self._objectives, models, domains)
        scores = map(float, suggestion.scores)
        found = [Proposed(*each) for each in zip(suggestion.texts, scores, predicted, strict=True)]
        return self._kept(found), calibration

    def _how(self, weighing: Weighing | None) -> dict[str, Any]:
        # A space chooses by itself where nothing is said; what weighs needs an acquisition that can be weighed.
        if weighing is None and not self._config.pool.is_generated:
            return {"acquisition": self._config.acquisition.name}
        return {"acquisition": acquisition_of(self._config)} | ({} if weighing is None else {"weighing": weighing})

    def _weighing(
        self,
        X: Blocks,
        observed: Sequence[Candidate],
        models: Sequence[Surrogate],
        rng: np.random.Generator,
        tell: Step,
    ) -> Weighing | None:
        """Return what weighs scores; None where there are neither requirements of which enough is known nor costs."""
        known = dict(zip((objective.property for objective in self._objectives), models, strict=True))
        feasibility = feasibility_of(self._constraints, self._surrogate, known, X, observed, rng, tell)
        if feasibility is None and self._costs is None:
            return None
        return Weighing(feasibility, self._costs, self._config.campaign.batch_cost)

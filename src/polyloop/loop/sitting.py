"""One sitting of a campaign: from where it stands to its end, cycle by cycle. Every step is in the store before the next."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from polyloop.core import PolyloopError, Request, Status
from polyloop.design import Objective, default_reference_point, objective_hypervolume, utilities
from polyloop.learn import Prediction, summarise
from polyloop.loop.config import CampaignConfig
from polyloop.loop.evaluation import EvaluationQueue
from polyloop.loop.evaluators import Evaluator
from polyloop.loop.interrupt import Interrupts
from polyloop.loop.progress import Listener, Progress
from polyloop.loop.proposal import Proposed, Proposer, json_numbers
from polyloop.loop.state import Candidate, CycleMetrics, count_failures, observed_values, stated_reference_point
from polyloop.loop.views import load_candidates, load_cycles
from polyloop.store import Pick, Store

__all__ = ["Sitting"]


class Sitting:
    """Takes a campaign as far as its stop rules let it.

    Nothing of it matters once it is gone: what it decides is in the store before it acts on it, and a new sitting
    decides the same, because each cycle draws from a generator of its own and data come in the order of picking.
    """

    def __init__(
        self,
        campaign: str,
        config: CampaignConfig,
        objectives: Sequence[Objective],
        evaluators: Mapping[str, Evaluator],
        store: Store,
        queue: EvaluationQueue,
        make_proposer: Callable[[], Proposer],
        interrupts: Interrupts,
        cycles: int,
        listen: Listener | None,
        after_cycle: Callable[[], Any],
    ) -> None:
        self._campaign, self._config, self._cycles = campaign, config, cycles
        self._objectives, self._evaluators = tuple(objectives), evaluators
        self._store, self._queue, self._interrupts = store, queue, interrupts
        self._make_proposer, self._proposer = make_proposer, None
        self._listen, self._after_cycle = listen, after_cycle
        self._spent = sum(sum(metrics.seconds.values()) for metrics in load_cycles(store, campaign))
        self._begun = time.monotonic()
        self._evaluated = 0

    def run(self) -> str:
        """Work until a stop rule applies; return which.

        Raises
        ------
        Interrupted
            If the user stopped it. Everything finished is in the store.
        """
        cycle = 0
        while True:
            self._interrupts.check()
            finished = {metrics.cycle for metrics in load_cycles(self._store, self._campaign)}
            candidates = load_candidates(self._store, self._campaign, self._objectives, cycle)
            if not candidates:
                reason = self._stop_reason(cycle) or self._propose(cycle)
                if reason:
                    return reason
                candidates = load_candidates(self._store, self._campaign, self._objectives, cycle)
            waiting = any(not c.status.is_final or c.status is Status.CANCELLED for c in candidates)
            if waiting or cycle not in finished:
                if not self._evaluate(cycle, candidates):
                    return "time"
                self._conclude(cycle)
            cycle += 1

"""One sitting of a campaign, cycle by cycle; each step is in the store before the next."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from polyloop.campaign.loading import fixed_reference_point, is_over, load_asked, load_cycles
from polyloop.campaign.metrics import best_values, cycle_metrics, failed_in_a_row, has_stalled, seconds_of
from polyloop.campaign.pace import Pace
from polyloop.campaign.plan import EvaluationPlan, protocol_id_of
from polyloop.campaign.progress import Listener, Progress
from polyloop.campaign.proposal import Proposer
from polyloop.campaign.repeats import merge_repeats
from polyloop.campaign.requirements import admitted
from polyloop.campaign.space_proposal import SourceProposer
from polyloop.campaign.state import Candidate, observed_values, stated_reference_point
from polyloop.campaign.suggestions import Proposed
from polyloop.core import Request, Status
from polyloop.evaluation.queue import EvaluationQueue
from polyloop.run.interrupts import Interrupts
from polyloop.store import Pick, Store

__all__ = ["CycleRunner"]


class CycleRunner:
    """Takes a campaign as far as its stop rules let it.

    Nothing of it matters once it is gone: what it decides is in the store before it acts on it, and a new sitting
    decides the same, because each cycle draws from a generator of its own and data come in the order of picking.

    Parameters
    ----------
    cycles
        The last cycle.
    make_proposer
        Makes pool and descriptors, when they are first needed.
    reports
        Whether `after_cycle` of `run` writes reports, whose time is then told too.
    """

    def __init__(
        self,
        campaign: str,
        plan: EvaluationPlan,
        store: Store,
        queue: EvaluationQueue,
        make_proposer: Callable[[], Proposer | SourceProposer],
        interrupts: Interrupts,
        *,
        cycles: int,
        listen: Listener,
        reports: bool = False,
    ) -> None:
        self._campaign, self._plan, self._store, self._queue = campaign, plan, store, queue
        self._make_proposer, self._interrupts, self._listen = make_proposer, interrupts, listen
        self._proposer: Proposer | SourceProposer | None = None
        self.cycles = cycles
        earlier = [seconds_of(entry.metrics) for entry in store.cycles(campaign)]
        self._spent = sum(sum(seconds.values()) for seconds in earlier)
        self._begun = time.monotonic()
        self._pace = Pace(earlier, reports=reports)
        self._best: dict[str, float] = {}

    def run(self, after_cycle: Callable[[Callable[[], None]], float] = lambda tell: 0.0) -> str:
        """Work until a stop rule applies, calling `after_cycle` when one is finished; return which rule.

        `after_cycle` may write a report: it calls what it is given as it begins one, and returns the seconds it took.

        Raises
        ------
        Interrupted
            If the user stopped it. Everything finished is in the store.
        """
        cycle, changed = 0, False
        while True:
            self._interrupts.check()
            candidates = self._candidates(cycle)
            if not candidates:
                reason = self._stop_reason(cycle) or self._propose(cycle)
                if reason:
                    return reason
                candidates = self._candidates(cycle)
            # Values that a retry brought change the metrics of every later cycle.
            changed |= not all(is_over(candidate.status) for candidate in candidates)
            if changed or not self._is_finished(cycle):
                if not self._evaluate(cycle, candidates):
                    return "time"
                if not all(is_over(candidate.status) for candidate in self._candidates(cycle)):
                    return "laboratory"
                self._conclude(cycle)
                self._account(cycle, "report", after_cycle(partial(self._tell, "report", cycle)))
            cycle += 1

    def suggest(self) -> list[Proposed]:
        """Return the batch that the next cycle would begin with, of which the store keeps nothing."""
        known = load_asked(
            self._store, self._campaign, self._plan.objectives, asked=self._plan.asked(),
            below=self._plan.asked_below(), points=self._plan.points,
        )  # fmt: skip
        cycle = 1 + max((candidate.cycle for candidate in known), default=-1)
        with self._interrupts.at_once():
            self._proposer = self._proposer or self._make_proposer()
            return self._next_batch(self._proposer, cycle, time.monotonic(), "suggest")[0]

    def _candidates(self, cycle: int) -> tuple[Candidate, ...]:
        return load_asked(
            self._store,
            self._campaign,
            self._plan.objectives,
            cycle,
            asked=self._plan.asked(),
            below=self._plan.asked_below(),
            points=self._plan.points,
        )

    def _history(self, cycle: int) -> list[Candidate]:
        """Return everything asked up to and including a cycle, in the order of picking, repeats by themselves."""
        everything = load_asked(
            self._store, self._campaign, self._plan.objectives, asked=self._plan.asked(),
            below=self._plan.asked_below(), points=self._plan.points,
        )  # fmt: skip
        return [candidate for candidate in everything if candidate.cycle <= cycle]

    def _is_finished(self, cycle: int) -> bool:
        return any(metrics.cycle == cycle for metrics in load_cycles(self._store, self._campaign))

    def _entry(self, cycle: int) -> dict[str, Any]:
        found = [entry.metrics for entry in self._store.cycles(self._campaign) if entry.cycle == cycle]
        return dict(found[0]) if found else {}

    # Stop rules

    def _stop_reason(self, cycle: int) -> str:
        """Return the stop rule that applies before `cycle` begins; empty when none does."""
        stop = self._plan.config.stop
        if cycle > self.cycles:
            return "cycles"
        if self._deadline() is not None and time.monotonic() >= (self._deadline() or 0.0):
            return "time"
        if stop.failures and failed_in_a_row(self._history(cycle)) >= stop.failures:
            return "failures"
        if stop.stall_cycles is not None and has_stalled(
            [metrics.hypervolume for metrics in load_cycles(self._store, self._campaign)],
            stop.stall_cycles,
            stop.stall_tolerance,
        ):
            return "stall"
        return ""

    def _deadline(self) -> float | None:
        """Return when the campaign's time is up, on the clock of `time.monotonic`."""
        hours = self._plan.config.stop.hours
        return None if hours is None else self._begun + 3600.0 * hours - self._spent

    # Steps of a cycle

    def _propose(self, cycle: int) -> str:
        """Choose the batch of a cycle and keep it; return `pool exhausted` where nothing is left to choose."""
        with self._interrupts.at_once():
            if self._proposer is None:
                self._proposer = self._make_proposer()
            started = time.monotonic()
            proposed, calibration = self._next_batch(self._proposer, cycle, started)
        if cycle:
            self._pace.proposed(time.monotonic() - started)
        if not proposed:
            return "pool exhausted"
        picks = [pick for candidate in proposed for pick in self._picks(candidate)]
        seconds = {"propose": time.monotonic() - started}
        self._store.save_cycle(
            self._campaign, cycle, {"calibration": calibration, "seconds": seconds, "batch": len(proposed)}
        )
        self._store.save_picks(self._campaign, cycle, picks)
        return ""

    def _next_batch(
        self, proposer: Proposer | SourceProposer, cycle: int, started: float, stage: str = "propose"
    ) -> tuple[list[Proposed], dict[str, dict[str, Any]]]:
        def tell(step: str, done: int, total: int) -> None:
            self._interrupts.check()
            self._tell(stage, min(cycle, self.cycles), done, total, step, time.monotonic() - started)

        tell("", 0, 0)
        rng = np.random.default_rng([self._plan.config.campaign.seed, cycle])
        if cycle == 0:
            return proposer.initial(rng), {}
        return proposer.next_batch(self._history(cycle - 1), self._reference_point(), rng, tell)

    def _picks(self, proposed: Proposed) -> list[Pick]:
        return [
            Pick(request, proposed.acquisition, proposed.predicted)
            for request in self._plan.requests(
                self._plan.subject(proposed.text), proposed.level, self._plan.seed_of(proposed.repeat)
            )
        ]

    def _evaluate(self, cycle: int, candidates: Sequence[Candidate]) -> bool:
        """Evaluate the batch; return False when the campaign's time was up first."""
        requests = [request for one in candidates for request in self._plan.computed(one.subject, one.level, one.seed)]
        started, done = time.monotonic(), 0
        self._tell("evaluate", cycle, 0, len(requests))

        def on_done(request: Request) -> None:
            nonlocal done
            done += 1
            self._pace.step(time.monotonic() - started)
            self._best = self._better(request)
            self._tell("evaluate", cycle, done, len(requests))

        try:
            return self._queue.run(requests, on_done=on_done, deadline=self._deadline())
        finally:
            self._pace.rest()
            self._account(cycle, "evaluate", time.monotonic() - started)

    def _account(self, cycle: int, part: str, seconds: float) -> None:
        """Add what a part of a cycle took to what the store knows of it."""
        if part == "report" and seconds:
            self._pace.reported(seconds)
        if seconds:
            entry = self._entry(cycle)
            spent = seconds_of(entry)
            spent[part] = spent.get(part, 0.0) + seconds
            self._store.save_cycle(self._campaign, cycle, {**entry, "seconds": spent})

    def _better(self, request: Request) -> dict[str, float]:
        """Return the best values so far, those that an evaluation has just yielded among them."""
        best = dict(self._best)
        if request.seed != self._plan.config.campaign.evaluation_seed or self._plan.constraints:
            # One repeat by itself is no result, nor a value without its requirements; the cycle's end knows.
            return best
        records = {record.property: record for record in self._store.records(keys=[request.key])}
        for objective in self._plan.objectives:
            name = objective.property
            record = records.get(name)
            asked = protocol_id_of(self._plan.evaluators[name], request.subject) == request.protocol_id
            if asked and record is not None and record.status is Status.DONE and record.value is not None:
                best |= best_values(np.array([[best.get(name, np.nan)], [record.value]]), [objective])
        return best

    def _conclude(self, cycle: int) -> None:
        """Compute the metrics of a cycle whose evaluations have ended, and keep them."""
        history, entry = self._history(cycle), self._entry(cycle)
        metrics = cycle_metrics(
            cycle, history, self._plan.objectives, self._reference_point(), entry, self._plan.constraints
        )
        self._store.save_cycle(self._campaign, cycle, {**entry, "finished": metrics.to_dict()})
        merged = merge_repeats(history)
        known = admitted(observed_values(merged, self._plan.objectives), merged, self._plan.constraints)
        self._best = best_values(known, self._plan.objectives)

    def _reference_point(self) -> tuple[float, ...] | None:
        """Return the reference point: stated, or fixed by an earlier cycle; None before there is one."""
        return stated_reference_point(self._plan.config) or fixed_reference_point(self._store, self._campaign)

    def _tell(
        self, stage: str, cycle: int, done: int = 0, total: int = 0, step: str = "", proposing_for: float = 0.0
    ) -> None:
        proposals = max(self.cycles - cycle, 0)
        a_batch = self._plan.config.campaign.batch * len({who.protocol_id for who in self._plan.evaluators.values()})
        evaluations = proposals * a_batch + (total - done if stage == "evaluate" else 0)
        if stage == "propose":
            evaluations += a_batch
            proposals += cycle > 0
        left, deadline = self._pace.left(evaluations, proposals, proposing_for), self._deadline()
        eta, is_least = (None, False) if left is None else (left.seconds, left.at_least)
        if eta is not None and deadline is not None and (most := max(deadline - time.monotonic(), 0.0)) < eta:
            eta, is_least = most, False
        self._listen(Progress(stage, cycle, self.cycles, done, total, step, eta_s=eta, eta_is_least=is_least,
                              best=self._best))  # fmt: skip

"""One sitting of a campaign, cycle by cycle; each step is in the store before the next."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core import Request, Status
from polyloop.design import Objective, default_reference_point, objective_hypervolume
from polyloop.learn import Prediction
from polyloop.learn.calibration import summarise
from polyloop.loop.evaluation import EvaluationQueue
from polyloop.loop.interrupt import Interrupts
from polyloop.loop.plan import Plan, identity_of
from polyloop.loop.progress import Listener, Progress
from polyloop.loop.proposal import Proposed, Proposer, json_numbers
from polyloop.loop.state import Candidate, CycleMetrics, count_failures, observed_values, stated_reference_point
from polyloop.loop.views import is_over, load_candidates, load_cycles
from polyloop.store import Pick, Store

__all__ = ["Sitting"]


class Sitting:
    """Takes a campaign as far as its stop rules let it.

    Nothing of it matters once it is gone: what it decides is in the store before it acts on it, and a new sitting
    decides the same, because each cycle draws from a generator of its own and data come in the order of picking.

    Parameters
    ----------
    cycles
        The last cycle.
    make_proposer
        Makes pool and descriptors, when they are first needed.
    """

    def __init__(
        self,
        campaign: str,
        plan: Plan,
        store: Store,
        queue: EvaluationQueue,
        make_proposer: Callable[[], Proposer],
        interrupts: Interrupts,
        *,
        cycles: int,
        listen: Listener,
    ) -> None:
        self._campaign, self._plan, self._store, self._queue = campaign, plan, store, queue
        self._make_proposer, self._interrupts, self._listen = make_proposer, interrupts, listen
        self._proposer: Proposer | None = None
        self.cycles = cycles
        self._spent = sum(sum(_seconds(entry.metrics).values()) for entry in store.cycles(campaign))
        self._begun = time.monotonic()
        self._pace = Pace()
        self._best: dict[str, float] = {}

    def run(self, after_cycle: Callable[[], object] = lambda: None) -> str:
        """Work until a stop rule applies, calling `after_cycle` when one is finished; return which rule.

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
                self._conclude(cycle)
                after_cycle()
            cycle += 1

    def _candidates(self, cycle: int) -> tuple[Candidate, ...]:
        return load_candidates(self._store, self._campaign, self._plan.objectives, cycle, asked=self._plan.asked())

    def _history(self, cycle: int) -> list[Candidate]:
        """Return everything picked up to and including a cycle, in the order of picking."""
        everything = load_candidates(self._store, self._campaign, self._plan.objectives, asked=self._plan.asked())
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
        if self._proposer is None:
            self._proposer = self._make_proposer()
        started = time.monotonic()
        self._tell("propose", cycle)
        rng = np.random.default_rng([self._plan.config.campaign.seed, cycle])
        calibration: dict[str, dict[str, Any]] = {}
        if cycle == 0:
            proposed = self._proposer.initial(rng)
        else:
            proposed, calibration = self._proposer.next_batch(self._history(cycle - 1), self._reference_point(), rng)
        if not proposed:
            return "pool exhausted"
        picks = [pick for candidate in proposed for pick in self._picks(candidate)]
        seconds = {"propose": time.monotonic() - started}
        self._store.save_cycle(self._campaign, cycle, {"calibration": calibration, "seconds": seconds})
        self._store.save_picks(self._campaign, cycle, picks)
        return ""

    def _picks(self, proposed: Proposed) -> list[Pick]:
        return [
            Pick(request, proposed.acquisition, proposed.predicted) for request in self._plan.requests(proposed.polymer)
        ]

    def _evaluate(self, cycle: int, candidates: Sequence[Candidate]) -> bool:
        """Evaluate the batch; return False when the campaign's time was up first."""
        requests = [request for candidate in candidates for request in self._plan.requests(candidate.polymer)]
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
            entry = self._entry(cycle)
            spent = _seconds(entry)
            spent["evaluate"] = spent.get("evaluate", 0.0) + time.monotonic() - started
            self._store.save_cycle(self._campaign, cycle, {**entry, "seconds": spent})

    def _better(self, request: Request) -> dict[str, float]:
        """Return the best values so far, those that an evaluation has just yielded among them."""
        records = {record.property: record for record in self._store.records(keys=[request.key])}
        best = dict(self._best)
        for objective in self._plan.objectives:
            name = objective.property
            record = records.get(name)
            asked = identity_of(self._plan.evaluators[name], request.polymer) == request.protocol
            if asked and record is not None and record.status is Status.DONE and record.value is not None:
                best |= best_values(np.array([[best.get(name, np.nan)], [record.value]]), [objective])
        return best

    def _conclude(self, cycle: int) -> None:
        """Compute the metrics of a cycle whose evaluations have ended, and keep them."""
        history = self._history(cycle)
        batch = [candidate for candidate in history if candidate.cycle == cycle]
        Y = observed_values(history, self._plan.objectives)
        point = self._reference_point()
        if point is None and np.isfinite(Y).all(axis=1).sum() >= 2:
            point = default_reference_point(Y, self._plan.objectives)
        entry = self._entry(cycle)
        metrics = CycleMetrics(
            cycle=cycle,
            evaluations=len(batch),
            failures=count_failures(batch),
            hypervolume=None if point is None else objective_hypervolume(Y, self._plan.objectives, point),
            reference_point=point,
            calibration=entry.get("calibration", {}),
            prospective=self._prospective(batch),
            outside_domain=sum(
                any(prediction["outside"] for prediction in candidate.predicted.values()) for candidate in batch
            ),
            seconds=_seconds(entry),
        )
        self._store.save_cycle(self._campaign, cycle, {**entry, "finished": metrics.to_dict()})
        self._best = best_values(Y, self._plan.objectives)

    def _prospective(self, batch: Sequence[Candidate]) -> dict[str, dict[str, Any]]:
        """Compare what the models predicted of a batch with what came out."""
        found = {}
        for objective in self._plan.objectives:
            name = objective.property
            known = [
                candidate for candidate in batch if name in candidate.predicted and candidate.value(name) is not None
            ]
            if known:
                told = [candidate.predicted[name] for candidate in known]
                columns = [np.array([each[word] for each in told]) for word in ("mean", "std", "noise_std")]
                values = observed_values(known, [objective])[:, 0]
                found[name] = json_numbers(summarise(Prediction(*columns), values, "prospective").to_dict())
        return found

    def _reference_point(self) -> tuple[float, ...] | None:
        """Return the reference point: stated, or fixed by an earlier cycle; None before there is one."""
        stated = stated_reference_point(self._plan.config)
        fixed = [metrics.reference_point for metrics in load_cycles(self._store, self._campaign)]
        return stated or next((point for point in fixed if point is not None), None)

    def _tell(self, stage: str, cycle: int, done: int = 0, total: int = 0) -> None:
        left = total - done + max(self.cycles - cycle, 0) * self._plan.config.campaign.batch
        eta, deadline = self._pace.time_for(left), self._deadline()
        if eta is not None and deadline is not None:
            eta = min(eta, max(deadline - time.monotonic(), 0.0))
        self._listen(Progress(stage, cycle, self.cycles, done, total, eta_s=eta, best=self._best))


class Pace:
    """How long an evaluation takes in this sitting, workers included."""

    def __init__(self) -> None:
        self._count, self._before, self._now = 0, 0.0, 0.0

    def step(self, seconds: float) -> None:
        """Count an evaluation that ended `seconds` after its batch began."""
        self._count, self._now = self._count + 1, seconds

    def rest(self) -> None:
        """End a batch."""
        self._before, self._now = self._before + self._now, 0.0

    def time_for(self, evaluations: int) -> float | None:
        """Estimate the time for so many more, in s; None before the first has ended."""
        return (self._before + self._now) / self._count * evaluations if self._count else None


def best_values(Y: NDArray[np.float64], objectives: Sequence[Objective]) -> dict[str, float]:
    """Return the best value of each objective, shape of Y (n, m) with NaN where missing."""
    best = {}
    for column, objective in enumerate(objectives):
        known = Y[np.isfinite(Y[:, column]), column]
        if len(known):
            best[objective.property] = float(known[np.argmax(objective.utility(known))])
    return best


def has_stalled(hypervolumes: Sequence[float | None], cycles: int, tolerance: float) -> bool:
    """Tell whether the hypervolume grew by no more than `tolerance` (relative) over the last `cycles` cycles."""
    if len(hypervolumes) <= cycles:
        return False
    before, now = hypervolumes[-1 - cycles], hypervolumes[-1]
    return before is not None and now is not None and before > 0 and now - before <= tolerance * before


def _seconds(entry: Mapping[str, Any]) -> dict[str, float]:
    return dict(entry.get("seconds", {}))

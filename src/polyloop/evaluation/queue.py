"""Evaluate requests: claim each in the store, run it, keep the result; wait for those that somebody else computes."""

from __future__ import annotations

import os
import platform
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from polyloop.core import PROPERTIES, EvaluationError, Failure, Property, Record, Request, Status
from polyloop.core.properties import added_properties
from polyloop.evaluation.evaluators import Evaluator
from polyloop.evaluation.leases import LEASE_S, Leases
from polyloop.run import Runner, Task, TaskOutcome
from polyloop.run.interrupts import Interrupts
from polyloop.run.limits import Limits
from polyloop.store import ClaimOutcome, Store, new_owner

__all__ = ["EvaluationQueue", "open_runner"]

# Seconds between two looks at what others are computing.
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.05, 5.0


@contextmanager
def open_runner(evaluators: Sequence[Evaluator], workers: int, limits: Limits) -> Iterator[Runner]:
    """Start workers: processes with limits, or, where every answer is a look into a table, one thread."""
    if not any(evaluator.needs_process for evaluator in evaluators):
        with ThreadPoolExecutor(1) as executor, Runner(1, retries=limits.retries, executor=executor) as runner:
            yield runner
        return
    # Workers serve all evaluators, so the one that needs longest sets the time.
    time_limit = limits.time or max(evaluator.time_limit for evaluator in evaluators)
    with Runner(workers, time_limit=time_limit, memory_limit=limits.memory, retries=limits.retries) as runner:
        yield runner


class EvaluationQueue:
    """Evaluates requests with the workers of a runner, so that each key is computed once by all who share the store.

    `retry_failed` computes those again that the store knows as failed.
    """

    def __init__(
        self,
        store: Store,
        runner: Runner,
        evaluator: Callable[[Request], Evaluator],
        interrupts: Interrupts,
        *,
        retry_failed: bool = False,
    ) -> None:
        self._store, self._runner, self._evaluator, self._interrupts = store, runner, evaluator, interrupts
        self._retry_failed = retry_failed
        self._owner, self._host = new_owner(), f"{platform.machine()}, {os.cpu_count()} cores"

    def run(
        self,
        requests: Sequence[Request],
        *,
        on_done: Callable[[Request], None] = lambda request: None,
        deadline: float | None = None,
    ) -> bool:
        """Evaluate all requests in their order; return False when the deadline (of `time.monotonic`) came first.

        A result is in the store before `on_done` hears of it. What is running at the deadline is finished.

        Raises
        ------
        Interrupted
            On Ctrl-C or SIGTERM; evaluations under way are given up and put back.
        EvaluationError
            Where machine, set-up or polyloop itself is at fault, not the polymer; what was not finished is put back.
        """
        self._interrupts.check()
        waiting = deque({request.key: request for request in requests}.values())
        pause = _FIRST_WAIT_S
        with Leases(self._store, self._owner) as leases:
            while waiting and not _past(deadline):
                before = len(waiting)
                waiting = self._round(waiting, leases, on_done, deadline)
                self._interrupts.check()
                if waiting and not _past(deadline):
                    pause = _FIRST_WAIT_S if len(waiting) < before else min(2 * pause, _LONGEST_WAIT_S)
                    self._interrupts.sleep(pause)
        return not waiting

    def _round(
        self, waiting: deque[Request], leases: Leases, tell: Callable[[Request], None], deadline: float | None
    ) -> deque[Request]:
        """Run what this process is granted; return what others are computing and what was not begun."""
        busy: deque[Request] = deque()
        granted: dict[str, Request] = {}

        def tasks() -> Iterator[Task]:
            # The runner asks for a task when it has a free worker, so that no key is held before it is computed.
            while waiting and not _past(deadline):
                request = waiting.popleft()
                answer = self._store.claim(
                    request, self._owner, LEASE_S, retry_failed=self._retry_failed, host=self._host
                )
                if answer.outcome is ClaimOutcome.GRANTED:
                    leases.hold(request.key)
                    granted[request.key] = request
                    yield Task(
                        request.key, answer_request, (added_properties(), *self._evaluator(request).call(request))
                    )
                elif answer.outcome is ClaimOutcome.BUSY:
                    busy.append(request)
                else:
                    tell(request)

        try:
            for outcome in self._runner.run(tasks()):
                leases.drop(outcome.key)
                if outcome.status is not Status.CANCELLED:
                    request = granted[outcome.key]
                    self._keep(request, outcome)
                    del granted[outcome.key]
                    tell(request)
        finally:
            if granted:
                self._store.release(granted.values(), self._owner, Status.WAITING)
        return busy + waiting

    def _keep(self, request: Request, outcome: TaskOutcome) -> None:
        failure = outcome.failure or _failure_of(outcome.value)
        if failure is not None and not failure.code.is_of_polymer:
            # Kept, it would be taken for the polymer's own failure when machine or program have long been mended.
            error = EvaluationError(failure.code, failure.stage, failure.reason, hint=failure.hint)
            error.add_note(f"{request.subject} by {request.protocol_id}:\n{outcome.log}")  # shown with the traceback
            raise error
        attempts = [replace(attempt, host=self._host) for attempt in outcome.tries]
        if outcome.failure is None:
            self._store.finish(request, outcome.value, self._owner, attempts=attempts)
        else:
            properties = self._evaluator(request).properties
            self._store.fail(request, outcome.failure, self._owner, properties=properties, attempts=attempts)


def answer_request(
    properties: Sequence[Property], function: Callable[..., list[Record]], arguments: tuple[Any, ...]
) -> list[Record]:
    """Answer a request in a worker, which knows the properties that the user has added."""
    for row in properties:
        PROPERTIES.replace(row.name, row)
    return function(*arguments)


def _failure_of(records: Sequence[Record]) -> Failure | None:
    """The failure of an evaluation all of whose records failed, or of one record that is not the polymer's."""
    failures = [record.failure for record in records]
    others = [failure for failure in failures if failure is not None and not failure.code.is_of_polymer]
    return others[0] if others else failures[0] if failures and all(failures) else None


def _past(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() >= deadline

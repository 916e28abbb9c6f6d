"""Runner: run tasks on any executor, with retries, lost workers put back and cancellation."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from types import TracebackType
from typing import Any

from polyloop.core import ConfigurationError, Failure, FailureCode, PolyloopError, Status
from polyloop.core.attempt import Attempt
from polyloop.run.attempts import CallResult, attempt, failure_of
from polyloop.run.models import Task, TaskOutcome
from polyloop.run.processes import SupervisedProcessPool
from polyloop.run.supervised import SupervisedFuture

__all__ = ["Runner"]


@dataclass
class _Job:
    task: Task
    tries: list[Attempt] = field(default_factory=list)
    started: float = 0.0


class Runner:
    """Run tasks and yield their outcomes as they finish.

    A failure marked `retryable` is tried again up to `retries` times. A task whose worker died is put back without
    counting as a retry, up to `max_losses` times; then it is `failed(worker_died)`. No failure of a task ends the run.

    Parameters
    ----------
    workers
        How many tasks are in flight at most.
    time_limit, memory_limit
        Seconds and bytes for each try; only for the default executor.
    retries
        How many times a retryable failure is tried again.
    max_losses
        How many times a task is put back after its worker died.
    executor
        Any `concurrent.futures.Executor`, which the caller shuts down. By default a `SupervisedProcessPool`, kept from
        one run to the next until `close`.

    Raises
    ------
    ConfigurationError
        If a number is out of range, or limits are asked of a foreign executor.
    """

    def __init__(
        self,
        workers: int = 1,
        time_limit: float | None = None,
        memory_limit: int | None = None,
        retries: int = 1,
        executor: Executor | None = None,
        *,
        max_losses: int = 2,
    ) -> None:
        for name, number, least in (("workers", workers, 1), ("retries", retries, 0), ("max_losses", max_losses, 0)):
            if number < least:
                raise ConfigurationError(f"{number} is below {least}.", where=name)
        if executor is not None and (time_limit is not None or memory_limit is not None):
            raise ConfigurationError(
                f"{type(executor).__name__} has no time limit or memory limit that a runner could set.",
                where="executor",
                hint="Set them where the executor is made, or leave the executor out.",
            )
        self._workers, self._retries, self._max_losses = workers, retries, max_losses
        self._own = executor is None
        self._executor = executor or SupervisedProcessPool(workers, time_limit=time_limit, memory_limit=memory_limit)
        self._cancelled = False
        self._news: SimpleQueue[Future[Any] | None] = SimpleQueue()

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def cancelled(self) -> bool:
        """True after `cancel`."""
        return self._cancelled

    def cancel(self) -> None:
        """Stop for good: `run` yields the tasks in flight as `cancelled` and ends. Safe in a signal handler."""
        self._cancelled = True
        self._news.put(None)

    def close(self) -> None:
        """End the default executor's workers; a caller's own executor is left alone."""
        if self._own and isinstance(self._executor, SupervisedProcessPool):
            self._executor.terminate()

    def run(self, tasks: Iterable[Task]) -> Iterator[TaskOutcome]:
        """Yield one outcome a task, in the order in which they finish.

        `tasks` is read only as fast as workers become free, so that a generator may claim each task just before it
        starts. When the iteration is left early, tasks in flight are killed (default executor) or abandoned.

        Raises
        ------
        PolyloopError
            If the executor itself breaks. Tasks without an outcome are then the caller's to release.
        """
        source, again, running = iter(tasks), deque[_Job](), dict[Future[Any], _Job]()
        try:
            while not self.cancelled:
                while len(running) < self._workers and not self.cancelled:
                    job = again.popleft() if again else self._read(source)
                    if job is None:
                        break
                    running[self._submit(job)] = job
                if not running:
                    break
                future = self._news.get()
                # News may also be of an earlier run that was left early.
                if future is not None and future in running:
                    outcome = self._settle(running.pop(future), future, again)
                    if outcome is not None:
                        yield outcome
            if self.cancelled:
                left = [*running.values(), *again]
                self._abandon(running)
                running.clear()
                for job in left:
                    yield self._conclude(job, Status.CANCELLED)
        finally:
            self._abandon(running)

    def _read(self, source: Iterator[Task]) -> _Job | None:
        task = next(source, None)
        return None if task is None else _Job(task)

    def _submit(self, job: _Job) -> Future[Any]:
        try:
            future = self._executor.submit(attempt, job.task.function, job.task.args)
        except BrokenExecutor as error:
            raise _broken(error) from error
        job.started = time.time()
        future.add_done_callback(self._news.put)
        return future

    def _settle(self, job: _Job, future: Future[Any], again: deque[_Job]) -> TaskOutcome | None:
        """Note the try that has ended; return the task's outcome, or None if it is to be tried again."""
        status, failure, value = self._note(job, future)
        if status is Status.DONE:
            return self._conclude(job, status, value=value)
        counted = sum(item.outcome is Status.FAILED for item in job.tries)
        lost = sum(item.outcome is Status.LOST for item in job.tries)
        is_worth_another = failure is not None and failure.retryable and counted <= self._retries
        if (status is Status.LOST and lost <= self._max_losses) or (status is Status.FAILED and is_worth_another):
            again.append(job)
            return None
        return self._conclude(job, Status.CANCELLED if status is Status.CANCELLED else Status.FAILED, failure=failure)

    def _note(self, job: _Job, future: Future[Any]) -> tuple[Status, Failure | None, Any]:
        log, wall_time = "", time.time() - job.started
        if isinstance(future, SupervisedFuture):
            log, wall_time = future.log, future.wall_time
        failure: Failure | None
        if future.cancelled() or isinstance(future.exception(), CancelledError):
            status, failure, value = Status.CANCELLED, None, None
        elif (error := future.exception()) is not None:
            if isinstance(error, BrokenExecutor):
                raise _broken(error) from error
            failure, value = failure_of(error), None
            status = Status.LOST if failure.code is FailureCode.WORKER_DIED else Status.FAILED
        else:
            result: CallResult = future.result()
            value, failure, wall_time = result.value, result.failure, result.wall_time
            status, log = (Status.FAILED if failure else Status.DONE), log + result.log
        job.tries.append(Attempt(job.started, time.time(), status, failure, log, wall_time=wall_time))
        return status, failure, value

    def _conclude(self, job: _Job, status: Status, value: Any = None, failure: Failure | None = None) -> TaskOutcome:
        return TaskOutcome(job.task.key, status, value, failure, tuple(job.tries))

    def _abandon(self, running: dict[Future[Any], _Job]) -> None:
        for future in running:
            if isinstance(self._executor, SupervisedProcessPool) and isinstance(future, SupervisedFuture):
                self._executor.kill(future)
            else:
                future.cancel()


def _broken(error: BaseException) -> PolyloopError:
    return PolyloopError(
        f"The executor cannot run tasks any more: {error}", hint="Mend what it names, and run the same command again."
    )

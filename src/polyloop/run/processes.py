"""SupervisedProcessPool: worker processes with limits, of which one may die without harm to the others."""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

from polyloop.core import ConfigurationError, EvaluationError, FailureCode, InvalidInputError
from polyloop.run.main_script import refuse_in_a_worker
from polyloop.run.scratch import scratch_folder
from polyloop.run.supervised import Guard, Job, SupervisedFuture, SupervisedWorker
from polyloop.run.worker import RAISED, READY, WORN

__all__ = ["SupervisedProcessPool"]

# How often memory is looked at, in s: a look costs some milliseconds, and a process can fill about 1 GB in this time.
_MEMORY_INTERVAL = 0.25

# How often the length of what calls print is looked at, in s.
_LOG_INTERVAL = 0.1

# So many workers in a row may die before they are ready; then the fault is in the surroundings, not in a worker.
_MAX_FALSE_STARTS = 3


class SupervisedProcessPool(Executor):
    """An executor whose every call has a process to itself, a time limit and a memory limit.

    Workers are started when needed, use one thread each, and serve many calls. When a worker dies (killed, crashed,
    out of memory) only its call ends, with an `EvaluationError` of code `worker_died`; a call over its limit is killed
    together with the programs it has started (`time_limit`, `memory_limit`). The workers end with this process,
    however it ends. Linux and macOS.

    Parameters
    ----------
    workers
        How many processes.
    time_limit
        Seconds that a call may take, from its start.
    memory_limit
        Bytes of resident memory that a worker and the programs it has started may use. Watched, not enforced by the
        kernel, since libraries reserve far more address space than they use.
    initializer, initargs
        Called in each new worker before its first call, outside of the limits: it can be imported by name.

    Raises
    ------
    ConfigurationError
        If a number is not above 0; or in a worker that imports the main script, whose work is not under its guard.
    """

    def __init__(
        self,
        workers: int = 1,
        *,
        time_limit: float | None = None,
        memory_limit: int | None = None,
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
    ) -> None:
        refuse_in_a_worker()
        for name, value in (("workers", workers), ("time_limit", time_limit), ("memory_limit", memory_limit)):
            if value is not None and not value > 0:
                raise ConfigurationError(f"{value} is not above 0.", where=name)
        self._size, self._prepare = workers, (initializer, initargs)
        self._time_limit, self._memory_limit = time_limit, memory_limit
        self._pending: deque[Job] = deque()
        self._workers: list[SupervisedWorker] = []
        self._lock = threading.Lock()
        self._closing = self._terminating = False
        self._broken: str | None = None
        self._thread: threading.Thread | None = None
        self._ear: Connection
        self._bell: Connection
        self._ear, self._bell = Pipe(duplex=False)
        self._rung = False
        self._started_workers = self._false_starts = 0
        self._next_memory_look = 0.0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> SupervisedFuture:
        """Queue a call.

        Raises
        ------
        InvalidInputError
            If the function or an argument cannot be sent to another process.
        concurrent.futures.BrokenExecutor
            If workers cannot be started.
        """
        try:
            call = bytes(ForkingPickler.dumps((fn, args, kwargs)))
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise InvalidInputError(
                f"The call cannot be sent to a worker process: {error}.",
                where=getattr(fn, "__qualname__", repr(fn)),
                hint="Define the function at the top level of a module, and pass plain data.",
            ) from error
        job = Job(call, SupervisedFuture())
        with self._lock:
            if self._broken is not None:
                raise BrokenExecutor(self._broken)
            if self._closing:
                raise RuntimeError("The pool was shut down.")
            self._pending.append(job)
            if self._thread is None:
                # The workers die with the thread that started them (see worker.py), so one thread starts them all.
                self._thread = threading.Thread(target=self._supervise, name="polyloop supervisor", daemon=True)
                self._thread.start()
                atexit.register(self.terminate)
        self._ring()
        return job.future

    def kill(self, future: SupervisedFuture) -> None:
        """Cancel a call even while it runs: its worker is killed, and its future then raises `CancelledError`."""
        if future.cancel():
            return
        future.killed = True
        self._ring()

    def terminate(self) -> None:
        """Cancel all calls, running ones too, and shut down."""
        self._terminating = True
        self.shutdown(wait=True, cancel_futures=True)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls, finish (or cancel) those waiting, and end the workers."""
        with self._lock:
            self._closing = True
            waiting = list(self._pending) if cancel_futures else []
            thread = self._thread
        for job in waiting:  # without the lock: a future's callback may use the pool
            job.future.cancel()
        self._ring()
        if thread is not None and wait:
            thread.join()
            atexit.unregister(self.terminate)

    def _ring(self) -> None:
        with self._lock:
            # Once is enough until it is heard; a pipe full of rings would block us with the lock held.
            if not self._rung and not self._bell.closed:
                self._rung = True
                self._bell.send_bytes(b"!")

    # From here on, everything runs in the supervisor's thread.

    def _supervise(self) -> None:
        with scratch_folder() as folder:
            guard = Guard(folder)
            try:
                while True:
                    if self._closing:
                        self._forget_cancelled()
                    self._hand_out(folder, guard)
                    if self._finished():
                        break
                    self._listen(guard)
                    self._enforce(guard)
                for worker in self._workers:
                    guard.remove(worker.pid)
                    worker.stop()
                self._workers.clear()
            finally:
                self._clear(guard)

    def _finished(self) -> bool:
        with self._lock:
            busy = any(worker.job is not None for worker in self._workers)
            return self._broken is not None or (self._closing and not self._pending and not busy)

    def _forget_cancelled(self) -> None:
        with self._lock:
            cancelled = [job for job in self._pending if job.future.cancelled()]
            for job in cancelled:
                self._pending.remove(job)
        for job in cancelled:
            job.future.set_running_or_notify_cancel()

    def _hand_out(self, folder: Path, guard: Guard) -> None:
        with self._lock:
            waiting = len(self._pending)
        free = sum(worker.job is None for worker in self._workers)
        for _ in range(min(waiting - free, self._size - len(self._workers))):
            cores = max(1, _usable_cores() // self._size)
            place = min(set(range(self._size)) - {worker.place for worker in self._workers})
            worker = SupervisedWorker(self._started_workers, folder, self._prepare, place, cores)
            self._started_workers += 1
            guard.add(worker.pid)
            with self._lock:
                self._workers.append(worker)
        for worker in [worker for worker in self._workers if worker.idle]:
            job = self._next_job()
            if job is None:
                return
            worker.give(job)

    def _next_job(self) -> Job | None:
        while True:
            with self._lock:
                if not self._pending:
                    return None
                job = self._pending.popleft()
            if job.future.set_running_or_notify_cancel():
                return job

    def _listen(self, guard: Guard) -> None:
        """Wait for messages and deaths, at most until the next limit may be reached."""
        by_source: dict[Any, SupervisedWorker] = {}
        for worker in self._workers:
            by_source[worker.pipe] = by_source[worker.process.sentinel] = worker
        ready = wait([self._ear, *by_source], timeout=self._patience())
        if self._ear in ready:
            with self._lock:
                self._ear.recv_bytes()
                self._rung = False
        # A set: both the pipe and the sentinel of a worker that has just died may be ready.
        for worker in {by_source[source] for source in ready if source is not self._ear}:
            try:
                message = worker.pipe.recv_bytes() if worker.pipe.poll() else None
            except (EOFError, OSError):  # it died, perhaps in the middle of a message
                message = None
            if message is None:
                self._bury(worker, guard)
            elif message[:1] == READY:
                worker.ready, self._false_starts = True, 0
            else:
                self._deliver(worker, message, guard)

    def _is_killed(self, job: Job | None) -> bool:
        return job is not None and (self._terminating or job.future.killed)

    def _patience(self) -> float | None:
        running = [worker for worker in self._workers if worker.job is not None]
        if any(self._is_killed(worker.job) for worker in running):
            return 0.0
        times = [_LOG_INTERVAL] if running else []
        if running and self._time_limit is not None:
            oldest = min(worker.started for worker in running)
            times.append(max(0.0, oldest + self._time_limit - time.monotonic()))
        if running and self._memory_limit is not None:
            times.append(_MEMORY_INTERVAL)
        return min(times, default=None)

    def _deliver(self, worker: SupervisedWorker, message: bytes, guard: Guard) -> None:
        job = worker.take_job()
        if job is None:
            return
        try:
            content = pickle.loads(message[2:])
        except Exception as broken:  # noqa: BLE001 - whatever the result's class raises belongs to its call
            job.future.set_exception(broken)
        else:
            if message[:1] == RAISED:
                raised, text = content
                raised.__cause__ = _WorkerTraceback(text)
                job.future.set_exception(raised)
            else:
                job.future.set_result(content)
        # A worker that a call has left bloated or without descriptors would make the next call fail for it.
        bloated = self._memory_limit is not None and worker.own_memory() > self._memory_limit / 2
        if bloated or message[1:2] == WORN:
            self._drop(worker, guard)

    def _enforce(self, guard: Guard) -> None:
        now = time.monotonic()
        look = self._memory_limit is not None and now >= self._next_memory_look
        if look:
            self._next_memory_look = now + _MEMORY_INTERVAL
        ended: list[tuple[SupervisedWorker, BaseException]] = []
        for worker in list(self._workers):
            if worker.job is None:
                continue
            worker.shorten_log()
            if self._is_killed(worker.job):
                ended.append((worker, CancelledError()))
            elif self._time_limit is not None and now - worker.started >= self._time_limit:
                ended.append((worker, _over_time(self._time_limit)))
            elif look and self._memory_limit is not None and worker.memory() > self._memory_limit:
                self._end(worker, guard, _over_memory(self._memory_limit))
        for worker, _ in ended:  # all at once, so that their graces run side by side
            worker.ask_to_end()
        for worker, error in ended:
            worker.wait_for_end()
            self._end(worker, guard, error)

    def _end(self, worker: SupervisedWorker, guard: Guard, error: BaseException) -> None:
        job = worker.take_job()
        self._drop(worker, guard)
        if job is not None:
            job.future.set_exception(error)

    def _bury(self, worker: SupervisedWorker, guard: Guard) -> None:
        job, log, was_ready = worker.take_job(), worker.log(), worker.ready
        code = self._drop(worker, guard)
        if job is not None:
            job.future.set_exception(CancelledError() if self._is_killed(job) else _died(code))
        elif not was_ready:
            self._false_starts += 1
            if self._false_starts >= _MAX_FALSE_STARTS:
                with self._lock:
                    self._broken = (
                        "Worker processes end before they are ready. If this is a script, put its work under "
                        f"`if __name__ == '__main__':`. The last one printed: {log.strip() or '(nothing)'}"
                    )

    def _drop(self, worker: SupervisedWorker, guard: Guard) -> int:
        with self._lock:
            self._workers.remove(worker)
        pid = worker.pid
        code = worker.kill()
        guard.remove(pid)
        return code

    def _clear(self, guard: Guard) -> None:
        """Leave nobody waiting and no process behind, however the supervisor ended."""
        with self._lock:
            self._closing = True
            self._broken = self._broken or "The pool was shut down."
            self._bell.close()
            self._ear.close()
            jobs = [worker.take_job() for worker in self._workers]
            waiting = [job for job in self._pending if job.future.set_running_or_notify_cancel()]
            self._pending.clear()
        for worker in self._workers:
            worker.kill()
        guard.close()
        for job in [*jobs, *waiting]:
            if job is not None:
                job.future.set_exception(BrokenExecutor(self._broken))


class _WorkerTraceback(Exception):  # noqa: N818 - it is shown as the cause of the error, not raised
    def __init__(self, text: str) -> None:
        super().__init__(f"\n{text}")


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _over_time(limit: float) -> EvaluationError:
    return EvaluationError(
        FailureCode.TIME_LIMIT,
        "running",
        f"It took longer than its limit of {limit:g} s.",
        hint="Raise the time limit, or use a cheaper level.",
    )


def _over_memory(limit: int) -> EvaluationError:
    return EvaluationError(
        FailureCode.MEMORY_LIMIT,
        "running",
        f"It used more than its limit of {limit / 1e9:.3g} GB of memory.",
        hint="Raise the memory limit, or use a cheaper level.",
    )


def _died(code: int) -> EvaluationError:
    if code == -signal.SIGKILL:
        cause, hint = "was killed (SIGKILL)", "The system may have run out of memory: use fewer workers."
    elif code < 0:
        cause, hint = f"crashed ({signal.Signals(-code).name})", "A compiled library failed; see the attempt's log."
    else:
        cause, hint = f"ended by itself with exit code {code}", "See the attempt's log."
    return EvaluationError(
        FailureCode.WORKER_DIED, "running", f"The worker process {cause}.", hint=hint, retryable=True
    )

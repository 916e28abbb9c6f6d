"""Evaluate blocks in worker processes that are killed when one evaluation takes too much time or memory."""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any

import psutil

from polyloop.core.errors import PolyloopError
from polyloop.features.worker import Evaluation

__all__ = ["Task", "evaluate_in_processes"]

Task = tuple[str, str]
"""(canonical text, name of the block)"""

_CHUNK = 16
_PROGRAM = "from polyloop.features.worker import serve; serve()"
_POLL_SECONDS = 0.1
_START_SECONDS = 180.0
_SINGLE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def evaluate_in_processes(
    tasks: Sequence[Task], *, workers: int, time_limit: float, memory_limit: int, kind: str = "polymer"
) -> Iterator[tuple[Task, Evaluation]]:
    """Yield each task with what came of it, in the order of completion.

    Parameters
    ----------
    tasks
        What to compute; tasks of one polymer side by side are cheapest.
    time_limit
        Wall time in s that one task may take.
    memory_limit
        Bytes that one worker may take beyond what it needs to start.
    kind
        Kind of subjects that the texts are of.

    Raises
    ------
    PolyloopError
        If a worker process cannot start.
    """
    waiting = deque(tasks)
    blocks = tuple(dict.fromkeys(block for _, block in tasks))
    inbox: queue.Queue[tuple[_Worker, Evaluation | str | None]] = queue.Queue()
    with _Crew(inbox, blocks, memory_limit, kind) as crew:
        for _ in range(min(workers, -(-len(tasks) // _CHUNK))):
            crew.hire()
        unfinished = len(tasks)
        while unfinished:
            try:
                worker, message = inbox.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                pass
            else:
                for outcome in _receive(crew, worker, message, waiting):
                    unfinished -= 1
                    yield outcome
            for worker in list(crew.members):
                reason = worker.exceeds(time_limit)
                if reason:
                    unfinished -= 1
                    yield worker.tasks.popleft(), Evaluation(None, reason, limited=True)
                    crew.replace(worker, waiting)


def _receive(
    crew: _Crew, worker: _Worker, message: Evaluation | str | None, waiting: deque[Task]
) -> Iterator[tuple[Task, Evaluation]]:
    if worker not in crew.members:
        return  # it was killed while this message was on its way; its tasks were given to another
    if message is None:
        if not worker.ready:
            raise PolyloopError(
                "A worker process for features could not start.",
                where=worker.last_words(),
                hint="Check the installation with `polyloop doctor`.",
            )
        if worker.tasks:
            task = worker.tasks.popleft()
            yield task, Evaluation(None, f"{task[1]}: The worker died ({worker.last_words()}).", limited=True)
        crew.replace(worker, waiting)
        return
    worker.since = time.monotonic()
    if isinstance(message, Evaluation):
        yield worker.tasks.popleft(), message
    else:
        worker.ready = True
    if not worker.tasks and waiting:
        worker.send([waiting.popleft() for _ in range(min(_CHUNK, len(waiting)))])


@dataclass(eq=False)
class _Worker:
    process: subprocess.Popen[bytes]
    errors: IO[bytes]
    memory_limit: int
    tasks: deque[Task] = field(default_factory=deque)
    ready: bool = False
    since: float = field(default_factory=time.monotonic)
    memory_at_start: int = 0

    def send(self, tasks: list[Task]) -> None:
        if not self.memory_at_start:
            self.memory_at_start = self.memory()
        self.tasks.extend(tasks)
        self.since = time.monotonic()
        stdin = self.process.stdin
        if stdin is not None:
            try:
                pickle.dump(tasks, stdin)
                stdin.flush()
            except BrokenPipeError:
                return  # it just died; its end of output says so, and its tasks are given to another

    def memory(self) -> int:
        try:
            return int(psutil.Process(self.process.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def exceeds(self, time_limit: float) -> str:
        """Say which limit the running task has exceeded, or nothing."""
        waited = time.monotonic() - self.since
        if not self.ready:
            if waited > _START_SECONDS:
                self.process.kill()  # the end of its output is then read as a failed start
            return ""
        if not self.tasks:
            return ""
        if waited > time_limit:
            return f"{self.tasks[0][1]}: The time limit of {time_limit:g} s was reached."
        if waited > _POLL_SECONDS and self.memory() - self.memory_at_start > self.memory_limit:
            return f"{self.tasks[0][1]}: The memory limit of {self.memory_limit / 2**20:.0f} MiB was reached."
        return ""

    def last_words(self) -> str:
        self.errors.seek(0)
        lines = [line for line in self.errors.read().decode(errors="replace").splitlines() if line.strip()]
        code = self.process.wait()
        return f"exit code {code}" + (f", {lines[-1].strip()}" if lines else "")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.errors):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:
                    continue


class _Crew:
    """The worker processes; leaving the context ends them all."""

    def __init__(self, inbox: queue.Queue[Any], blocks: tuple[str, ...], memory_limit: int, kind: str) -> None:
        self.members: list[_Worker] = []
        self._inbox, self._blocks, self._memory_limit, self._kind = inbox, blocks, memory_limit, kind
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> _Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self.members:
            worker.close()
        self.members.clear()
        for thread in self._threads:
            thread.join()

    def hire(self) -> None:
        # A plain subprocess, not multiprocessing: it needs neither fork (unsafe beside threads) nor a script that
        # can be imported again.
        errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the worker)
        environment = {**os.environ, **dict.fromkeys(_SINGLE_THREAD, "1"), "PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(self._memory_limit), ",".join(self._blocks), self._kind],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment,
            start_new_session=True,  # Ctrl-C is the campaign's business: a worker that died of it would look broken
        )  # fmt: skip
        worker = _Worker(process, errors, self._memory_limit)
        self.members.append(worker)
        thread = threading.Thread(target=_listen, args=(worker, self._inbox), daemon=True)
        self._threads.append(thread)
        thread.start()

    def replace(self, worker: _Worker, waiting: deque[Task]) -> None:
        """End `worker`, put its unfinished tasks back, and hire another if there is work left."""
        self.members.remove(worker)
        waiting.extendleft(reversed(worker.tasks))
        worker.close()
        if waiting:
            self.hire()


def _listen(worker: _Worker, inbox: queue.Queue[Any]) -> None:
    stdout = worker.process.stdout
    if stdout is None:
        return
    try:
        with stdout:
            while True:
                inbox.put((worker, pickle.load(stdout)))
    except (EOFError, pickle.UnpicklingError, OSError):
        return  # the worker died, or was killed in the middle of an answer
    finally:
        inbox.put((worker, None))

"""Evaluate blocks in worker processes that are killed when one evaluation takes too much time or memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, as_completed
from typing import Any

from polyloop.core import EvaluationError, FailureCode, InvalidInputError, PolyloopError, Subject
from polyloop.features.worker import Evaluation, evaluate_texts, parse_texts, prepare
from polyloop.run import SupervisedProcessPool

__all__ = ["Task", "evaluate_in_processes", "parse_in_processes"]

Task = tuple[str, str]
"""(canonical text, name of the block)"""

# Bytes that a worker has once it is ready, at most: its libraries.
_AT_START = 2**30
# Tasks that a worker is sent at once, since a message costs as much as a fingerprint; fewer where there are few tasks,
# so that all workers have some to the end.
_BATCH, _BATCHES_PER_WORKER = 16, 8
# Texts that a worker is sent at once to be parsed; no fewer of them than some batches are worth the start of a worker.
_TEXTS, _FEW_BATCHES = 256, 8
# There the kernel holds each worker to its limit (see `prepare`), and the pool need not look: a look takes as long as
# several descriptors.
_IS_ENFORCED = sys.platform == "linux"


def evaluate_in_processes(
    tasks: Sequence[Task],
    *,
    workers: int,
    time_limit: float | None,
    memory_limit: int | None,
    kind: str = "polymer",
) -> Iterator[tuple[Task, Evaluation]]:
    """Yield each task with what came of it, in the order of completion.

    Parameters
    ----------
    tasks
        What to compute; tasks of one polymer side by side are cheapest.
    time_limit
        Wall time in s that one task may take; None for no limit.
    memory_limit
        Bytes that one worker may take beyond what it needs to start; None for no limit.
    kind
        Kind of subjects that the texts are of.

    Raises
    ------
    PolyloopError
        If a worker process cannot start.
    """
    blocks = tuple(dict.fromkeys(block for _, block in tasks))
    pool = SupervisedProcessPool(
        max(1, min(workers, len(tasks))),
        time_limit=time_limit,
        memory_limit=None if memory_limit is None or _IS_ENFORCED else memory_limit + _AT_START,
        initializer=prepare,
        initargs=(blocks, memory_limit, kind),
    )
    size = max(1, min(_BATCH, len(tasks) // (_BATCHES_PER_WORKER * workers)))
    try:
        waiting: dict[Future[Any], Sequence[Task]] = {}
        for start in range(0, len(tasks), size):
            batch = tasks[start : start + size]
            waiting[pool.submit(evaluate_texts, batch, kind)] = batch
        # The list is one pass; what comes back of it and is sent once more is another.
        while waiting:
            again: list[Task] = []
            for future in as_completed(waiting):
                batch = waiting.pop(future)
                for task, evaluation in _told(future, batch, time_limit, memory_limit):
                    if evaluation.limited and len(batch) > 1:
                        # The limits are those of one task, and the others of its batch may have used them up.
                        again.append(task)
                    else:
                        yield task, evaluation
            waiting = {pool.submit(evaluate_texts, [task], kind): [task] for task in again}
    except BrokenExecutor as error:
        raise PolyloopError(
            "A worker process for features could not start.",
            where=str(error),
            hint="Check the installation with `polyloop doctor`.",
        ) from error
    finally:
        pool.terminate()


def parse_in_processes(kind: str, texts: Sequence[str], workers: int) -> list[Subject | InvalidInputError]:
    """Parse subjects as people wrote them, many of them in worker processes; what is none becomes its error.

    Where a worker dies or cannot start, all are parsed here, as few are.
    """
    if workers == 1 or len(texts) < _FEW_BATCHES * _TEXTS:
        return parse_texts(kind, texts)
    pool = SupervisedProcessPool(workers)
    batches = [texts[start : start + _TEXTS] for start in range(0, len(texts), _TEXTS)]
    try:
        futures = [pool.submit(parse_texts, kind, batch) for batch in batches]
        return [parsed for future in futures for parsed in future.result()]
    except (BrokenExecutor, EvaluationError):
        return parse_texts(kind, texts)
    finally:
        pool.terminate()


def _told(
    future: Future[Any], batch: Sequence[Task], time_limit: float | None, memory_limit: int | None
) -> list[tuple[Task, Evaluation]]:
    """Return what came of each task of a batch; where the worker was killed, that of all."""
    try:
        return list(zip(batch, future.result(), strict=True))
    except EvaluationError as error:
        return [
            (task, Evaluation(None, _reason(task[1], error, time_limit, memory_limit), limited=True)) for task in batch
        ]


def _reason(block: str, error: EvaluationError, time_limit: float | None, memory_limit: int | None) -> str:
    """Say which limit a task has exceeded, or how its worker died."""
    code = error.failure.code
    if code is FailureCode.TIME_LIMIT and time_limit is not None:
        return f"{block}: The time limit of {time_limit:g} s was reached."
    if code is FailureCode.MEMORY_LIMIT and memory_limit is not None:
        return f"{block}: The memory limit of {memory_limit / 2**20:.0f} MiB was reached."
    return f"{block}: The worker died ({error.failure.reason})."

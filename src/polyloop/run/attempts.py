"""Call a function and bring home its value or a `Failure`, whatever it raises."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from polyloop.core import EvaluationError, Failure, FailureCode, PolyloopError
from polyloop.core.faults import failure_not_of_polymer, message_of, origin_of, raised_by_polyloop
from polyloop.core.text import storable

__all__ = ["LONGEST_LOG", "CallResult", "attempt", "failure_of"]

# Characters of a traceback that are kept.
LONGEST_LOG = 20_000


@dataclass(frozen=True)
class CallResult:
    """The value or failure of one call, its traceback as text, and how many seconds it took."""

    value: Any
    failure: Failure | None
    log: str
    wall_time: float


def attempt(function: Callable[..., Any], args: tuple[Any, ...]) -> CallResult:
    """Return what `function(*args)` returned or why it failed; runs where the work is done."""
    started = time.monotonic()
    value, failure, log = None, None, ""
    try:
        value = function(*args)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a user's function may raise anything, and must not end the run
        failure, log = failure_of(error), traceback.format_exc()
    return CallResult(value, failure, storable(log, LONGEST_LOG), time.monotonic() - started)


def failure_of(error: BaseException) -> Failure:
    """Return the failure that an exception stands for: its own, the machine's, or `evaluator` with its message."""
    other = failure_not_of_polymer(error, "running")
    if other is not None:
        return other
    if isinstance(error, EvaluationError):
        return error.failure
    if isinstance(error, MemoryError):
        return Failure(
            FailureCode.MEMORY_LIMIT,
            "running",
            "The system refused more memory.",
            "Use fewer workers or a smaller system.",
        )
    message = error.reason if isinstance(error, PolyloopError) else message_of(error)
    reason = f"{type(error).__name__}: {message}" if message else type(error).__name__
    # What this very file raises last comes of a compiled function that it has called for somebody.
    if raised_by_polyloop(error) and not origin_of(error).startswith("run/attempts.py"):
        return Failure(FailureCode.PROGRAM, "running", f"{reason} ({origin_of(error)}).", "Report it.")
    hint = error.hint if isinstance(error, PolyloopError) else "See the traceback in the attempt's log."
    return Failure(FailureCode.EVALUATOR, "running", reason, hint)

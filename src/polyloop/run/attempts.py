"""Call a function and bring home its value or a `Failure`, whatever it raises."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from polyloop.core import (
    ConfigurationError,
    EvaluationError,
    Failure,
    FailureCode,
    MissingDependencyError,
    PolyloopError,
)

__all__ = ["Attempted", "attempt", "failure_of"]


@dataclass(frozen=True)
class Attempted:
    """The value or failure of one call, its traceback as text, and how many seconds it took."""

    value: Any
    failure: Failure | None
    log: str
    wall_time: float


def attempt(function: Callable[..., Any], args: tuple[Any, ...]) -> Attempted:
    """Return what `function(*args)` returned or why it failed; runs where the work is done."""
    started = time.monotonic()
    value, failure, log = None, None, ""
    try:
        value = function(*args)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a user's function may raise anything, and must not end the run
        failure, log = failure_of(error), traceback.format_exc()
    return Attempted(value, failure, log, time.monotonic() - started)


def failure_of(error: BaseException) -> Failure:
    """Return the failure that an exception stands for: its own, or `evaluator` with its type and message."""
    if isinstance(error, EvaluationError):
        return error.failure
    if isinstance(error, MemoryError):
        return Failure(
            FailureCode.MEMORY_LIMIT,
            "running",
            "The system refused more memory.",
            "Use fewer workers or a smaller system.",
        )
    if isinstance(error, MissingDependencyError | ConfigurationError):
        return Failure(FailureCode.SETUP, error.where or "set-up", error.what, error.mend)
    message = str(error.what if isinstance(error, PolyloopError) else error).strip()
    reason = f"{type(error).__name__}: {message}" if message else type(error).__name__
    hint = error.mend if isinstance(error, PolyloopError) else "See the traceback in the attempt's log."
    return Failure(FailureCode.EVALUATOR, "running", reason, hint)

"""Whose fault an exception is: the machine's, the program's own, or that of the work that it was given."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from polyloop.core.errors import (
    ConfigurationError,
    EvaluationError,
    Failure,
    FailureCode,
    InvalidInputError,
    MissingDependencyError,
    PolyloopError,
)

__all__ = ["causes", "failure_not_of_polymer", "machine_failure", "message_of", "origin_of", "raised_by_polyloop"]

_DISK = {
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EIO, errno.ESTALE,
}  # fmt: skip
_SYSTEM = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}

# Libraries in C and databases tell in words alone what the system told them in a number.
_DISK_WORDS = (*(os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EROFS)), "disk is full")
_SYSTEM_WORDS = (os.strerror(errno.EMFILE), os.strerror(errno.ENFILE), "can't start new thread")

# What a mistake in code raises; numbers that are hard to treat raise ArithmeticError, ValueError and RuntimeError.
_MISTAKES = (AssertionError, AttributeError, ImportError, LookupError, NameError, NotImplementedError, TypeError)
_PACKAGE = str(Path(__file__).resolve().parents[1]) + os.sep


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception, all that it was raised from or while handling, and the members of groups."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [other for other in (one.__cause__, one.__context__) if other is not None]
        waiting += one.exceptions if isinstance(one, BaseExceptionGroup) else ()


def machine_failure(error: BaseException, stage: str) -> Failure | None:
    """Return the failure where an exception, or what it was raised from, says that the machine is at fault, else None.

    Such are a disk that is full or cannot be used, and a system without memory, descriptors or threads to give.
    """
    for one in causes(error):
        number = one.errno if isinstance(one, OSError) else None
        words = message_of(one)
        if number in _DISK or any(word in words for word in _DISK_WORDS):
            return Failure(
                FailureCode.DISK, stage, f"A file cannot be used: {words}.",
                "Free the disk or mend the folder, and run again: it goes on where it was.",
            )  # fmt: skip
        if number in _SYSTEM or any(word in words for word in _SYSTEM_WORDS):
            return Failure(
                FailureCode.SYSTEM, stage, f"The system has no more to give: {words}.",
                "Use fewer workers or raise the limit (ulimit), and run again: it goes on where it was.",
                retryable=number == errno.EMFILE,  # a new process has descriptors again
            )  # fmt: skip
    return None


def failure_not_of_polymer(error: BaseException, stage: str) -> Failure | None:
    """Return the failure where an exception says nothing of the polymer: fault of the machine or of its set-up."""
    if isinstance(error, EvaluationError) and not error.failure.code.is_of_polymer:
        return error.failure
    if isinstance(error, MissingDependencyError | ConfigurationError):
        return Failure(FailureCode.SETUP, error.where or stage, error.reason, error.hint)
    return machine_failure(error, stage)


def raised_by_polyloop(error: BaseException) -> bool:
    """Tell whether an exception is a mistake in polyloop's own code: of such a kind, and raised in its own lines."""
    if isinstance(error, PolyloopError) or not isinstance(error, _MISTAKES):
        return False
    return _innermost(error)[0].startswith(_PACKAGE)


def origin_of(error: BaseException) -> str:
    """Return where an exception was raised, as `file.py, line N`; empty where it has no traceback."""
    name, line = _innermost(error)
    return f"{name.removeprefix(_PACKAGE)}, line {line}" if name else ""


def message_of(error: BaseException) -> str:
    """Return the text of an exception, or that it has none that can be read."""
    try:
        return str(error.reason if isinstance(error, EvaluationError | InvalidInputError) else error).strip()
    except Exception as broken:  # noqa: BLE001 - a user's exception class may raise anything when it is asked
        return f"(its text cannot be read: {type(broken).__name__})"


def _innermost(error: BaseException) -> tuple[str, int]:
    trace = error.__traceback__
    if trace is None:
        return "", 0
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename, trace.tb_lineno

"""Ask a user's function for one polymer, and make records of its answer or of what went wrong."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from math import isfinite
from numbers import Real
from typing import Any

from polyloop.core import (
    CONDITIONS,
    PROPERTIES,
    Conditions,
    ConfigurationError,
    EvaluationError,
    Failure,
    FailureCode,
    InvalidInputError,
    Provenance,
    Record,
    Request,
    get_property,
)
from polyloop.core.faults import failure_not_of_polymer, message_of
from polyloop.core.subject import argument_of
from polyloop.evaluation.functions import load_function, serving

__all__ = ["answer_of", "ask_function", "check_function"]

Function = Callable[..., Any]


class _UnusableAnswerError(Exception):
    """What a function returned is no answer."""


def check_function(function: Function, location: str, conditions: Conditions, where: str) -> None:
    """Refuse a function that cannot be called, or that would not know the state of the samples.

    Raises
    ------
    ConfigurationError
        If it does not take (smiles, seed), or if the conditions are not the usual ones and it takes no parameter for
        what differs.
    """
    parameters = _parameters(function)
    if parameters is None:  # compiled functions may not tell
        return
    handed = _handed(function, conditions)
    try:
        inspect.signature(function).bind("*CC*", 0, **handed)
    except TypeError as error:
        raise ConfigurationError(
            f"{location} cannot be called with (smiles, seed): {error}.",
            where=where,
            hint="Write def f(smiles, seed); conditions, or temperature and pressure, may follow.",
        ) from error
    ignored = [
        f"{name} {conditions.spelled(name)}" for name in conditions.unusual if not {"conditions", name} & handed.keys()
    ]
    if ignored:
        raise ConfigurationError(
            f"{location} is not told the {' and the '.join(ignored)} of the samples, since it takes no such parameter.",
            where=where,
            hint="Add the parameter conditions, or one of that name, to the function, or leave the keys out.",
        )


def ask_function(
    request: Request, properties: tuple[str, ...], location: str, folder: str, digest: str = ""
) -> list[Record]:
    """Return the records of a function's answer; what it does wrong makes failed ones. Runs in a worker.

    Raises
    ------
    EvaluationError
        Where machine or set-up are at fault and not the polymer.
    ConfigurationError
        If the function cannot be imported, or is no longer the one that `digest` stands for.
    MemoryError
        The runner knows the limit and names it.
    """
    return answer_of(load_function(location, folder, digest), request, properties, location)


def answer_of(function: Function, request: Request, properties: tuple[str, ...], location: str) -> list[Record]:
    """Return the records of a function's answer to a request; raises as `ask_function`."""
    try:
        with serving(function):
            answer = function(argument_of(request.subject), request.seed, **_handed(function, request.conditions))
            return _records(request, properties, location, answer)
    except MemoryError:
        raise
    except _UnusableAnswerError as error:
        failure = Failure(FailureCode.EVALUATOR, "evaluator", f"{location}: {error}", "Correct the function.")
    except BaseException as error:
        other = failure_not_of_polymer(error, f"evaluator {location}") or _missing(error, location)
        if other is not None:
            raise EvaluationError(
                other.code, other.stage, other.reason, hint=other.hint, retryable=other.retryable
            ) from error
        failure = _failure_of(error, location)
    return [Record.failed(request, name, failure) for name in properties]


def _parameters(function: Function) -> Mapping[str, inspect.Parameter] | None:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return None


def _handed(function: Function, conditions: Conditions) -> dict[str, Any]:
    """Return what of the state of the sample the function has a parameter for, by name."""
    by_name = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
    parameters = _parameters(function) or {}
    names = [name for name, one in parameters.items() if one.kind in by_name and name in CONDITIONS]
    state: dict[str, Any] = {name: conditions.get_or_default(name) for name in names}
    given = parameters.get("conditions")
    return state | ({"conditions": conditions} if given is not None and given.kind in by_name else {})


def _missing(error: BaseException, location: str) -> Failure | None:
    if not isinstance(error, ModuleNotFoundError):
        return None
    return Failure(
        FailureCode.SETUP, f"evaluator {location}", f"It needs the module {error.name!r}.", "Install it, and run again."
    )


def _failure_of(error: BaseException, location: str) -> Failure:
    if isinstance(error, EvaluationError):
        return error.failure
    reason = f"{location} raised {type(error).__name__}: {message_of(error)}"
    return Failure(FailureCode.EVALUATOR, "evaluator", reason, "Correct the function.")


def _records(request: Request, properties: tuple[str, ...], location: str, answer: Any) -> list[Record]:
    if not isinstance(answer, Mapping):
        raise _UnusableAnswerError(f"it must return a dict of property to value, not {type(answer).__name__}")
    provenance = Provenance(engines={"function": location})
    records = []
    for name in dict.fromkeys([*properties, *answer]):
        _known(name)
        given = answer.get(name)
        value, std = given if isinstance(given, tuple | list) and len(given) == 2 else (given, None)
        hindrance = f"gave no value for {name}"
        if value is not None:
            number = _number(value, name)
            hindrance = "" if isfinite(number) else f"gave {number} for {name}, which is no finite number"
        if hindrance:
            failure = Failure(FailureCode.EVALUATOR, "evaluator", f"{location} {hindrance}.")
            records.append(Record.failed(request, name, failure, provenance=provenance))
            continue
        error = None if std is None else _number(std, f"the standard deviation of {name}")
        if error is not None and not 0 <= error < float("inf"):
            raise _UnusableAnswerError(f"the standard deviation of {name} must be a number >= 0, not {error}")
        std_of = "" if error is None else "as given by the evaluator"
        records.append(Record.of_value(request, name, number, std=error, std_of=std_of, provenance=provenance))
    return records


def _known(name: object) -> None:
    if not isinstance(name, str):
        raise _UnusableAnswerError(f"{name!r} is no name of a property")
    if name in PROPERTIES:
        return
    try:
        get_property(name)
    except InvalidInputError as error:
        raise _UnusableAnswerError(str(error)) from error


def _number(given: Any, name: str) -> float:
    """Return a real number, numpy's and arrays of one element among them; text and truth values are none."""
    if hasattr(given, "item") and hasattr(given, "dtype"):
        try:
            given = given.item()
        except (ValueError, RuntimeError) as error:
            raise _UnusableAnswerError(f"{name} must be one number, not {type(given).__name__} of several") from error
    if isinstance(given, bool) or not isinstance(given, Real):
        raise _UnusableAnswerError(f"{name} must be a number, not {type(given).__name__} {given!r:.60}")
    try:
        return float(given)
    except OverflowError as error:
        raise _UnusableAnswerError(f"{name} is too large for a number: {type(given).__name__}") from error

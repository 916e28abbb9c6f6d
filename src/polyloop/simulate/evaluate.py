"""Evaluate one polymer by one protocol: the call that the command line, scripts and workers make."""

from __future__ import annotations

import platform
import time
from dataclasses import replace
from typing import Any

from numpy.linalg import LinAlgError
from threadpoolctl import threadpool_limits

from polyloop.chem import Polymer
from polyloop.core import (
    KINDS,
    Conditions,
    ConfigurationError,
    EvaluationError,
    Failure,
    FailureCode,
    InvalidInputError,
    MissingDependencyError,
    Provenance,
    Record,
    Request,
    Subject,
)
from polyloop.core.faults import failure_not_of_polymer, raised_by_polyloop
from polyloop.simulate.protocols import PROTOCOLS, Protocol, get_protocol, protocol_of_level

__all__ = ["evaluate", "evaluate_request"]

# What numerical engines raise when their input is hard rather than their code wrong. TypeError, AttributeError and the
# like are programming errors and must surface, and so must a KeyError or IndexError that our own lines raise.
_ENGINE_ERRORS = (ArithmeticError, ValueError, RuntimeError, LinAlgError, OSError, MemoryError, IndexError, KeyError)


def evaluate(
    subject: Any, protocol: str | None = None, seed: int = 0, conditions: Conditions | None = None
) -> list[Record]:
    """Compute the properties of a subject that `protocol` promises.

    Parameters
    ----------
    subject
        A `Polymer`, a `Copolymer` or another kind's object, a `Subject`, or a repeat unit as a SMILES with two stars.
    protocol
        Name and version, e.g. `optics/instant@2`, or a level, e.g. `instant`: the protocol that it runs as a whole;
        level `quick` when left out.
    seed
        Seed of the conformer search. The same polymer, protocol, conditions and seed give the same values.
    conditions
        Temperature and pressure; 298.15 K and 1 atm by default, the only ones that the optics protocols know.
        Molecular dynamics is run at any.

    Returns
    -------
    list of Record
        One for each promised property. Where the evaluation failed, each carries the `Failure`.

    Raises
    ------
    InvalidInputError
        For a SMILES that is no repeat unit, or an unknown protocol or level.

    Examples
    --------
    >>> from polyloop import evaluate
    >>> records = evaluate("*CC*", "optics/instant@2")
    >>> [record.property for record in records][0]
    'refractive_index'
    """
    if isinstance(subject, str):
        subject = Polymer(subject)
    asked: Subject = subject if isinstance(subject, Subject) else subject.subject
    named = protocol or "quick"
    label = named if "@" in named or "/" in named else protocol_of_level(named, asked.kind).protocol_id
    return evaluate_request(Request(asked, get_protocol(label).request_id, seed, conditions or Conditions()))


def evaluate_request(request: Request) -> list[Record]:
    """Compute what `request` asks for; a failed evaluation comes back as failed records, one per promised property.

    Can be pickled and sent to a worker. The one place where errors of engines become records.

    Raises
    ------
    InvalidInputError
        For a polymer or protocol that cannot be read; that is the caller's error and no failed evaluation.
    MissingDependencyError, ConfigurationError
        Where the machine lacks a program, or a setting is wrong, which says nothing about the polymer.
    """
    protocol = get_protocol(request.protocol_id)
    kind = request.subject.kind
    if kind not in protocol.kinds:
        raise InvalidInputError(
            f"{protocol.protocol_id} evaluates no {kind}.", where=str(request.subject),
            hint=f"It is for: {', '.join(protocol.kinds)}. Take a level, which names the protocol for each kind.",
        )  # fmt: skip
    if request.protocol_id != protocol.request_id:
        raise ConfigurationError(
            f"The files that {protocol.protocol_id} reads are others than those that were asked for.",
            where=request.protocol_id, hint="Let the settings name the former files, or ask again.",
        )  # fmt: skip
    parsed = KINDS.find(kind).parse(request.subject.text)
    started = time.perf_counter()
    try:
        _check_conditions(protocol, request.conditions)
        # One evaluation owns one core: linear algebra on more threads than cores waits in busy loops.
        with threadpool_limits(1):
            outcome = protocol.function(parsed, request.seed, request.conditions)
    except (MissingDependencyError, ConfigurationError):
        raise
    except (EvaluationError, InvalidInputError, *_ENGINE_ERRORS) as error:
        if raised_by_polyloop(error):
            raise
        return _failed(request, protocol, _failure_of(error, protocol), started)
    provenance = Provenance(
        engines=dict(outcome.engines),
        settings=dict(outcome.settings),
        wall_time=time.perf_counter() - started,
        host=_host_class(),
        parents=_parents(request, protocol),
    )
    return [
        Record.of_value(
            request, estimate.property, float(estimate.value),
            std=estimate.std, n=estimate.n, std_of=estimate.std_of, provenance=provenance,
        )
        for estimate in sorted(outcome.estimates, key=lambda one: protocol.properties.index(one.property))
    ]  # fmt: skip


def _failure_of(error: Exception, protocol: Protocol) -> Failure:
    other = failure_not_of_polymer(error, protocol.protocol_id)
    if other is not None:
        return other
    if isinstance(error, EvaluationError):
        return error.failure
    if isinstance(error, InvalidInputError):
        # The polymer itself parsed, so this is chemistry that some stage does not handle.
        return Failure(FailureCode.UNSUPPORTED, protocol.protocol_id, str(error))
    code = FailureCode.MEMORY_LIMIT if isinstance(error, MemoryError) else FailureCode.EVALUATOR
    return Failure(code, protocol.protocol_id, f"{type(error).__name__}: {error}")


def _parents(request: Request, protocol: Protocol) -> tuple[str, ...]:
    """Return the keys of the evaluations whose results this one goes on from."""
    return tuple(
        replace(request, protocol_id=label, conditions=request.conditions if known.conditions else Conditions()).key
        for label, known in ((label, PROTOCOLS[label]) for label in protocol.goes_on_from if label in PROTOCOLS)
    )


def _failed(request: Request, protocol: Protocol, failure: Failure, started: float) -> list[Record]:
    provenance = Provenance(wall_time=time.perf_counter() - started, host=_host_class())
    return [Record.failed(request, name, failure, provenance=provenance) for name in protocol.properties]


def _check_conditions(protocol: Protocol, conditions: Conditions) -> None:
    unknown = protocol.unknown_conditions(conditions)
    if unknown:
        raise EvaluationError(
            FailureCode.UNSUPPORTED, "conditions",
            f"{protocol.protocol_id} knows {Conditions().words()} only, not "
            f"{', '.join(f'a {name} of {conditions.spelled(name)}' for name in unknown)}.",
            hint="Leave the conditions out.",
        )  # fmt: skip


def _host_class() -> str:
    return f"{platform.system()} {platform.machine()}"

"""Evaluators: a protocol, a table, or a user's Python function, all asked through a Request and answering Records."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any, Protocol

from polyloop.core import (
    Conditions,
    EvaluationError,
    Failure,
    FailureCode,
    PolyloopError,
    Provenance,
    Record,
    Request,
)
from polyloop.core.faults import origin_of
from polyloop.core.settings import settings_applied
from polyloop.evaluation.answers import ask_function
from polyloop.evaluation.function_source import Source
from polyloop.tables import Measured, MeasuredTable, state_words

__all__ = [
    "Evaluator",
    "FunctionEvaluator",
    "ProtocolEvaluator",
    "TableEvaluator",
    "entry_point_location",
    "entry_point_names",
    "protocol_evaluator",
]

ENTRY_POINT_GROUP = "polyloop.evaluators"
TIME_LIMIT_S = 3600.0
Call = tuple[Callable[..., list[Record]], tuple[Any, ...]]


class Evaluator(Protocol):
    """Who answers a request. `protocol_id` is NAME@VERSION and becomes `Request.protocol_id`, so that keys differ."""

    @property
    def protocol_id(self) -> str:
        """NAME@VERSION."""
        ...

    @property
    def properties(self) -> tuple[str, ...]:
        """Properties that each evaluation promises."""
        ...

    @property
    def needs_process(self) -> bool:
        """Whether it takes time, memory or risks, so that a worker process should do it."""
        ...

    @property
    def time_limit(self) -> float:
        """Wall time in s that one evaluation may take unless the user says otherwise."""
        ...

    @property
    def scattered(self) -> tuple[str, ...]:
        """Properties whose values scatter between seeds, so that a mean over repeats is better than one value."""
        ...

    def call(self, request: Request) -> Call:
        """Return a picklable function and its arguments that answer `request` in a worker."""
        ...


@dataclass(frozen=True)
class ProtocolEvaluator:
    """A protocol of `polyloop.simulate`.

    `settings` (`POLYLOOP_*` and their values) hold while it computes: no value depends on them but by chance, or by
    files whose digest stands in the protocol_id.
    """

    protocol_id: str
    properties: tuple[str, ...]
    time_limit: float = TIME_LIMIT_S
    needs_process: bool = True
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def scattered(self) -> tuple[str, ...]:
        """Those whose error is not the same for every seed, as that of a model is."""
        from polyloop.simulate import get_protocol

        shared = get_protocol(self.protocol_id).shared_errors
        return tuple(name for name in self.properties if name not in shared)

    def call(self, request: Request) -> Call:
        """Hand the request to `simulate.evaluate_request`."""
        return _simulate, (request, self.settings)


@dataclass(frozen=True)
class TableEvaluator:
    """Offline replay, or measured data: the values of a table.

    What a record depends on is the polymer's own rows alone, so `protocol_id_of` holds the digest of these: a corrected
    value of another polymer changes nothing.
    """

    protocol_id: str
    table: MeasuredTable = field(repr=False)
    conditions: Conditions = field(default_factory=Conditions)
    needs_process: bool = False
    time_limit: float = TIME_LIMIT_S
    scattered: tuple[str, ...] = ()

    @property
    def properties(self) -> tuple[str, ...]:
        """Properties that the table has a column for."""
        return self.table.properties

    def protocol_id_of(self, polymer: str) -> str:
        """NAME@VERSION of the answers on one polymer (canonical)."""
        row = self.table.at(polymer, self.conditions)
        content = repr(sorted((name, item.value, item.std, item.n) for name, item in row.items()))
        name, _, version = self.protocol_id.rpartition("@")
        return f"{name}.{digest_of(content)}@{version}"

    @property
    def content(self) -> str:
        """Digest of all values that hold at the conditions of the campaign."""
        return digest_of("".join(self.protocol_id_of(polymer) + polymer for polymer in sorted(self.table.entries)))

    def call(self, request: Request) -> Call:
        """Send what holds for this polymer at these conditions, not the table."""
        row = self.table.at(request.subject.text, request.conditions)
        others = {
            name: [state_words(state) for state in self.table.states(name, request.subject.text)]
            for name in self.properties
        }
        return _look_up, (request, self.properties, row, others)


@dataclass(frozen=True)
class FunctionEvaluator:
    """A Python function `f(smiles: str, seed: int) -> dict[property, value or (value, std)]`.

    The protocol_id holds the digest of its source: a function that was changed is another one.

    Parameters
    ----------
    location
        `module:function`.
    folder
        Folder to import the module from; empty when it is installed.
    source
        Its files, as they were read when the protocol_id was made; a worker refuses others.
    depends_on_seed
        What the function's attribute of that name says; true where it has none.
    """

    protocol_id: str
    properties: tuple[str, ...]
    location: str
    folder: str = ""
    source: Source = field(default_factory=lambda: Source({}), repr=False)
    needs_process: bool = True
    time_limit: float = TIME_LIMIT_S
    depends_on_seed: bool = True

    @property
    def scattered(self) -> tuple[str, ...]:
        """All, unless the function says that it does not depend on its seed."""
        return self.properties if self.depends_on_seed else ()

    def call(self, request: Request) -> Call:
        """Import and call the function in the worker."""
        return ask_function, (request, self.properties, self.location, self.folder, self.source.digest)


def protocol_evaluator(name: str, settings: Mapping[str, str] | None = None) -> ProtocolEvaluator:
    """Return the evaluator that runs the protocol `name`, under `settings` beside those of the environment."""
    from polyloop.simulate import PROTOCOLS

    protocol = PROTOCOLS[name]
    own = tuple((settings or {}).items())
    with settings_applied(settings or {}):
        request_id = protocol.request_id
    return ProtocolEvaluator(request_id, tuple(protocol.properties), protocol.time_limit, settings=own)


def entry_point_names() -> tuple[str, ...]:
    """Names of the evaluators that installed packages offer."""
    return tuple(sorted(point.name for point in entry_points(group=ENTRY_POINT_GROUP)))


def entry_point_location(name: str) -> str:
    """Return `module:function` of an evaluator that an installed package offers, one of `entry_point_names`."""
    (point, *_) = entry_points(group=ENTRY_POINT_GROUP, name=name)
    return point.value.replace(" ", "")


def digest_of(text: str) -> str:
    from hashlib import sha256

    return sha256(text.encode()).hexdigest()[:16]


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9_.-]", "-", text.lower())


_NOT_IN_TABLE = "Leave it out of the pool, or add its value to the table before the campaign begins."


def _look_up(
    request: Request, properties: tuple[str, ...], row: Mapping[str, Measured], others: Mapping[str, list[str]]
) -> list[Record]:
    provenance = Provenance(settings={"source": "table"})
    records = []
    for name in properties:
        if name in row:
            found = row[name]
            records.append(
                Record.of_value(
                    request, name, found.value, std=found.std, n=found.n, std_of=found.std_of, provenance=provenance
                )
            )
            continue
        reason = "The table has no value for this polymer"
        reason += f" at {state_words(request.conditions)}, only at {', '.join(others[name])}." if others[name] else "."
        failure = Failure(FailureCode.NOT_IN_TABLE, "table", reason, _NOT_IN_TABLE)
        records.append(Record.failed(request, name, failure, provenance=provenance))
    return records


def _simulate(request: Request, settings: tuple[tuple[str, str], ...] = ()) -> list[Record]:
    """Evaluate a protocol in a worker, where what it raises besides errors on purpose is a mistake of ours."""
    from polyloop.simulate import evaluate_request

    try:
        with settings_applied(dict(settings)):
            return evaluate_request(request)
    except (PolyloopError, MemoryError, OSError):
        raise
    except Exception as error:
        raise EvaluationError(
            FailureCode.PROGRAM, request.protocol_id, f"{type(error).__name__}: {error} ({origin_of(error)}).",
            hint=f"Report it, with the {request.subject.kind} {request.subject} and the version of polyloop.",
        ) from error  # fmt: skip

"""Evaluators: a protocol, a table, or a user's Python function, all asked through a Request and answering Records."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol

from polyloop.core import (
    Conditions,
    ConfigurationError,
    EvaluationError,
    Failure,
    FailureCode,
    InvalidInputError,
    Provenance,
    Record,
    Request,
)
from polyloop.loop.config import CampaignConfig, EvaluatorTable
from polyloop.tables import Measured, MeasuredTable, read_measured, same_state, state_words

__all__ = [
    "Evaluator",
    "FunctionEvaluator",
    "ProtocolEvaluator",
    "TableEvaluator",
    "entry_point_names",
    "evaluators_of",
    "protocol_of",
]

ENTRY_POINT_GROUP = "polyloop.evaluators"
TIME_LIMIT_S = 3600.0
Call = tuple[Callable[..., list[Record]], tuple[Any, ...]]


class Evaluator(Protocol):
    """Who answers a request. `identity` is NAME@VERSION and becomes `Request.protocol`, so that keys differ."""

    @property
    def identity(self) -> str:
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

    def call(self, request: Request) -> Call:
        """Return a picklable function and its arguments that answer `request` in a worker."""
        ...


@dataclass(frozen=True)
class ProtocolEvaluator:
    """A protocol of `polyloop.simulate`."""

    identity: str
    properties: tuple[str, ...]
    time_limit: float = TIME_LIMIT_S
    needs_process: bool = True

    def call(self, request: Request) -> Call:
        """Hand the request to `simulate.evaluate_request`."""
        from polyloop.simulate import evaluate_request

        return evaluate_request, (request,)


@dataclass(frozen=True)
class TableEvaluator:
    """Offline replay, or measured data: the values of a table.

    What a record depends on is the polymer's own rows alone, so `identity_of` holds the digest of these: a corrected
    value of another polymer changes nothing.
    """

    identity: str
    table: MeasuredTable = field(repr=False)
    conditions: Conditions = field(default_factory=Conditions)
    needs_process: bool = False
    time_limit: float = TIME_LIMIT_S

    @property
    def properties(self) -> tuple[str, ...]:
        """Properties that the table has a column for."""
        return self.table.properties

    def identity_of(self, polymer: str) -> str:
        """NAME@VERSION of the answers on one polymer (canonical)."""
        row = self.table.at(polymer, self.conditions)
        content = repr(sorted((name, item.value, item.std, item.n) for name, item in row.items()))
        name, _, version = self.identity.rpartition("@")
        return f"{name}.{_digest(content)}@{version}"

    @property
    def content(self) -> str:
        """Digest of all values that hold at the conditions of the campaign."""
        return _digest("".join(self.identity_of(polymer) + polymer for polymer in sorted(self.table.entries)))

    def call(self, request: Request) -> Call:
        """Send what holds for this polymer at these conditions, not the table."""
        row = self.table.at(request.polymer, request.conditions)
        others = {
            name: [state_words(state) for state in self.table.states(name, request.polymer)] for name in self.properties
        }
        return _look_up, (request, self.properties, row, others)


@dataclass(frozen=True)
class FunctionEvaluator:
    """A Python function `f(smiles: str, seed: int) -> dict[property, value or (value, std)]`.

    Parameters
    ----------
    location
        `module:function`.
    folder
        Folder to import the module from; empty when it is installed.
    """

    identity: str
    properties: tuple[str, ...]
    location: str
    folder: str = ""
    needs_process: bool = True
    time_limit: float = TIME_LIMIT_S

    def call(self, request: Request) -> Call:
        """Import and call the function in the worker."""
        return _ask_function, (request, self.properties, self.location, self.folder)


def evaluators_of(config: CampaignConfig) -> dict[str, Evaluator]:
    """Make the evaluator of each objective, by the name of its property; objectives may share one.

    Raises
    ------
    ConfigurationError, InvalidInputError
        If a function cannot be imported, or a table cannot be read or lacks a property.
    """
    groups: dict[str, list[str]] = {}
    found: dict[str, Evaluator] = {}
    for objective in config.objectives:
        if objective.evaluator is None:
            name = protocol_of(objective.property, protocol=objective.protocol, level=objective.level)
            found[objective.property] = protocol_evaluator(name)
        else:
            groups.setdefault(objective.evaluator, []).append(objective.property)
    for name, properties in groups.items():
        evaluator = _named_evaluator(name, tuple(properties), config)
        found |= dict.fromkeys(properties, evaluator)
    return found


def _named_evaluator(name: str, properties: tuple[str, ...], config: CampaignConfig) -> Evaluator:
    table = config.evaluators.get(name)
    if table is None:
        return _entry_point_evaluator(name, properties)
    if table.table is not None:
        return _table_evaluator(name, table, properties, config.campaign.conditions)
    location, folder = table.python or "", str(table.folder or "")
    load_function(location, folder)
    identity = f"python/{_slug(location.replace(':', '.'))}@{table.version}"
    return FunctionEvaluator(identity, properties, location, folder)


def protocol_evaluator(name: str) -> ProtocolEvaluator:
    """Return the evaluator that runs the protocol `name`."""
    from polyloop.simulate import PROTOCOLS

    protocol = PROTOCOLS[name]
    return ProtocolEvaluator(name, tuple(protocol.properties), protocol.time_limit)


def protocol_of(property_name: str, *, protocol: str | None = None, level: str | None = None) -> str:
    """Return the name of the protocol that yields a property, by its own name or by level.

    Raises
    ------
    InvalidInputError
        If there is no such protocol or level, or it does not yield the property.
    """
    from polyloop.simulate import get_protocol, protocol_for

    if protocol is None:
        return protocol_for(property_name, level or "quick").label
    promised = get_protocol(protocol).properties
    if property_name not in promised:
        raise InvalidInputError(
            f"The protocol {protocol} does not yield {property_name}.", mend=f"It yields {', '.join(promised)}."
        )
    return protocol


def entry_point_names() -> tuple[str, ...]:
    """Names of the evaluators that installed packages offer."""
    return tuple(sorted(point.name for point in entry_points(group=ENTRY_POINT_GROUP)))


@cache
def load_function(location: str, folder: str) -> Callable[[str, int], Mapping[str, Any]]:
    """Import `module:function`, looking into `folder` first.

    Raises
    ------
    ConfigurationError
        If there is no such module or function.
    """
    if folder and folder not in sys.path:
        sys.path.insert(0, folder)
    module, name = location.split(":")
    try:
        function = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"The module {error.name!r} of the evaluator {location!r} cannot be imported.",
            mend=f"Install it, or put it into {folder or 'an installed package'}.",
        ) from error
    except AttributeError as error:
        raise ConfigurationError(
            f"The module {module!r} has no function {name!r}.", mend="Check the name after the colon."
        ) from error
    if not callable(function):
        raise ConfigurationError(f"{location!r} is no function.", mend="Name a function of (smiles, seed).")
    found: Callable[..., Any] = function
    return found


def _entry_point_evaluator(name: str, promised: tuple[str, ...]) -> FunctionEvaluator:
    point: EntryPoint = next(iter(entry_points(group=ENTRY_POINT_GROUP, name=name)))
    location = point.value.replace(" ", "")
    version = getattr(load_function(location, ""), "version", 1)
    return FunctionEvaluator(f"evaluator/{_slug(name)}@{int(version)}", promised, location)


def _table_evaluator(
    name: str, table: EvaluatorTable, properties: tuple[str, ...], conditions: Conditions
) -> TableEvaluator:
    path = table.table or Path()
    measured = read_measured(
        path, table.smiles_column, table.columns, table.missing, conditions=table.conditions, skip_bad=table.skip_bad
    )
    for wanted in properties:
        if wanted not in measured.properties:
            raise InvalidInputError(
                f"The table has no column of {wanted}.",
                where=str(path),
                mend=f"It has {', '.join(measured.properties)}; name the column with columns = {{ ... }}.",
            )
        _check_states(measured, wanted, conditions)
    return TableEvaluator(f"table/{_slug(name)}@1", measured, conditions)


def _check_states(table: MeasuredTable, name: str, conditions: Conditions) -> None:
    """Raise where no value of a property holds at the conditions of the campaign."""
    states = table.states(name)
    if not states or any(same_state(state, conditions) for state in states):
        return
    known = ", ".join(f"{state_words(state)} ({count})" for state, count in states.most_common(5))
    said = "" if table.has_states else ", as nothing else is said"
    raise ConfigurationError(
        f"The table has no value of {name} at {state_words(conditions)}, where the campaign is: its values hold at "
        f"{known}{said}.",
        where=str(table.path),
        mend="Set temperature and pressure in [campaign], add a column 'temperature [K]' to the table, or say with "
        "temperature = ... beside table = ... at which temperature all of its values hold.",
    )


def _digest(text: str) -> str:
    from hashlib import sha256

    return sha256(text.encode()).hexdigest()[:16]


def _slug(text: str) -> str:
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
                Record.measured(
                    request, name, found.value, std=found.std, n=found.n, std_of=found.std_of, provenance=provenance
                )
            )
            continue
        reason = "The table has no value for this polymer"
        reason += f" at {state_words(request.conditions)}, only at {', '.join(others[name])}." if others[name] else "."
        failure = Failure(FailureCode.NOT_IN_TABLE, "table", reason, _NOT_IN_TABLE)
        records.append(Record.failed(request, name, failure, provenance=provenance))
    return records


def _ask_function(request: Request, properties: tuple[str, ...], location: str, folder: str) -> list[Record]:
    try:
        answer = load_function(location, folder)(request.polymer, request.seed)
        return _answer_records(request, properties, location, answer)
    except MemoryError:
        raise  # the runner knows the limit and names it
    except EvaluationError as error:
        failure = error.failure
    except Exception as error:  # noqa: BLE001 - a user's function may raise anything, and must not end a campaign
        reason = f"{location} raised {type(error).__name__}: {error}"
        failure = Failure(FailureCode.EVALUATOR, "evaluator", reason, "Correct the function and raise its version.")
    return [Record.failed(request, name, failure) for name in properties]


def _answer_records(request: Request, properties: tuple[str, ...], location: str, answer: Any) -> list[Record]:
    if not isinstance(answer, Mapping):
        raise TypeError(f"it must return a dict of property to value, not {type(answer).__name__}")
    provenance = Provenance(engines={"function": location})
    records = []
    for name in dict.fromkeys([*properties, *answer]):
        given = answer.get(name)
        if given is None:
            failure = Failure(FailureCode.EVALUATOR, "evaluator", f"{location} gave no value for {name}.")
            records.append(Record.failed(request, name, failure, provenance=provenance))
            continue
        value, std = given if isinstance(given, tuple | list) else (given, None)
        std = None if std is None else float(std)
        if std is not None and not 0 <= std < float("inf"):
            raise ValueError(f"the standard deviation of {name} must be a number >= 0, not {std}")
        std_of = "" if std is None else "as given by the evaluator"
        records.append(Record.measured(request, name, float(value), std=std, std_of=std_of, provenance=provenance))
    return records

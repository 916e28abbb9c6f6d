"""Evaluators: a protocol, a table, or a user's Python function, all asked through a Request and answering Records."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, entry_points
from os.path import commonpath, relpath
from pathlib import Path
from typing import Any, Protocol

from polyloop.core import (
    Conditions,
    ConfigurationError,
    EvaluationError,
    Failure,
    FailureCode,
    InvalidInputError,
    PolyloopError,
    Provenance,
    Record,
    Request,
)
from polyloop.core.faults import origin_of
from polyloop.loop.answers import ask_function, check_function
from polyloop.loop.config import CampaignConfig, EvaluatorTable
from polyloop.loop.functions import load_function
from polyloop.loop.sources import Source, source_of
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
        return _simulate, (request,)


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

    The identity holds the digest of its source: a function that was changed is another one.

    Parameters
    ----------
    location
        `module:function`.
    folder
        Folder to import the module from; empty when it is installed.
    source
        Its files, as they were read when the identity was made; a worker refuses others.
    """

    identity: str
    properties: tuple[str, ...]
    location: str
    folder: str = ""
    source: Source = field(default_factory=lambda: Source({}), repr=False)
    needs_process: bool = True
    time_limit: float = TIME_LIMIT_S

    def call(self, request: Request) -> Call:
        """Import and call the function in the worker."""
        return ask_function, (request, self.properties, self.location, self.folder, self.source.digest)


def evaluators_of(config: CampaignConfig) -> dict[str, Evaluator]:
    """Make the evaluator of each objective, by the name of its property; objectives may share one.

    Raises
    ------
    ConfigurationError, InvalidInputError
        If a function cannot be imported or does not take the campaign's conditions, or a table cannot be read or lacks
        a property.
    """
    groups: dict[str, list[str]] = {}
    found: dict[str, Evaluator] = {}
    for objective in config.objectives:
        if objective.evaluator is None:
            name = protocol_of(objective.property, protocol=objective.protocol, level=objective.level)
            found[objective.property] = protocol_evaluator(name)
        else:
            groups.setdefault(objective.evaluator, []).append(objective.property)
    named = {name: _named_evaluator(name, tuple(properties), config) for name, properties in groups.items()}
    for name, evaluator in _told_apart(named).items():
        found |= dict.fromkeys(groups[name], evaluator)
    return found


def _told_apart(evaluators: Mapping[str, Evaluator]) -> dict[str, Evaluator]:
    """Put folders into the identities of functions that differ in nothing else: they may read files beside them.

    They are put in as seen from the folder that the functions have in common, so that a project may be moved.
    """
    functions = [one for one in evaluators.values() if isinstance(one, FunctionEvaluator)]
    places = {(one.identity, one.folder) for one in functions}
    several = {identity for identity, count in Counter(identity for identity, _ in places).items() if count > 1}
    if not several:
        return dict(evaluators)
    above = commonpath([one.folder for one in functions if one.identity in several])

    def apart(one: Evaluator) -> Evaluator:
        if not isinstance(one, FunctionEvaluator) or one.identity not in several:
            return one
        name, _, version = one.identity.rpartition("@")
        return replace(one, identity=f"{name}.{_digest(Path(relpath(one.folder, above)).as_posix())}@{version}")

    return {name: apart(one) for name, one in evaluators.items()}


def _named_evaluator(name: str, properties: tuple[str, ...], config: CampaignConfig) -> Evaluator:
    table = config.evaluators.get(name)
    if table is None:
        return _entry_point_evaluator(name, properties, config)
    if table.table is not None:
        return _table_evaluator(name, table, properties, config.campaign.conditions)
    location, folder = table.python or "", str(table.folder or "")
    return _function_evaluator(
        f"python/{_slug(location.replace(':', '.'))}", properties, location, folder, table.version, name, config
    )


def _function_evaluator(
    label: str,
    properties: tuple[str, ...],
    location: str,
    folder: str,
    version: int | None,
    name: str,
    config: CampaignConfig,
) -> FunctionEvaluator:
    """Import a function and give it the name that its source has; `version` None: its own attribute, else 1."""
    source = source_of(location.partition(":")[0], folder)
    function = load_function(location, folder, source.digest)
    check_function(function, location, config.campaign.conditions, f"evaluator {name}")
    number = getattr(function, "version", 1) if version is None else version
    digest = f".{source.digest}" if source.digest else ""
    return FunctionEvaluator(f"{label}{digest}@{int(number)}", properties, location, folder, source)


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
            f"The protocol {protocol} does not yield {property_name}.", hint=f"It yields {', '.join(promised)}."
        )
    return protocol


def entry_point_names() -> tuple[str, ...]:
    """Names of the evaluators that installed packages offer."""
    return tuple(sorted(point.name for point in entry_points(group=ENTRY_POINT_GROUP)))


def _entry_point_evaluator(name: str, promised: tuple[str, ...], config: CampaignConfig) -> FunctionEvaluator:
    point: EntryPoint = next(iter(entry_points(group=ENTRY_POINT_GROUP, name=name)))
    location = point.value.replace(" ", "")
    return _function_evaluator(f"evaluator/{_slug(name)}", promised, location, "", None, name, config)


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
                hint=f"It has {', '.join(measured.properties)}; name the column with columns = {{ ... }}.",
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
        hint="Set temperature and pressure in [campaign], add a column 'temperature [K]' to the table, or say with "
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


def _simulate(request: Request) -> list[Record]:
    """Evaluate a protocol in a worker, where what it raises besides errors on purpose is a mistake of ours."""
    from polyloop.simulate import evaluate_request

    try:
        return evaluate_request(request)
    except (PolyloopError, MemoryError, OSError):
        raise
    except Exception as error:
        raise EvaluationError(
            FailureCode.PROGRAM, request.protocol, f"{type(error).__name__}: {error} ({origin_of(error)}).",
            hint=f"Report it, with the repeat unit {request.polymer} and the version of polyloop.",
        ) from error  # fmt: skip

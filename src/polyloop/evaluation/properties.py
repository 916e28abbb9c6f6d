"""Properties of single repeat units, without a campaign: what the store has is not computed again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from polyloop.core import (
    KINDS,
    Conditions,
    EvaluationError,
    InvalidInputError,
    Record,
    Request,
    Subject,
    get_property,
    write_atomically,
)
from polyloop.core.csv_text import csv_text
from polyloop.core.settings import setting
from polyloop.core.subject import as_given, column_of
from polyloop.evaluation.evaluators import Evaluator, protocol_evaluator
from polyloop.evaluation.leases import LEASE_S
from polyloop.evaluation.queue import EvaluationQueue, open_runner
from polyloop.evaluation.replicas import ReplicaMean, means_of, seeds_of
from polyloop.evaluation.simulation_progress import SimulationWatch
from polyloop.evaluation.store_wait import StoreWait
from polyloop.run.interrupts import Interrupted, Interrupts
from polyloop.run.limits import Limits
from polyloop.store import Store
from polyloop.tables.arguments import parse_argument

__all__ = ["PolymerResult", "compute_properties", "default_store", "preview_properties", "write_properties"]


@dataclass(frozen=True)
class PolymerResult:
    """What is known of one subject.

    Parameters
    ----------
    polymer
        The `Polymer`, `Copolymer` or other object that was asked about.
    records
        Those asked for, in that order, else in the order of their protocol; those of a property by seed.
    means
        Of several replicas, the mean of each property; empty where there is one only.
    """

    polymer: Any
    records: tuple[Record, ...]
    means: tuple[ReplicaMean, ...] = ()

    @property
    def values(self) -> tuple[Record | ReplicaMean, ...]:
        """One for each property and protocol: its mean where there are replicas, else its record."""
        return self.means or self.records

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary (the contract for scripts; see `docs/reference/json.md`)."""
        return {
            "kind": self.polymer.subject.kind,
            "as_given": as_given(self.polymer),
            "subject": self.polymer.subject.text,
            "key": self.polymer.subject.key,
            "records": [record.to_dict() for record in self.records],
            "means": [mean.to_dict() for mean in self.means],
        }


def compute_properties(
    polymers: Iterable[Any],
    *,
    kind: str = "polymer",
    level: str | None = None,
    protocol: str | None = None,
    properties: Sequence[str] | None = None,
    store: str | None = None,
    workers: int = 1,
    seed: int = 0,
    replicas: int = 1,
    conditions: Conditions | None = None,
    time_limit: float | None = None,
    retry_failed: bool = False,
    progress: Callable[[str], None] | None = None,
) -> list[PolymerResult]:
    """Compute properties of polymers, in their order; a failed evaluation yields failed records.

    Parameters
    ----------
    polymers
        `Polymer`, `Copolymer` or other objects of one kind, or texts that `kind` can read: of polymers, SMILES with two
        stars.
    kind
        Kind of what is given as text.
    level, protocol
        Which protocols; level `quick` when neither is given.
    properties
        Only these; when left out, all that the level's protocols yield, less those that are run on request only.
    store
        URL or file of the results database; `default_store()` when left out.
    seed, replicas
        Each polymer is evaluated with the seeds `seed`, `seed` + 1, ..., `replicas` of them, each under its own key;
        of several, `PolymerResult.means` are the means.
    conditions
        Temperature and pressure; 298.15 K and 1 atm by default.
    time_limit
        Wall time per evaluation in s; what the protocols need at most when left out.
    retry_failed
        Whether evaluations that the store knows as failed are computed again; simulations go on from what is kept.
    progress
        Called with lines of words, also from another thread: each evaluation that ends, and the stages of simulations.

    Raises
    ------
    InvalidInputError
        If there is no such level, protocol or property, or no replica, or what should be a polymer is none.
    StoreError
        If the store cannot be used.
    EvaluationError
        Where the machine is at fault and not a polymer: DISK or SETUP. The same call then goes on.
    KeyboardInterrupt
        On Ctrl-C; what is finished is in the store.
    """
    if time_limit is not None and not 0 < time_limit < inf:
        raise InvalidInputError(
            f"A time limit of {time_limit} s is none.",
            where="time_limit",
            hint="Give a number above 0, or leave it out for what the protocols need at most.",
        )
    polymers = _polymers(polymers, kind)
    sources = _sources(level, protocol, properties, _kind_of(polymers, kind))
    names = list(dict.fromkeys(sources.values()))
    by_name = {name: protocol_evaluator(name) for name in names}
    seeds, state = seeds_of(seed, replicas), conditions or Conditions()
    asked = [
        {
            name: [Request(polymer.subject, who.protocol_id, each, state) for each in seeds]
            for name, who in by_name.items()
        }
        for polymer in polymers
    ]
    requests = [request for of_polymer in asked for replicated in of_polymer.values() for request in replicated]
    evaluators = {who.protocol_id: who for who in by_name.values()}
    by_key = _evaluated(requests, evaluators, store, workers, time_limit, progress, retry_failed=retry_failed)
    return [_result(polymer, of_polymer, sources, by_key) for polymer, of_polymer in zip(polymers, asked, strict=True)]


def _evaluated(
    requests: Sequence[Request],
    evaluators: Mapping[str, Evaluator],
    store: str | None,
    workers: int,
    time_limit: float | None,
    progress: Callable[[str], None] | None,
    *,
    retry_failed: bool,
) -> dict[str, dict[str, Record]]:
    """Compute what the store lacks, and return its records by key and property; raises as `compute_properties`."""
    interrupts, limits = Interrupts(), Limits(time=time_limit)
    total, done = len({request.key for request in requests}), 0
    several = len({request.seed for request in requests}) > 1
    names = {r.key: f"{r.subject}  seed {r.seed}" if several else str(r.subject) for r in requests}

    def on_done(request: Request) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(f"{done}/{total}  {names[request.key]}")

    with (
        Store(
            store or default_store(), timeout=LEASE_S, on_wait=StoreWait(interrupts, progress or (lambda words: None))
        ) as results,
        open_runner(list(evaluators.values()), workers, limits) as runner,
        interrupts.caught(),
        interrupts.cancelling(runner.cancel),
        SimulationWatch(names, progress) if progress else nullcontext(),
    ):
        queue = EvaluationQueue(
            results, runner, lambda request: evaluators[request.protocol_id], interrupts, retry_failed=retry_failed
        )
        try:
            queue.run(requests, on_done=on_done)
        except Interrupted as error:
            raise KeyboardInterrupt from error
        by_key: dict[str, dict[str, Record]] = {}
        for record in results.records(keys=[request.key for request in requests]):
            by_key.setdefault(record.key, {})[record.property] = record
        return by_key


def preview_properties(
    polymers: Iterable[Any],
    *,
    kind: str = "polymer",
    level: str | None = None,
    protocol: str | None = None,
    properties: Sequence[str] | None = None,
    seed: int = 0,
    replicas: int = 1,
    conditions: Conditions | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """Return what `compute_properties` would take, without doing it: a row per polymer and protocol.

    For molecular dynamics the cell is built and run for some 20 s; other protocols say their typical cost in words. All
    replicas are counted, as if the store had none of them; each takes the memory. A polymer that the protocol would
    refuse at once has the reason as `refused`.

    Raises
    ------
    InvalidInputError, EvaluationError, MissingDependencyError
        As the evaluation would.
    """
    from polyloop.simulate import PROTOCOLS
    from polyloop.simulate.md.run.preview import has_preview, preview

    polymers, several = _polymers(polymers, kind), len(seeds_of(seed, replicas)) > 1
    kind = _kind_of(polymers, kind)
    rows: list[dict[str, Any]] = []
    for polymer in polymers:
        for name in dict.fromkeys(_sources(level, protocol, properties, kind).values()):
            row: dict[str, Any] = {
                "as_given": as_given(polymer),
                "subject": polymer.subject.text,
                "protocol_id": name,
                "cost": PROTOCOLS[name].cost,
            }
            if several:
                row |= {"replicas": replicas, "cost": f"{replicas} times: {row['cost']}"}
            try:
                # What is evaluated, and so refused, is the chain in its standard spelling.
                PROTOCOLS[name].check(_standard(polymer))
            except EvaluationError as error:
                rows.append(row | {"cost": "none: it would be refused", "refused": str(error)})
                continue
            if has_preview(name):
                if progress is not None:
                    progress(f"{as_given(polymer)}  {name}: building a cell and timing it")
                row |= preview(name, _standard(polymer), seed, conditions or Conditions()).times(replicas).to_dict()
            rows.append(row)
    return rows


def write_properties(results: Sequence[PolymerResult], path: Path) -> None:
    """Write a CSV with a row per polymer and the columns PROPERTY, PROPERTY_std, status and failure.

    Of replicas it has the means, and in PROPERTY_replicas how many were averaged; status and failure are those of all.
    It can be read again as a table of measured values.
    """
    names = list(dict.fromkeys(value.property for result in results for value in result.values))
    ends = ("", "_std", "_replicas") if any(result.means for result in results) else ("", "_std")
    kinds = list(dict.fromkeys(result.polymer.subject.kind for result in results)) or ["polymer"]
    header = [
        column_of(kinds[0]),
        "canonical",
        *[f"{name}{end}" for name in names for end in ends],
        "status",
        "failure",
    ]
    rows = []
    for result in results:
        by_name = {value.property: value for value in result.values}
        cells = [cell for name in names for cell in _cells(by_name.get(name))[: len(ends)]]
        statuses = sorted({record.status.value for record in result.records})
        failures = sorted({record.failure.code.value for record in result.records if record.failure})
        rows.append(
            [as_given(result.polymer), result.polymer.subject.text, *cells, "+".join(statuses), "+".join(failures)]
        )
    write_atomically(path, csv_text(header, rows))


def _cells(value: Record | ReplicaMean | None) -> tuple[object, object, object]:
    if value is None:
        return "", "", ""
    return value.value, value.std, len(value.averaged) if isinstance(value, ReplicaMean) else ""


def default_store() -> str:
    """Return the store of `polyloop properties`: $POLYLOOP_STORE, or a file in the user's data folder.

    Raises
    ------
    InvalidInputError
        If the user has no home.
    """
    named = setting("POLYLOOP_STORE")
    if named:
        return named
    try:
        data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "polyloop"
    except RuntimeError as error:
        raise InvalidInputError(
            "This user has no home folder to keep results in.", where="store", hint="Name one: --store FILE."
        ) from error
    data.mkdir(parents=True, exist_ok=True)
    return str(data / "store.sqlite")


def _polymers(given: Iterable[Any], kind: str) -> list[Any]:
    """Return what is given as objects of one kind.

    Raises
    ------
    InvalidInputError
        Naming the number of what is none, or that one thing was given and no list, or things of several kinds.
    """
    if isinstance(given, str) or hasattr(given, "subject") or not isinstance(given, Iterable):
        raise InvalidInputError(
            f"{given!r:.200} is no list of polymers.", where="polymers", hint="Write for example ['*CC*', '*CCO*']."
        )
    found: list[Any] = []
    for number, one in enumerate(given):
        if isinstance(one, str):
            found.append(parse_argument(str(one), f"polymers[{number}]", kind))
        elif isinstance(getattr(one, "subject", None), Subject):
            found.append(one)
        else:
            raise InvalidInputError(
                f"{type(one).__name__} {one!r:.200} is no polymer.",
                where=f"polymers[{number}]",
                hint="Give a Polymer, or a repeat unit as SMILES with two stars.",
            )
    kinds = {one.subject.kind for one in found}
    if len(kinds) > 1:
        raise InvalidInputError(
            f"There are subjects of {len(kinds)} kinds: {', '.join(sorted(kinds))}.", where="polymers"
        )
    return found


def _kind_of(polymers: Sequence[Any], kind: str) -> str:
    return str(polymers[0].subject.kind) if polymers else kind


def _standard(parsed: Any) -> Any:
    """Return the object that an evaluation gets: that of the canonical text."""
    return KINDS[parsed.subject.kind].parse(parsed.subject.text)


def _sources(
    level: str | None, protocol: str | None, properties: Sequence[str] | None, kind: str = "polymer"
) -> dict[str, str]:
    """Return, for each property that is wanted, the protocol that it comes from."""
    from polyloop.simulate import PROTOCOLS, available_levels, get_protocol, protocol_for

    if level is not None and protocol is not None:
        raise InvalidInputError("level and protocol exclude each other.", hint="Give one of them.")
    for name in properties or ():
        get_property(name)
    if protocol is not None:
        return {
            name: protocol_for(name, kind=kind, protocol=protocol).protocol_id
            for name in properties or get_protocol(protocol).properties
        }
    if properties:
        return {name: protocol_for(name, level, kind).protocol_id for name in properties}
    level = level or "quick"
    if level not in available_levels():
        raise InvalidInputError(f"There is no level {level!r}.", hint=f"Known: {', '.join(available_levels())}.")
    whole = [row for row in PROTOCOLS.values() if row.level == level and not row.on_request and kind in row.kinds]
    return {name: protocol_for(name, level, kind).protocol_id for row in whole for name in row.properties}


def _result(
    polymer: Any,
    asked: dict[str, list[Request]],
    sources: dict[str, str],
    by_key: dict[str, dict[str, Record]],
) -> PolymerResult:
    rows = {name: [by_key[request.key] for request in replicas] for name, replicas in asked.items()}
    records = [row[name] for name, source in sources.items() for row in rows[source] if name in row]
    several = any(len(replicas) > 1 for replicas in asked.values())
    return PolymerResult(polymer, tuple(records), means_of(records) if several else ())

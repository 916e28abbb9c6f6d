"""featurize: from polymers to a table of descriptors, cached, in parallel, each evaluation within limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError, Subject
from polyloop.features.block import block_tag, blocks_of, default_blocks, get_block
from polyloop.features.cache import CachedFailure, FeatureCache
from polyloop.features.records import RecordBlock, RecordSource, rows_from_records
from polyloop.features.table import FeatureTable
from polyloop.features.worker import Evaluation, evaluate_text
from polyloop.features.workers import Task, evaluate_in_processes, parse_in_processes

__all__ = ["featurize"]

_ROWS_PER_COMMIT = 256
_SECONDS_PER_COMMIT = 5.0
_GIBIBYTE = 2**30


@dataclass(frozen=True)
class _Unit:
    """One distinct polymer: its canonical form and key, and the rows of the input that it stands for."""

    canonical: str
    key: str
    rows: tuple[int, ...]


def featurize(
    polymers: Sequence[str],
    blocks: Sequence[str] | None = None,
    *,
    cache: Path | None = None,
    workers: int = 1,
    time_limit: float | None = 20.0,
    memory_limit: int | None = 2 * _GIBIBYTE,
    progress: Callable[[int, int], None] | None = None,
    kind: str = "polymer",
    records: RecordSource | None = None,
    canonical: bool = False,
) -> FeatureTable:
    """Describe polymers; the same polymer gets the same row, however it is written.

    Parameters
    ----------
    polymers
        Repeat units as SMILES with two `*`, length n; of another kind, its texts.
    blocks
        Which descriptors (the reference lists them); when left out all that describe the kind, but for those that are
        computed on request.
    cache
        File that keeps what was computed (made if absent); it may be shared by processes.
    workers
        Number of worker processes.
    time_limit, memory_limit
        Wall time in s and bytes that one block of one polymer may take; the worker is then killed and the row
        fails. With both None and one worker, all is computed in this process, without limits.
    progress
        Called with the number of distinct polymers done and their total.
    kind
        Kind of the subjects, one that the blocks name among their `subjects`.
    records
        Store that blocks which read records are given, such as `qmex`. What they read is not kept in `cache`.
    canonical
        Whether the texts are canonical already, as those of a library that was built: they are taken at their word,
        which spares a third of the time of cheap blocks.

    Returns
    -------
    A table with n rows. A row that fails holds NaN in the blocks that failed, and a reason in `failures`.

    Raises
    ------
    InvalidInputError
        If there is no such block, it does not describe the kind, or a limit is not positive.
    StoreError
        If the cache cannot be used.
    """
    names = tuple(dict.fromkeys(default_blocks(kind) if blocks is None else blocks))
    _check(names, kind, workers, time_limit, memory_limit)
    units, failures = _distinct(polymers, kind, workers, canonical)
    columns = {name: np.full((len(polymers), len(get_block(name).names())), np.nan, _dtype(name)) for name in names}
    rows_by_key = {unit.key: unit.rows for unit in units}

    def keep(key: str, name: str, found: NDArray[Any] | CachedFailure) -> None:
        for row in rows_by_key[key]:
            if isinstance(found, CachedFailure):
                failures[row] = f"{failures[row]} {found}" if row in failures else str(found)
            else:
                columns[name][row] = found

    reading = {name: block for name in names if isinstance(block := get_block(name), RecordBlock)}
    _read(units, kind, reading, records, keep)
    computed = tuple(name for name in names if name not in reading)
    store = FeatureCache(_cache_file(cache)) if cache is not None else None
    try:
        missing = _from_cache(store, units, computed, time_limit, keep)
        _compute(store, missing, len(units), workers, time_limit, memory_limit, keep, progress, kind)
    finally:
        if store is not None:
            store.close()
    written = list(polymers)
    for unit in units:
        for row in unit.rows:
            written[row] = unit.canonical
    return FeatureTable(
        tuple(written),
        columns,
        dict(sorted(failures.items())),
        {name: get_block(name).names() for name in names},
        {name: get_block(name).kind for name in names},
    )


def _check(names: Sequence[str], kind: str, workers: int, time_limit: float | None, memory_limit: int | None) -> None:
    for name in names:
        if kind not in get_block(name).subjects:
            raise InvalidInputError(
                f"The block {name!r} describes no {kind}.",
                where="features",
                hint=f"A {kind} is described by: {', '.join(blocks_of(kind)) or 'none'}.",
            )
    if not names:
        raise InvalidInputError(
            "No block of descriptors was asked for.", hint=f"Choose from {', '.join(blocks_of(kind))}."
        )
    for word, value in (("workers", workers), ("time_limit", time_limit), ("memory_limit", memory_limit)):
        if value is not None and value <= 0:
            raise InvalidInputError(f"{word} is {value}.", hint="Give a positive number.")


def _dtype(name: str) -> np.dtype[Any]:
    return get_block(name).dtype


def _cache_file(cache: str | Path) -> Path:
    cache = Path(cache)
    return cache / "features.sqlite" if cache.is_dir() else cache


def _distinct(
    polymers: Sequence[str], kind: str, workers: int, are_canonical: bool
) -> tuple[list[_Unit], dict[int, str]]:
    rows: dict[str, list[int]] = {}
    canonical: dict[str, str] = {}
    failures: dict[int, str] = {}
    texts = list(dict.fromkeys(polymers))
    parsed = [Subject(kind, t) for t in texts] if are_canonical else parse_in_processes(kind, texts, workers)
    known = dict(zip(texts, parsed, strict=True))
    for row, text in enumerate(polymers):
        subject = known[text]
        if isinstance(subject, InvalidInputError):
            failures[row] = str(subject)
            continue
        canonical[subject.key] = subject.text
        rows.setdefault(subject.key, []).append(row)
    return [_Unit(canonical[key], key, tuple(listed)) for key, listed in rows.items()], failures


def _read(
    units: Sequence[_Unit],
    kind: str,
    blocks: Mapping[str, RecordBlock],
    records: RecordSource | None,
    keep: Callable[[str, str, NDArray[Any] | CachedFailure], None],
) -> None:
    """Keep what blocks that read records find in a store, or why there is nothing."""
    subjects = [Subject(kind, unit.canonical) for unit in units]
    for name, block in blocks.items():
        for unit, row in zip(units, rows_from_records(block, subjects, records), strict=True):
            keep(unit.key, name, CachedFailure(row) if isinstance(row, str) else row)


def _from_cache(
    store: FeatureCache | None,
    units: Sequence[_Unit],
    names: Sequence[str],
    time_limit: float | None,
    keep: Callable[[str, str, NDArray[Any] | CachedFailure], None],
) -> list[tuple[_Unit, str]]:
    """Keep what the cache has; return (polymer, block) pairs that it lacks, those of one polymer side by side."""
    found: dict[str, set[str]] = {name: set() for name in names}
    keys = [unit.key for unit in units]
    for name in names if store is not None else ():
        block = get_block(name)
        for key, content in store.get(block_tag(block), keys, block.storage, len(block.names())) if store else ():
            if isinstance(content, CachedFailure) and _deserves_retry(content, time_limit):
                continue
            found[name].add(key)
            keep(key, name, content)
    return [(unit, name) for unit in units for name in names if unit.key not in found[name]]


def _deserves_retry(failure: CachedFailure, time_limit: float | None) -> bool:
    return failure.time_limit is not None and (time_limit is None or time_limit > failure.time_limit)


def _compute(
    store: FeatureCache | None,
    missing: Sequence[tuple[_Unit, str]],
    total: int,
    workers: int,
    time_limit: float | None,
    memory_limit: int | None,
    keep: Callable[[str, str, NDArray[Any] | CachedFailure], None],
    progress: Callable[[int, int], None] | None,
    kind: str,
) -> None:
    keys = {unit.canonical: unit.key for unit, _ in missing}
    remaining: dict[str, int] = {}
    for unit, _ in missing:
        remaining[unit.key] = remaining.get(unit.key, 0) + 1
    tasks = [(unit.canonical, name) for unit, name in missing]
    pending: dict[str, list[tuple[str, NDArray[Any] | CachedFailure]]] = {}
    done, committed = total - len(remaining), time.monotonic()
    if progress is not None:
        progress(done, total)
    try:
        # Closed at once when `progress` raises, so that no worker outlives the call.
        with closing(_evaluate(tasks, workers, time_limit, memory_limit, kind)) as outcomes:
            for (smiles, name), outcome in outcomes:
                key = keys[smiles]
                content = _content(name, outcome, time_limit)
                keep(key, name, content)
                pending.setdefault(name, []).append((key, content))
                full = sum(map(len, pending.values())) >= _ROWS_PER_COMMIT
                if store is not None and (full or time.monotonic() - committed > _SECONDS_PER_COMMIT):
                    _commit(store, pending)
                    committed = time.monotonic()
                remaining[key] -= 1
                if remaining[key] == 0:
                    done += 1
                    if progress is not None:
                        progress(done, total)
    finally:
        # Also on Ctrl-C: what was computed stays computed.
        if store is not None:
            _commit(store, pending)


def _content(name: str, outcome: Evaluation, time_limit: float | None) -> NDArray[Any] | CachedFailure:
    if outcome.values is None:
        return CachedFailure(outcome.reason, time_limit if outcome.limited else None)
    return outcome.values.astype(get_block(name).storage)


def _commit(store: FeatureCache, pending: dict[str, list[tuple[str, NDArray[Any] | CachedFailure]]]) -> None:
    for name, rows in pending.items():
        store.put(block_tag(get_block(name)), rows)
    pending.clear()


def _evaluate(
    tasks: Sequence[Task], workers: int, time_limit: float | None, memory_limit: int | None, kind: str
) -> Generator[tuple[Task, Evaluation], None, None]:
    if workers == 1 and time_limit is None and memory_limit is None:
        for smiles, name in tasks:
            yield (smiles, name), evaluate_text(smiles, name, kind)
        return
    yield from evaluate_in_processes(
        tasks,
        workers=workers,
        time_limit=time_limit,
        memory_limit=memory_limit,
        kind=kind,
    )

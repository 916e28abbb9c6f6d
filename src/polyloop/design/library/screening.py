"""Screen a library file in chunks, and keep what no other polymer beats in all targets."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from polyloop.core import EvaluationError, InvalidInputError, content_key, file_digest, require, write_atomically
from polyloop.core.properties import PROPERTIES
from polyloop.design.library.screeners import Screener
from polyloop.design.pareto import non_dominated
from polyloop.run import SupervisedProcessPool
from polyloop.run.supervised import SupervisedFuture

__all__ = ["ScreenedLibrary", "screen_library"]

_KEPT = ("smiles", "polymer_class", "rule", "monomers", "price", "makeability")
# A chunk takes some seconds; what takes longer hangs in one polymer.
_CHUNK_LIMIT_S = 300.0
# Seconds between two writings of how far it has come.
_KEEP_EVERY_S = 10.0

Row = list[Any]


@dataclass
class ScreenedLibrary:
    """How far a screening has come: what no polymer so far beats, and of how many.

    Parameters
    ----------
    header
        Columns of the library that are kept, then each target and its standard deviation.
    rows
        The Pareto set of the means.
    screened
        Polymers that were looked at.
    outside
        Of these, how many the screener had no word for: outside a model's domain, without descriptors, or failed.
    """

    header: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    screened: int = 0
    outside: int = 0

    @property
    def titles(self) -> tuple[str, ...]:
        """The header of a table for people, with the units of what is a property: `density_std [g/cm3]`."""
        units = {name: PROPERTIES[name].unit for name in self.header if name in PROPERTIES} | {"price": "US$/kg"}
        units |= {f"{name}_std": unit for name, unit in units.items()}
        return tuple(f"{name} [{units[name]}]" if name in units else name for name in self.header)


def screen_library(
    path: Path, screener: Screener, *, minimize: Sequence[str] = (), limit: int | None = None,
    workers: int = 1, kept: Path | None = None, progress: Callable[[int, int], None] = lambda done, total: None,
) -> ScreenedLibrary:  # fmt: skip
    """Return the Pareto set of what a screener tells of a library file.

    Only some chunks and the set so far are in memory.

    Parameters
    ----------
    minimize
        Targets that are minimised; the others are maximised.
    limit
        Screen only the first rows.
    workers
        Processes, each of which is asked for whole chunks.
    kept
        File that keeps how far it has come, so that a screening that was killed goes on; removed at the end. That of
        another library, screener or direction is not gone on from.
    progress
        Called with the polymers screened and their total.

    Raises
    ------
    InvalidInputError
        If there is no such library, a target is told twice, or a name in `minimize` is no target.
    """
    targets = screener.targets
    if len(set(targets)) < len(targets):
        raise InvalidInputError(f"A target is told twice: {', '.join(targets)}.", hint="Ask one model for each.")
    if unknown := [name for name in minimize if name not in targets]:
        raise InvalidInputError(f"{unknown[0]!r} is no target.", hint=f"Targets: {', '.join(targets)}.")
    rows = _rows_of(path)
    total = rows if limit is None else min(limit, rows)
    signs = np.array([-1.0 if name in minimize else 1.0 for name in targets])
    key = content_key(
        {
            "library": file_digest(path), "screener": screener.identity,
            "minimize": sorted(minimize), "limit": limit,
        }
    )  # fmt: skip
    found = ScreenedLibrary((*_KEPT, *(column for name in targets for column in (name, f"{name}_std"))))
    _restore(found, kept, key)
    written = time.monotonic()
    with closing(_told(_chunks(path, found.screened, total, screener.at_once), screener, workers)) as chunks:
        for chunk, predicted in chunks:
            inside = [row + numbers for row, numbers in zip(chunk, predicted, strict=True) if numbers is not None]
            found.rows = _beaten_by_none(found.rows + inside, signs)
            found.screened += len(chunk)
            found.outside += len(chunk) - len(inside)
            if kept is not None and time.monotonic() - written >= _KEEP_EVERY_S:
                content = {"key": key, "rows": found.rows, "screened": found.screened, "outside": found.outside}
                write_atomically(kept, json.dumps(content))
                written = time.monotonic()
            progress(found.screened, total)
    if kept is not None:
        kept.unlink(missing_ok=True)
    return found


def _restore(found: ScreenedLibrary, kept: Path | None, key: str) -> None:
    if kept is None or not kept.exists():
        return
    with suppress(ValueError, KeyError, TypeError):
        content = json.loads(kept.read_text())
        if content["key"] == key:
            found.rows, found.screened, found.outside = content["rows"], content["screened"], content["outside"]


def _file(path: Path) -> Any:
    parquet, arrow = require("pyarrow.parquet", extra="parquet"), require("pyarrow", extra="parquet")
    try:
        return parquet.ParquetFile(path)
    except (OSError, arrow.ArrowException) as error:
        raise InvalidInputError(
            f"This is no library: {error}.", where=str(path), hint="Build one: polyloop library build -o FILE."
        ) from error


def _rows_of(path: Path) -> int:
    with _file(path) as file:
        return int(file.metadata.num_rows)


def _chunks(path: Path, start: int, stop: int, size: int) -> Iterator[list[Row]]:
    """Yield the rows from `start` to `stop`, `size` at a time."""
    done = 0
    with _file(path) as file:
        for batch in file.iter_batches(batch_size=size, columns=list(_KEPT)):
            if done >= stop:
                return
            first, last = max(start - done, 0), min(stop - done, batch.num_rows)
            done += batch.num_rows
            if first < last:
                yield [list(row.values()) for row in batch.slice(first, last - first).to_pylist()]


def _told(
    chunks: Iterator[list[Row]], screener: Screener, workers: int
) -> Generator[tuple[list[Row], list[list[float] | None]]]:
    """Yield each chunk, in order, with what the screener tells of its rows."""
    pool = SupervisedProcessPool(workers, time_limit=_CHUNK_LIMIT_S, initializer=_take, initargs=(screener,))
    waiting: deque[tuple[list[Row], SupervisedFuture]] = deque()
    try:
        for rows in chunks:
            waiting.append((rows, pool.submit(_ask, [row[0] for row in rows])))
            if len(waiting) > 2 * workers:
                yield _come(*waiting.popleft(), pool)
        while waiting:
            yield _come(*waiting.popleft(), pool)
    finally:
        pool.terminate()


def _come(
    rows: list[Row], future: SupervisedFuture, pool: SupervisedProcessPool
) -> tuple[list[Row], list[list[float] | None]]:
    try:
        return rows, future.result()
    except EvaluationError:
        # Some polymer has ended or held up the worker: now each is asked by itself, and that one has no answer.
        futures = [pool.submit(_ask, [row[0]]) for row in rows]
        return rows, [None if isinstance(one.exception(), EvaluationError) else one.result()[0] for one in futures]


_SCREENER: list[Screener] = []
"""That of a worker process, to which it is sent once."""


def _take(screener: Screener) -> None:
    """Make a worker process ready."""
    _SCREENER[:] = [screener]


def _ask(texts: list[str]) -> list[list[float] | None]:
    return _SCREENER[0].ask(texts)


def _beaten_by_none(rows: list[Row], signs: Any) -> list[Row]:
    if not rows:
        return rows
    means = np.array([row[len(_KEPT) :: 2] for row in rows], dtype=float)
    return [row for row, kept in zip(rows, non_dominated(means * signs), strict=True) if kept]

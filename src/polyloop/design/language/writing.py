"""Many different polymers of a generator, in rounds: by several processes, into a file, and on after a kill."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError, content_key
from polyloop.core.csv_text import csv_text
from polyloop.design.language.generator import RepeatUnitGenerator
from polyloop.run import SupervisedProcessPool

__all__ = ["Written", "write_units", "written_units"]

HEADER = ("smiles", "polymer_class")
# Draws of a round: few in the first, since people often ask for some dozen, and twice as many in each that follows.
_FIRST, _LARGEST = 64, 4096
# Draws in a row that bring nothing new, after which a generator has said what it can.
_MOST_IN_VAIN = 20_000
# Rows that are kept together in a part of an unfinished file.
_PART = 20_000
# Units that a process remembers having read, since many are drawn again.
_REMEMBERED = 500_000

Row = tuple[str, str]


@dataclass
class Written:
    """What was drawn on the way to so many rows: rows once more, units that taught, and what was no repeat unit."""

    rows: int = 0
    drawn: int = 0
    invalid: int = 0
    repeated: int = 0
    taught: int = 0
    in_vain: int = field(default=0, repr=False)


@dataclass(frozen=True)
class _Task:
    """What a round draws from, and how."""

    generator: RepeatUnitGenerator
    seed: int
    polymer_class: str | None


def written_units(
    generator: RepeatUnitGenerator,
    n: int,
    *,
    seed: int = 0,
    known: bool = False,
    polymer_class: str | None = None,
    workers: int = 1,
    begun: tuple[int, Written, set[int]] | None = None,
) -> Iterator[tuple[int, Written, list[Row]]]:
    """Yield the number of each round, what was drawn so far, and its new rows (canonical SMILES, class).

    Round k is drawn by a generator of its own, `numpy.random.default_rng([seed, k])`, and rounds are counted in their
    order, so that the rows are the same whatever the number of workers.

    Parameters
    ----------
    known
        Whether units that taught the generator may come.
    polymer_class
        Only polymers of this class, written in its way.
    begun
        Number of the next round, what was drawn before it, and the digests of what was written, of a run that goes on.

    Raises
    ------
    InvalidInputError
        If the generator brings nothing new any more.
    """
    start, count, seen = begun or (0, Written(), set())
    task = _Task(generator, seed, polymer_class)
    for number, (drawn, units) in enumerate(_rounds(task, start, workers, lambda: count.rows < n), start):
        rows: list[Row] = []
        count.drawn += drawn
        count.invalid += drawn - len(units)
        count.in_vain += drawn
        for canonical, name in units:
            digest = _digest(canonical)
            if not known and generator.knows(canonical):
                count.taught += 1
            elif digest in seen:
                count.repeated += 1
            elif (polymer_class is None or name == polymer_class) and count.rows < n:
                seen.add(digest)
                rows.append((canonical, name))
                count.rows += 1
        if rows:
            count.in_vain = 0
        elif count.in_vain > _MOST_IN_VAIN:
            raise InvalidInputError(
                f"After {count.rows:,} polymers the model wrote nothing new {count.in_vain:,} times in a row.",
                hint="Ask for fewer, teach it with more units, or raise its temperature.",
            )
        yield number, count, rows
        if count.rows >= n:
            return


def write_units(
    generator: RepeatUnitGenerator,
    path: Path,
    n: int,
    *,
    seed: int = 0,
    known: bool = False,
    polymer_class: str | None = None,
    workers: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Written:
    """Write n different polymers of a generator to a CSV file, atomically; what is drawn is kept in parts beside it.

    A run that was killed goes on from its last part when it is asked for the same again, and its file has the bytes
    of one that was not. The other parameters are those of `written_units`.

    Raises
    ------
    InvalidInputError
        If the folder of parts is that of another run, or the generator brings nothing new any more.
    """
    folder = path.with_name(path.name + ".parts")
    card = generator.card
    asked = {
        "n": n,
        "seed": seed,
        "known": known,
        "class": polymer_class,
        "sha256": card.sha256,
        "settings": card.settings,
    }
    key = content_key(asked)
    folder.mkdir(parents=True, exist_ok=True)
    parts, begun = _begun(folder, key)
    count, waiting = begun[1], list[Row]()
    if count.rows < n:
        for number, count, rows in written_units(
            generator, n, seed=seed, known=known, polymer_class=polymer_class, workers=workers, begun=begun
        ):
            waiting += rows
            if len(waiting) >= _PART or count.rows >= n:
                parts += 1
                _keep(folder, parts, waiting, {"key": key, "next": number + 1, "count": asdict(count)})
                waiting = []
            progress(count.rows, n)
    _join(folder, path, n)
    return count


def _rounds(task: _Task, start: int, workers: int, wanted: Callable[[], bool]) -> Iterator[tuple[int, list[Row]]]:
    """Yield draws and units of the rounds from `start` on, in their order, as long as they are wanted."""
    if workers == 1:
        number = start
        while wanted():
            yield _draw(task, number)
            number += 1
        return
    pool = SupervisedProcessPool(workers, initializer=_prepare, initargs=(task,))
    try:
        pending: deque[Future[tuple[int, list[Row]]]] = deque()
        number = start
        while wanted():
            while len(pending) < 2 * workers:
                pending.append(pool.submit(_draw_prepared, number))
                number += 1
            yield pending.popleft().result()
    finally:
        pool.terminate()


_prepared: list[_Task] = []


def _prepare(task: _Task) -> None:
    _prepared[:] = [task]


def _draw_prepared(number: int) -> tuple[int, list[Row]]:
    return _draw(_prepared[0], number)


def _draw(task: _Task, number: int) -> tuple[int, list[Row]]:
    """Draw one round; return the number of draws and the units among them that can be read, in their order."""
    size = min(_LARGEST, _FIRST << min(number, 16))
    drawn = task.generator.sample(
        size, rng=np.random.default_rng([task.seed, number]), polymer_class=task.polymer_class
    )
    return size, [row for smiles in drawn if (row := _read(smiles)) is not None]


@lru_cache(maxsize=_REMEMBERED)
def _read(smiles: str) -> Row | None:
    try:
        polymer = Polymer(smiles)
    except InvalidInputError:
        return None
    return polymer.canonical, polymer.polymer_class.value


def _digest(text: str) -> int:
    # 64 bits: among two million texts two share one with a probability of 1e-7.
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _begun(folder: Path, key: str) -> tuple[int, tuple[int, Written, set[int]]]:
    """Return how many parts a folder holds, and where the run that wrote them stands."""
    for unfinished in folder.glob("*.writing"):
        unfinished.unlink()
    parts = sorted(folder.glob("part-*.json"))
    if not parts:
        return 0, (0, Written(), set())
    seen: set[int] = set()
    state = {}
    for part in parts:
        state = json.loads(part.read_text(encoding="utf-8"))
        if state["key"] != key:
            raise InvalidInputError(
                "The folder holds the parts of another run.", where=str(folder),
                hint="Remove the folder, or ask with the same model, seed and class.",
            )  # fmt: skip
        seen.update(_digest(canonical) for canonical, _ in state["rows"])
    return len(parts), (state["next"], Written(**state["count"]), seen)


def _keep(folder: Path, number: int, rows: list[Row], state: dict[str, object]) -> None:
    unfinished = folder / f"part-{number:05d}.writing"
    unfinished.write_text(json.dumps({**state, "rows": rows}), encoding="utf-8")
    unfinished.rename(unfinished.with_suffix(".json"))


def _join(folder: Path, path: Path, n: int) -> None:
    """Write the rows of the parts into the file, n at most, and remove the folder."""
    unfinished, left = folder / "joined.writing", n
    with unfinished.open("w", encoding="utf-8", newline="") as stream:
        stream.write(csv_text(HEADER, []))
        for part in sorted(folder.glob("part-*.json")):
            rows = json.loads(part.read_text(encoding="utf-8"))["rows"][:left]
            left -= len(rows)
            stream.write(csv_text(HEADER, rows).partition("\n")[2])
    unfinished.replace(path)
    shutil.rmtree(folder)

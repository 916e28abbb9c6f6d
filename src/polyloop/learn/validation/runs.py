"""What a study is made of: one model, taught by one part of the rows and asked another, and what that gave."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.learn.domain import DomainReport
from polyloop.learn.intervals import Interval
from polyloop.learn.surrogate import Array, Blocks, check_blocks, check_targets, take
from polyloop.learn.validation.candidate import LEAST_ROWS
from polyloop.learn.validation.scores import SCORES, Scores, score
from polyloop.learn.validation.splitter import Rows, Splitter

__all__ = ["Keep", "Run", "StudyData", "carry_out", "distinct", "judge"]


@dataclass(frozen=True)
class StudyData:
    """Described rows of which a study teaches some and asks others.

    Parameters
    ----------
    X
        Blocks of n subjects, no subject twice.
    y
        Values, shape (n,).
    noise_variance
        Known variances of y, shape (n,), NaN where not known, or None.
    structure
        Blocks of occurrences by which splits compare the rows; None takes X.
    groups
        By name of the splitter, classes, clusters or times, each of shape (n,).
    """

    X: Blocks
    y: Array
    noise_variance: Array | None = None
    structure: Blocks | None = None
    groups: Mapping[str, NDArray[Any]] | None = None

    def __post_init__(self) -> None:
        check_targets(check_blocks(self.X), self.y, self.noise_variance)

    def splits(self, name: str, splitter: Splitter) -> Iterator[tuple[Rows, Rows]]:
        """Yield the splits of one splitter."""
        structure = self.X if self.structure is None else self.structure
        return splitter.split(structure, self.y, (self.groups or {}).get(name))

    def taught(self, rows: Rows) -> tuple[Blocks, Array, Array | None]:
        """Return blocks, values and noise variances of rows."""
        noise = None if self.noise_variance is None else self.noise_variance[rows]
        return take(self.X, rows), self.y[rows], noise

    def part(self, rows: Rows) -> StudyData:
        """Return the same with only these rows."""
        X, y, noise = self.taught(rows)
        structure = None if self.structure is None else take(self.structure, rows)
        groups = None if self.groups is None else {name: of[rows] for name, of in self.groups.items()}
        return StudyData(X, y, noise, structure, groups)

    @property
    def spread(self) -> float:
        """Standard deviation of all values, by which errors are divided."""
        return float(self.y.std())


@dataclass(frozen=True)
class Run:
    """One model on one split.

    Parameters
    ----------
    repeat
        Number of the split.
    size
        Number of rows that were to teach; 0 for all that the split gives.
    flagged
        Share of the predictions outside the model's domain.
    learnt
        What was learnt: the invariant, or "value"; of nested cross-validation which candidate.
    """

    model: str
    split: str
    repeat: int
    size: int
    n_teach: int
    n_ask: int
    seconds: float
    flagged: float
    learnt: str
    scores: Scores

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What tells it from others of its study."""
        return self.model, self.split, self.repeat, self.size

    def to_dict(self) -> dict[str, Any]:
        """Return a flat, JSON-ready dictionary."""
        own = {name: value for name, value in vars(self).items() if name != "scores"}
        return {**own, **{name: getattr(self.scores, name) for name in SCORES}}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Return what `to_dict` was made from."""
        scores = Scores(n=content["n_ask"], **{name: content[name] for name in SCORES})
        return cls(**{name: content[name] for name in cls.__annotations__ if name != "scores"}, scores=scores)


Keep = Callable[[Run], None]


def carry_out(
    wanted: Iterable[tuple[tuple[str, str, int, int], Callable[[], Run]]], known: Sequence[Run], keep: Keep | None
) -> tuple[Run, ...]:
    """Return all wanted runs in their order, doing only those that are not known, and hand each new one to `keep`."""
    done = {run.key: run for run in known}
    runs = []
    for key, work in wanted:
        if key not in done:
            started = time.perf_counter()
            done[key] = replace(work(), seconds=time.perf_counter() - started)
            if keep is not None:
                keep(done[key])
        runs.append(done[key])
    return tuple(runs)


def judge(
    key: tuple[str, str, int, int],
    said: tuple[Interval, DomainReport],
    data: StudyData,
    ask: Rows,
    n_teach: int,
    learnt: str,
) -> Run:
    """Return the run of predictions of the rows that were asked; its seconds are told by who does it."""
    interval, report = said
    scores = score(
        data.y[ask], interval.mean, std=interval.std, low=interval.low, high=interval.high, spread=data.spread
    )
    return Run(*key, n_teach, len(ask), 0.0, float(np.mean(report.outside)), learnt, scores)


def distinct(data: StudyData, names: Sequence[str]) -> None:
    """Refuse names that stand twice, and tables that are too small to be divided.

    Raises
    ------
    InvalidInputError
        If there are fewer than twice the rows that a model needs, all values are equal, or a name stands twice.
    """
    if len(data.y) < 2 * LEAST_ROWS:
        raise InvalidInputError(
            f"{len(data.y)} rows are too few to teach some and ask others.", hint=f"Give {2 * LEAST_ROWS} or more."
        )
    if not data.spread > 0:
        raise InvalidInputError("All values are equal, so that there is nothing to learn.", where="target")
    if not names or len(set(names)) < len(names):
        raise InvalidInputError(f"{list(names)} are not distinct names of one or more.", where="models and splits")

"""Splits at random, by the value, by class and by time."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.core.options import Option
from polyloop.learn.validation.splitter import Draw, Rows, Splitter, kept_of, portion, values_of, within

__all__ = ["HighestSplit", "LeaveClassOut", "LowestSplit", "MiddleSplit", "RandomSplit", "TimeSplit"]

KEPT = Option("kept", float, 0.85, "Share of the rows that may teach which do, drawn anew for each split.", 0.01, 1.0)
TEST_SHARE = Option("test_share", float, 0.2, "Share that is asked.", 0.001, 0.999)


class RandomSplit(Splitter):
    """A random share is asked.

    Parameters
    ----------
    test_share
        Share of the rows that is asked.
    """

    options: ClassVar[tuple[Option, ...]] = (TEST_SHARE,)

    def __init__(self, n_splits: int = 5, *, test_share: float = 0.2, seed: int = 0) -> None:
        super().__init__(n_splits, seed=seed)
        self.test_share = within(test_share, "test_share")

    def _prepare(self, X: Any, y: Any, groups: Any, n: int) -> Draw:
        cut = portion(self.test_share, n)

        def draw(rng: np.random.Generator, _: int) -> tuple[Rows, Rows]:
            drawn = rng.permutation(n)
            return drawn[cut:], drawn[:cut]

        return draw


class _RangeSplit(Splitter):
    """A part of the range of the values teaches, and all that lies outside it is asked.

    Parameters
    ----------
    share
        Share of the rows that lie in the part.
    kept
        Share of these that teach, drawn anew for each split, so that splits differ.
    """

    options: ClassVar[tuple[Option, ...]] = (
        Option("share", float, 0.3, "Share of the rows from which teaching rows are drawn.", 0.01, 0.99),
        KEPT,
    )

    def __init__(self, n_splits: int = 5, *, share: float = 0.3, kept: float = 0.85, seed: int = 0) -> None:
        super().__init__(n_splits, seed=seed)
        self.share, self.kept = within(share, "share"), kept

    @abstractmethod
    def bounds(self) -> tuple[float, float]:
        """Return the quantiles between which the values teach."""

    def inside(self, y: Any) -> Rows:
        """Return the rows whose values lie in the part, in the order of their values."""
        values = values_of(y, type(self).__name__)
        low, high = self.bounds()
        order: Rows = np.argsort(values, kind="stable")
        return order[portion(low, len(values)) : portion(high, len(values))]

    def _prepare(self, X: Any, y: Any, groups: Any, n: int) -> Draw:
        inside = self.inside(y)
        outside = np.setdiff1d(np.arange(n), inside)
        return lambda rng, _: (kept_of(inside, self.kept, rng), outside)


class LowestSplit(_RangeSplit):
    """The lowest values teach, and all higher ones are asked."""

    def bounds(self) -> tuple[float, float]:
        """Return the quantiles between which the values teach."""
        return 0.0, self.share


class MiddleSplit(_RangeSplit):
    """The values in the middle teach, and all lower and higher ones are asked."""

    def bounds(self) -> tuple[float, float]:
        """Return the quantiles between which the values teach."""
        return 0.5 - self.share / 2, 0.5 + self.share / 2


class HighestSplit(_RangeSplit):
    """The highest values teach, and all lower ones are asked."""

    def bounds(self) -> tuple[float, float]:
        """Return the quantiles between which the values teach."""
        return 1.0 - self.share, 1.0


class LeaveClassOut(Splitter):
    """One class after another is asked, the largest first, and all others teach; at most `n_splits` of them.

    `groups` are the classes. The seed changes nothing, since nothing is drawn.
    """

    reads_groups: ClassVar[bool] = True

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of splits: that of the classes, or `n_splits` where that is less."""
        return min(self.n_splits, len(self._classes(groups)))

    def _prepare(self, X: Any, y: Any, groups: Any, n: int) -> Draw:
        classes, of = self._classes(groups), np.asarray(groups)
        return lambda _, k: (np.flatnonzero(of != classes[k]), np.flatnonzero(of == classes[k]))

    def _classes(self, groups: Any) -> list[Any]:
        if groups is None:
            raise InvalidInputError(
                "Leaving classes out needs the class of each row.", where=type(self).__name__, hint="Give groups."
            )
        names, counts = np.unique(np.asarray(groups), return_counts=True)
        if len(names) < 2:
            raise InvalidInputError("All rows are of one class.", where=type(self).__name__)
        return [names[place] for place in np.argsort(-counts, kind="stable")]


class TimeSplit(Splitter):
    """The past teaches, and what came later is asked.

    `groups` are times: numbers, dates, or texts that sort by time, such as 2026-05-01; without them, time is the order
    of the rows. What has the time of the last row that may teach may teach too, so that both sides never share a time.

    Parameters
    ----------
    test_share
        Share of the rows that is asked.
    kept
        Share of the others that teach, drawn anew for each split.
    """

    options: ClassVar[tuple[Option, ...]] = (TEST_SHARE, KEPT)

    def __init__(self, n_splits: int = 5, *, test_share: float = 0.2, kept: float = 0.85, seed: int = 0) -> None:
        super().__init__(n_splits, seed=seed)
        self.test_share, self.kept = within(test_share, "test_share"), kept

    def _prepare(self, X: Any, y: Any, groups: Any, n: int) -> Draw:
        times = np.arange(n) if groups is None else np.asarray(groups)
        if times.dtype.kind == "f" and np.isnan(times).any():
            raise InvalidInputError(
                f"Row {int(np.flatnonzero(np.isnan(times))[0])} has no time.", where=type(self).__name__
            )
        ordered = np.sort(times)
        last = ordered[max(n - portion(self.test_share, n) - 1, 0)]
        earlier = ordered[ordered < ordered[-1]]
        # Where more rows than are to be asked share the latest time, these are asked.
        if last == ordered[-1] and len(earlier):
            last = earlier[-1]
        past, future = np.flatnonzero(times <= last), np.flatnonzero(times > last)
        return lambda rng, _: (kept_of(past, self.kept, rng), future)

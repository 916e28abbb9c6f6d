"""Which rows teach and which are asked: one interface for all splits, which scikit-learn takes for `cv` too."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError, Registry
from polyloop.core.options import Option, read_options
from polyloop.learn.surrogate import row_count

__all__ = ["SPLITTERS", "Draw", "Rows", "Splitter", "kept_of", "make_splitter", "portion", "values_of", "within"]

Rows = NDArray[np.intp]
Draw = Callable[[np.random.Generator, int], tuple[Rows, Rows]]
"""Gives the rows that teach and those that are asked for a generator and the number of the split."""

SPLITTERS: Registry[type[Splitter]] = Registry("splitters", "splitter", ("split", "get_n_splits", "options"))
# Guards the floor of a share of a number of rows against rounding.
_ROUNDING = 1e-9


class Splitter(ABC):
    """Splits n rows several times; split k draws from a generator of its own, seeded by `seed` + k.

    So split k of seed s is split 0 of seed s + k, and a study may be divided or extended without changing a row.

    Parameters
    ----------
    n_splits
        Number of splits, at least 1.
    seed
        Seed of the first split.
    """

    options: ClassVar[tuple[Option, ...]] = ()
    reads_structure: ClassVar[bool] = False
    """Whether it compares the rows of X, which are then fingerprints."""
    reads_groups: ClassVar[bool] = False
    """Whether it needs `groups`."""

    def __init__(self, n_splits: int = 5, *, seed: int = 0) -> None:
        if n_splits < 1:
            raise InvalidInputError(f"{n_splits} splits are none.", where="n_splits", hint="Give 1 or more.")
        self.n_splits, self.seed = n_splits, seed

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of splits."""
        return self.n_splits

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[Rows, Rows]]:
        """Yield the rows that teach and those that are asked, as indices; not sorted.

        Parameters
        ----------
        X
            Blocks of descriptors, or a matrix or list with a row for each of n rows.
        y
            Values, shape (n,), for splits by the value.
        groups
            Classes, clusters or times, shape (n,), where the splitter reads them.

        Raises
        ------
        InvalidInputError
            If something that the splitter reads is missing, or a side of a split is empty.
        """
        n = row_count(X) if isinstance(X, Mapping) else len(X) if not hasattr(X, "shape") else int(X.shape[0])
        for name, given in (("y", y), ("groups", groups)):
            if given is not None and len(given) != n:
                raise InvalidInputError(f"There are {n} rows and {len(given)} of {name}.", where=type(self).__name__)
        draw = self._prepare(X, y, groups, n)
        for k in range(self.get_n_splits(X, y, groups)):
            teach, ask = draw(np.random.default_rng(self.seed + k), k)
            if not len(teach) or not len(ask):
                raise InvalidInputError(
                    f"Of {n} rows {len(teach)} would teach and {len(ask)} be asked.",
                    where=type(self).__name__, hint="Give more rows, or other shares.",
                )  # fmt: skip
            yield teach, ask

    @abstractmethod
    def _prepare(self, X: Any, y: Any, groups: Any, n: int) -> Draw:
        """Do what is common to all splits, and return what draws one."""

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if np.ndim(value) == 0)
        return f"{type(self).__name__}({shown})"


def make_splitter(name: str, n_splits: int = 5, *, seed: int = 0, **options: Any) -> Splitter:
    """Make a splitter by its registered name.

    Raises
    ------
    ConfigurationError
        If there is no such splitter; the message names the nearest.
    InvalidInputError
        If it has no such option, or a value is wrong.

    Examples
    --------
    >>> (split,) = make_splitter("lowest", 1, share=0.5, kept=1.0).split(range(6), [3.0, 1.0, 5.0, 2.0, 4.0, 6.0])
    >>> sorted(split[0].tolist()), split[1].tolist()
    ([0, 1, 3], [2, 4, 5])
    """
    part = SPLITTERS.find(name, "splitter")
    return part(n_splits, seed=seed, **read_options(part, options, noun="splitter", name=name))


def values_of(y: Any, where: str) -> NDArray[np.float64]:
    """Return values as numbers.

    Raises
    ------
    InvalidInputError
        If there are none, or one is not finite.
    """
    if y is None:
        raise InvalidInputError("A split by the values needs y.", where=where)
    values = np.asarray(y, dtype=float)
    if not np.isfinite(values).all():
        raise InvalidInputError(
            f"Value {int(np.flatnonzero(~np.isfinite(values))[0])} is not finite.", where=where, hint="Leave it out."
        )
    return values


def portion(share: float, n: int) -> int:
    """Return a share of n rows, rounded down."""
    return int(share * n + _ROUNDING)


def within(share: float, name: str) -> float:
    """Return a share that lies between 0 and 1, neither of them.

    Raises
    ------
    InvalidInputError
        If it does not.
    """
    if not 0.0 < share < 1.0:
        raise InvalidInputError(f"{name} = {share} is no part of a whole.", where=name, hint="Give 0.2, for instance.")
    return share


def kept_of(rows: Rows, kept: float, rng: np.random.Generator) -> Rows:
    """Return a random share of rows, in random order."""
    drawn: Rows = rng.permutation(rows)[: portion(kept, len(rows))]
    return drawn

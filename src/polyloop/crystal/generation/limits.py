"""What may follow in the sequence of a composition, so that what is wished about its elements holds by construction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import InvalidInputError
from polyloop.crystal.generation.sequences import ORDER, places_of

if TYPE_CHECKING:
    from polyloop.crystal.generation.wish import CompositionWish

__all__ = ["SequenceLimits"]


class SequenceLimits:
    """Which elements may come next, so that every sequence ends as the wish asks.

    Parameters
    ----------
    wish
        What is wanted.
    seen
        Shape (103,) in `ORDER`, True for the elements that may be proposed at all.
    """

    def __init__(self, wish: CompositionWish, seen: NDArray[np.bool_]) -> None:
        self._barred = ~seen
        if wish.allowed:
            self._barred |= ~np.isin(np.arange(len(ORDER)), places_of(wish.allowed))
        self._barred[places_of(wish.avoid)] = True
        self._required = np.zeros(len(ORDER), dtype=bool)
        self._required[places_of(wish.include)] = True
        self._least, self._most = wish.elements
        # How many elements that may be taken stand at a place or after it.
        self._left = np.append(np.cumsum(~self._barred[::-1])[::-1], 0)

    def check(self, source: str) -> None:
        """Refuse a wish that no sequence can fulfil; `source` is what the generator learnt from."""
        unseen = [ORDER[place] for place in np.flatnonzero(self._required & self._barred)]
        if unseen or self._left[0] < self._least:
            what = f"no compound of {', '.join(unseen)}" if unseen else "too few of the elements that are allowed"
            raise InvalidInputError(
                f"The generator has seen {what}.",
                hint=f"It learnt from {source}.",
            )

    def open(self, amounts: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return what may follow, shape (n, 104), the last column for the end."""
        places = np.arange(len(ORDER))
        held = (amounts > 0).sum(axis=1)
        waiting = self._required & (amounts == 0)
        due = waiting.sum(axis=1)
        following = np.where(waiting.any(axis=1), waiting.argmax(axis=1), len(ORDER))
        free = (places > last[:, None]) & ~self._barred & (places <= following[:, None])
        # The last places are for those that must come.
        full = held + due >= self._most
        free &= ~full[:, None] | (places == following[:, None])
        # Enough must be left to reach the least number.
        free &= held[:, None] + self._left[places] >= self._least
        end = (due == 0) & (held >= self._least)
        return np.column_stack([free, end])

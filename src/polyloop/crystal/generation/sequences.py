"""Compositions as sequences of elements and amounts, the least electronegative element first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from polyloop.crystal.composition import Composition
from polyloop.crystal.element_features import ELEMENT_COUNT
from polyloop.crystal.elements import ELEMENTS, order_of
from polyloop.crystal.generation.wish import MOST_ELEMENTS

__all__ = ["LARGEST_AMOUNT", "ORDER", "composition_of", "fits", "places_of", "sequences"]

LARGEST_AMOUNT = 20
ORDER = tuple(sorted(ELEMENTS[:ELEMENT_COUNT], key=order_of))
"""The elements as formulas name them, so that a composition is one sequence only."""
_PLACES = {symbol: place for place, symbol in enumerate(ORDER)}


def fits(composition: Composition) -> bool:
    """Return whether a composition can be written as a sequence: 8 elements, amounts of 20 at most."""
    amounts = composition.amounts
    return (
        len(amounts) <= MOST_ELEMENTS
        and max(amounts.values()) <= LARGEST_AMOUNT
        and all(symbol in _PLACES for symbol in amounts)
    )


def places_of(symbols: Sequence[str]) -> NDArray[np.int64]:
    """Return the places of elements in `ORDER`, ascending."""
    return np.array(sorted({_PLACES[symbol] for symbol in symbols}), dtype=np.int64)


def sequences(compositions: Sequence[Composition]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return places of elements and amounts, each of shape (n, 8); -1 and 0 after the last."""
    places = np.full((len(compositions), MOST_ELEMENTS), -1, dtype=np.int64)
    amounts = np.zeros((len(compositions), MOST_ELEMENTS), dtype=np.int64)
    for row, composition in enumerate(compositions):
        for column, (symbol, amount) in enumerate(composition.amounts.items()):
            places[row, column], amounts[row, column] = _PLACES[symbol], amount
    return places, amounts


def composition_of(amounts: NDArray[np.int64]) -> Composition:
    """Return the composition of amounts in `ORDER`, shape (103,)."""
    return Composition("".join(f"{ORDER[place]}{amounts[place]}" for place in np.flatnonzero(amounts)))

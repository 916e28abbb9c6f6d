"""The share of each element as descriptors of a composition."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core.descriptors import BlockKind
from polyloop.crystal.composition import Composition
from polyloop.crystal.elements import ELEMENTS

__all__ = ["ElementFractionsBlock"]

_PLACES = {symbol: place for place, symbol in enumerate(ELEMENTS)}


class ElementFractionsBlock:
    """Atomic fraction of each of 118 elements (block `element_fractions`)."""

    name = "element_fractions"
    version = 1
    kind = BlockKind.DENSITIES
    packages: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ("composition",)
    dtype: np.dtype[Any] = np.dtype(np.float64)
    storage: np.dtype[Any] = np.dtype(np.float64)

    def names(self) -> tuple[str, ...]:
        """Return the symbols, hydrogen first."""
        return ELEMENTS

    def units(self) -> tuple[str, ...]:
        """Return 1 for each: shares are numbers."""
        return ("1",) * len(ELEMENTS)

    def evaluate(self, polymer: Composition) -> NDArray[np.float64]:
        """Return the shares of a composition, shape (118,); they sum to 1."""
        row = np.zeros(len(ELEMENTS))
        for symbol, share in polymer.fractions.items():
            row[_PLACES[symbol]] = share
        return row

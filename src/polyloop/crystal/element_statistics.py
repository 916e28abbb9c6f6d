"""Means, deviations and extremes of what is known of a composition's elements, as descriptors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core.descriptors import BlockKind
from polyloop.core.errors import EvaluationError, FailureCode
from polyloop.crystal.composition import Composition
from polyloop.crystal.element_features import ELEMENT_COUNT, element_features
from polyloop.crystal.elements import ELEMENTS

__all__ = ["ElementStatisticsBlock", "element_statistics"]

_PLACES = {symbol: place for place, symbol in enumerate(ELEMENTS)}
_STATISTICS = ("mean", "deviation", "lowest", "highest")


class ElementStatisticsBlock:
    """Mean, standard deviation, lowest and highest of each number of the elements (block `element_statistics`).

    Mean and deviation are weighted by the atomic fractions. Needs the extra `crystal`.

    References
    ----------
    Ward et al. (2016), doi:10.1038/npjcompumats.2016.28.
    """

    name = "element_statistics"
    version = 1
    # Asks for a package that is not installed with polyloop.
    on_request = True
    kind = BlockKind.PHYSICAL
    packages: tuple[str, ...] = ("mendeleev",)
    subjects: tuple[str, ...] = ("composition",)
    dtype: np.dtype[Any] = np.dtype(np.float64)
    storage: np.dtype[Any] = np.dtype(np.float64)

    def names(self) -> tuple[str, ...]:
        """Return the columns' names: the number's, and which statistic."""
        return tuple(f"{name}_{statistic}" for statistic in _STATISTICS for name in element_features().names)

    def units(self) -> tuple[str, ...]:
        """Return the columns' units."""
        return element_features().units * len(_STATISTICS)

    def evaluate(self, polymer: Composition) -> NDArray[np.float64]:
        """Return the statistics of a composition, shape (d,).

        Raises
        ------
        EvaluationError
            If it holds an element beyond lawrencium.
        """
        unknown = [symbol for symbol in polymer.elements if _PLACES[symbol] >= ELEMENT_COUNT]
        if unknown:
            raise EvaluationError(
                FailureCode.ELEMENT,
                "element statistics",
                f"Too little is known of {unknown[0]} to describe it by numbers.",
            )
        row = np.zeros((1, ELEMENT_COUNT))
        for symbol, share in polymer.fractions.items():
            row[0, _PLACES[symbol]] = share
        statistics: NDArray[np.float64] = element_statistics(row)[0]
        return statistics


def element_statistics(fractions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the statistics of n compositions at once, shape (n, d).

    Parameters
    ----------
    fractions
        Shape (n, 103), atomic fractions of the elements, hydrogen first.
    """
    values = element_features().values
    mean = fractions @ values
    deviation = np.sqrt(np.maximum(fractions @ values**2 - mean**2, 0.0))
    lowest, highest = np.empty_like(mean), np.empty_like(mean)
    for row, shares in enumerate(fractions):
        present = values[shares > 0]
        lowest[row], highest[row] = present.min(axis=0), present.max(axis=0)
    return np.hstack([mean, deviation, lowest, highest])

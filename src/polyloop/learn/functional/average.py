"""The mean of several models of curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.learn.functional.curves import CurveModel, CurvePrediction
from polyloop.learn.surrogate import Array, Blocks

__all__ = ["CurveAverage"]


class CurveAverage:
    """Mean of the members' curves and of the half widths of their bands.

    An average errs no more than its members do on average, so the band is, if anything, too wide.
    """

    def __init__(self, members: Sequence[CurveModel]) -> None:
        if not members:
            raise InvalidInputError("An average needs members.", hint="Give at least one model.")
        self.members = tuple(members)

    def fit(self, X: Blocks, Y: Array) -> Self:
        """Learn from n subjects and their curves (n, p)."""
        for member in self.members:
            member.fit(X, Y)
        return self

    def predict(self, X: Blocks) -> CurvePrediction:
        """Predict the curves of n subjects."""
        found = [member.predict(X) for member in self.members]
        mean = np.mean([one.mean for one in found], axis=0)
        return CurvePrediction(mean, np.mean([one.half_width for one in found], axis=0))

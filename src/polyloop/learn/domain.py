"""Flag predictions outside the training domain, each with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from polyloop.core.descriptors import BlockKind
from polyloop.learn.kernels import CountRows, PhysicalGeometry, squared_distances
from polyloop.learn.surrogate import Array, Blocks, Prediction, check_blocks, chunks, take

__all__ = ["REASONS", "DomainReport", "TrainingDomain"]

REASONS = {
    "far": "farther from every training polymer than 95 % of them are from one another",
    "uncertain": "the model's standard deviation is more than 80 % of the spread of the training values",
    "beyond_range": "predicted beyond the range of the training values, where intervals are known to be too narrow",
    "chosen": "near an end of the training values at which these look chosen by size: nothing was checked beyond",
    "invariant": "probably beyond the range of the training values: predicted by what the invariant hardly varies",
}
_QUANTILE = 0.95
_KNOWS_LITTLE = 0.8


@dataclass(frozen=True)
class DomainReport:
    """Which of n predictions lie outside the training domain, and why.

    Parameters
    ----------
    flags
        One mask of shape (n,) per key of `REASONS`.
    """

    flags: dict[str, NDArray[np.bool_]]

    @property
    def outside(self) -> NDArray[np.bool_]:
        """Mask of shape (n,): at least one reason applies."""
        outside: NDArray[np.bool_] = np.logical_or.reduce(list(self.flags.values()))
        return outside

    def reasons(self, i: int) -> tuple[str, ...]:
        """Return the reasons that apply to row i, as sentences."""
        return tuple(REASONS[name] for name, mask in self.flags.items() if mask[i])


class TrainingDomain:
    """The region that training polymers cover: nearest-neighbour distances, spread and range of the values.

    Intervals of Gaussian processes cover 90 to 94 % (of 90 %) inside the data and 0 to 52 % outside the property's
    training range (measured on PI1070), so a prediction there is flagged even where the model seems sure.
    """

    def fit(self, X: Blocks, y: Array) -> Self:
        """Take the distances and the range from the training rows that the surrogate was fitted on."""
        check_blocks(X)
        # Two graphs have no distance here: with nothing else, only values and uncertainties can be judged.
        X = {name: block for name, block in X.items() if block.kind is not BlockKind.GRAPH}
        self._X = X
        self._geometries = {n: PhysicalGeometry.fit(b) for n, b in X.items() if not b.kind.is_occurrence}
        self._counts = {n: CountRows(block.values) for n, block in X.items() if block.kind.is_occurrence}
        self._low, self._high, self._spread = float(y.min()), float(y.max()), float(y.std())
        self._limits = {}
        for name in X:
            nearest = self._nearest(name, X, leave_out_self=True)
            self._limits[name] = float(np.quantile(nearest, _QUANTILE)) if len(nearest) > 1 else 0.0
        return self

    def assess(self, X: Blocks, prediction: Prediction) -> DomainReport:
        """Flag n predictions, in chunks of bounded memory.

        A polymer is "far" when it is beyond the limit in every block: a new functional group in a known
        physical neighbourhood is not yet extrapolation.
        """
        far = self.far(X)
        beyond = (prediction.mean < self._low) | (prediction.mean > self._high)
        uncertain = prediction.std > _KNOWS_LITTLE * self._spread
        return DomainReport({"far": far, "uncertain": uncertain, "beyond_range": beyond})

    def far(self, X: Blocks) -> NDArray[np.bool_]:
        """Return which of n rows lie farther from the training rows than those from each other, in every block."""
        n = check_blocks(X, {name: block.width for name, block in self._X.items()})
        far = np.full(n, bool(self._X))
        for rows in chunks(n, 8192):
            part = take(X, rows)
            for name, limit in self._limits.items():
                far[rows] &= self._nearest(name, part) > limit * (1 + 1e-9)
        return far

    def _nearest(self, name: str, X: Blocks, *, leave_out_self: bool = False) -> Array:
        distances = self._distances(name, X)
        if leave_out_self:
            np.fill_diagonal(distances, np.inf)
            if len(distances) < 2:
                return np.zeros(0)
        nearest: Array = distances.min(axis=1)
        return nearest

    def _distances(self, name: str, X: Blocks) -> Array:
        if name in self._counts:
            return 1.0 - self._counts[name].kernel(X[name].values)
        geometry = self._geometries[name]
        a, b = geometry.encode(X[name].values), geometry.encode(self._X[name].values)
        return squared_distances(a @ b.T, np.einsum("ij,ij->i", a, a), np.einsum("ij,ij->i", b, b))

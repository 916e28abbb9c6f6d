"""Reactivity ratios of a pair of monomers with their errors, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyloop.process.kinetics.composition import composition_interval

__all__ = ["ReactivityRatios"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ReactivityRatios:
    """r1 = k11/k12 and r2 = k22/k21, with normal errors of their decadic logarithms.

    Parameters
    ----------
    r1, r2
        Medians.
    log10_r1_std, log10_r2_std
        Standard deviations of log10 r1 and log10 r2.
    log10_correlation
        Of the two.
    source
        `measured`, `q-e` or `model`.
    detail
        Which table, or which model.
    n
        Number of measurements, where measured.
    """

    r1: float
    r2: float
    log10_r1_std: float
    log10_r2_std: float
    log10_correlation: float
    source: str
    detail: str
    n: int = 0

    @classmethod
    def of_logs(cls, mean: ArrayLike, covariance: ArrayLike, source: str, detail: str, n: int = 0) -> ReactivityRatios:
        """Take mean (2,) and covariance (2, 2) of log10 r1, log10 r2."""
        logs, matrix = np.asarray(mean, dtype=float), np.asarray(covariance, dtype=float)
        first, second = np.sqrt(np.diag(matrix))
        correlation = matrix[0, 1] / (first * second) if first > 0 and second > 0 else 0.0
        return cls(
            float(10.0 ** logs[0]), float(10.0 ** logs[1]), float(first), float(second), float(correlation),
            source, detail, n,
        )  # fmt: skip

    @property
    def covariance(self) -> Array:
        """Of log10 r1 and log10 r2, shape (2, 2)."""
        shared = self.log10_correlation * self.log10_r1_std * self.log10_r2_std
        return np.array([[self.log10_r1_std**2, shared], [shared, self.log10_r2_std**2]])

    @property
    def exchanged(self) -> ReactivityRatios:
        """The same with the monomers in the other order."""
        return ReactivityRatios(
            self.r2, self.r1, self.log10_r2_std, self.log10_r1_std, self.log10_correlation, self.source, self.detail,
            self.n,
        )  # fmt: skip

    def composition(self, f1: ArrayLike, *, level: float = 0.95) -> tuple[Array, Array, Array]:
        """Return mean, low and high of the mole fraction of monomer 1 in the copolymer that forms at f1."""
        return composition_interval(f1, (np.log10(self.r1), np.log10(self.r2)), self.covariance, level=level)

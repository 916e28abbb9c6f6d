"""The one place where values lose their unit: every model learns standardised values and answers in the property's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from polyloop.learn.surrogate import Array, Prediction

__all__ = ["Standardisation", "spread_of"]

# Values that differ by less than this share of their size differ by rounding only.
_ROUNDING = 1e-12


def spread_of(values: Array) -> float:
    """Return the standard deviation of values of shape (n,), n > 0; exactly 0 where they differ by rounding only."""
    differs = float(np.ptp(values)) > _ROUNDING * float(np.abs(values).max())
    return float(values.std()) if differs else 0.0


@dataclass(frozen=True)
class Standardisation:
    """Value = offset + unit * standardised value.

    Nothing here or behind it is an absolute number: values in another unit give the same standardised ones, to the
    last bit where the units differ by a power of two.

    Parameters
    ----------
    offset, unit
        Mean and spread of the values, in the property's unit; `unit` is positive.
    """

    offset: float
    unit: float

    @classmethod
    def of(cls, values: Array) -> Self:
        """Take mean and spread of values of shape (n,), n > 0; equal values get a tenth of their size for a spread."""
        # A tenth of the value is a modest guess at the property's spread. Zeros say nothing of their unit: any will do.
        return cls(float(values.mean()), spread_of(values) or 0.1 * float(np.abs(values).max()) or 1.0)

    def standardise(self, values: Array) -> Array:
        """Return values of any shape without their unit."""
        standardised: Array = (values - self.offset) / self.unit
        return standardised

    def variances(self, variances: Array) -> Array:
        """Return variances of any shape without their unit."""
        # Divided twice: the square of a small unit may be too small for a number.
        standardised: Array = variances / self.unit / self.unit
        return standardised

    def values(self, standardised: Array) -> Array:
        """Return standardised values of any shape in the property's unit."""
        values: Array = self.offset + self.unit * standardised
        return values

    def prediction(self, mean: Array, std: Array, noise_std: Array) -> Prediction:
        """Return standardised means and standard deviations of shape (n,) in the property's unit."""
        return Prediction(self.values(mean), self.unit * std, self.unit * noise_std)

    def covariance(self, standardised: Array) -> Array:
        """Return a standardised covariance of any shape in the square of the property's unit."""
        covariance: Array = self.unit**2 * standardised
        return covariance

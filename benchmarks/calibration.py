"""Linear calibration of computed optical constants on measured polymers: a separate step, never applied silently."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyloop.core import InvalidInputError

__all__ = ["LinearCalibration", "fit_linear", "leave_one_out", "optical_linear"]


@dataclass(frozen=True)
class LinearCalibration:
    """measured = intercept + slope * computed, for one property of one protocol.

    Parameters
    ----------
    residual
        Leave-one-out root mean square error, in the property's unit.
    fitted_to
        The polymers behind it, by their names in the data set `optical_calibration`.
    """

    name: str
    protocol: str
    property: str
    intercept: float
    slope: float
    residual: float
    fitted_to: tuple[str, ...] = ()

    def apply(self, value: ArrayLike) -> NDArray[np.float64]:
        """Return the calibrated value(s); the shape of `value`."""
        return self.intercept + self.slope * np.asarray(value, dtype=np.float64)


def fit_linear(
    computed: Sequence[float] | NDArray[np.float64], measured: Sequence[float] | NDArray[np.float64]
) -> tuple[float, float]:
    """Return intercept and slope of the least-squares line through (computed, measured).

    Raises
    ------
    InvalidInputError
        With fewer than three pairs, pairs that do not match, or computed values that are all alike.
    """
    x, y = np.asarray(computed, dtype=np.float64), np.asarray(measured, dtype=np.float64)
    if x.shape != y.shape or x.ndim != 1 or len(x) < 3 or not np.isfinite([x, y]).all() or np.ptp(x) == 0.0:
        raise InvalidInputError(
            f"A line needs three or more finite pairs with different computed values (shapes {x.shape}, {y.shape}).",
            where="calibration",
        )
    slope, intercept = np.polyfit(x, y, 1)
    return float(intercept), float(slope)


def leave_one_out(
    computed: Sequence[float] | NDArray[np.float64], measured: Sequence[float] | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return each computed value calibrated by the line through all the others, shape (n,).

    Raises
    ------
    InvalidInputError
        With fewer than four pairs.
    """
    x, y = np.asarray(computed, dtype=np.float64), np.asarray(measured, dtype=np.float64)
    if len(x) < 4:
        raise InvalidInputError("Leave-one-out needs four or more pairs.", where="calibration")
    out = np.empty(len(x))
    for i in range(len(x)):
        rest = np.arange(len(x)) != i
        intercept, slope = fit_linear(x[rest], y[rest])
        out[i] = intercept + slope * x[i]
    return out


@lru_cache(maxsize=1)
def optical_linear() -> dict[str, LinearCalibration]:
    """Return the calibration `optical_linear@3` of `optics/quick@3`, one line for each property.

    It was fitted to the polymers that `fitted_to` names, by `benchmarks/fit_calibration.py`. Left out one by one, their
    mean absolute error rises from 0.0092 to 0.0098 in n_D and falls from 3.6 to 3.3 in V. No protocol uses it.
    """
    data = json.loads(Path(__file__).with_name("optical_linear.json").read_text(encoding="utf-8"))
    return {row["property"]: LinearCalibration(**{**row, "fitted_to": tuple(row["fitted_to"])}) for row in data}

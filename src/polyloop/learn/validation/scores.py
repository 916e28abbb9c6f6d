"""What a prediction is worth: every score of a model on rows that it has not seen, in one place."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import spearmanr

from polyloop.core import InvalidInputError
from polyloop.learn.intervals import NORMAL_FACTOR
from polyloop.learn.standardisation import spread_of

__all__ = ["SCORES", "Scores", "calibration_error", "hit_rate", "mean_absolute_error", "score"]

Array = NDArray[np.float64]
TOP = 0.1
"""Share of the rows that counts as the top."""
_LEVELS = np.linspace(0.05, 0.95, 19)


@dataclass(frozen=True)
class Scores:
    """Scores on n rows; None where there is no such number, as without error bars or where all values are equal.

    Parameters
    ----------
    rmse, mae
        Root mean squared and mean absolute error, in the unit of the values.
    relative_rmse
        `rmse` over a spread: the standard deviation of all values unless told otherwise.
    r2
        Share of the variance about the mean of these n rows that is explained; negative where that mean does better.
    rank_correlation
        Spearman's.
    hit_rate
        Share of the truly highest tenth among the tenth that is predicted highest.
    coverage, width
        Share of the values inside the 90 % intervals, and their median width over the spread.
    calibration_error
        Mean absolute difference between the level of central intervals, 5 to 95 %, and what they cover.
    """

    n: int
    rmse: float
    relative_rmse: float | None
    r2: float | None
    mae: float
    rank_correlation: float | None
    hit_rate: float
    coverage: float | None = None
    width: float | None = None
    calibration_error: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return asdict(self)


SCORES = tuple(field.name for field in fields(Scores) if field.name != "n")
"""Names of the scores."""


def score(
    y: Array,
    mean: Array,
    *,
    std: Array | None = None,
    low: Array | None = None,
    high: Array | None = None,
    spread: float | None = None,
) -> Scores:
    """Return the scores of predictions.

    Parameters
    ----------
    y, mean
        Values and predictions, shape (n,), in one unit.
    std
        Standard deviations of new observations, shape (n,).
    low, high
        Ends of 90 % intervals, shape (n,); those of a normal distribution of `std` when left out.
    spread
        What errors and widths are divided by, such as the standard deviation of the whole table.

    Raises
    ------
    InvalidInputError
        If there are no rows, shapes differ, or a number is not finite.

    Examples
    --------
    >>> found = score(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 5.0]))
    >>> found.mae, found.r2, found.rank_correlation
    (0.25, 0.8, 1.0)
    """
    y, mean = np.asarray(y, dtype=float), np.asarray(mean, dtype=float)
    given = [column for column in (std, low, high) if column is not None]
    if y.ndim != 1 or len(y) == 0 or any(np.shape(column) != y.shape for column in (mean, *given)):
        raise InvalidInputError(f"There are {y.shape} values and predictions of shape {mean.shape}.", where="scores")
    if not all(np.isfinite(column).all() for column in (y, mean, *given)):
        raise InvalidInputError("A value or a prediction is not finite.", where="scores", hint="Leave the row out.")
    error, own = mean - y, spread_of(y)
    scale = own if spread is None else float(spread)
    rmse = float(np.sqrt(np.mean(error**2)))
    if low is None and high is None and std is not None:
        low, high = mean - NORMAL_FACTOR * std, mean + NORMAL_FACTOR * std
    has_ends = low is not None and high is not None
    return Scores(
        n=len(y),
        rmse=rmse,
        relative_rmse=rmse / scale if scale > 0 else None,
        r2=float(1.0 - np.mean(error**2) / np.mean((y - y.mean()) ** 2)) if own > 0 else None,
        mae=mean_absolute_error(y, mean),
        rank_correlation=float(spearmanr(mean, y).statistic) if own > 0 and spread_of(mean) > 0 else None,
        hit_rate=hit_rate(y, mean),
        coverage=float(np.mean((low <= y) & (y <= high))) if has_ends else None,  # type: ignore[operator]
        width=float(np.median(high - low) / scale) if has_ends and scale > 0 else None,  # type: ignore[operator]
        calibration_error=None if std is None else calibration_error(y, mean, std),
    )


def mean_absolute_error(y: Array, mean: Array) -> float:
    """Return the mean absolute difference of values and predictions, shape (n,)."""
    return float(np.mean(np.abs(mean - y)))


def hit_rate(y: Array, mean: Array, top: float = TOP) -> float:
    """Return which share of the truly highest rows is among as many that are predicted highest, at least one.

    Parameters
    ----------
    y, mean
        Values and predictions, shape (n,).
    top
        Share of the rows that is the top.
    """
    m = max(int(np.ceil(top * len(y) - 1e-9)), 1)
    picked, best = np.argsort(-mean, kind="stable")[:m], np.argsort(-y, kind="stable")[:m]
    return len(np.intersect1d(picked, best)) / m


def calibration_error(y: Array, mean: Array, std: Array) -> float:
    """Return the mean absolute difference between nominal and observed coverage of central normal intervals.

    Reference: the area between calibration curve and diagonal of Tran et al. (2020), doi:10.1088/2632-2153/ab7e1a, on
    19 levels.
    """
    tiny = float(np.finfo(float).tiny) ** 0.5 * (float(np.abs(y).max()) or 1.0)
    z = np.abs(y - mean) / np.maximum(std, tiny)
    observed = (z[:, None] <= ndtri(0.5 + _LEVELS / 2)).mean(axis=0)
    return float(np.mean(np.abs(observed - _LEVELS)))

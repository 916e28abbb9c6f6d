"""Is one model better than another, or were the splits kind to it? A test that knows that splits share rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from polyloop.core import InvalidInputError

__all__ = ["PairedTest", "paired_test"]


@dataclass(frozen=True)
class PairedTest:
    """The corrected resampled t-test of the differences of two models over J splits.

    Parameters
    ----------
    difference
        Mean of (first less second): negative where the first errs less.
    low, high
        Ends of its 95 % confidence interval.
    statistic, p_value
        t with J - 1 degrees of freedom, and how likely a difference at least so large is if there is none (two-sided).
    """

    n_splits: int
    difference: float
    low: float
    high: float
    statistic: float
    p_value: float

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return asdict(self)


def paired_test(first: ArrayLike, second: ArrayLike, n_teach: ArrayLike, n_ask: ArrayLike) -> PairedTest:
    """Compare two models by their scores on the same J splits.

    Splits of one table share most of their teaching rows, so that their scores are correlated and a plain t-test finds
    differences that are none. Here the variance of the mean is (1 / J + n_ask / n_teach) times that of the differences.

    Parameters
    ----------
    first, second
        Scores, shape (J,), J > 1.
    n_teach, n_ask
        Rows that teach and that are asked, a number or shape (J,).

    Raises
    ------
    InvalidInputError
        If there are fewer than two splits, or the two have not the same ones.

    References
    ----------
    Nadeau & Bengio (2003), doi:10.1023/A:1024068626366.

    Examples
    --------
    >>> round(paired_test([0.5, 0.6, 0.7], [0.6, 0.7, 0.9], 80, 20).p_value, 3)
    0.094
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise InvalidInputError(
            f"Scores of shapes {a.shape} and {b.shape} cannot be compared.", where="paired test",
            hint="Give both for the same splits, two or more.",
        )  # fmt: skip
    differences, splits = a - b, len(a)
    ratio = float(np.mean(np.asarray(n_ask, dtype=float) / np.asarray(n_teach, dtype=float)))
    mean = float(differences.mean())
    error = float(np.sqrt((1.0 / splits + ratio) * differences.var(ddof=1)))
    # The same difference at every split is certain, and none at all says nothing.
    certain = 0.0 if mean == 0.0 else float(np.copysign(np.inf, mean))
    statistic = mean / error if error > 0.0 else certain
    half = float(student.ppf(0.975, splits - 1)) * error
    p_value = float(2 * student.sf(abs(statistic), splits - 1))
    return PairedTest(splits, mean, mean - half, mean + half, statistic, p_value)

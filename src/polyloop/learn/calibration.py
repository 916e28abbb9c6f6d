"""Held-out calibration: does the model err as much as it says that it does?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from polyloop.core import InvalidInputError
from polyloop.learn.standardisation import spread_of
from polyloop.learn.surrogate import Array, Blocks, Prediction, Surrogate, check_blocks, check_targets, take

__all__ = ["LEVELS", "Calibration", "calibrate", "held_out", "leaves_one_out", "summarise"]

LEVELS = (0.50, 0.90, 0.95)
_EXACT = float(np.finfo(float).tiny) ** 0.5


@dataclass(frozen=True)
class Calibration:
    """Held-out errors of one surrogate, in the property's unit.

    Parameters
    ----------
    n
        Number of held-out points.
    method
        "leave-one-out" (closed form, hyper-parameters fixed) or "k-fold".
    rmse, r2
        Root mean squared error, and the share of the values' variance explained; `r2` is NaN for equal values.
    coverage_50, coverage_90, coverage_95
        Share of values inside the central interval of that level; equal to the level where calibrated.
    nlpd
        Mean negative log predictive density, in nats.
    z_std
        Standard deviation of (value - mean) / predictive std about 0: above 1 is over-confident, below 1 timid.
    """

    n: int
    method: str
    rmse: float
    r2: float
    coverage_50: float
    coverage_90: float
    coverage_95: float
    nlpd: float
    z_std: float

    def to_dict(self) -> dict[str, float | int | str]:
        """Return a JSON-ready dictionary."""
        return asdict(self)


def leaves_one_out(model: Surrogate) -> bool:
    """Tell whether a model can predict each of its training rows from the others in closed form."""
    return bool(getattr(model, "leaves_one_out", hasattr(model, "leave_one_out")))


def held_out(
    model: Surrogate,
    X: Blocks,
    y: Array,
    noise_variance: Array | None = None,
    *,
    make: Callable[[], Surrogate] | None = None,
    folds: int = 5,
    rng: np.random.Generator | None = None,
    groups: NDArray[np.intp] | None = None,
) -> tuple[Prediction, str]:
    """Predict each point by a model that has not seen it.

    A Gaussian process fitted on exactly these values gives leave-one-out in closed form; any other surrogate is
    fitted again on `folds` folds, by `make`. Points of one of the `groups` (n,), repeats, are held out together.

    Returns
    -------
    prediction, method
        In the order of y; "leave-one-out" or "k-fold".

    Raises
    ------
    InvalidInputError
        If K-fold is needed and `make` or `rng` is absent, or there are fewer than two points.
    """
    n = check_blocks(X)
    y, noise = check_targets(n, y, noise_variance)
    if n < 2:
        raise InvalidInputError(f"Held-out calibration needs at least two points; there are {n}.")
    if make is None and leaves_one_out(model):
        return model.leave_one_out(groups), "leave-one-out"  # type: ignore[attr-defined]
    if make is None or rng is None:
        raise InvalidInputError(
            "K-fold calibration fits new models.", hint="Pass make=lambda: make_surrogate(...) and rng=..."
        )
    _, of = np.unique(np.arange(n) if groups is None else groups, return_inverse=True)
    count = int(of.max()) + 1
    parts = [np.flatnonzero(np.isin(of, some)) for some in np.array_split(rng.permutation(count), min(folds, count))]
    mean, std, noise_std = np.empty(n), np.empty(n), np.empty(n)
    for part in parts:
        rest = np.setdiff1d(np.arange(n), part)
        predicted = make().fit(take(X, rest), y[rest], noise[rest]).predict(take(X, part))
        mean[part], std[part], noise_std[part] = predicted.mean, predicted.std, predicted.noise_std
    return Prediction(mean, std, noise_std), "k-fold"


def summarise(prediction: Prediction, y: Array, method: str) -> Calibration:
    """Return the calibration of held-out predictions against the values y, both of shape (n,)."""
    y = np.asarray(y, dtype=float)
    error = y - prediction.mean
    # A model that claims to be exact has an infinite density; a share of the values' own size keeps it finite.
    size = float(np.abs(np.concatenate([y, prediction.mean])).max()) or 1.0
    std = np.maximum(prediction.predictive_std, _EXACT * size)
    z = error / std
    covered = [float(np.mean(np.abs(z) <= ndtri(0.5 + level / 2))) for level in LEVELS]
    spread = spread_of(y)
    return Calibration(
        n=len(error),
        method=method,
        rmse=float(np.sqrt(np.mean(error**2))),
        r2=float(1 - np.mean((error / spread) ** 2)) if spread > 0 else float("nan"),
        coverage_50=covered[0],
        coverage_90=covered[1],
        coverage_95=covered[2],
        nlpd=float(np.mean(0.5 * z**2 + np.log(std) + 0.5 * np.log(2 * np.pi))),
        z_std=float(np.sqrt(np.mean(z**2))),
    )


def calibrate(
    model: Surrogate,
    X: Blocks,
    y: Array,
    noise_variance: Array | None = None,
    *,
    make: Callable[[], Surrogate] | None = None,
    folds: int = 5,
    rng: np.random.Generator | None = None,
    groups: NDArray[np.intp] | None = None,
) -> Calibration:
    """Return the held-out calibration of `model`; the parameters are those of `held_out`."""
    prediction, method = held_out(model, X, y, noise_variance, make=make, folds=folds, rng=rng, groups=groups)
    return summarise(prediction, np.asarray(y, dtype=float), method)

"""Held-out errors of models of curves: medians over subjects, pooled ones, and the coverage of the bands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.learn.functional.components import ComponentProcess
from polyloop.learn.functional.curves import CurveModel, CurvePrediction, check_curves
from polyloop.learn.functional.ridge import FunctionalRidge
from polyloop.learn.surrogate import Array, Blocks, take

__all__ = ["CurveErrors", "curve_errors", "held_out_curves", "study_curves"]


@dataclass(frozen=True)
class CurveErrors:
    """Errors of predicted curves, in the unit of the curves.

    `median_*` are medians over subjects of what each curve gives over its points (R2 with the curve's own mean); `rmse`
    and `r2` pool all points of all subjects; `coverage` is the share of points inside the 90 % bands.
    """

    n: int
    median_rmse: float
    median_r2: float
    median_mae: float
    rmse: float
    r2: float
    coverage: float

    def to_dict(self) -> dict[str, float | int]:
        """Return a JSON-ready dictionary."""
        return asdict(self)


def curve_errors(found: CurvePrediction, Y: Array) -> CurveErrors:
    """Return the errors of predicted curves against the true ones (n, p)."""
    errors = found.mean - Y
    squares, spread = np.mean(errors**2, axis=1), np.var(Y, axis=1)
    # A flat curve has no variance to explain.
    r2 = 1.0 - squares[spread > 0] / spread[spread > 0]
    total = float(np.mean((Y - Y.mean(axis=0)) ** 2))
    return CurveErrors(
        n=len(Y),
        median_rmse=float(np.median(np.sqrt(squares))),
        median_r2=float(np.median(r2)) if len(r2) else float("nan"),
        median_mae=float(np.median(np.mean(np.abs(errors), axis=1))),
        rmse=float(np.sqrt(squares.mean())),
        r2=1.0 - float(squares.mean()) / total if total > 0 else float("nan"),
        coverage=float(np.mean(found.covers(Y))),
    )


def held_out_curves(
    X: Blocks,
    Y: Array,
    *,
    rng: np.random.Generator,
    folds: int = 5,
    models: Mapping[str, Callable[[], CurveModel]] | None = None,
) -> dict[str, CurvePrediction]:
    """Predict each of n curves by models that have not seen it, by K folds; the folds are the same for all models.

    Parameters
    ----------
    models
        By name, what makes an unfitted model; ridge and components when left out. Each chooses its own settings inside
        the rows that teach.

    Raises
    ------
    InvalidInputError
        If there are fewer curves than twice the folds.
    """
    Y = check_curves(X, Y)
    if len(Y) < 2 * folds:
        raise InvalidInputError(f"{len(Y)} curves are too few for {folds} folds.", hint="Give more, or fewer folds.")
    compared = models or {"ridge": FunctionalRidge, "components": ComponentProcess}
    parts = np.array_split(rng.permutation(len(Y)), folds)
    found = {}
    for name, make in compared.items():
        mean, width = np.empty_like(Y), np.empty_like(Y)
        for part in parts:
            rest = np.setdiff1d(np.arange(len(Y)), part)
            predicted = make().fit(take(X, rest), Y[rest]).predict(take(X, part))
            mean[part], width[part] = predicted.mean, predicted.half_width
        found[name] = CurvePrediction(mean, width)
    return found


def study_curves(
    X: Blocks,
    Y: Array,
    *,
    rng: np.random.Generator,
    folds: int = 5,
    models: Mapping[str, Callable[[], CurveModel]] | None = None,
) -> dict[str, CurveErrors]:
    """Return the errors of `held_out_curves` by model; the parameters are the same."""
    found = held_out_curves(X, Y, rng=rng, folds=folds, models=models)
    return {name: curve_errors(one, check_curves(X, Y)) for name, one in found.items()}

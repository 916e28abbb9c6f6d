"""Nested cross-validation of kernel ridge regression over kernels and penalties, without fitting every combination."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from polyloop.core import InvalidInputError
from polyloop.learn.functional.similarity import Eigenbasis
from polyloop.learn.kernel_duals import PENALTIES
from polyloop.learn.validation.scores import Scores, score
from polyloop.learn.validation.splitter import Rows

__all__ = ["NestedKernelRidge", "inner_folds", "nested_kernel_ridge"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class NestedKernelRidge:
    """What nested cross-validation of kernel ridge regression gave, split by split.

    Parameters
    ----------
    chosen
        Kernel and penalty that were chosen inside the rows that teach.
    predictions
        Of the rows that were asked, in their order.
    scores
        Of these predictions.
    """

    chosen: tuple[tuple[str, float], ...]
    predictions: tuple[Array, ...]
    scores: tuple[Scores, ...]


def inner_folds(n: int, folds: int, rng: np.random.Generator) -> list[Rows]:
    """Return a random partition of n rows into so many folds."""
    return list(np.array_split(rng.permutation(n), folds))


def nested_kernel_ridge(
    kernels: Mapping[str, Array],
    y: Array,
    splits: Iterable[tuple[Rows, Rows]],
    *,
    folds: int = 5,
    penalties: Sequence[float] | NDArray[Any] = PENALTIES,
    rng: np.random.Generator,
) -> NestedKernelRidge:
    """Choose kernel and penalty by K folds of the rows that teach, refit, and predict the rows that are asked.

    The answer is that of a grid search with a fit for each fold, kernel and penalty. One decomposition of a kernel
    between the rows that teach serves all folds and penalties: with A = K + penalty, the errors of a fold I that is
    left out are (A^-1)_II^-1 (A^-1 y)_I.

    Parameters
    ----------
    kernels
        By name, matrices between all n rows, shape (n, n).
    y
        Values, shape (n,). There is no intercept: subtract a mean beforehand, or add a constant to the kernels.
    splits
        Pairs of rows that teach and that are asked.
    folds
        Number of inner folds, drawn by `rng` once for each split; the number of rows leaves one out.
    penalties
        Positive.

    Raises
    ------
    InvalidInputError
        If there is no kernel, split or penalty, shapes differ, or a fold would be empty.

    References
    ----------
    An, Liu & Venkatesh (2007), doi:10.1016/j.patcog.2006.12.015.
    """
    grid, y = np.asarray(penalties, dtype=float), np.asarray(y, dtype=float)
    if not kernels or not len(grid) or not (grid > 0).all():
        raise InvalidInputError("There is no kernel or no positive penalty.", where="nested kernel ridge")
    for name, matrix in kernels.items():
        if matrix.shape != (len(y), len(y)):
            raise InvalidInputError(f"It has shape {matrix.shape}; there are {len(y)} values.", where=f"kernel {name}")
    chosen, predictions, scores = [], [], []
    for teach, ask in splits:
        if not 2 <= folds <= len(teach):
            raise InvalidInputError(f"{len(teach)} rows make no {folds} folds.", where="folds", hint="Give 2 or more.")
        parts = inner_folds(len(teach), folds, rng)
        errors: dict[tuple[str, int], float] = {}
        bases: dict[str, Eigenbasis] = {}
        for name, matrix in kernels.items():
            bases[name] = Eigenbasis.of(matrix[np.ix_(teach, teach)])
            errors |= {(name, k): error for k, error in enumerate(_errors(bases[name], y[teach], parts, grid))}
        name, k = min(errors, key=lambda key: errors[key])
        duals = bases[name].solve(y[teach][:, None], float(grid[k]))[:, 0]
        predictions.append(kernels[name][np.ix_(ask, teach)] @ duals)
        chosen.append((name, float(grid[k])))
        scores.append(score(y[ask], predictions[-1]))
    if not chosen:
        raise InvalidInputError("There is no split.", where="nested kernel ridge")
    return NestedKernelRidge(tuple(chosen), tuple(predictions), tuple(scores))


def _errors(basis: Eigenbasis, y: Array, parts: Sequence[Rows], grid: Array) -> list[float]:
    """Return for each penalty the mean over folds of the mean squared error of leaving a fold out."""
    projected = basis.vectors.T @ y
    rows = [basis.vectors[part] for part in parts]
    found = []
    for penalty in grid:
        inverse = 1.0 / (basis.values + penalty)
        squares = []
        for vectors in rows:
            # Of one row a division, of more the system of the fold.
            residual = vectors @ (inverse * projected)
            block = (vectors * inverse) @ vectors.T
            left_out = residual / block[0, 0] if len(block) == 1 else cho_solve(cho_factor(block), residual)
            squares.append(float(np.mean(left_out**2)))
        found.append(float(np.mean(squares)))
    return found

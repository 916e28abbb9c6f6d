"""The interface of every surrogate model, and the blocks of descriptors that it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockKind, BlockValues

__all__ = [
    "Array",
    "Blocks",
    "Prediction",
    "Surrogate",
    "check_blocks",
    "check_targets",
    "chunks",
    "column_blocks",
    "row_count",
    "stack",
    "take",
]

Array = NDArray[np.float64]
Blocks = Mapping[str, BlockValues]
"""Blocks of descriptors by name, each with its kind."""


@dataclass(frozen=True)
class Prediction:
    """What a surrogate says about n polymers, in the property's unit.

    Parameters
    ----------
    mean
        Shape (n,).
    std
        Shape (n,). Standard deviation of the model alone: what more data there would remove.
    noise_std
        Shape (n,). Standard deviation of one further observation about the true value: what no data removes.
    """

    mean: Array
    std: Array
    noise_std: Array

    @property
    def predictive_std(self) -> Array:
        """Standard deviation of a new observation: model and noise in quadrature, shape (n,)."""
        return np.hypot(self.std, self.noise_std)


@runtime_checkable
class Surrogate(Protocol):
    """A model of one property. All values are in the property's unit; standardisation is inside.

    The caller passes physical records only: a failed or unphysical one never reaches a model.
    """

    def fit(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Self:
        """Learn from n polymers, y of shape (n,); `noise_variance` (n,) is known, NaN or 0 where it is not."""

    def predict(self, X: Blocks) -> Prediction:
        """Predict in chunks of bounded memory, for any number of rows."""

    def covariance(self, X_a: Blocks, X_b: Blocks) -> Array:
        """Return the posterior covariance of the noise-free property, shape (n_a, n_b)."""

    def joint(self, X: Blocks) -> tuple[Array, Array]:
        """Return the posterior mean (n,) and covariance (n, n) of the noise-free property."""

    def condition(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Surrogate:
        """Return a new surrogate that has also seen (X, y), its hyper-parameters unchanged."""

    def sample(self, X: Blocks, n: int, rng: np.random.Generator) -> Array:
        """Draw n functions from the posterior at X, shape (n, rows of X)."""


def row_count(X: Blocks) -> int:
    """Return the number of rows that all blocks share.

    Raises
    ------
    InvalidInputError
        If there is no block, one does not say its kind or is not two-dimensional, or their rows differ.
    """
    if not X:
        raise InvalidInputError("There are no descriptor blocks.", hint="Pass at least one block, e.g. 'forcefield'.")
    for name, block in X.items():
        if not isinstance(block, BlockValues):
            raise InvalidInputError(
                "It does not say what kind of numbers it holds.",
                where=f"block {name!r}",
                hint=f"Pass BlockValues(array, kind), kind one of {', '.join(BlockKind)}.",
            )
        if block.values.ndim != 2:
            raise InvalidInputError(f"It has shape {block.values.shape}, not (n, d).", where=f"block {name!r}")
    counts = {name: len(block) for name, block in X.items()}
    if len(set(counts.values())) != 1:
        raise InvalidInputError(f"The blocks differ in their number of rows: {counts}.")
    return next(iter(counts.values()))


def check_blocks(X: Blocks, like: Mapping[str, int] | None = None) -> int:
    """Return the number of rows of X after checking that each is finite and, if given, as wide as `like` says.

    Raises
    ------
    InvalidInputError
        If a block is absent, of another width, or holds a value that is not finite; the message names the row.
    """
    n = row_count(X)
    for name in like or X:
        if name not in X:
            raise InvalidInputError(
                f"Block {name!r} is missing.", hint=f"The model was fitted on {', '.join(like or ())}."
            )
        if like and X[name].width != like[name]:
            raise InvalidInputError(
                f"It has {X[name].width} columns; the model was fitted on {like[name]}.", where=f"block {name!r}"
            )
    for rows in chunks(n, 65_536):
        for name in like or X:
            block = X[name].values[rows]
            if block.dtype.kind == "f" and not np.isfinite(block.sum()):
                bad = np.flatnonzero(~np.isfinite(block).all(axis=1))
                if len(bad):
                    raise InvalidInputError(
                        f"Row {rows.start + bad[0]} holds a value that is not finite.",
                        where=f"block {name!r}",
                        hint="Leave out polymers whose descriptors failed.",
                    )
    return n


def column_blocks(X: Blocks) -> dict[str, BlockValues]:
    """Return the blocks whose columns mean something, all but graphs.

    Raises
    ------
    InvalidInputError
        If none is left.
    """
    left = {name: block for name, block in X.items() if block.kind is not BlockKind.GRAPH}
    if not left:
        raise InvalidInputError(
            "Graphs have no columns that this model could compare.",
            hint="Add a block of columns such as 'ecfp', or use a graph network ('gcn', 'gin').",
        )
    return left


def check_targets(n: int, y: Array, noise_variance: Array | None) -> tuple[Array, Array]:
    """Return y and the known noise variances (0 where unknown), both of shape (n,).

    Raises
    ------
    InvalidInputError
        If a shape is wrong, n is 0, or a value is not finite.
    """
    y = np.asarray(y, dtype=float)
    if y.shape != (n,) or n == 0:
        raise InvalidInputError(f"{n} polymers and values of shape {y.shape}; a model needs one value for each.")
    if not np.isfinite(y).all():
        raise InvalidInputError(
            f"Value {np.flatnonzero(~np.isfinite(y))[0]} is not finite.",
            hint="Leave out failed and unphysical records before the fit.",
        )
    if noise_variance is None:
        return y, np.zeros(n)
    noise = np.nan_to_num(np.asarray(noise_variance, dtype=float), nan=0.0)
    if noise.shape != (n,) or (noise < 0).any() or not np.isfinite(noise).all():
        raise InvalidInputError(f"Noise variances of shape {noise.shape} must be ({n},), finite and not negative.")
    return y, noise


def take(X: Blocks, rows: Any) -> dict[str, BlockValues]:
    """Return the same blocks with only `rows` (indices, mask or slice)."""
    return {name: block[rows] for name, block in X.items()}


def stack(X: Blocks, more: Blocks) -> dict[str, BlockValues]:
    """Return the rows of X followed by those of `more`, in the blocks and kinds of X."""
    return {
        name: BlockValues(np.concatenate([block.values, more[name].values]), block.kind) for name, block in X.items()
    }


def chunks(n: int, size: int) -> Iterator[slice]:
    """Yield slices that cover range(n), each of at most `size`."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))

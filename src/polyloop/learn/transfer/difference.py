"""What one laboratory or level says less what a source model says: a Gaussian process of the difference."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Self

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.learn.gp import GaussianProcess
from polyloop.learn.surrogate import Array, Blocks, Prediction, Surrogate
from polyloop.learn.transfer.affine import SOURCE_BLOCK

__all__ = ["DifferenceModel"]


class DifferenceModel:
    """y = source + difference, where any surrogate learns the difference from the structure.

    For a source of the same property: another laboratory, a cheaper protocol, a computed value beside a measured one.
    The scale of the source is taken as right, so that a handful of labels find a constant offset; where it may be
    wrong, affine transfer learns it. The std is that of the difference.

    Parameters
    ----------
    column
        Which column of the block `source_predictions` is the source of the same property, in its unit.
    make
        Makes the surrogate of the difference, unfitted.

    Examples
    --------
    >>> import numpy as np
    >>> from polyloop.core.descriptors import BlockValues
    >>> x = np.linspace(0, 1, 8)[:, None]
    >>> X = {"x": BlockValues(x, "physical"), "source_predictions": BlockValues(np.sin(9 * x), "physical")}
    >>> model = DifferenceModel().fit(X, np.sin(9 * x[:, 0]) + 0.5)
    >>> at = {"x": BlockValues([[0.4]], "physical"), "source_predictions": BlockValues([[-0.44]], "physical")}
    >>> round(float(model.predict(at).mean[0]), 2)
    0.06
    """

    def __init__(self, column: int = 0, make: Callable[[], Surrogate] = GaussianProcess) -> None:
        self.column, self._make = column, make
        self._base: Surrogate | None = None

    @property
    def base(self) -> Surrogate:
        """The fitted surrogate of the difference.

        Raises
        ------
        InvalidInputError
            Before `fit`.
        """
        if self._base is None:
            raise InvalidInputError("The model has not been fitted.", hint="Call fit(X, y) first.")
        return self._base

    def fit(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Self:
        """Learn the difference from n rows."""
        difference = np.asarray(y, dtype=float) - self._source(X)
        self._base = self._make().fit(_structure(X), difference, noise_variance)
        return self

    def predict(self, X: Blocks) -> Prediction:
        """Predict n rows."""
        inside = self.base.predict(_structure(X))
        return Prediction(inside.mean + self._source(X), inside.std, inside.noise_std)

    def covariance(self, X_a: Blocks, X_b: Blocks) -> Array:
        """Return the posterior covariance of the noise-free property, shape (n_a, n_b)."""
        return self.base.covariance(_structure(X_a), _structure(X_b))

    def joint(self, X: Blocks) -> tuple[Array, Array]:
        """Return the posterior mean (n,) and covariance (n, n) of the noise-free property."""
        mean, covariance = self.base.joint(_structure(X))
        return mean + self._source(X), covariance

    def condition(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Self:
        """Return the model that has also seen (X, y)."""
        other = copy(self)
        difference = np.asarray(y, dtype=float) - self._source(X)
        other._base = self.base.condition(_structure(X), difference, noise_variance)
        return other

    def sample(self, X: Blocks, n: int, rng: np.random.Generator) -> Array:
        """Draw n functions from the posterior at X, shape (n, rows of X)."""
        samples: Array = self.base.sample(_structure(X), n, rng) + self._source(X)
        return samples

    def _source(self, X: Blocks) -> Array:
        if SOURCE_BLOCK not in X or not 0 <= self.column < X[SOURCE_BLOCK].width:
            raise InvalidInputError(
                f"There is no column {self.column} of the block {SOURCE_BLOCK!r}.",
                hint="Add the predictions of a source of the same property.",
            )
        return np.asarray(X[SOURCE_BLOCK].values[:, self.column], dtype=float)


def _structure(X: Blocks) -> dict[str, BlockValues]:
    return {name: block for name, block in X.items() if name != SOURCE_BLOCK}

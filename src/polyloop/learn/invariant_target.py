"""A surrogate that learns a property's invariant and answers in the property: what extrapolates is the physics."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Self

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.core.invariant import Invariant
from polyloop.learn.surrogate import Array, Blocks, Prediction, Surrogate

__all__ = ["FACTOR_BLOCK", "InvariantTarget", "factor_of", "without_factors"]

FACTOR_BLOCK = "factors"


class InvariantTarget:
    """Any surrogate, of z = T(y) * factor instead of y.

    The block `factors` gives the factors and is kept from the surrogate inside. Means are T's inverse of the mean of z,
    the median of y; standard deviations go through the slope there; samples are transformed one by one.

    Parameters
    ----------
    make
        Makes the surrogate inside, unfitted.
    invariant
        The invariant of the property.

    Examples
    --------
    >>> import numpy as np
    >>> from polyloop.core.descriptors import BlockValues
    >>> from polyloop.core.invariant import Invariant
    >>> from polyloop.learn import GaussianProcess
    >>> x = np.linspace(0, 1, 9)[:, None]
    >>> blocks = {"x": BlockValues(x, "physical"), "factors": BlockValues(np.ones((9, 4)), "physical")}
    >>> model = InvariantTarget(GaussianProcess, Invariant("log", "log", {})).fit(blocks, np.exp(x[:, 0]))
    >>> more = {"x": BlockValues([[2.0]], "physical"), "factors": BlockValues(np.ones((1, 4)), "physical")}
    >>> bool(abs(model.predict(more).mean[0] - np.exp(2.0)) < 0.1)
    True
    """

    def __init__(self, make: Callable[[], Surrogate], invariant: Invariant) -> None:
        self._make, self.invariant = make, invariant
        self._base: Surrogate | None = None
        self._factors: Array | None = None

    @property
    def base(self) -> Surrogate:
        """The fitted surrogate of the invariant.

        Raises
        ------
        InvalidInputError
            Before `fit`.
        """
        if self._base is None:
            raise InvalidInputError("The model has not been fitted.", hint="Call fit(X, y) first.")
        return self._base

    def fit(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Self:
        """Learn from n polymers.

        Raises
        ------
        InvalidInputError
            If a value has no image, such as one that is not positive under a logarithm.
        """
        y = np.asarray(y, dtype=float)
        if not self.invariant.applies(y):
            raise InvalidInputError(
                f"A value has no {self.invariant.meaning}.", hint="Values must be positive; check their unit."
            )
        z, noise = self._images(X, y, noise_variance)
        self._base, self._factors = self._make().fit(without_factors(X), z, noise), factor_of(self.invariant, X)
        return self

    def predict(self, X: Blocks) -> Prediction:
        """Predict n rows in the property's unit."""
        return self._in_unit(self._said(X), X)

    def covariance(self, X_a: Blocks, X_b: Blocks) -> Array:
        """Return the posterior covariance in the property's unit, to first order, shape (n_a, n_b)."""
        scaled: Array = self._said_covariance(X_a, X_b) / np.outer(self._slope(X_a), self._slope(X_b))
        return scaled

    def joint(self, X: Blocks) -> tuple[Array, Array]:
        """Return the mean (n,) and the covariance (n, n) to first order."""
        mean, covariance = self._said_jointly(X)
        there = self.invariant.inverse(mean, factor_of(self.invariant, X))
        slope = self.invariant.slope(there, factor_of(self.invariant, X))
        return there, covariance / np.outer(slope, slope)

    def condition(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> InvariantTarget:
        """Return the model that has also seen (X, y)."""
        z, noise = self._images(X, np.asarray(y, dtype=float), noise_variance)
        other = copy(self)
        other._base = self.base.condition(without_factors(X), z, noise)
        return other

    def sample(self, X: Blocks, n: int, rng: np.random.Generator) -> Array:
        """Draw n functions at X, shape (n, rows of X)."""
        return self.invariant.inverse(self._drawn(X, n, rng), factor_of(self.invariant, X)[None, :])

    @property
    def leaves_one_out(self) -> bool:
        """Whether `leave_one_out` is there: where the surrogate inside has it."""
        return hasattr(self.base, "leave_one_out")

    def leave_one_out(self, groups: NDArray[np.intp] | None = None) -> Prediction:
        """Predict each training row from the others, as the surrogate inside does, in the property's unit.

        Raises
        ------
        InvalidInputError
            If the surrogate inside cannot.
        """
        if not self.leaves_one_out or self._factors is None:
            raise InvalidInputError("The surrogate inside cannot leave one out.", hint="Hold out folds instead.")
        held: Prediction = self.base.leave_one_out(groups)  # type: ignore[attr-defined]
        mean = self.invariant.inverse(held.mean, self._factors)
        slope = self.invariant.slope(mean, self._factors)
        return Prediction(mean, np.abs(held.std / slope), np.abs(held.noise_std / slope))

    # What is said of the invariant; a subclass may know more than the surrogate.

    def _said(self, X: Blocks) -> Prediction:
        return self.base.predict(without_factors(X))

    def _said_covariance(self, X_a: Blocks, X_b: Blocks) -> Array:
        return self.base.covariance(without_factors(X_a), without_factors(X_b))

    def _said_jointly(self, X: Blocks) -> tuple[Array, Array]:
        return self.base.joint(without_factors(X))

    def _drawn(self, X: Blocks, n: int, rng: np.random.Generator) -> Array:
        return self.base.sample(without_factors(X), n, rng)

    def _in_unit(self, said: Prediction, X: Blocks) -> Prediction:
        factor = factor_of(self.invariant, X)
        mean = self.invariant.inverse(said.mean, factor)
        slope = self.invariant.slope(mean, factor)
        return Prediction(mean, np.abs(said.std / slope), np.abs(said.noise_std / slope))

    def _images(self, X: Blocks, y: Array, noise_variance: Array | None) -> tuple[Array, Array | None]:
        factor = factor_of(self.invariant, X)
        noise = None
        if noise_variance is not None:
            noise = np.asarray(noise_variance, dtype=float) * self.invariant.slope(y, factor) ** 2
        return self.invariant.forward(y, factor), noise

    def _slope(self, X: Blocks) -> Array:
        factor = factor_of(self.invariant, X)
        return self.invariant.slope(self.invariant.inverse(self._said(X).mean, factor), factor)


def factor_of(invariant: Invariant, X: Blocks) -> Array:
    """Return the factors of an invariant at the rows of X, shape (n,).

    Raises
    ------
    InvalidInputError
        If it needs the block `factors`, and X has none.
    """
    if not invariant.powers:
        return np.full(len(next(iter(X.values()))), invariant.constant)
    if FACTOR_BLOCK not in X:
        raise InvalidInputError(
            f"The {invariant.meaning} needs the block {FACTOR_BLOCK!r}.", hint="Describe the polymers with it."
        )
    return invariant.factor(np.asarray(X[FACTOR_BLOCK].values, dtype=float))


def without_factors(X: Blocks) -> dict[str, BlockValues]:
    """Return the blocks that models compare rows by."""
    return {name: block for name, block in X.items() if name != FACTOR_BLOCK}

"""What an invariant says beyond the range of the training values, and how its word is weighed with the model's."""

from __future__ import annotations

from copy import copy
from typing import Self

import numpy as np
from scipy.special import ndtr

from polyloop.core.descriptors import BlockKind
from polyloop.core.invariant import Invariant
from polyloop.learn.covariance import HyperParameters
from polyloop.learn.gp import GaussianProcess
from polyloop.learn.invariant_target import InvariantTarget, factor_of, without_factors
from polyloop.learn.members import draw
from polyloop.learn.surrogate import Array, Blocks, Prediction

__all__ = ["SHRINKAGE", "BeyondRange", "MixedTarget", "odds_of_choice"]

SHRINKAGE = 10.0
"""Variance of an invariant that no descriptor explains, over what a linear model may explain, before any data."""

_TINY = float(np.finfo(float).tiny) ** 0.5


class BeyondRange:
    """An invariant as a hard-shrunk linear model of the physical blocks, and the share of its word in a prediction.

    Rows chosen by their value teach a flexible model a lie: among polymers whose densities are all low, what has heavy
    atoms has a low packing fraction, or it would not be among them, and the model carries that on beyond the range. An
    invariant that is nearly a constant does not lie so. This model gives a linear part a tenth of the variance that is
    left, which no data overrule; its mean says where a value is likely to lie, and with the invariant's factors how
    likely that is beyond the lowest and the highest training value. With that probability its word counts, and the
    model's with the rest: the two are a mixture, whose variance holds their disagreement.

    Where rows were not chosen by their value there is no lie, and the model knows better. Whether they were is asked of
    the training values at either end of their range: how likely would none lie beyond it, if each were drawn anew? For
    values that nobody chose that probability p is any between 0 and 1, so that -log p is exponentially distributed with
    a mean of one, whatever the distributions; for chosen ones p is tiny. The odds of that against a -log p of anything
    up to n, the number of values, weigh the word of the stubborn model.

    The ratio of 10 is one for all properties. It was found on PI1070 (docs/validation/models.md).

    Parameters
    ----------
    invariant
        One that takes factors; a transformation alone says nothing of where a value lies.
    asks
        Whether it asks if rows were chosen; otherwise they count as chosen at both ends.

    Attributes
    ----------
    chosen
        Probabilities that rows were chosen by their value at the lower and at the upper end, from `fit`.
    """

    def __init__(self, invariant: Invariant, *, asks: bool = True) -> None:
        self._invariant, self._asks = invariant, asks
        self.chosen = (1.0, 1.0)

    @staticmethod
    def applies(invariant: Invariant | None, X: Blocks) -> bool:
        """Tell whether the invariant takes factors, and there is a block of quantities for the linear model."""
        return invariant is not None and bool(invariant.powers) and bool(_quantities(X))

    def fit(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Self:
        """Learn from n values of the property, shape (n,), with known variances, and take their range."""
        rows, factor = _quantities(X), factor_of(self._invariant, X)
        z = self._invariant.forward(y, factor)
        noise = None if noise_variance is None else noise_variance * self._invariant.slope(y, factor) ** 2
        explained = 1.0 / (1.0 + SHRINKAGE)
        parameters = HyperParameters(
            (explained / len(rows),) * len(rows), (np.zeros(0),) * len(rows), SHRINKAGE * explained
        )
        self._model: GaussianProcess = GaussianProcess(dict.fromkeys(rows, ("linear",)), parameters=parameters).fit(
            rows, z, noise
        )
        self._low, self._high = float(np.min(y)), float(np.max(y))
        if self._asks:
            below, above = self._chances(X, self.predict(X))
            self.chosen = odds_of_choice(below), odds_of_choice(above)
        return self

    def predict(self, X: Blocks) -> Prediction:
        """Predict the invariant of n rows; what no descriptor explains counts as the model's uncertainty."""
        said = self._model.predict(_quantities(X))
        return Prediction(said.mean, said.predictive_std, np.zeros_like(said.std))

    def covariance(self, X_a: Blocks, X_b: Blocks) -> Array:
        """Return the covariance of what the descriptors explain, shape (n_a, n_b)."""
        return self._model.covariance(_quantities(X_a), _quantities(X_b))

    def condition(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> BeyondRange:
        """Return the model that has also seen (X, y), its range unchanged."""
        other, factor = copy(self), factor_of(self._invariant, X)
        noise = None if noise_variance is None else noise_variance * self._invariant.slope(y, factor) ** 2
        other._model = self._model.condition(_quantities(X), self._invariant.forward(y, factor), noise)
        return other

    def share(self, X: Blocks, said: Prediction) -> Array:
        """Return the weight of what it said of n rows, shape (n,).

        How likely each value lies beyond an end of the range, times how likely rows were chosen there.
        """
        below, above = self._chances(X, said)
        weight: Array = self.chosen[0] * below + self.chosen[1] * above
        return weight

    def _chances(self, X: Blocks, said: Prediction) -> tuple[Array, Array]:
        """Return how likely each value lies below the lowest and above the highest training value, shape (n,) each."""
        factor, std = factor_of(self._invariant, X), np.maximum(said.std, _TINY)
        low, high = (self._invariant.forward(np.full(len(factor), end), factor) for end in (self._low, self._high))
        return ndtr((low - said.mean) / std), ndtr((said.mean - high) / std)

    def mix(self, X: Blocks, inside: Prediction) -> tuple[Prediction, Array]:
        """Return the mixture with a model's predictions of the invariant at n rows, and this one's share in it, (n,).

        The noise is that of the model.
        """
        said = self.predict(X)
        share = self.share(X, said)
        mean = (1.0 - share) * inside.mean + share * said.mean
        within = (1.0 - share) * inside.std**2 + share * np.maximum(said.std**2 - inside.noise_std**2, 0.0)
        between = share * (1.0 - share) * (inside.mean - said.mean) ** 2
        return Prediction(mean, np.sqrt(within + between), inside.noise_std), share


class MixedTarget(InvariantTarget):
    """A surrogate of an invariant that lets the invariant's mean speak beyond the range of the training values.

    Where the invariant is a transformation alone, or no block holds quantities, it is an `InvariantTarget`. What is
    believed by `condition` does not move the range.
    """

    _beyond: BeyondRange | None = None

    def fit(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Self:
        """Learn from n polymers."""
        super().fit(X, y, noise_variance)
        if BeyondRange.applies(self.invariant, X):
            # What a campaign has picked was chosen, if not by a limit of its values.
            self._beyond = BeyondRange(self.invariant, asks=False).fit(X, np.asarray(y, dtype=float), noise_variance)
        return self

    def condition(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> MixedTarget:
        """Return the model that has also seen (X, y)."""
        other = copy(self)
        other._base = super().condition(X, y, noise_variance).base
        if self._beyond is not None:
            other._beyond = self._beyond.condition(X, np.asarray(y, dtype=float), noise_variance)
        return other

    def _said(self, X: Blocks) -> Prediction:
        inside = super()._said(X)
        return inside if self._beyond is None else self._beyond.mix(X, inside)[0]

    def _said_covariance(self, X_a: Blocks, X_b: Blocks) -> Array:
        inside = super()._said_covariance(X_a, X_b)
        if self._beyond is None:
            return inside
        a, b = (self._beyond.share(X, self._beyond.predict(X)) for X in (X_a, X_b))
        mixed: Array = np.outer(1 - a, 1 - b) * inside + np.outer(a, b) * self._beyond.covariance(X_a, X_b)
        return mixed

    def _said_jointly(self, X: Blocks) -> tuple[Array, Array]:
        if self._beyond is None:
            return super()._said_jointly(X)
        said, covariance = self._said(X), self._said_covariance(X, X)
        # What the two disagree about, and what no descriptor explains, is each row's own.
        own = np.maximum(said.std**2 - np.diag(covariance), 0.0)
        return said.mean, (covariance + covariance.T) / 2 + np.diag(own)

    def _drawn(self, X: Blocks, n: int, rng: np.random.Generator) -> Array:
        return super()._drawn(X, n, rng) if self._beyond is None else draw(*self._said_jointly(X), n, rng)


def odds_of_choice(beyond: Array) -> float:
    """Return how likely n values were chosen by their size that would lie beyond an end with these odds, shape (n,)."""
    none = np.exp(np.log1p(-np.minimum(beyond, 1.0 - _TINY)).sum())
    return float(1.0 / (1.0 + len(beyond) * none))


def _quantities(X: Blocks) -> Blocks:
    kinds = (BlockKind.PHYSICAL, BlockKind.DENSITIES)
    return {name: block for name, block in without_factors(X).items() if block.kind in kinds}

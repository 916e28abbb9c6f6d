"""A fitted surrogate of a property or of its invariant, with checked intervals and a domain, from descriptors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from polyloop.core.invariant import Invariant
from polyloop.learn.beyond_range import BeyondRange, odds_of_choice
from polyloop.learn.calibration import Calibration, held_out, summarise
from polyloop.learn.domain import DomainReport, TrainingDomain
from polyloop.learn.gp import GaussianProcess
from polyloop.learn.intervals import NORMAL_FACTOR, Interval, conformal_factor, interval_of
from polyloop.learn.invariant_target import InvariantTarget, factor_of, without_factors
from polyloop.learn.surrogate import Array, Blocks, Prediction, Surrogate

__all__ = ["TargetModel", "fit_surrogate"]

_FOLDS = 5
# Standard deviations within which an end at which rows were chosen speaks against a prediction. A model of chosen rows
# is far too sure of itself (docs/validation/models.md).
_NEAR = 3.0


class TargetModel:
    """What is known of a property from n described rows.

    Parameters
    ----------
    X, y, noise_variance
        Training rows: blocks, values in the unit of the target, shape (n,), and known variances or None.
    invariant
        What the surrogate has learnt instead of y; None for y itself.
    surrogate
        Fitted on X without `factors`, by `fit_surrogate`.
    factor
        Half width of a 90 % interval in predicted standard deviations: of `check`, or of an earlier one.
    mixed
        Whether `BeyondRange` has a word beyond the range; False leaves all to the surrogate.
    chosen
        Probabilities that the rows were chosen by their value at the lower and at the upper end: of `check`, or of an
        earlier one; predictions within three standard deviations of such an end are flagged. Where `BeyondRange` has a
        word, it asks this by itself, and they are 0.

    Attributes
    ----------
    learnt
        What the surrogate was fitted on: y or its invariant, shape (n,).
    """

    def __init__(
        self,
        X: Blocks,
        y: Array,
        noise_variance: Array | None,
        invariant: Invariant | None,
        surrogate: Surrogate,
        factor: float = NORMAL_FACTOR,
        *,
        mixed: bool = True,
        chosen: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        self.surrogate, self.factor, self.chosen = surrogate, factor, chosen
        self._X, self._y, self._invariant = X, y, invariant
        self._scale = None if invariant is None else factor_of(invariant, X)
        self.learnt, self._noise = y, noise_variance
        if invariant is not None and self._scale is not None:
            self.learnt = invariant.forward(y, self._scale)
            if noise_variance is not None:
                self._noise = noise_variance * invariant.slope(y, self._scale) ** 2
        self._domain = TrainingDomain().fit(without_factors(X), self.learnt)
        self._beyond: BeyondRange | None = None
        if mixed and invariant is not None and BeyondRange.applies(invariant, X):
            self._beyond = BeyondRange(invariant).fit(X, y, noise_variance)

    @property
    def meaning(self) -> str:
        """What is learnt: the meaning of the invariant, or "value"."""
        return "value" if self._invariant is None else self._invariant.meaning

    def check(self, make: Callable[[], Surrogate], rng: np.random.Generator) -> Calibration:
        """Set `factor` and `chosen` by rows that were left out, and return their errors in the target's unit.

        Parameters
        ----------
        make
            Makes the surrogate, unfitted, for those that cannot leave one out in closed form.
        """
        refit = None if isinstance(self.surrogate, GaussianProcess) else make
        held, method = held_out(
            self.surrogate, without_factors(self._X), self.learnt, self._noise, make=refit, folds=_FOLDS, rng=rng
        )
        self.factor = conformal_factor(self.learnt, held)
        if self._beyond is None:
            self.chosen = self._odds_of_choice(held)
        if self._invariant is None or self._scale is None:
            return summarise(held, self._y, method)
        mean = self._invariant.inverse(held.mean, self._scale)
        slope = np.abs(self._invariant.slope(mean, self._scale))
        return summarise(Prediction(mean, held.std / slope, held.noise_std / slope), self._y, method)

    def far(self, X: Blocks) -> NDArray[np.bool_]:
        """Return which of n rows lie far from the training rows, for which the block `factors` is not needed."""
        return self._domain.far(without_factors(X))

    def assess(self, X: Blocks) -> tuple[Interval, DomainReport]:
        """Return mean, std and 90 % interval in the target's unit at n rows, and what speaks against them.

        Where an invariant takes the structure into account, and as far as a value is likely to lie beyond the range of
        the training values, it is `BeyondRange` that speaks.
        """
        inside = self.surrogate.predict(without_factors(X))
        report = self._domain.assess(without_factors(X), inside)
        scale = None if self._invariant is None else factor_of(self._invariant, X)
        if self._beyond is None:
            interval = interval_of(inside, self.factor, self._invariant, scale)
            return interval, DomainReport({**report.flags, "chosen": self._near_a_chosen_end(inside)})
        widened = self.factor / NORMAL_FACTOR
        checked = Prediction(inside.mean, widened * inside.std, widened * inside.noise_std)
        interval = interval_of(self._beyond.mix(X, checked)[0], NORMAL_FACTOR, self._invariant, scale)
        mixture, share = self._beyond.mix(X, inside)
        std = interval_of(mixture, NORMAL_FACTOR, self._invariant, scale).std
        stubborn = share > 0.5
        outside = (interval.mean < self._y.min()) | (interval.mean > self._y.max())
        flags = {**report.flags, "beyond_range": outside & ~stubborn, "invariant": stubborn}
        return replace(interval, std=std), DomainReport(flags)

    def _odds_of_choice(self, held: Prediction) -> tuple[float, float]:
        """Return how likely the rows were chosen by their value, at the lower and at the upper end.

        It is asked as `BeyondRange` does: how likely would none of them lie beyond an end of their range, if each were
        drawn anew from what the others say of it?
        """
        std = np.maximum(held.predictive_std * self.factor / NORMAL_FACTOR, np.finfo(float).tiny)
        below, above = (self.learnt.min() - held.mean) / std, (held.mean - self.learnt.max()) / std
        return odds_of_choice(ndtr(below)), odds_of_choice(ndtr(above))

    def _near_a_chosen_end(self, inside: Prediction) -> NDArray[np.bool_]:
        """Return which of n predictions are near an end of the training values at which these look chosen."""
        reach = _NEAR * inside.predictive_std * self.factor / NORMAL_FACTOR
        low = (self.chosen[0] > 0.5) & (inside.mean - reach < self.learnt.min())
        high = (self.chosen[1] > 0.5) & (inside.mean + reach > self.learnt.max())
        near: NDArray[np.bool_] = low | high
        return near


def fit_surrogate(
    make: Callable[[], Surrogate], X: Blocks, y: Array, noise: Array | None, invariant: Invariant | None
) -> Surrogate:
    """Return the fitted surrogate of the values, or of their invariant; the block `factors` is kept from it."""
    if invariant is None:
        return make().fit(without_factors(X), y, noise)
    return InvariantTarget(make, invariant).fit(X, y, noise).base

"""Functional ridge regression: a kernel over subjects, the identity over the axis, one solve for all points."""

from __future__ import annotations

from typing import Self

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.learn.functional.curves import CurvePrediction, check_curves, pointwise_quantile
from polyloop.learn.functional.similarity import Eigenbasis, Similarity
from polyloop.learn.surrogate import Array, Blocks

__all__ = ["PENALTIES", "FunctionalRidge"]

PENALTIES = np.logspace(-3, 1, 17)


class FunctionalRidge:
    """Curve = mean curve + sum over training rows of k(x, x_i) a_i, with coefficients a_i that are curves.

    The penalty has the least leave-one-out error over the training rows, in closed form; the band is the quantile of
    the same errors at each point, as wide for every subject.

    References
    ----------
    Functional output regression: Iwayama, Wu, Liu & Yoshida (2022), doi:10.1021/acs.jcim.2c00626.

    Examples
    --------
    >>> from polyloop.core.descriptors import BlockValues
    >>> x, t = np.linspace(0, 1, 30)[:, None], np.linspace(0, 1, 50)
    >>> curves = np.exp(-(((t - x) / 0.3) ** 2))
    >>> model = FunctionalRidge().fit({"x": BlockValues(x, "physical")}, curves)
    >>> found = model.predict({"x": BlockValues([[0.51]], "physical")})
    >>> bool(np.abs(found.mean - np.exp(-(((t - 0.51) / 0.3) ** 2))).max() < 0.02)
    True
    """

    def __init__(self) -> None:
        self._similarity: Similarity | None = None

    def fit(self, X: Blocks, Y: Array) -> Self:
        """Learn from n subjects and their curves (n, p)."""
        Y = check_curves(X, Y)
        self._similarity = Similarity.of(X)
        self._mean = Y.mean(axis=0)
        basis, centred = Eigenbasis.of(self._similarity.to(X)), Y - self._mean
        errors = [np.mean(basis.left_out(centred, penalty) ** 2) for penalty in PENALTIES]
        self.penalty = float(PENALTIES[int(np.argmin(errors))])
        self._coefficients = basis.solve(centred, self.penalty)
        self._half_width = pointwise_quantile(basis.left_out(centred, self.penalty))
        return self

    def predict(self, X: Blocks) -> CurvePrediction:
        """Predict the curves of n subjects."""
        if self._similarity is None:
            raise InvalidInputError("The model has not been fitted.", hint="Call fit(X, Y) first.")
        mean = self._mean + self._similarity.to(X) @ self._coefficients
        return CurvePrediction(mean, np.broadcast_to(self._half_width, mean.shape))

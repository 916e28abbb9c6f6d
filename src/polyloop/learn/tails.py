"""How heavy the tails of a model's errors are: the degrees of freedom of Student's t that its held-out errors show."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from polyloop.learn.surrogate import Array

__all__ = ["MOST_DEGREES_OF_FREEDOM", "degrees_of_freedom"]

# Below 2 there is no variance to hold fixed; from 50 on Student's t is as good as normal, which is cheaper.
_FEWEST, MOST_DEGREES_OF_FREEDOM = 2.1, 50.0
# Gamma prior of shape 2 and rate 0.1, doi:10.1198/jbes.2009.07145: mode 10, so that few errors look almost normal.
_SHAPE, _RATE = 2.0, 0.1


def degrees_of_freedom(z: Array) -> float:
    """Return the degrees of freedom of standardised errors z (n,), infinite where they are as good as normal.

    Student's t is held to a variance of 1, so that only the shape is judged, and not the calibration: of a model whose
    intervals are right on average, yet which is wrong by five standard deviations once in a hundred polymers. The
    estimate is the mode of the likelihood times a weak prior.
    """

    def loss(log_excess: float) -> float:
        nu = 2.0 + np.exp(log_excess)
        density = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(np.pi * (nu - 2))
        likelihood = len(z) * density - 0.5 * (nu + 1) * np.log1p(z * z / (nu - 2)).sum()
        return -float(likelihood + (_SHAPE - 1) * np.log(nu) - _RATE * nu)

    # On a logarithmic scale, where the likelihood is about equally curved.
    bounds = (np.log(_FEWEST - 2.0), np.log(2 * MOST_DEGREES_OF_FREEDOM))
    found = 2.0 + float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-4}).x))
    return found if found < MOST_DEGREES_OF_FREEDOM else float("inf")

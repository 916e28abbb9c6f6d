"""The peer's method as published, written anew: one GP per objective, EHVI candidate by candidate, top 10 at once.

It exists for paired comparisons in one run. What is reproduced: scikit-learn's constant x isotropic RBF + white kernel
on the raw descriptor, standardised values, predictive deviations that hold the observation noise, a reference point
of -5 standardised units, and no conditioning between the picks of a batch.
"""

from __future__ import annotations

import warnings

import numpy as np
from scipy import stats
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

REFERENCE = np.array([-5.0, -5.0])


def predict(X_train, y_train, X_pool):
    """Return mean and deviation (with noise) at the pool, both of shape (n,)."""
    model = GaussianProcessRegressor(ConstantKernel() * RBF() + WhiteKernel(), alpha=0, normalize_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X_train, y_train)
    return model.predict(X_pool, return_std=True)


def ehvi_of_one(mean, std, front, reference):
    """Return the EHVI of one candidate by a plain loop over the strips of the front, ascending in the first value."""
    total = 0.0
    left = reference[0]
    for i in range(len(front) + 1):
        right = front[i][0] if i < len(front) else np.inf
        floor = front[i][1] if i < len(front) else reference[1]
        width = _excess(mean[0], std[0], left) - (_excess(mean[0], std[0], right) if i < len(front) else 0.0)
        total += width * _excess(mean[1], std[1], floor)
        left = right
    return total


def _excess(mean, std, edge):
    t = (mean - edge) / std
    return std * stats.norm.pdf(t) + (mean - edge) * stats.norm.cdf(t)


def ehvi_by_loop(mean, std, front, reference):
    """Return the EHVI of each candidate, one call after another, shape (n,)."""
    return np.array([ehvi_of_one(m, s, front, reference) for m, s in zip(mean, std, strict=True)])

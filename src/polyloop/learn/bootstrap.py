"""Bootstrap samples of training rows, and the noise that errors on the rows left out of them show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.learn.surrogate import Array

__all__ = ["bootstrap_counts", "check_members", "out_of_bag_noise", "residual_noise"]


def check_members(n_members: int) -> int:
    """Return the number of members of an ensemble.

    Raises
    ------
    InvalidInputError
        If it is less than two.
    """
    if n_members < 2:
        raise InvalidInputError(f"An ensemble of {n_members} has no spread.", hint="Use at least 2 members.")
    return n_members


def bootstrap_counts(n: int, n_members: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return how often each of n rows stands in each bootstrap sample, shape (n_members, n)."""
    drawn = rng.integers(n, size=(n_members, n))
    return np.stack([np.bincount(rows, minlength=n) for rows in drawn]).astype(np.int64)


def out_of_bag_noise(members: Array, inside: NDArray[np.bool_], y: Array, known: Array) -> float:
    """Return the noise variance that the members' errors show on rows that they have not seen.

    Parameters
    ----------
    members
        Each member's prediction of the training rows, shape (n, n_members).
    inside
        Whether a row stands in a member's sample, shape (n, n_members).
    y, known
        Values and known noise variances, shape (n,).
    """
    left = np.where(inside, np.nan, members)
    # A row needs two members that never saw it; with one or two training rows there may be none.
    usable = (~inside).sum(axis=1) >= 2
    if not usable.any():
        return float(known.mean())
    left = left[usable]
    return residual_noise(np.nanmean(left, axis=1) - y[usable], np.nanvar(left, axis=1, ddof=1), known)


def residual_noise(errors: Array, variances: Array, known: Array) -> float:
    """Return the noise variance that held-out errors show beyond the model's own variance, at least 0.

    Parameters
    ----------
    errors, variances
        Held-out errors and the model's variances there, shape (n,).
    known
        Known noise variances, shape (n,); the result is not below their mean.
    """
    excess = float(np.mean(errors**2) - np.mean(variances))
    return max(excess, float(known.mean()), 0.0)

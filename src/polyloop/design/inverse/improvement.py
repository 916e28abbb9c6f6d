"""The likelihood that a campaign's inverse design goes by: the probability of beating what was observed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, logsumexp

from polyloop.design.inverse.likelihood import log_probability_in_range
from polyloop.design.objectives import Objective, utilities
from polyloop.design.pareto import non_dominated

__all__ = ["log_improvement"]

Array = NDArray[Any]


def log_improvement(mean: Array, std: Array, observed: Array, objectives: Sequence[Objective]) -> Array:
    """Return the logarithm of the probability of beating a random member of the observed front, shape (n,).

    In objectives with a direction a candidate beats a member that it exceeds in all of them; one with a range counts by
    the probability of lying in it. Of a single objective it is the probability of improvement (Kushner 1964,
    doi:10.1115/1.3653121); errors of objectives are taken as independent.

    Parameters
    ----------
    mean, std
        Predictions, shape (n, m), in the properties' units; std not negative.
    observed
        Values, shape (k, m), k at least 1.
    """
    std = np.maximum(std, 1e-12)
    directed = [column for column, one in enumerate(objectives) if one.direction != "range"]
    found = np.zeros(len(mean))
    for column, one in enumerate(objectives):
        if one.direction == "range":
            low, high = one.ends
            found = found + log_probability_in_range(mean[:, column], std[:, column], low, high)
    if not directed or not len(observed):
        return found
    chosen = [objectives[column] for column in directed]
    front = observed[:, directed][non_dominated(utilities(observed[:, directed], chosen))]
    signs = np.array([1.0 if one.direction == "maximize" else -1.0 for one in chosen])
    distance = signs * (mean[:, None, directed] - front[None]) / std[:, None, directed]
    beats = log_ndtr(distance).sum(axis=2)
    return np.asarray(found + logsumexp(beats, axis=1) - np.log(len(front)))

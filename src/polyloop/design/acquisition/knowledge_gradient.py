"""Knowledge gradient over a finite pool: what one more observation, new or repeated, is worth to the final choice."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from polyloop.design.objectives import Array

__all__ = ["expected_maximum_gain", "moves"]


def moves(covariance: Array, noise_variance: Array, times: Array) -> Array:
    """Return by how much one observation of row j moves the posterior mean of row i, per standard deviate, (k, k).

    An observation of a row that was asked r times can reveal no more than what noise hides, noise variance / r,
    whatever the model leaves open there because it does not fit.

    Parameters
    ----------
    covariance
        Posterior covariance of the noise-free property, shape (k, k).
    noise_variance
        Of one observation of each row, shape (k,).
    times
        How often each row was observed, shape (k,).
    """
    variance = np.maximum(np.diag(covariance), 0.0)
    hidden = np.where(times > 0, np.minimum(variance, noise_variance / np.maximum(times, 1.0)), variance)
    # The share of a row's variance that an observation can remove, of its covariance with every row alike.
    share = np.divide(hidden, variance, out=np.zeros_like(variance), where=variance > 0)
    total = hidden + noise_variance
    moved: Array = np.divide(covariance * share, np.sqrt(total), out=np.zeros_like(covariance), where=total > 0)
    return moved


def expected_maximum_gain(mean: Array, slope: Array) -> float:
    """Return E[max_i (mean_i + slope_i z)] - max_i mean_i for one standard normal z, exactly.

    Parameters
    ----------
    mean, slope
        Shape (k,).

    References
    ----------
    Frazier, Powell & Dayanik (2009), doi:10.1287/ijoc.1080.0314, algorithm 1.
    """
    order = np.lexsort((mean, slope))
    last = np.append(np.diff(slope[order]) > 0, True)  # of parallel lines only the highest counts
    a, b = mean[order][last], slope[order][last]
    kept, edges = [0], [-np.inf]  # lines of the upper envelope, and where each begins
    for i in range(1, len(a)):
        while True:
            previous = kept[-1]
            edge = (a[previous] - a[i]) / (b[i] - b[previous])
            if edge > edges[-1]:
                break
            kept.pop()
            edges.pop()
        kept.append(i)
        edges.append(float(edge))
    if len(kept) == 1:
        return 0.0
    z = -np.abs(np.array(edges[1:]))
    steps = np.diff(b[kept])
    return float(steps @ (np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi) + z * ndtr(z)))

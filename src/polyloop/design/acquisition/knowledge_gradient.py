"""Knowledge gradient over a finite pool: what one more observation, new or repeated, is worth to the final choice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from polyloop.design.objectives import Array

__all__ = ["expected_maximum_gain", "knowledge_gradient", "moves"]


def moves(covariance: Array, noise_variance: Array) -> Array:
    """Return by how much one observation of row j moves the posterior mean of row i, per standard deviate, (k, k).

    Parameters
    ----------
    covariance
        Posterior covariance of the noise-free property, shape (k, k).
    noise_variance
        Of the observation of each row, shape (k,).
    """
    total = np.maximum(np.diag(covariance), 0.0) + noise_variance
    result: Array = np.divide(covariance, np.sqrt(total), out=np.zeros_like(covariance), where=total > 0)
    return result


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


def knowledge_gradient(
    mean: Array, covariance: Array, noise_variance: Array, questions: NDArray[np.intp] | None = None
) -> Array:
    """Return the expected gain of the best posterior mean by one observation of each question, shape (questions,).

    The incumbent is the best posterior mean, not the best noisy value, so a lucky observation hides nothing. A row that
    was observed already is a question like any other: it is worth asking again where its noise still hides what is
    best, and is worth nothing where it has no variance left.

    Parameters
    ----------
    mean
        Posterior means of a utility to maximize, shape (k,).
    covariance
        Shape (k, k).
    noise_variance
        Of one more observation of each row, shape (k,).
    questions
        Rows to score; None for all.
    """
    moved = moves(covariance, noise_variance)
    rows = np.arange(len(mean)) if questions is None else questions
    return np.array([expected_maximum_gain(mean, moved[:, row]) for row in rows])

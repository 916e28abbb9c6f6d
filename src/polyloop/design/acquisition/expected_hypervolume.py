"""Expected hypervolume improvement of independent normal predictions, in closed form over any front."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from polyloop.design.objectives import Array
from polyloop.design.pareto import non_dominated

__all__ = ["Cells", "expected_excess", "expected_excess_in_range", "expected_hypervolume_improvement", "free_cells"]

_INVERSE_ROOT_TWO_PI = 1.0 / np.sqrt(2.0 * np.pi)
# Candidates x edges per pass: 1 MB an array stays in the second-level cache.
_PASS = 131_072


class Cells:
    """Disjoint boxes [lower, upper) that fill the space above the reference point that a front leaves free.

    Parameters
    ----------
    lower, upper
        Shape (c, m); upper ends may be infinite.
    """

    def __init__(self, lower: Array, upper: Array) -> None:
        self.lower, self.upper = lower, upper
        # Many cells share an edge; each distinct edge is evaluated once per candidate.
        self.edges: list[Array] = []
        self.low_index: list[NDArray[np.intp]] = []
        self.high_index: list[NDArray[np.intp]] = []
        for j in range(lower.shape[1]):
            edges, inverse = np.unique(np.concatenate([lower[:, j], upper[:, j]]), return_inverse=True)
            self.edges.append(edges)
            self.low_index.append(inverse[: len(lower)])
            self.high_index.append(inverse[len(lower) :])


def free_cells(front: Array, reference: Array) -> Cells:
    """Return the boxes above `reference` (m,) that no row of `front` (n, m), maximized, dominates.

    For two objectives the n + 1 strips of the staircase; for more, BoTorch's exact box decomposition.
    """
    inside = front[np.isfinite(front).all(axis=1)]
    inside = inside[(inside > reference).all(axis=1)]
    points = np.unique(inside[non_dominated(inside)], axis=0) if len(inside) else inside
    m = len(reference)
    if len(points) == 0:
        return Cells(reference[None, :].copy(), np.full((1, m), np.inf))
    if m == 1:
        return Cells(points[-1:].copy(), np.full((1, 1), np.inf))
    if m == 2:
        # Ascending in the first objective: strip i lies between points i - 1 and i, above point i.
        left = np.concatenate([[reference[0]], points[:, 0]])
        right = np.concatenate([points[:, 0], [np.inf]])
        floor = np.concatenate([points[:, 1], [reference[1]]])
        return Cells(np.column_stack([left, floor]), np.column_stack([right, np.full(len(left), np.inf)]))
    return _boxes(points, reference)


def _boxes(points: Array, reference: Array) -> Cells:
    import torch
    from botorch.utils.multi_objective.box_decompositions.non_dominated import FastNondominatedPartitioning

    # In units of the front's own box: the decomposition compares with absolute tolerances.
    scale = points.max(axis=0) - reference
    partition = FastNondominatedPartitioning(
        ref_point=torch.zeros(len(reference), dtype=torch.double), Y=torch.from_numpy((points - reference) / scale)
    )
    lower, upper = partition.get_hypercell_bounds().numpy()
    # BoTorch writes 1e10 for infinity.
    upper = np.where(upper >= 1e9, np.inf, upper * scale + reference)
    return Cells(lower * scale + reference, upper)


def expected_excess(mean: Array, std: Array, edges: Array) -> Array:
    """Return E[max(y - edge, 0)] for y normal, shape (n, len(edges)); infinite edges give 0.

    Parameters
    ----------
    mean, std
        Shape (n,). `std` may be 0.
    edges
        Shape (k,).
    """
    finite = np.where(np.isfinite(edges), edges, 0.0)
    safe = np.where(std > 0, std, 1.0)
    u = mean[:, None] - finite[None, :]
    u /= safe[:, None]
    tail = ndtr(u)
    tail *= u
    u *= u
    u *= -0.5
    np.exp(u, out=u)
    u *= _INVERSE_ROOT_TWO_PI
    u += tail
    u *= safe[:, None]
    exact = std <= 0
    if exact.any():
        u[exact] = np.maximum(mean[exact, None] - finite[None, :], 0.0)
    # Rounding in the far tail can leave a tiny negative number where the truth is a tiny positive one.
    np.maximum(u, 0.0, out=u)
    u[:, ~np.isfinite(edges)] = 0.0
    return u


def expected_excess_in_range(mean: Array, std: Array, edges: Array, low: float, high: float) -> Array:
    """Return E[max(u - edge, 0)] of the utility u = -(distance of y to [low, high]), y normal, shape (n, len(edges)).

    As a function of y the excess is a trapezoid: it rises from low + edge to low, stays, and falls to high - edge. So
    it is a sum of four expected excesses of y itself.

    Parameters
    ----------
    mean, std
        Of y, shape (n,). `std` may be 0.
    edges
        Shape (k,); where one is not negative nothing exceeds it.
    low, high
        Ends of the range; one of them may be infinite.
    """
    result = np.zeros((len(mean), len(edges)))
    reachable = np.flatnonzero(edges < 0)
    # From the nearer side, where the four terms do not cancel: what lies above the range is mirrored.
    middle = -np.inf if np.isinf(low) else np.inf if np.isinf(high) else (low + high) / 2
    above = mean > middle
    for rows, sign, near, far in ((~above, 1.0, low, high), (above, -1.0, -high, -low)):
        places = np.flatnonzero(rows)
        if not len(places):
            continue
        parts = [(1.0, near + edges[reachable]), (-1.0, np.array([near])), (-1.0, np.array([far])),
                 (1.0, far - edges[reachable])]  # fmt: skip
        total = sum(factor * expected_excess(sign * mean[places], std[places], at) for factor, at in parts)
        result[np.ix_(places, reachable)] = np.maximum(total, 0.0)
    return result


def expected_hypervolume_improvement(
    mean: Array, std: Array, cells: Cells, ranges: Mapping[int, tuple[float, float]] | None = None
) -> Array:
    """Return the exact expected hypervolume improvement of n candidates, shape (n,).

    The improvement is the volume of the free space that a point dominates. Its expectation over independent normals
    is a sum over free cells of products of one-dimensional integrals of P(y > z), each a difference of two expected
    excesses (expected improvements over the cell's edges).

    Parameters
    ----------
    mean, std
        Utilities, all maximized, shape (n, m); in the columns of `ranges` the property itself.
    cells
        From `free_cells`.
    ranges
        Ends of the range, by the column whose utility is -(distance to it).

    References
    ----------
    Emmerich, Deutz & Klinkenberg (2011), doi:10.1109/CEC.2011.5949880; cells: Daulton, Balandat & Bakshy (2020),
    arXiv:2006.05078.
    """
    n, m = mean.shape
    result = np.empty(n)
    size = max(16, _PASS // max(1, max(len(e) for e in cells.edges)))
    for start in range(0, n, size):
        rows = slice(start, start + size)
        volume: Array | None = None
        for j in range(m):
            if ranges and j in ranges:
                excess = expected_excess_in_range(mean[rows, j], std[rows, j], cells.edges[j], *ranges[j])
            else:
                excess = expected_excess(mean[rows, j], std[rows, j], cells.edges[j])
            low, high = cells.low_index[j], cells.high_index[j]
            # Take, not subtract, where every upper end is infinite, as in the second of two objectives.
            bounded = np.isfinite(cells.upper[:, j]).any()
            integral = excess[:, low] - excess[:, high] if bounded else excess[:, low]
            volume = integral if volume is None else volume * integral
        result[rows] = 0.0 if volume is None else volume.sum(axis=1)
    return np.maximum(result, 0.0)

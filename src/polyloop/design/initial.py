"""The first batch, before there is any model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.core.names import did_you_mean
from polyloop.learn import Blocks
from polyloop.learn.kernels import PhysicalGeometry, squared_distances
from polyloop.learn.surrogate import Array, check_blocks, chunks, column_blocks

__all__ = ["INITIAL_DESIGNS", "initial_design"]

INITIAL_DESIGNS = ("diverse", "random")
_SCALE_ROWS = 2000  # rows from which a block's scale is taken


def initial_design(
    X_pool: Blocks,
    n: int,
    method: str = "diverse",
    *,
    rng: np.random.Generator,
    exclude: NDArray[np.bool_] | None = None,
) -> NDArray[np.intp]:
    """Pick n different rows of the pool to start with; all that there are, if the pool holds fewer.

    "diverse" is greedy k-means++: rows are drawn with probability proportional to their squared distance from those
    picked, and of a few draws the one is kept that leaves the pool nearest to its picks. Unlike farthest-first it does
    not collect the pool's outliers. The squared distance averages the blocks: standardised Euclidean on physical ones,
    1 - MinMax on occurrences such as fingerprints.

    Raises
    ------
    ConfigurationError
        If there is no such method.
    InvalidInputError
        If n is not positive or the mask does not fit.

    References
    ----------
    Arthur & Vassilvitskii (2007), ISBN 978-0-898716-24-5.
    """
    if method not in INITIAL_DESIGNS:
        hint = did_you_mean(method, INITIAL_DESIGNS)
        raise ConfigurationError(f"There is no initial design {method!r}.", where="initial.method", hint=hint)
    size = check_blocks(X_pool)
    if n < 1:
        raise InvalidInputError(f"An initial design of {n} is empty.", where="initial.size", hint="Use at least 1.")
    if exclude is not None and (exclude.shape != (size,) or exclude.dtype != bool):
        raise InvalidInputError(f"It must be a mask of {size} booleans.", where="exclude")
    allowed = np.arange(size, dtype=np.intp) if exclude is None else np.flatnonzero(~exclude)
    n = min(n, len(allowed))
    if method == "random" or n == len(allowed):
        return rng.permutation(allowed)[:n]
    return _diverse(_Distances(X_pool, rng), allowed, n, rng)


def _diverse(distances: _Distances, allowed: NDArray[np.intp], n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    picks = [int(rng.choice(allowed))]
    nearest = distances.to(picks[0])[allowed]
    trials = 2 + int(np.log(n))
    while len(picks) < n:
        open_ = ~np.isin(allowed, picks)
        weights = np.where(open_, nearest, 0.0)
        if weights.sum() <= 0:
            # Only copies of what is picked are left; any of them is as good.
            weights = open_.astype(float)
        draws = rng.choice(len(allowed), size=min(trials, int((weights > 0).sum())), replace=False,
                           p=weights / weights.sum())  # fmt: skip
        best: tuple[float, int, Array] | None = None
        for draw in draws:
            after = np.minimum(nearest, distances.to(int(allowed[draw]))[allowed])
            if best is None or after.sum() < best[0]:
                best = (float(after.sum()), int(draw), after)
        if best is None:
            break
        picks.append(int(allowed[best[1]]))
        nearest = best[2]
    return np.array(picks, dtype=np.intp)


class _Distances:
    """Squared distances of all rows to one, averaged over blocks, each in units of its own typical size."""

    def __init__(self, X: Blocks, rng: np.random.Generator) -> None:
        X = column_blocks(X)
        n = len(next(iter(X.values())))
        some = np.sort(rng.choice(n, min(n, _SCALE_ROWS), replace=False))
        self._n = n
        self._counts = {name: block.values for name, block in X.items() if block.kind.is_occurrence}
        self._totals = {name: block.sum(axis=1, dtype=float) for name, block in self._counts.items()}
        self._physical = {name: block.values for name, block in X.items() if name not in self._counts}
        self._geometries = {name: PhysicalGeometry.fit(X[name][some]) for name in self._physical}

    def to(self, row: int) -> Array:
        """Return the squared distance of every row to `row`, shape (n,)."""
        total = np.zeros(self._n)
        for name, block in self._physical.items():
            geometry = self._geometries[name]
            target = geometry.encode(block[row : row + 1])
            square = np.einsum("ij,ij->i", target, target)
            for rows in chunks(self._n, 16_384):
                z = geometry.encode(block[rows])
                squared = squared_distances(z @ target.T, np.einsum("ij,ij->i", z, z), square)
                total[rows] += squared[:, 0] / geometry.median_square
        for name, block in self._counts.items():
            columns = np.flatnonzero(block[row])
            smaller = np.minimum(block[:, columns], block[row, columns]).sum(axis=1, dtype=float)
            larger = self._totals[name] + self._totals[name][row] - smaller
            total += 1.0 - np.divide(smaller, larger, out=np.ones(self._n), where=larger > 0)
        total[row] = 0.0
        return total / (len(self._physical) + len(self._counts))

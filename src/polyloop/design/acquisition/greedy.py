"""Greedy batches: each pick is believed at its predicted value before the next is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.design.acquisition.feasibility import Weights
from polyloop.design.acquisition.scores import Hypervolume, Score, Uncertainty
from polyloop.design.objectives import Array
from polyloop.learn import Blocks, Surrogate
from polyloop.learn.surrogate import take

__all__ = ["Believer", "greedy_batch"]

Indices = NDArray[np.intp]
# Rows that follow every pick where a score may rise: their covariance with each pick costs what their prediction does.
_OPEN = 1024


@dataclass(frozen=True)
class Believer:
    """Predictions over a pool, and what they become when some of its rows are believed at their means.

    All is in units of each objective's spread: products over objectives then neither vanish nor overflow, and picks do
    not depend on the properties' units.

    Means stay; variances shrink by the models' posterior covariance with the believed rows. Only rows that are asked
    for are updated, so nothing of the size (pool x training rows) is ever stored.

    Parameters
    ----------
    mean, std, noise_std
        Shape (n, m): utilities, all maximized (of a range the property itself), and standard deviations.
    unit
        Spread of each objective in its property's unit, in which the models answer, shape (m,).
    """

    models: Sequence[Surrogate]
    X: Blocks
    mean: Array
    std: Array
    noise_std: Array
    unit: Array

    def covariance(self, j: int, X_a: Blocks, X_b: Blocks) -> Array:
        """Return the posterior covariance of objective j, shape (n_a, n_b)."""
        covariance: Array = self.models[j].covariance(X_a, X_b) / self.unit[j] / self.unit[j]
        return covariance


class _Open:
    """Rows whose covariance with every pick is known, so that their standard deviations follow each pick at once."""

    def __init__(self, believer: Believer) -> None:
        self._believer = believer
        self.rows: Indices = np.zeros(0, dtype=np.intp)
        self._picks: list[int] = []  # places in `rows`
        self._cross = [np.zeros((0, 0)) for _ in believer.models]

    def add(self, rows: Indices) -> None:
        """Open further rows."""
        X, X_picks = take(self._believer.X, rows), take(self._believer.X, self.rows[self._picks])
        for j, known in enumerate(self._cross):
            new = self._believer.covariance(j, X, X_picks) if self._picks else np.zeros((len(rows), 0))
            self._cross[j] = np.vstack([known, new])
        self.rows = np.concatenate([self.rows, rows])

    def believe(self, row: int) -> None:
        """Take an open row for observed."""
        place = int(np.flatnonzero(self.rows == row)[0])
        X, X_pick = take(self._believer.X, self.rows), take(self._believer.X, [row])
        for j, known in enumerate(self._cross):
            self._cross[j] = np.hstack([known, self._believer.covariance(j, X, X_pick)])
        self._picks.append(place)

    def std(self) -> Array:
        """Return the standard deviations of the open rows given the picks, shape (rows, m)."""
        std, noise = self._believer.std[self.rows], self._believer.noise_std[self.rows]
        for j, cross in enumerate(self._cross):
            if not self._picks:
                continue
            among = cross[self._picks].copy()
            # The variance that `predict` gave may hold a floor that the covariance does not.
            diagonal = std[self._picks, j] ** 2 + noise[self._picks, j] ** 2
            # A model that is certain of a pick explains nothing by it.
            among[np.diag_indices(len(among))] = np.where(diagonal > 0, diagonal * (1 + 1e-9), 1.0)
            explained = np.einsum("ij,ji->i", cross, np.linalg.solve(among, cross.T))
            std[:, j] = np.sqrt(np.maximum(std[:, j] ** 2 - explained, 0.0))
        return std


def greedy_batch(
    score: Score,
    believer: Believer,
    allowed: Indices,
    batch: int,
    block: int = 128,
    progress: Callable[[int, int], None] = lambda done, total: None,
    weights: Weights | None = None,
) -> tuple[Indices, Array]:
    """Pick `batch` rows one after another, each the best once those before it are believed.

    Exact over the whole pool, yet lazy: where a score can only fall when a pick is believed (see `Score`), each old
    score bounds the new one, and rows are opened from the top and scored again only until the best new score beats
    every bound left. Where scores may rise, it is exact over the `_OPEN` rows of the highest first scores. Where
    nothing can improve any more (scores of exactly 0), the rest of the batch goes to the largest uncertainty.

    Parameters
    ----------
    allowed
        Rows that may be picked, ascending.
    block
        Rows opened to be scored again after each pick, at first; doubled where they do not suffice.
    progress
        Called before each pick with the number of picks made and that of the batch.
    weights
        Positive factors of the rows' scores, which must not be negative, and the budget of the batch. Factors do not
        change when a pick is believed, so that what only falls still does.

    Returns
    -------
    picks, scores
        At most `batch`, in the order of picking; each score is that at its picking.

    References
    ----------
    Kriging believer: Ginsbourger, Le Riche & Carraro (2010), doi:10.1007/978-3-642-10701-6_6. Lazy greedy: Minoux
    (1978), doi:10.1007/BFb0006528.
    """
    factor = np.ones(len(believer.mean)) if weights is None else weights.factor
    bounds = score(believer.mean[allowed], believer.std[allowed]) * factor[allowed]
    if not score.only_falls:
        top = np.sort(np.argsort(-bounds, kind="stable")[: max(_OPEN, batch)])
        allowed, bounds, block = allowed[top], bounds[top], len(top)
    open_ = _Open(believer)
    picks: list[int] = []
    scores: list[float] = []
    last_resort, spent = False, 0.0
    while len(picks) < min(batch, len(allowed)):
        if weights is not None:
            bounds[~weights.affordable(allowed, spent)] = -np.inf
            if np.isneginf(bounds).all():
                break
        progress(len(picks), batch)
        position, value = _best(score, believer, allowed, bounds, open_, block, factor)
        if value <= 0.0 and not last_resort and isinstance(score, Hypervolume):
            last_resort, score = True, Uncertainty()
            taken = np.isneginf(bounds)
            bounds = score(believer.mean[allowed], believer.std[allowed]) * factor[allowed]
            bounds[taken] = -np.inf
            continue
        row = int(allowed[position])
        picks.append(row)
        scores.append(0.0 if last_resort else value)
        spent += 0.0 if weights is None else weights.cost(row)
        score = score.believing(believer.mean[row])
        bounds[position] = -np.inf
        open_.believe(row)
    return np.array(picks, dtype=np.intp), np.array(scores)


def _best(
    score: Score, believer: Believer, allowed: Indices, bounds: Array, open_: _Open, block: int, factor: Array
) -> tuple[int, float]:
    """Return the position in `allowed` of the best score given the picks, and the score; opens rows until sure."""
    while True:
        if len(open_.rows):
            places = np.searchsorted(allowed, open_.rows)
            free = ~np.isneginf(bounds[places])
            fresh = score(believer.mean[open_.rows], open_.std()) * factor[open_.rows]
            fresh = np.where(free, fresh, -np.inf)
            closed = bounds.copy()
            closed[places] = -np.inf
            best = int(np.lexsort((-places, fresh))[-1])
            if fresh[best] >= closed.max():
                return int(places[best]), float(fresh[best])
        else:
            closed = bounds
        count = min(max(block, len(open_.rows)), int(np.isfinite(closed).sum()))
        top = np.argpartition(-closed, count - 1)[:count]
        open_.add(allowed[np.sort(top)])

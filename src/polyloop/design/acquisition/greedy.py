"""Greedy batches: each pick is believed at its predicted value before the next is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.design.acquisition.scores import Score, Uncertainty
from polyloop.design.objectives import Array
from polyloop.learn import Blocks, Surrogate
from polyloop.learn.surrogate import take

__all__ = ["Believer", "greedy_batch"]

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Believer:
    """Predictions over a pool, and what they become when some of its rows are believed at their means.

    Means stay; variances shrink by the models' posterior covariance with the believed rows. Only rows that are asked
    for are updated, so nothing of the size (pool x training rows) is ever stored.

    Parameters
    ----------
    mean, std, noise_std
        Shape (n, m): utilities, all maximised, and standard deviations.
    """

    models: Sequence[Surrogate]
    X: Blocks
    mean: Array
    std: Array
    noise_std: Array

    def std_given(self, rows: Indices, picks: Indices) -> Array:
        """Return the standard deviations of `rows` once `picks` have been observed, shape (len(rows), m)."""
        if len(picks) == 0:
            return self.std[rows]
        X_rows, X_picks = take(self.X, rows), take(self.X, picks)
        result = np.empty((len(rows), len(self.models)))
        for j, model in enumerate(self.models):
            variance = self.std[rows, j] ** 2
            among = model.covariance(X_picks, X_picks)
            # The diagonal that `predict` gave may hold a floor that the covariance does not.
            among[np.diag_indices(len(picks))] = self.std[picks, j] ** 2 + self.noise_std[picks, j] ** 2
            among[np.diag_indices(len(picks))] += 1e-9 * float(np.mean(np.diag(among))) + 1e-300
            cross = model.covariance(X_rows, X_picks)
            variance = variance - np.einsum("ij,ji->i", cross, np.linalg.solve(among, cross.T))
            result[:, j] = np.sqrt(np.maximum(variance, 0.0))
        return result


def greedy_batch(
    score: Score, believer: Believer, allowed: Indices, batch: int, spread: Array, block: int = 128
) -> tuple[Indices, Array]:
    """Pick `batch` rows one after another, each the best once those before it are believed.

    Exact over the whole pool, yet lazy: a score can only fall when a pick is believed (see `Score`), so each old
    score bounds the new one, and rows are scored again from the top only until the best new score beats every bound
    left. Where nothing can improve any more (scores of exactly 0), the rest of the batch goes to the largest
    uncertainty.

    Parameters
    ----------
    allowed
        Rows that may be picked.
    spread
        Spread of each objective's observed values, shape (m,), for that last resort.
    block
        Rows scored again at a time, at first.

    Returns
    -------
    picks, scores
        At most `batch`, in the order of picking; each score is that at its picking.

    References
    ----------
    Kriging believer: Ginsbourger, Le Riche & Carraro (2010), doi:10.1007/978-3-642-10701-6_6. Lazy greedy: Minoux
    (1978), doi:10.1007/BFb0006528.
    """
    bounds = score(believer.mean[allowed], believer.std[allowed])
    picks: list[int] = []
    scores: list[float] = []
    last_resort = False
    while len(picks) < min(batch, len(allowed)):
        position, value = _best(score, believer, allowed, bounds, np.array(picks, dtype=np.intp), block)
        if value <= 0.0 and not last_resort and not isinstance(score, Uncertainty) and _never_negative(bounds):
            last_resort, score = True, Uncertainty(spread)
            taken = ~np.isfinite(bounds)
            bounds = score(believer.mean[allowed], believer.std[allowed])
            bounds[taken] = -np.inf
            continue
        picks.append(int(allowed[position]))
        scores.append(0.0 if last_resort else value)
        score = score.believing(believer.mean[allowed[position]])
        bounds[position] = -np.inf
    return np.array(picks, dtype=np.intp), np.array(scores)


def _never_negative(bounds: Array) -> bool:
    # Upper confidence bounds may well be negative; expected improvements are not.
    return bool((bounds[np.isfinite(bounds)] >= 0.0).all())


def _best(
    score: Score, believer: Believer, allowed: Indices, bounds: Array, picks: Indices, block: int
) -> tuple[int, float]:
    """Return the position of the best score given `picks`, and the score; tightens `bounds` on its way."""
    if len(picks) == 0:
        position = int(np.argmax(bounds))
        return position, float(bounds[position])
    stale = np.isfinite(bounds)
    best, best_score = -1, -np.inf
    while True:
        waiting = np.where(stale, bounds, -np.inf)
        highest = float(waiting.max())
        if best >= 0 and best_score >= highest:
            return best, best_score
        count = min(block, int(stale.sum()))
        top = np.sort(np.argpartition(-waiting, count - 1)[:count])
        rows = allowed[top]
        fresh = score(believer.mean[rows], believer.std_given(rows, picks))
        bounds[top] = fresh
        stale[top] = False
        if fresh.max() > best_score:
            best, best_score = int(top[np.argmax(fresh)]), float(fresh.max())
        block *= 2

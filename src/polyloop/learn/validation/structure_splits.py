"""Splits by structure: what is least alike, whole clusters, and clusters with values beyond the range at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from polyloop.core import InvalidInputError
from polyloop.core.options import Option
from polyloop.learn.kernels import minmax
from polyloop.learn.validation.splitter import Draw, Rows, Splitter, kept_of, portion, within
from polyloop.learn.validation.value_splits import KEPT, TEST_SHARE, HighestSplit, LowestSplit, MiddleSplit

__all__ = ["ClusterSplit", "CombinedSplit", "SimilaritySplit", "cluster_labels", "similarity_of"]

Array = NDArray[np.float64]
_N_CLUSTERS = Option("n_clusters", int, 40, "Number of clusters, at most half of the rows.", 2, 100_000)
_PARTS: dict[str, Callable[..., LowestSplit | MiddleSplit | HighestSplit]] = {
    "lowest": LowestSplit,
    "middle": MiddleSplit,
    "highest": HighestSplit,
}


def similarity_of(X: Any) -> Array:
    """Return the MinMax (on bits: Tanimoto) similarity of n rows, shape (n, n).

    Parameters
    ----------
    X
        A matrix of occurrences, shape (n, d), or blocks of descriptors; of several blocks of occurrences the mean.

    Raises
    ------
    InvalidInputError
        If there is no block of occurrences, or a number is negative.
    """
    if isinstance(X, Mapping):
        matrices = [block.values for block in X.values() if block.kind.is_occurrence]
        if not matrices:
            raise InvalidInputError(
                "Structures are compared by fingerprints, and there are none.", where=", ".join(X),
                hint="Add a block such as 'ecfp'.",
            )  # fmt: skip
    else:
        matrices = [np.asarray(X)]
    mean: Array = np.mean([minmax(matrix, matrix) for matrix in matrices], axis=0)
    return mean


def cluster_labels(similarity: Array, n_clusters: int = 40) -> NDArray[np.intp]:
    """Return the cluster of each of n rows, shape (n,), by average linkage on 1 - similarity, shape (n, n)."""
    most = min(n_clusters, max(len(similarity) // 2, 1))
    distances = squareform(1.0 - similarity, checks=False)
    labels: NDArray[np.intp] = fcluster(linkage(distances, "average"), most, "maxclust").astype(np.intp) - 1
    return labels


class _StructureSplit(Splitter):
    """Compares rows by fingerprints.

    Parameters
    ----------
    fingerprints
        Occurrences to compare rows by, shape (n, d), where X has other columns; None takes X.
    """

    reads_structure: ClassVar[bool] = True

    def __init__(self, n_splits: int, seed: int, fingerprints: Any) -> None:
        super().__init__(n_splits, seed=seed)
        self.fingerprints = fingerprints

    def _similarity(self, X: Any, n: int) -> Array:
        given = X if self.fingerprints is None else self.fingerprints
        similarity = similarity_of(given)
        if len(similarity) != n:
            raise InvalidInputError(f"There are {n} rows and {len(similarity)} fingerprints.", where="fingerprints")
        return similarity


class SimilaritySplit(_StructureSplit):
    """What is least similar to the rest is asked.

    Again and again the row whose mean similarity to those that are left is the least is put aside, until a share is.

    Parameters
    ----------
    test_share
        Share of the rows that is asked.
    kept
        Share of the others that teach, drawn anew for each split.
    """

    options: ClassVar[tuple[Option, ...]] = (TEST_SHARE, KEPT)

    def __init__(
        self,
        n_splits: int = 5,
        *,
        test_share: float = 0.2,
        kept: float = 0.85,
        seed: int = 0,
        fingerprints: Any = None,
    ) -> None:
        super().__init__(n_splits, seed, fingerprints)
        self.test_share, self.kept = within(test_share, "test_share"), kept

    def _prepare(self, X: Any, y: Any, groups: Any, n: int) -> Draw:
        similarity = self._similarity(X, n)
        sums, left = similarity.sum(axis=1), np.ones(n, dtype=bool)
        for _ in range(portion(self.test_share, n)):
            candidates = np.flatnonzero(left)
            odd = candidates[int(np.argmin(sums[candidates] - similarity.diagonal()[candidates]))]
            left[odd] = False
            sums -= similarity[odd]
        rest, asked = np.flatnonzero(left), np.flatnonzero(~left)
        return lambda rng, _: (kept_of(rest, self.kept, rng), asked)


class ClusterSplit(_StructureSplit):
    """A random share of the clusters is asked, whole clusters.

    `groups` are the clusters where they are known; else they are formed by average linkage on the MinMax distance.

    Parameters
    ----------
    test_share
        Share of the clusters that is asked, at least one.
    n_clusters
        How many are formed.
    """

    options: ClassVar[tuple[Option, ...]] = (TEST_SHARE, _N_CLUSTERS)

    def __init__(
        self,
        n_splits: int = 5,
        *,
        test_share: float = 0.2,
        n_clusters: int = 40,
        seed: int = 0,
        fingerprints: Any = None,
    ) -> None:
        super().__init__(n_splits, seed, fingerprints)
        self.test_share, self.n_clusters = within(test_share, "test_share"), n_clusters

    def _prepare(self, X: Any, y: Any, groups: Any, n: int) -> Draw:
        of = np.asarray(groups) if groups is not None else cluster_labels(self._similarity(X, n), self.n_clusters)
        names = np.unique(of)
        count = max(round(self.test_share * len(names)), 1)

        def draw(rng: np.random.Generator, _: int) -> tuple[Rows, Rows]:
            asked = np.isin(of, rng.permutation(names)[:count])
            return np.flatnonzero(~asked), np.flatnonzero(asked)

        return draw


class CombinedSplit(_StructureSplit):
    """Other clusters and other values at once: the rest of two shifts is neither taught nor asked.

    Clusters are drawn until they hold `test_share` of the rows. Rows of the other clusters whose values lie in a part
    of the range teach; rows of these clusters whose values lie outside it are asked.

    Parameters
    ----------
    part
        `lowest`, `middle` or `highest`: where the values lie that teach.
    share
        Share of all rows that lie in that part.
    test_share
        Share of the rows that the drawn clusters hold at least.
    n_clusters
        How many clusters are formed; `groups` are the clusters where they are known.
    """

    options: ClassVar[tuple[Option, ...]] = (
        Option("part", str, "middle", "Part of the range that teaches: lowest, middle or highest."),
        Option("share", float, 0.5, "Share of the rows that lie in that part.", 0.01, 0.99),
        Option("test_share", float, 0.3, "Share of the rows in the clusters that are asked.", 0.001, 0.999),
        _N_CLUSTERS,
    )

    def __init__(
        self,
        n_splits: int = 5,
        *,
        part: str = "middle",
        share: float = 0.5,
        test_share: float = 0.3,
        n_clusters: int = 40,
        seed: int = 0,
        fingerprints: Any = None,
    ) -> None:
        super().__init__(n_splits, seed, fingerprints)
        if part not in _PARTS:
            raise InvalidInputError(f"There is no part {part!r} of a range.", where="part", hint=", ".join(_PARTS))
        self.part, self.share, self.n_clusters = part, within(share, "share"), n_clusters
        self.test_share = within(test_share, "test_share")

    def _prepare(self, X: Any, y: Any, groups: Any, n: int) -> Draw:
        of = np.asarray(groups) if groups is not None else cluster_labels(self._similarity(X, n), self.n_clusters)
        names, cluster, sizes = np.unique(of, return_inverse=True, return_counts=True)
        inside = np.zeros(n, dtype=bool)
        inside[_PARTS[self.part](share=self.share).inside(y)] = True

        def draw(rng: np.random.Generator, _: int) -> tuple[Rows, Rows]:
            order = rng.permutation(len(names))
            needed = int(np.searchsorted(np.cumsum(sizes[order]), self.test_share * n)) + 1
            other = np.isin(cluster, order[:needed])
            return np.flatnonzero(~other & inside), np.flatnonzero(other & ~inside)

        return draw

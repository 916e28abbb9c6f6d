"""Random forest behind the interface of the surrogates."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.core.options import Option
from polyloop.learn.bootstrap import out_of_bag_noise
from polyloop.learn.members import ColumnModel
from polyloop.learn.state import State
from polyloop.learn.surrogate import Array
from polyloop.learn.trees import Trees

__all__ = ["RandomForest"]


class RandomForest(ColumnModel):
    """Random forest: the mean of its trees predicts, their spread is the model's uncertainty.

    It interpolates well from many columns of mixed kinds and never extrapolates: no prediction leaves the range of
    the training values. The observation noise is what out-of-bag errors show beyond the trees' spread.

    Parameters
    ----------
    n_trees
        Number of trees.
    min_samples_leaf
        Smallest number of training rows in a leaf.
    max_features
        Share of the columns tried at each split.
    seed
        Seed of the bootstrap and of the splits.

    References
    ----------
    Breiman (2001), doi:10.1023/A:1010933404324; the spread as uncertainty: Hutter et al. (2014),
    doi:10.1016/j.artint.2013.10.003.
    """

    options: ClassVar[tuple[Option, ...]] = (
        Option("trees", int, 200, "Number of trees.", 2, 100_000, argument="n_trees"),
    )

    def __init__(
        self, n_trees: int = 200, *, min_samples_leaf: int = 1, max_features: float = 1 / 3, seed: int = 0
    ) -> None:
        if n_trees < 2:
            raise InvalidInputError(f"A forest of {n_trees} trees has no spread.", hint="Use at least 2 trees.")
        self.n_trees, self.min_samples_leaf = n_trees, min_samples_leaf
        self.max_features, self.seed = max_features, seed
        self._forest: Any = None
        self._kept: Trees | None = None

    def _fit(self, features: Array, y: Array, known: Array) -> float:
        from sklearn.ensemble import RandomForestRegressor

        self._kept = None
        self._forest = RandomForestRegressor(
            n_estimators=self.n_trees,
            min_samples_leaf=self.min_samples_leaf,
            max_features=self.max_features,
            random_state=self.seed,
        )
        # Points with a larger known noise count for less; the values' own variance is 1.
        self._forest.fit(features, y, sample_weight=1.0 / (1.0 + known) if known.any() else None)
        inside = np.zeros((len(y), self.n_trees), dtype=bool)
        for j, rows in enumerate(self._forest.estimators_samples_):
            inside[rows, j] = True
        return out_of_bag_noise(self._members(features), inside, y, known)

    def _members(self, features: Array) -> Array:
        # scikit-learn's trees read 32-bit floats; converting once is much cheaper than once a tree.
        single = np.ascontiguousarray(features, dtype=np.float32)
        if self._kept is not None:
            return self._kept.predict(single)
        return np.column_stack([tree.tree_.predict(single)[:, 0] for tree in self._forest.estimators_])

    def _learnt(self) -> dict[str, NDArray[Any]]:
        kept = self._kept or Trees.of([tree.tree_ for tree in self._forest.estimators_])
        return kept.state()

    def _take(self, learnt: State) -> None:
        # Trees are kept as plain arrays: scikit-learn's own objects change from version to version.
        self._kept = Trees(**learnt)

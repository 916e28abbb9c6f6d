"""Regression trees as arrays: what scikit-learn has grown, kept and read without its objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from polyloop.learn.surrogate import Array, chunks

__all__ = ["Trees"]


@dataclass(frozen=True, eq=False)
class Trees:
    """All nodes of some trees, one tree after the other.

    Parameters
    ----------
    roots
        Place of each tree's root among the nodes, shape (n_trees,).
    left, right
        Places of a node's children, shape (n_nodes,); its own place for a leaf.
    column, threshold
        A row goes to the left where its value in that column is not above the threshold, shape (n_nodes,).
    value
        What a leaf says, shape (n_nodes,).
    """

    roots: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    column: NDArray[np.int64]
    threshold: Array
    value: Array

    @classmethod
    def of(cls, trees: Sequence[Any]) -> Self:
        """Take the nodes of scikit-learn's trees (`tree_`)."""
        sizes = np.array([tree.node_count for tree in trees])
        roots = np.cumsum(sizes) - sizes
        left, right = [], []
        for tree, root in zip(trees, roots, strict=True):
            own = np.arange(tree.node_count)
            is_leaf = tree.children_left < 0
            left.append(np.where(is_leaf, own, tree.children_left) + root)
            right.append(np.where(is_leaf, own, tree.children_right) + root)
        return cls(
            roots,
            np.concatenate(left),
            np.concatenate(right),
            np.concatenate([np.maximum(tree.feature, 0) for tree in trees]).astype(np.int64),
            np.concatenate([tree.threshold for tree in trees]),
            np.concatenate([tree.value[:, 0, 0] for tree in trees]),
        )

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the nodes as arrays."""
        return asdict(self)

    def predict(self, rows: NDArray[np.float32]) -> Array:
        """Return what each tree says of each row, shape (n, n_trees)."""
        said = np.empty((len(rows), len(self.roots)))
        for part in chunks(len(rows), 4096):
            some = rows[part]
            at = np.tile(self.roots, (len(some), 1))
            index = np.arange(len(some))[:, None]
            while True:
                goes_left = some[index, self.column[at]] <= self.threshold[at]
                following = np.where(goes_left, self.left[at], self.right[at])
                if np.array_equal(following, at):
                    break
                at = following
            said[part] = self.value[at]
        return said

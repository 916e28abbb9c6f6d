"""Blocks side by side as one matrix whose columns have no unit, for models that do not look at blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.learn.kernels import PhysicalGeometry
from polyloop.learn.state import State, blocks_of_state
from polyloop.learn.surrogate import Array, Blocks, row_count

__all__ = ["Columns"]


@dataclass(frozen=True)
class Columns:
    """Center and scale of each block's columns, so that the rows of every block have mean squared norm 1.

    Physical columns are scaled as in the Gaussian process; counts become log(1 + count) and,
    like other occurrences, keep one scale.

    Parameters
    ----------
    kinds
        By block, what its columns are.
    scales
        By block, center and scale, each of shape (d,).
    """

    kinds: Mapping[str, BlockKind]
    scales: Mapping[str, tuple[Array, Array]]

    @classmethod
    def of(cls, X: Blocks) -> Self:
        """Take the scales from training rows."""
        scales = {}
        for name in sorted(X):
            kind, values = X[name].kind, _values(X[name], X[name].kind)
            if kind.is_occurrence:
                center, scale = values.mean(axis=0), np.ones(values.shape[1])
            else:
                geometry = PhysicalGeometry.fit(X[name])
                center, scale = geometry.center, geometry.scale
            total = float((((values - center) * scale) ** 2).sum(axis=1).mean())
            scales[name] = center, scale / np.sqrt(total) if total > 0 else scale
        return cls({name: block.kind for name, block in X.items()}, scales)

    def scaled(self, X: Blocks) -> Array:
        """Return the blocks of X side by side, shape (n, columns of all blocks)."""
        parts = []
        for name, (center, scale) in self.scales.items():
            parts.append((_values(X[name], self.kinds[name]) - center) * scale)
        return np.hstack([np.zeros((row_count(X), 0)), *parts])

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the scales as arrays."""
        arrays: dict[str, NDArray[Any]] = {}
        for name, (center, scale) in self.scales.items():
            arrays[f"{name}/kind"] = np.array(str(self.kinds[name]))
            arrays[f"{name}/values"] = np.stack([center, scale])
        return arrays

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Take what `state` returned."""
        blocks = blocks_of_state(state)
        return cls(
            {name: block.kind for name, block in blocks.items()},
            {name: (block.values[0], block.values[1]) for name, block in blocks.items()},
        )


def _values(block: BlockValues, kind: BlockKind) -> Array:
    values = np.asarray(block.values, dtype=float)
    return np.log1p(values) if kind is BlockKind.COUNTS else values

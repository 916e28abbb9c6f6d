"""Blocks of descriptors as values that say what kind of numbers they are, which is what models go by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import InvalidInputError

__all__ = ["BlockKind", "BlockValues"]


class BlockKind(StrEnum):
    """What the columns of a block are.

    Models choose kernel and scale by it, never by a block's name.
    """

    COUNTS = "counts"
    """How often each thing occurs, such as a count fingerprint; not negative."""
    BITS = "bits"
    """Whether each thing occurs, 0 or 1."""
    CATEGORICAL = "categorical"
    """One column per category, 1 for the one that applies and 0 elsewhere."""
    PHYSICAL = "physical"
    """Quantities, each column in a unit and on a scale of its own."""
    DENSITIES = "densities"
    """Values of distributions (kernel means): all columns share one scale, so that raw distances mean something."""

    GRAPH = "graph"
    """An encoded graph, such as `ring_graph`: no column means anything alone. Models of columns do not look at it."""

    @property
    def is_occurrence(self) -> bool:
        """True where 0 means absence, so that two rows are alike by what both have."""
        return self in (BlockKind.COUNTS, BlockKind.BITS, BlockKind.CATEGORICAL)


@dataclass(frozen=True, eq=False)
class BlockValues:
    """One block of n polymers.

    Parameters
    ----------
    values
        Shape (n, d).
    kind
        What the columns are; a word will do.

    Raises
    ------
    InvalidInputError
        If there is no such kind.

    Examples
    --------
    >>> fingerprints = BlockValues(np.array([[2, 0, 1], [0, 1, 1]]), "counts")
    >>> fingerprints[[1]].values
    array([[0, 1, 1]])
    """

    values: NDArray[Any]
    kind: BlockKind

    def __init__(self, values: NDArray[Any] | Sequence[Sequence[float]], kind: BlockKind | str) -> None:
        try:
            object.__setattr__(self, "kind", BlockKind(kind))
        except ValueError as error:
            raise InvalidInputError(
                f"There is no kind of descriptors {str(kind)!r}.", hint=f"Known: {', '.join(BlockKind)}."
            ) from error
        object.__setattr__(self, "values", np.asarray(values))

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Any) -> BlockValues:
        """Return the same block with only `rows` (indices, mask or slice)."""
        return BlockValues(self.values[rows], self.kind)

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.values.shape[1])

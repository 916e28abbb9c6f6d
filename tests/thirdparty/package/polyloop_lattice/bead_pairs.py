"""A block of descriptors: how often two H beads stand so many places apart along the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core.descriptors import BlockKind

if TYPE_CHECKING:
    from polyloop_lattice.kind import HPChain

__all__ = ["BeadPairs"]

_FARTHEST = 9


class BeadPairs:
    """Counts of H beads and of pairs of them, by their distance along the chain."""

    name = "bead_pairs"
    version = 1
    kind = BlockKind.COUNTS
    packages: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ("hp_chain",)
    dtype: np.dtype[Any] = np.dtype(np.float32)
    storage: np.dtype[Any] = np.dtype(np.uint16)

    def names(self) -> tuple[str, ...]:
        """Return `h_0`, the number of H beads, to `h_9`."""
        return tuple(f"h_{apart}" for apart in range(_FARTHEST + 1))

    def evaluate(self, chain: HPChain) -> NDArray[np.float32]:
        """Return the counts, shape (10,)."""
        places = [place for place, bead in enumerate(chain.beads) if bead == "H"]
        apart = [j - i for i in places for j in places if i <= j <= i + _FARTHEST]
        return np.bincount(apart, minlength=_FARTHEST + 1).astype(np.float32)

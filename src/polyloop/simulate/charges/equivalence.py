"""Which atoms are alike by the bonds around them, and so carry the same charge."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["equivalence_classes", "saturated_groups"]


def equivalence_classes(numbers: NDArray[np.int64], bonds: Iterable[tuple[int, int]]) -> NDArray[np.int64]:
    """Return a class for each atom, shape (n,): atoms are alike when element and neighbours are, at every distance.

    Bond orders and formal charges do not count: with explicit hydrogens they follow from the bonds, up to resonance,
    and the two oxygens of a carboxylate or a nitro group are alike. A bond may lead from the last atom of a repeat
    unit into its first (or itself), so that a unit's classes are those of the endless chain.
    """
    neighbours: list[list[int]] = [[] for _ in numbers]
    for i, j in bonds:
        neighbours[i].append(j)
        neighbours[j].append(i)
    classes: NDArray[np.int64] = np.unique(numbers, return_inverse=True)[1]
    while True:
        around = [(int(c), *sorted(classes[near].tolist())) for c, near in zip(classes, neighbours, strict=True)]
        rank = {pattern: place for place, pattern in enumerate(sorted(set(around)))}
        refined = np.array([rank[pattern] for pattern in around], dtype=np.int64)
        if len(rank) == classes.max() + 1:
            return refined
        classes = refined


def saturated_groups(numbers: NDArray[np.int64], bonds: Iterable[tuple[int, int]]) -> NDArray[np.bool_]:
    """Return which atoms are in CH2 or CH3 groups of saturated carbon (or methane), shape (n,)."""
    pairs = np.array(list(bonds), dtype=np.int64).reshape(-1, 2)
    degree = np.bincount(pairs.ravel(), minlength=len(numbers))
    both = np.concatenate([pairs, pairs[:, ::-1]])
    to_hydrogen = both[numbers[both[:, 1]] == 1]
    hydrogens = np.bincount(to_hydrogen[:, 0], minlength=len(numbers))
    carbons = (numbers == 6) & (degree == 4) & (hydrogens >= 2)
    members: NDArray[np.bool_] = carbons.copy()
    members[to_hydrogen[carbons[to_hydrogen[:, 0]], 1]] = True
    return members

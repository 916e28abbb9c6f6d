"""Contacts: how near two atoms may come that no short path of bonds joins, and how near they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from scipy.sparse import coo_array, csr_array, eye_array
from scipy.spatial import cKDTree

__all__ = ["contact_radii", "pairs_within", "periodic_tree", "smallest_contact"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

# Share of the van der Waals radius that counts as hard: carbon atoms then stay 2.6 A apart and hydrogens 1.8 A, well
# below where they rest (3.4 and 2.4 A) but far from where a minimizer meets a wall.
_HARD_SHARE = 0.77


def contact_radii(numbers: Indices) -> Floats:
    """Return hard radii in angstrom, shape (n,): two atoms overlap when they are nearer than the sum of theirs."""
    table = Chem.GetPeriodicTable()
    elements, place = np.unique(numbers, return_inverse=True)
    radii = np.array([table.GetRvdw(int(element)) for element in elements])
    return _HARD_SHARE * radii[place]


def periodic_tree(points: Floats, box: Floats | None) -> cKDTree:
    """Return a search tree of points, shape (n, 3), in a periodic box with edges `box`, shape (3,), or in none."""
    if box is None:
        return cKDTree(points)
    wrapped = points - box * np.floor(points / box)
    # Rounding can put a tiny negative number exactly on the far edge, which the tree refuses.
    wrapped[wrapped >= box] = 0.0
    return cKDTree(wrapped, boxsize=box)


def smallest_contact(positions: Floats, bonds: Indices, box: Floats | None = None) -> float:
    """Return the smallest distance in angstrom between atoms more than three bonds apart.

    `positions` has shape (n, 3) and `bonds` (b, 2); with `box`, edges of shape (3,), periodic images count. Infinite
    when no such pair is within 4 angstrom.
    """
    near = periodic_tree(positions, box).query_pairs(4.0, output_type="ndarray")
    apart = near[~np.isin(_codes(near, len(positions)), _codes(pairs_within(3, len(positions), bonds), len(positions)))]
    across = positions[apart[:, 0]] - positions[apart[:, 1]]
    if box is not None:
        across -= box * np.round(across / box)
    return float(np.linalg.norm(across, axis=1).min(initial=np.inf))


def pairs_within(count: int, n_atoms: int, bonds: Indices) -> Indices:
    """Return the pairs of different atoms, i < j, that at most `count` bonds join, shape (p, 2)."""
    ends = np.concatenate([bonds, bonds[:, ::-1]])
    step = csr_array(coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n_atoms, n_atoms)))
    step = step + eye_array(n_atoms, format="csr")
    reached = step
    for _ in range(count - 1):
        reached = reached @ step
    first, second = reached.tocoo().coords
    upper = first < second
    return np.column_stack([first[upper], second[upper]]).astype(np.int64)


def _codes(pairs: Indices, n_atoms: int) -> Indices:
    codes: Indices = pairs[:, 0].astype(np.int64) * n_atoms + pairs[:, 1]
    return codes

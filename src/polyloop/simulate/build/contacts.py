"""Contacts: how near two atoms may come that no short path of bonds joins, and how near they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from scipy.sparse import coo_array, csr_array, eye_array
from scipy.spatial import cKDTree

__all__ = ["contact_radii", "smallest_contact"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

# Share of the van der Waals radius that counts as hard: carbon atoms then stay 2.6 A apart and hydrogens 1.7 A, well
# below where they rest (3.4 and 2.4 A) but far from where a minimiser meets a wall.
_HARD_SHARE = 0.77


def contact_radii(numbers: Indices) -> Floats:
    """Return hard radii in angstrom, shape (n,): two atoms overlap when they are nearer than the sum of theirs."""
    table = Chem.GetPeriodicTable()
    elements, place = np.unique(numbers, return_inverse=True)
    radii = np.array([table.GetRvdw(int(element)) for element in elements])
    return _HARD_SHARE * radii[place]


def smallest_contact(positions: Floats, bonds: Indices, box: Floats | None = None) -> float:
    """Return the smallest distance in angstrom between atoms more than three bonds apart.

    `positions` has shape (n, 3) and `bonds` (b, 2); with `box`, edges of shape (3,), periodic images count. Infinite
    when no such pair is within 4 angstrom.
    """
    if box is None:
        tree = cKDTree(positions)
    else:
        wrapped = np.mod(positions, box)
        wrapped[wrapped >= box] = 0.0
        tree = cKDTree(wrapped, boxsize=box)
    found = tree.sparse_distance_matrix(tree, 4.0, output_type="coo_matrix")
    pairs = found.row < found.col
    row, col, distance = found.row[pairs], found.col[pairs], found.data[pairs]
    joined = _within_three_bonds(len(positions), bonds)
    # A membership test by code keeps pairs at distance zero, which a sparse matrix would drop.
    apart = ~np.isin(row.astype(np.int64) * len(positions) + col, joined)
    return float(distance[apart].min(initial=np.inf))


def _within_three_bonds(n_atoms: int, bonds: Indices) -> Indices:
    """Codes i * n_atoms + j of the pairs of atoms that at most three bonds join, sorted."""
    ends = np.concatenate([bonds, bonds[:, ::-1]])
    one = csr_array(coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n_atoms, n_atoms)))
    near = one + eye_array(n_atoms)
    reached = coo_array(near @ near @ near)
    codes: Indices = np.unique(reached.coords[0].astype(np.int64) * n_atoms + reached.coords[1])
    return codes

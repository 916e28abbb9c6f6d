"""How a graph stands in a row of whole numbers: its sizes, then all atoms, then all bonds, the rest zeros.

Descriptors travel as columns, through caches, tables and models alike. A graph in a row of fixed length travels with
them, and needs no second road from candidates to models.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ATOM_FEATURES", "BOND_FEATURES", "MOST_ATOMS", "MOST_BONDS", "graph_columns", "read_graphs"]

ATOM_FEATURES = ("element", "neighbours", "hydrogens", "charge", "aromatic", "hybridization", "smallest_ring")
BOND_FEATURES = ("begin", "end", "twice_order", "conjugated", "in_ring", "into_next_unit")
MOST_ATOMS, MOST_BONDS = 128, 144


def graph_columns() -> tuple[str, ...]:
    """Return the names of the columns."""
    atoms = (f"atom{i}_{feature}" for i in range(MOST_ATOMS) for feature in ATOM_FEATURES)
    bonds = (f"bond{i}_{feature}" for i in range(MOST_BONDS) for feature in BOND_FEATURES)
    return ("atoms", "bonds", *atoms, *bonds)


def read_graphs(rows: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the graphs of n rows side by side.

    Returns
    -------
    atoms
        Features of all atoms, shape (n_atoms, 7).
    bonds
        Features of all bonds, shape (n_bonds, 6); `begin` and `end` are places among all atoms.
    graph
        Row of each atom, shape (n_atoms,).
    """
    whole = np.rint(rows).astype(np.int64)
    n, split = len(whole), 2 + MOST_ATOMS * len(ATOM_FEATURES)
    sizes, counts = whole[:, 0], whole[:, 1]
    atoms = whole[:, 2:split].reshape(n, MOST_ATOMS, -1)[np.arange(MOST_ATOMS) < sizes[:, None]]
    bonds = whole[:, split:].reshape(n, MOST_BONDS, -1)[np.arange(MOST_BONDS) < counts[:, None]]
    first = np.cumsum(sizes) - sizes
    bonds[:, :2] += np.repeat(first, counts)[:, None]
    return atoms, bonds, np.repeat(np.arange(n), sizes)

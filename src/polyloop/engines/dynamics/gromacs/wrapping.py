"""Molecules made whole again, and followed through the periodic box."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order

from polyloop.chem.topology import Topology

__all__ = ["followed", "whole"]

Floats = NDArray[np.float64]


def whole(topology: Topology, positions: NDArray[np.floating], boxes: Floats) -> NDArray[np.floating]:
    """Put the atoms of each molecule together along their bonds.

    Parameters
    ----------
    positions
        (f, n, 3) in angstrom, wrapped anyhow; boxes (f, 3).
    """
    together = positions.copy()
    edges = boxes[:, None, :].astype(positions.dtype)
    for atoms, before in _levels(topology):
        step = together[:, atoms] - together[:, before]
        together[:, atoms] -= edges * np.round(step / edges)
    return together


def followed(topology: Topology, positions: NDArray[np.floating], boxes: Floats, start: Floats, box: Floats) -> Floats:
    """Move whole molecules by box edges, so that each is nearest to where it was in the frame before.

    Parameters
    ----------
    positions
        (f, n, 3) in angstrom, molecules whole.
    start, box
        The state before the first frame.
    """
    size = np.bincount(topology.molecule)

    def centres(frame: NDArray[np.floating], edges: Floats) -> Floats:
        sums = [np.bincount(topology.molecule, weights=frame[:, axis]) for axis in range(3)]
        found: Floats = np.column_stack(sums) / size[:, None] / edges
        return found

    moved = positions.astype(np.float64)
    before = centres(start, box)
    for frame, edges in zip(moved, boxes, strict=True):
        place = centres(frame, edges)
        shift = np.round(before - place)
        frame += (shift * edges)[topology.molecule]
        before = place + shift
    return moved


def _levels(topology: Topology) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Atoms that are equally many bonds from the first of their molecule, and the atom before each of them."""
    n = topology.n_atoms
    first = np.unique(topology.molecule, return_index=True)[1]
    # One tree for all: a root beyond the atoms, joined to the first atom of each molecule.
    heads = np.concatenate([topology.bonds[:, 0], np.full(len(first), n)])
    tails = np.concatenate([topology.bonds[:, 1], first])
    graph = coo_array((np.ones(len(heads)), (heads, tails)), shape=(n + 1, n + 1)).tocsr()
    order, before = breadth_first_order(graph, n, directed=False)
    depth = np.zeros(n + 1, dtype=np.int64)
    for atom in order[1:].tolist():
        depth[atom] = depth[before[atom]] + 1
    levels = []
    for level in range(2, int(depth.max()) + 1):
        atoms = np.nonzero(depth == level)[0]
        levels.append((atoms, before[atoms].astype(np.int64)))
    return levels

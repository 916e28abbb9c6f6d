"""Rings pierced by bonds: an exact test, fast enough to run on every chain and cell that is built."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from polyloop.simulate.cells.contacts import periodic_tree

__all__ = ["pierced_rings", "smallest_rings"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def pierced_rings(positions: Floats, bonds: Indices, rings: Sequence[Indices], box: Floats | None = None) -> Indices:
    """Return the bonds that run through a ring.

    The surface of a ring is the fan of triangles from its centroid to its edges. A bond pierces it when its segment
    meets the surface. Bonds with an atom of the ring touch its edge and do not count.

    Parameters
    ----------
    positions
        In angstrom, shape (n, 3).
    bonds
        Pairs of atoms, shape (b, 2).
    rings
        Atoms of each ring in cyclic order.
    box
        Edges in angstrom of a periodic box, shape (3,), or None. Bonds and rings then follow the minimum image,
        and each must be shorter than half the box.

    Returns
    -------
    Indices
        Bond and ring of each piercing, sorted, shape (p, 2).
    """
    if not len(rings) or not len(bonds):
        return np.zeros((0, 2), dtype=np.int64)
    bonds = np.asarray(bonds)
    sizes = np.array([len(ring) for ring in rings])
    members = np.concatenate([np.asarray(ring) for ring in rings])
    owner = np.repeat(np.arange(len(rings)), sizes)
    centroids, arms = _centroids_and_arms(positions, members, owner, sizes, box)
    along = _nearest(positions[bonds[:, 1]] - positions[bonds[:, 0]], box)
    middles = positions[bonds[:, 0]] + along / 2
    reach = np.zeros(len(rings))
    np.maximum.at(reach, owner, np.linalg.norm(arms, axis=1))
    bond, ring = _pairs_in_reach(middles, centroids, reach + np.linalg.norm(along, axis=1).max() / 2, box)
    codes = owner * len(positions) + members
    foreign = ~np.isin(ring[:, None] * len(positions) + bonds[bond], codes).any(axis=1)
    bond, ring = bond[foreign], ring[foreign]
    start = _nearest(middles[bond] - centroids[ring], box) - along[bond] / 2
    pierced = _meets_fan(start, along[bond], ring, arms, sizes)
    found: Indices = np.column_stack([bond[pierced], ring[pierced]])
    return found[np.lexsort((found[:, 1], found[:, 0]))]


def smallest_rings(n_atoms: int, bonds: Indices) -> tuple[Indices, ...]:
    """Return the smallest rings of a bonded graph, each the indices of its atoms in cyclic order."""
    graph = Chem.RWMol()
    for _ in range(n_atoms):
        graph.AddAtom(Chem.Atom(0))
    for first, second in bonds.tolist():
        graph.AddBond(first, second, Chem.BondType.SINGLE)
    return tuple(np.array(ring, dtype=np.int64) for ring in Chem.GetSymmSSSR(graph))


def _nearest(vectors: Floats, box: Floats | None) -> Floats:
    """The shortest periodic image of each vector."""
    return vectors if box is None else vectors - box * np.round(vectors / box)


def _centroids_and_arms(
    positions: Floats, members: Indices, owner: Indices, sizes: Indices, box: Floats | None
) -> tuple[Floats, Floats]:
    """Centroid of each ring, and the vector from it to each member."""
    first = members[np.concatenate([[0], np.cumsum(sizes)[:-1]])]
    # Relative to the ring's first atom, so that a ring across the boundary is whole.
    from_first = _nearest(positions[members] - positions[first][owner], box)
    middle = np.zeros((len(sizes), 3))
    np.add.at(middle, owner, from_first)
    middle /= sizes[:, None]
    return positions[first] + middle, from_first - middle[owner]


def _pairs_in_reach(middles: Floats, centroids: Floats, reach: Floats, box: Floats | None) -> tuple[Indices, Indices]:
    """Bonds whose middle is within `reach` of a ring's centroid, as two columns."""
    # Through two trees, so that both sides are wrapped into the box alike.
    near = periodic_tree(centroids, box)
    found = periodic_tree(middles, box).query_ball_point(near.data, reach)
    ring = np.repeat(np.arange(len(found)), [len(bonds) for bonds in found])
    return np.array([bond for bonds in found for bond in bonds], dtype=np.int64), ring


def _meets_fan(start: Floats, along: Floats, ring: Indices, arms: Floats, sizes: Indices) -> NDArray[np.bool_]:
    """Whether each segment, relative to the centroid of its ring, meets the fan of the ring."""
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    count = sizes[ring]
    pair = np.repeat(np.arange(len(ring)), count)
    step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    a = arms[offsets[ring][pair] + step]
    b = arms[offsets[ring][pair] + (step + 1) % count[pair]]
    s, d = start[pair], along[pair]
    normal = np.cross(a, b)
    below, above = np.einsum("ij,ij->i", s, normal), np.einsum("ij,ij->i", s + d, normal)
    # Signed volumes with the three edges: of one sign where the line runs through the triangle. A shared edge gives
    # exactly opposite values to its two triangles, so no line slips between them.
    edges = [np.einsum("ij,ij->i", np.cross(p - s, q - s), d) for p, q in ((0 * a, a), (a, b), (b, 0 * b))]
    inside = np.all([edge >= 0 for edge in edges], axis=0) | np.all([edge <= 0 for edge in edges], axis=0)
    hit = (below * above <= 0) & ((below != 0) | (above != 0)) & inside
    return np.bincount(pair[hit], minlength=len(ring)) > 0

"""PeriodicGraph: one repeat unit as a graph whose closing bond leads into the next unit, for graph networks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.repeat_unit import RepeatUnit

__all__ = ["PeriodicGraph", "build_periodic_graph"]


@dataclass(frozen=True)
class PeriodicGraph:
    """The quotient graph of an infinite chain by its translation.

    Parameters
    ----------
    atoms
        Index in `Polymer.mol` of each node, shape (n,); stars and isotopes of hydrogen are left out.
    atomic_numbers
        Shape (n,).
    edges
        Node indices of each bond, shape (m, 2), each bond once; the last row is the closing bond, tail to head.
    orders
        Bond orders (1, 1.5, 2, 3), shape (m,).
    shifts
        Units by which each bond moves along the chain, shape (m,): 0 inside the unit, 1 for the closing bond.
    """

    atoms: NDArray[np.int64]
    atomic_numbers: NDArray[np.int64]
    edges: NDArray[np.int64]
    orders: NDArray[np.float64]
    shifts: NDArray[np.int64]


def build_periodic_graph(unit: RepeatUnit) -> PeriodicGraph:
    """Return the quotient graph of the chain of `unit`.

    No cyclic molecule is made, so no ring of the closing bond is ever perceived. A unit with a one-atom backbone has
    a closing bond from that atom to itself (in the next unit).
    """
    atoms = [a.GetIdx() for a in unit.mol.GetAtoms() if a.GetAtomicNum() > 1]
    node = {atom: i for i, atom in enumerate(atoms)}
    ends = [unit.mol.GetAtomWithIdx(star).GetNeighbors()[0].GetIdx() for star in (unit.tail, unit.head)]
    bonds = [
        (b.GetBeginAtomIdx(), b.GetEndAtomIdx(), b.GetBondTypeAsDouble())
        for b in unit.mol.GetBonds()
        if b.GetBeginAtomIdx() in node and b.GetEndAtomIdx() in node
    ]
    bonds.append((ends[0], ends[1], unit.order))
    return PeriodicGraph(
        atoms=np.array(atoms, dtype=np.int64),
        atomic_numbers=np.array([unit.mol.GetAtomWithIdx(a).GetAtomicNum() for a in atoms], dtype=np.int64),
        edges=np.array([(node[a], node[b]) for a, b, _ in bonds], dtype=np.int64).reshape(-1, 2),
        orders=np.array([order for *_, order in bonds], dtype=np.float64),
        shifts=np.array([0] * (len(bonds) - 1) + [1], dtype=np.int64),
    )

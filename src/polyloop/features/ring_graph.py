"""A repeat unit as a graph that closes on itself, in a row of whole numbers of fixed length, for graph networks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from polyloop.chem import Polymer
from polyloop.core import EvaluationError, FailureCode
from polyloop.core.descriptors import BlockKind
from polyloop.core.graph_rows import ATOM_FEATURES, BOND_FEATURES, MOST_ATOMS, MOST_BONDS, graph_columns

__all__ = ["RingGraphBlock"]


class RingGraphBlock:
    """Atoms and bonds of one unit inside the chain (block `ring_graph`); the last bonds lead into the next unit.

    Heavy atoms with element, neighbours, hydrogens, charge, aromaticity, hybridization and smallest ring; bonds with
    their order, conjugation, whether they are in a ring, and whether they lead into the next unit. Bound to its own
    next unit, one unit stands for a ring of any number of them: all units of such a ring are alike, so what passes
    along its bonds is the same in each.
    """

    name = "ring_graph"
    version = 1
    kind = BlockKind.GRAPH
    packages: tuple[str, ...] = ("rdkit",)
    subjects: tuple[str, ...] = ("polymer",)
    on_request = True
    # Whole numbers, but a row that failed is NaN.
    dtype: np.dtype[Any] = np.dtype(np.float32)
    storage: np.dtype[Any] = np.dtype(np.int16)

    def names(self) -> tuple[str, ...]:
        """Return the columns' names."""
        return graph_columns()

    def units(self) -> tuple[str, ...]:
        """Return the unit of each column."""
        return ("1",) * len(graph_columns())

    def evaluate(self, polymer: Polymer) -> NDArray[np.int16]:
        """Return the encoded graph.

        Raises
        ------
        EvaluationError
            SIZE for a unit of more atoms or bonds than fit.
        """
        chain = polymer.protiated.oligomer(3)
        unit = [atom for atom in chain.GetAtoms() if atom.GetIntProp("unit") == 1]
        place = {atom.GetIntProp("atom"): i for i, atom in enumerate(unit)}
        bonds = [row for bond in chain.GetBonds() for row in _bond(bond, place)]
        if len(unit) > MOST_ATOMS or len(bonds) > MOST_BONDS:
            raise EvaluationError(
                FailureCode.SIZE,
                self.name,
                f"The unit has {len(unit)} atoms and {len(bonds)} bonds; {MOST_ATOMS} and {MOST_BONDS} fit.",
                hint="Use other descriptors.",
            )
        atoms = np.zeros((MOST_ATOMS, len(ATOM_FEATURES)), dtype=np.int16)
        atoms[: len(unit)] = [_atom(atom) for atom in unit]
        edges = np.zeros((MOST_BONDS, len(BOND_FEATURES)), dtype=np.int16)
        edges[: len(bonds)] = bonds
        return np.concatenate([np.array([len(unit), len(bonds)], dtype=np.int16), atoms.ravel(), edges.ravel()])


def _atom(atom: Chem.Atom) -> tuple[int, ...]:
    rings = atom.GetOwningMol().GetRingInfo()
    smallest = rings.MinAtomRingSize(atom.GetIdx())
    return (
        atom.GetAtomicNum(),
        atom.GetDegree(),
        atom.GetTotalNumHs(),
        atom.GetFormalCharge(),
        int(atom.GetIsAromatic()),
        int(atom.GetHybridization()),
        smallest,
    )


def _bond(bond: Chem.Bond, place: dict[int, int]) -> list[tuple[int, ...]]:
    """Return a row for a bond of the middle unit or from it into the next one, and none for others."""
    begin, end = bond.GetBeginAtom(), bond.GetEndAtom()
    if begin.GetIntProp("unit") > end.GetIntProp("unit"):
        begin, end = end, begin
    units = begin.GetIntProp("unit"), end.GetIntProp("unit")
    if units not in ((1, 1), (1, 2)):
        return []
    ends = place[begin.GetIntProp("atom")], place[end.GetIntProp("atom")]
    told = (round(2 * bond.GetBondTypeAsDouble()), int(bond.GetIsConjugated()), int(bond.IsInRing()))
    return [(*ends, *told, units[1] - units[0])]

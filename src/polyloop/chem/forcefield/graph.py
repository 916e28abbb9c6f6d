"""What the typing rules look at: elements, neighbours, bond orders, hybridisation, aromaticity and small rings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rdkit import Chem

__all__ = ["HYBRIDIZATION", "TypingGraph"]

# Atoms of larger rings are typed as those of chains.
_LARGEST_RING = 14
HYBRIDIZATION = {Chem.HybridizationType.SP: 1, Chem.HybridizationType.SP2: 2, Chem.HybridizationType.SP3: 3}


@dataclass(frozen=True)
class TypingGraph:
    """A molecule with explicit hydrogens, under the MDL model of aromaticity.

    Parameters
    ----------
    numbers
        Atomic numbers.
    bonds
        Atom pairs, in the direction in which they stand in the molecule.
    orders
        1, 1.5, 2 or 3 for each of `bonds`.
    hybridization
        1, 2 or 3 for sp, sp2, sp3; 0 for any other.
    aromatic
        Whether the atom is part of an aromatic ring.
    rings
        Atoms of each ring.
    """

    numbers: list[int]
    bonds: list[tuple[int, int]]
    orders: list[float]
    hybridization: list[int]
    aromatic: list[bool]
    rings: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, mol: Chem.Mol) -> TypingGraph:
        """Read a sanitised molecule with explicit hydrogens; `mol` is left as it is.

        The hybridisation is that of RDKit's own model. Aromaticity is MDL's, on which the types were defined: there
        five-membered rings are not aromatic.
        """
        mol = Chem.Mol(mol)
        Chem.Kekulize(mol, clearAromaticFlags=True)
        Chem.SetAromaticity(mol, Chem.AromaticityModel.AROMATICITY_MDL)
        atoms, bonds = list(mol.GetAtoms()), list(mol.GetBonds())
        return cls(
            numbers=[atom.GetAtomicNum() for atom in atoms],
            bonds=[(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in bonds],
            orders=[bond.GetBondTypeAsDouble() for bond in bonds],
            hybridization=[HYBRIDIZATION.get(atom.GetHybridization(), 0) for atom in atoms],
            aromatic=[atom.GetIsAromatic() for atom in atoms],
            rings=tuple(tuple(ring) for ring in mol.GetRingInfo().AtomRings()),
        )

    @cached_property
    def around(self) -> list[list[tuple[int, float]]]:
        """Neighbour and bond order for each bond of each atom, in the order of the bonds."""
        around: list[list[tuple[int, float]]] = [[] for _ in self.numbers]
        for (begin, end), order in zip(self.bonds, self.orders, strict=True):
            around[begin].append((end, order))
            around[end].append((begin, order))
        return around

    @cached_property
    def neighbours(self) -> list[list[int]]:
        """Neighbours of each atom, in the order of the bonds."""
        return [[other for other, _ in bonds] for bonds in self.around]

    @cached_property
    def hydrogens(self) -> list[int]:
        """Number of hydrogens bonded to each atom."""
        counts = [0] * len(self.numbers)
        for begin, end in self.bonds:
            counts[begin] += self.numbers[end] == 1
            counts[end] += self.numbers[begin] == 1
        return counts

    @cached_property
    def ring_sizes(self) -> list[frozenset[int]]:
        """Sizes of the rings of at most 14 atoms through each atom."""
        sizes: list[set[int]] = [set() for _ in self.numbers]
        for ring in self.rings:
            if len(ring) <= _LARGEST_RING:
                for atom in ring:
                    sizes[atom].add(len(ring))
        return [frozenset(found) for found in sizes]

"""A repeat unit as the typing rules see it, put together to endless chains and to oligomers by index arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from polyloop.chem.forcefield.graph import HYBRIDIZATION, TypingGraph
from polyloop.chem.forcefield.terms import written_label
from polyloop.chem.polymer import Polymer

__all__ = ["UnitGraph"]

_BOND_TYPES = {1.0: Chem.BondType.SINGLE, 2.0: Chem.BondType.DOUBLE, 3.0: Chem.BondType.TRIPLE}
_CONJUGATION = Chem.SanitizeFlags.SANITIZE_SETCONJUGATION | Chem.SanitizeFlags.SANITIZE_SETHYBRIDIZATION
_HYDROGEN_MASS = 1.008
Bond = tuple[int, int]


@dataclass(frozen=True)
class UnitGraph:
    """A repeat unit without its stars: heavy atoms in the order of `polymer.mol`, then their hydrogens.

    Parameters
    ----------
    core
        The heavy atoms as a molecule.
    numbers
        Atomic numbers of the heavy atoms.
    hydrogens
        The heavy atom of each hydrogen that `core` does not have as an atom.
    masses
        In g/mol, shape (n_atoms,).
    bonds, orders, aromatic, rings
        Of `core`, under the MDL model of aromaticity.
    head, tail, joint_order
        The atoms that bond to the previous and to the next unit, and the order of that bond.
    """

    polymer: Polymer
    core: Chem.Mol
    numbers: list[int]
    hydrogens: list[int]
    masses: NDArray[np.float64]
    bonds: list[Bond]
    orders: list[float]
    aromatic: list[bool]
    rings: list[list[int]]
    head: int
    tail: int
    joint_order: float

    @classmethod
    def of(cls, polymer: Polymer) -> UnitGraph:
        """Read the repeat unit."""
        mol, stars = polymer.mol, polymer.stars
        place = {old: new for new, old in enumerate(i for i in range(mol.GetNumAtoms()) if i not in stars)}
        atoms = [mol.GetAtomWithIdx(index) for index in place]
        rings = mol.GetRingInfo().AtomRings()
        mdl = _with_mdl_aromaticity(mol) if rings else mol
        bonds = [mdl.GetBondWithIdx(index) for index in range(mdl.GetNumBonds())]
        ends = [(b.GetBeginAtomIdx(), b.GetEndAtomIdx(), b.GetBondTypeAsDouble()) for b in bonds]
        inside = [(place[i], place[j], order) for i, j, order in ends if i in place and j in place]
        hydrogens = [k for k, atom in enumerate(atoms) for _ in range(atom.GetTotalNumHs())]
        head, tail = (place[mol.GetAtomWithIdx(star).GetNeighbors()[0].GetIdx()] for star in stars)
        return cls(
            polymer=polymer,
            core=_without(mol, stars),
            numbers=[atom.GetAtomicNum() for atom in atoms],
            hydrogens=hydrogens,
            masses=np.array([atom.GetMass() for atom in atoms] + [_HYDROGEN_MASS] * len(hydrogens)),
            bonds=[(i, j) for i, j, _ in inside],
            orders=[order for _, _, order in inside],
            aromatic=[mdl.GetAtomWithIdx(i).GetIsAromatic() for i in place] if rings else [False] * len(atoms),
            rings=[[place[i] for i in ring] for ring in rings],
            head=head,
            tail=tail,
            joint_order=polymer.joint_order,
        )

    @property
    def n_atoms(self) -> int:
        """Number of atoms, hydrogens included."""
        return len(self.numbers) + len(self.hydrogens)

    def unit_bonds(self, first: int, next_head: int) -> list[Bond]:
        """Bonds of the unit whose first atom is `first`, with that to the next unit."""
        pairs = [*self.bonds, *((owner, len(self.numbers) + k) for k, owner in enumerate(self.hydrogens))]
        return [*((first + i, first + j) for i, j in pairs), (first + self.tail, next_head)]

    def heavy_oligomer(self, n: int) -> Chem.Mol:
        """`n` units and two capping carbons at the end, without explicit hydrogens, with hybridisation."""
        mol, size, joint = Chem.RWMol(self.core), len(self.numbers), _BOND_TYPES[self.joint_order]
        for k in range(1, n):
            mol.InsertMol(self.core)
            mol.AddBond((k - 1) * size + self.tail, k * size + self.head, joint)
        for end in (self.head, (n - 1) * size + self.tail):
            mol.AddBond(mol.AddAtom(Chem.Atom(6)), end, joint)
        Chem.SanitizeMol(mol, _CONJUGATION)
        return mol

    def hybridization(self, oligomer: Chem.Mol, units: range) -> list[int]:
        """Hybridisation of the heavy atoms of some units of a heavy oligomer."""
        size = len(self.numbers)
        atoms = [oligomer.GetAtomWithIdx(index) for index in range(units.start * size, units.stop * size)]
        return [HYBRIDIZATION.get(atom.GetHybridization(), 0) for atom in atoms]

    def endless(self, n: int, hybridization: list[int]) -> TypingGraph:
        """`n` units, the last of which leads into the first, as a graph (no ring is made or perceived)."""
        joints = [(k * self.n_atoms + self.tail, (k + 1) % n * self.n_atoms + self.head) for k in range(n)]
        return self._graph(n, joints, hybridization * n, caps=0)

    def oligomer(self, n: int, hybridization: list[int]) -> TypingGraph:
        """`n` units between two caps, which stand at the end: carbon and its hydrogens each."""
        joints = [(k * self.n_atoms + self.tail, (k + 1) * self.n_atoms + self.head) for k in range(n - 1)]
        caps = [n * self.n_atoms + k * self._cap_size for k in range(2)]
        joints += [(caps[0], self.head), ((n - 1) * self.n_atoms + self.tail, caps[1])]
        return self._graph(n, joints, hybridization, caps=2)

    def label(self, atom: int) -> str:
        """Name an atom of an endless chain or oligomer in messages."""
        within = atom % self.n_atoms
        heavy = len(self.numbers)
        if within < heavy:
            return written_label(self.polymer, within)
        return f"H on {written_label(self.polymer, self.hydrogens[within - heavy])}"

    @property
    def _cap_size(self) -> int:
        return 1 + 4 - int(self.joint_order)

    def _graph(self, n: int, joints: list[Bond], hybridization: list[int], caps: int) -> TypingGraph:
        size, heavy = self.n_atoms, len(self.numbers)
        firsts = [k * size for k in range(n)]
        no_hydrogens = [0] * len(self.hydrogens)
        skeleton = [(first + i, first + j) for first in firsts for i, j in self.bonds]
        hydrogens = [(first + i, first + heavy + k) for first in firsts for k, i in enumerate(self.hydrogens)]
        capping = [n * size + k * self._cap_size for k in range(caps)]
        hydrogens += [(carbon, carbon + k) for carbon in capping for k in range(1, self._cap_size)]
        by_unit = [hybridization[k * heavy : (k + 1) * heavy] + no_hydrogens for k in range(n)]
        cap = [6] + [1] * (self._cap_size - 1)
        cap_hybridization = [4 - int(self.joint_order)] + [0] * (self._cap_size - 1)
        return TypingGraph(
            numbers=(self.numbers + [1] * len(self.hydrogens)) * n + cap * caps,
            bonds=skeleton + joints + hydrogens,
            orders=self.orders * n + [self.joint_order] * len(joints) + [1.0] * len(hydrogens),
            hybridization=[h for one in by_unit for h in one] + cap_hybridization * caps,
            aromatic=(self.aromatic + [False] * len(self.hydrogens)) * n + [False] * (len(cap) * caps),
            rings=tuple(tuple(first + i for i in ring) for first in firsts for ring in self.rings),
        )


def _with_mdl_aromaticity(mol: Chem.Mol) -> Chem.Mol:
    mol = Chem.Mol(mol)
    Chem.Kekulize(mol, clearAromaticFlags=True)
    Chem.SetAromaticity(mol, Chem.AromaticityModel.AROMATICITY_MDL)
    return mol


def _without(mol: Chem.Mol, stars: tuple[int, int]) -> Chem.Mol:
    core = Chem.RWMol(mol)
    for star in sorted(stars, reverse=True):
        core.RemoveAtom(star)
    return core.GetMol()

"""Polymer: a linear repeat unit written as a SMILES with two stars."""

from __future__ import annotations

import hashlib
from functools import cached_property

from rdkit import Chem
from rdkit.Chem.Descriptors import MolWt

from polyloop.core.errors import InvalidInputError

__all__ = ["Polymer"]


class Polymer:
    """A linear homopolymer, given by its repeat unit as a SMILES with two `*`."""

    def __init__(self, smiles: str) -> None:
        self.smiles = smiles
        mol = Chem.MolFromSmiles(smiles)
        if mol is None or sum(a.GetAtomicNum() == 0 for a in mol.GetAtoms()) != 2:
            raise InvalidInputError(f"{smiles!r} is no repeat unit with two stars.")
        self._mol = mol

    @property
    def mol(self) -> Chem.Mol:
        """A copy of the repeat unit as an RDKit molecule with two dummy atoms."""
        return Chem.Mol(self._mol)

    @cached_property
    def canonical(self) -> str:
        """Canonical SMILES, the same for every way to cut, repeat, reverse or spell the repeat unit."""
        return str(Chem.MolToSmiles(self._mol))

    @cached_property
    def key(self) -> str:
        """sha256 hex digest of `canonical`."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    @cached_property
    def molar_mass(self) -> float:
        """Molar mass of one repeat unit in g/mol (the stars weigh nothing)."""
        return float(MolWt(self._mol))

    def oligomer(self, n: int, cap: str = "C") -> Chem.Mol:
        """Return the linear oligomer of `n` units, head to tail, capped by the atom `cap` at both ends.

        `n = 0` is cap-cap (ethane for methyl caps). Atoms carry the int property `unit`: 0 to n - 1 in the chain,
        -1 for the caps. No explicit hydrogens, no coordinates.
        """
        stars = [a.GetIdx() for a in self._mol.GetAtoms() if a.GetAtomicNum() == 0]
        order = self._mol.GetAtomWithIdx(stars[0]).GetBonds()[0].GetBondType()
        cap_number = Chem.GetPeriodicTable().GetAtomicNumber(cap)
        size, chain = self._mol.GetNumAtoms(), Chem.RWMol()
        for unit in range(n):
            chain = Chem.RWMol(Chem.CombineMols(chain, self._mol))
            for index in range(unit * size, (unit + 1) * size):
                chain.GetAtomWithIdx(index).SetIntProp("unit", unit)
        ends = []
        for unit in range(n):
            joints = []
            for star in stars:
                joints.append((unit * size + star, chain.GetAtomWithIdx(unit * size + star).GetNeighbors()[0].GetIdx()))
            ends.append(joints)
        previous, drop = None, []
        for (head_star, head), (tail_star, tail) in ends:
            first = previous if previous is not None else chain.AddAtom(Chem.Atom(cap_number))
            if previous is None:
                chain.GetAtomWithIdx(first).SetIntProp("unit", -1)
            chain.AddBond(first, head, order)
            drop += [head_star, tail_star]
            previous = tail
        if previous is None:
            previous = chain.AddAtom(Chem.Atom(cap_number))
            chain.GetAtomWithIdx(previous).SetIntProp("unit", -1)
        last = chain.AddAtom(Chem.Atom(cap_number))
        chain.GetAtomWithIdx(last).SetIntProp("unit", -1)
        chain.AddBond(previous, last, order)
        for index in sorted(drop, reverse=True):
            chain.RemoveAtom(index)
        mol = chain.GetMol()
        Chem.SanitizeMol(mol)
        return mol

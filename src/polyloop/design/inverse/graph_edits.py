"""Edits of repeat-unit graphs: mutations and a crossover that keep two stars; the operators of a graph GA.

References
----------
Jensen (2019), doi:10.1039/C8SC05372C, for molecules; here stars are never edited and a child must be a repeat unit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from rdkit import Chem, rdBase

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError

__all__ = ["crossed_units", "mutated_unit"]

_TRIES = 10
_SYMBOLS = ("C", "C", "C", "C", "N", "O", "F", "S", "Cl", "Si", "Br")
_ORDERS = (Chem.BondType.SINGLE, Chem.BondType.DOUBLE)

Edit = Callable[[Chem.RWMol, np.random.Generator], bool]


def mutated_unit(smiles: str, rng: np.random.Generator) -> str | None:
    """Return a repeat unit (canonical) with one edit, or None if ten tries made none."""
    for _ in range(_TRIES):
        mol = _kekulised(smiles)
        edit = _EDITS[int(rng.integers(len(_EDITS)))]
        if edit(mol, rng):
            text = _unit_of(mol)
            if text is not None and text != smiles:
                return text
    return None


def crossed_units(one: str, other: str, rng: np.random.Generator) -> str | None:
    """Return a repeat unit of a part of one and a part of the other, each cut at a bond outside rings, or None."""
    for _ in range(_TRIES):
        left, right = _pieces(one, rng), _pieces(other, rng)
        if left is None or right is None:
            return None
        a, b = left[int(rng.integers(2))], right[int(rng.integers(2))]
        if _stars(a) + _stars(b) != 2:
            continue
        joined = _joined(a, b)
        text = None if joined is None else _unit_of(joined)
        if text is not None:
            return text
    return None


def _kekulised(smiles: str) -> Chem.RWMol:
    with rdBase.BlockLogs():
        mol = Chem.RWMol(Chem.MolFromSmiles(smiles))
        Chem.Kekulize(mol, clearAromaticFlags=True)
    return mol


def _unit_of(mol: Chem.Mol) -> str | None:
    with rdBase.BlockLogs():
        try:
            plain = Chem.Mol(mol)
            Chem.SanitizeMol(plain)
            return Polymer(Chem.MolToSmiles(plain)).canonical
        except (InvalidInputError, ValueError):
            # RDKit's errors of valence and kekulisation are ValueErrors.
            return None


def _heavy(mol: Chem.RWMol) -> list[int]:
    return [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum()]


def _picked(found: list[int], rng: np.random.Generator) -> int:
    return found[int(rng.integers(len(found)))]


def _append_atom(mol: Chem.RWMol, rng: np.random.Generator) -> bool:
    place = _picked(_heavy(mol), rng)
    new = mol.AddAtom(Chem.Atom(_SYMBOLS[int(rng.integers(len(_SYMBOLS)))]))
    mol.AddBond(place, new, _ORDERS[int(rng.random() < 0.2)])
    return True


def _insert_atom(mol: Chem.RWMol, rng: np.random.Generator) -> bool:
    bond = mol.GetBondWithIdx(int(rng.integers(mol.GetNumBonds())))
    begin, end = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
    new = mol.AddAtom(Chem.Atom(("C", "N", "O", "S", "Si")[int(rng.integers(5))]))
    mol.RemoveBond(begin, end)
    mol.AddBond(begin, new, Chem.BondType.SINGLE)
    mol.AddBond(new, end, Chem.BondType.SINGLE)
    return True


def _delete_atom(mol: Chem.RWMol, rng: np.random.Generator) -> bool:
    found = [index for index in _heavy(mol) if mol.GetAtomWithIdx(index).GetDegree() <= 2]
    if not found or mol.GetNumAtoms() < 4:
        return False
    place = _picked(found, rng)
    near = [atom.GetIdx() for atom in mol.GetAtomWithIdx(place).GetNeighbors()]
    if len(near) == 2:
        if mol.GetBondBetweenAtoms(*near) is not None:
            return False
        mol.AddBond(near[0], near[1], Chem.BondType.SINGLE)
    mol.RemoveAtom(place)
    return True


def _change_atom(mol: Chem.RWMol, rng: np.random.Generator) -> bool:
    atom = mol.GetAtomWithIdx(_picked(_heavy(mol), rng))
    symbol = _SYMBOLS[int(rng.integers(len(_SYMBOLS)))]
    if symbol == atom.GetSymbol():
        return False
    mol.ReplaceAtom(atom.GetIdx(), Chem.Atom(symbol))
    return True


def _change_bond(mol: Chem.RWMol, rng: np.random.Generator) -> bool:
    bonds = [b for b in mol.GetBonds() if b.GetBeginAtom().GetAtomicNum() and b.GetEndAtom().GetAtomicNum()]
    if not bonds:
        return False
    bond = bonds[int(rng.integers(len(bonds)))]
    single = bond.GetBondType() == Chem.BondType.SINGLE
    bond.SetBondType(Chem.BondType.DOUBLE if single else Chem.BondType.SINGLE)
    return True


def _open_ring(mol: Chem.RWMol, rng: np.random.Generator) -> bool:
    rings = mol.GetRingInfo().BondRings()
    if not rings:
        return False
    ring = rings[int(rng.integers(len(rings)))]
    bond = mol.GetBondWithIdx(ring[int(rng.integers(len(ring)))])
    mol.RemoveBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
    return True


def _close_ring(mol: Chem.RWMol, rng: np.random.Generator) -> bool:
    place = _picked(_heavy(mol), rng)
    distances = Chem.GetDistanceMatrix(mol)[place]
    ends = [index for index in _heavy(mol) if 3.5 < distances[index] < 6.5 or distances[index] == 3.0]
    ends = [index for index in ends if distances[index] >= 4.0 or rng.random() < 0.1]
    if not ends:
        return False
    mol.AddBond(place, _picked(ends, rng), Chem.BondType.SINGLE)
    return True


_EDITS: tuple[Edit, ...] = (
    _append_atom, _insert_atom, _delete_atom, _change_atom, _change_bond, _open_ring, _close_ring
)  # fmt: skip


def _stars(mol: Chem.Mol) -> int:
    return sum(atom.GetAtomicNum() == 0 and atom.GetIsotope() == 0 for atom in mol.GetAtoms())


def _pieces(smiles: str, rng: np.random.Generator) -> tuple[Chem.Mol, ...] | None:
    """Cut at a single bond outside rings; the cut ends are dummies of isotope 1."""
    mol = Chem.MolFromSmiles(smiles)
    bonds = [
        bond.GetIdx()
        for bond in mol.GetBonds()
        if not bond.IsInRing() and bond.GetBondType() == Chem.BondType.SINGLE
        and bond.GetBeginAtom().GetAtomicNum() and bond.GetEndAtom().GetAtomicNum()
    ]  # fmt: skip
    if not bonds:
        return None
    cut = Chem.FragmentOnBonds(mol, [_picked(bonds, rng)], dummyLabels=[(1, 1)])
    return Chem.GetMolFrags(cut, asMols=True)


def _joined(one: Chem.Mol, other: Chem.Mol) -> Chem.RWMol | None:
    mol = Chem.RWMol(Chem.CombineMols(one, other))
    ends = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0 and atom.GetIsotope() == 1]
    if len(ends) != 2:
        return None
    near = [mol.GetAtomWithIdx(end).GetNeighbors()[0].GetIdx() for end in ends]
    mol.AddBond(near[0], near[1], Chem.BondType.SINGLE)
    for end in sorted(ends, reverse=True):
        mol.RemoveAtom(end)
    return mol

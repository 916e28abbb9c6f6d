"""Repeat units as tokens: one walk from the head star to the tail star, side groups in branches."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from rdkit import Chem

from polyloop.chem import Polymer
from polyloop.core import UnsupportedChemistryError
from polyloop.design.language.vocabulary import GROUPS, Token, TokenKind

__all__ = ["other_cut", "tokens_of", "unit_graph"]

_ORDERS = {Chem.BondType.SINGLE: 1, Chem.BondType.DOUBLE: 2, Chem.BondType.TRIPLE: 3}
_NITRO = Chem.MolFromSmarts("[NX3+;!$([N+]([O-])[O-])](=[OX1])[OX1-]")
_OXO = Chem.MolFromSmarts("[S,P;v4,v5,v6]=[OX1]")


def unit_graph(smiles: str) -> Chem.Mol:
    """Return a repeat unit as a Kekule structure without stereochemistry, whose groups of `GROUPS` are one atom.

    An atom that stands for a group has its name as the property `group`.

    Raises
    ------
    InvalidInputError
        If this is no repeat unit.
    UnsupportedChemistryError
        If it holds charges (beside nitro groups), radicals or isotopes, which tokens do not say.
    """
    mol = Chem.RWMol(Polymer(smiles).mol)
    Chem.RemoveStereochemistry(mol)
    Chem.Kekulize(mol, clearAromaticFlags=True)
    for atom in mol.GetAtoms():
        atom.SetIntProp("hydrogens", atom.GetTotalNumHs())
    gone: set[int] = set()
    for nitrogen, *oxygens in mol.GetSubstructMatches(_NITRO):
        if gone.isdisjoint((nitrogen, *oxygens)) and mol.GetAtomWithIdx(nitrogen).GetDegree() == 3:
            _name(mol, nitrogen, "NO2")
            gone.update(oxygens)
    oxo: dict[int, list[int]] = {}
    for centre, oxygen in mol.GetSubstructMatches(_OXO):
        oxo.setdefault(centre, []).append(oxygen)
    for centre, oxygens in oxo.items():
        atom = mol.GetAtomWithIdx(centre)
        name = {("S", 1): "SO", ("S", 2): "SO2", ("P", 1): "PO"}.get((atom.GetSymbol(), len(oxygens)))
        rest = 2 if atom.GetSymbol() == "S" else 3
        if name is not None and atom.GetTotalValence() - 2 * len(oxygens) == rest:
            _name(mol, centre, name)
            gone.update(oxygens)
    for atom in mol.GetAtoms():
        unusual = atom.GetFormalCharge() or atom.GetNumRadicalElectrons() or (atom.GetAtomicNum() and atom.GetIsotope())
        if unusual and atom.GetIdx() not in gone and not atom.HasProp("group"):
            raise UnsupportedChemistryError(
                "Charges, radicals and isotopes are not part of the language of repeat units.", where=repr(smiles)
            )
    for index in sorted(gone, reverse=True):
        mol.RemoveAtom(index)
    return mol.GetMol()


def _name(mol: Chem.RWMol, atom: int, group: str) -> None:
    mol.GetAtomWithIdx(atom).SetProp("group", group)


def _ends(mol: Chem.Mol) -> tuple[int, int]:
    first, second = (atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0)
    return (first, second) if mol.GetAtomWithIdx(first).GetIsotope() == 1 else (second, first)


def other_cut(mol: Chem.Mol, rng: np.random.Generator) -> Chem.Mol:
    """Return the same chain cut at a random single bond of its backbone outside rings, if there is one."""
    head, tail = _ends(mol)
    path = Chem.GetShortestPath(mol, head, tail)
    bonds = [mol.GetBondBetweenAtoms(u, v) for u, v in pairwise(path[1:-1])]
    places = [i for i, bond in enumerate(bonds) if bond.GetBondType() == Chem.BondType.SINGLE and not bond.IsInRing()]
    joined = mol.GetBondBetweenAtoms(path[0], path[1]).GetBondType()
    if not places or joined != Chem.BondType.SINGLE or mol.GetBondBetweenAtoms(path[1], path[-2]) is not None:
        return mol
    place = places[int(rng.integers(len(places)))]
    cut = Chem.RWMol(mol)
    for star, near in ((head, path[1]), (tail, path[-2])):
        cut.RemoveBond(star, near)
    cut.AddBond(path[1], path[-2], Chem.BondType.SINGLE)
    u, v = path[place + 1], path[place + 2]
    cut.RemoveBond(u, v)
    cut.AddBond(head, v, Chem.BondType.SINGLE)
    cut.AddBond(tail, u, Chem.BondType.SINGLE)
    found = cut.GetMol()
    Chem.FastFindRings(found)
    return found


def tokens_of(mol: Chem.Mol, *, backward: bool = False, rng: np.random.Generator | None = None) -> list[Token]:
    """Write a `unit_graph` as tokens.

    Parameters
    ----------
    backward
        From the tail to the head.
    rng
        Draws the order of neighbours; None for that of the atoms.
    """
    head, tail = _ends(mol)
    if backward:
        head, tail = tail, head
    rank = np.arange(mol.GetNumAtoms()) if rng is None else rng.permutation(mol.GetNumAtoms())
    return _Walk(mol, head, tail, lambda atom: int(rank[atom])).tokens()


class _Walk:
    """A depth-first walk whose last step at each atom leads to the tail star, or on along the side group."""

    def __init__(self, mol: Chem.Mol, head: int, tail: int, rank: Callable[[int], int]) -> None:
        self.mol, self.tail, self.rank = mol, tail, rank
        self.around = [[b.GetIdx() for b in atom.GetNeighbors()] for atom in mol.GetAtoms()]
        self.visited: dict[int, int] = {head: 0}
        self.children: dict[int, list[int]] = {head: []}
        # Ring bonds by the atom that is visited later, and numbers of those that an atom opens.
        self.closing: dict[int, list[int]] = {}
        self.opening: dict[int, list[int]] = {}
        (first,) = self.around[head]
        self.head, self.first = head, first
        self._visit(first, head)

    def _leads_to_tail(self, start: int) -> bool:
        stack, seen = [start], {start}
        while stack:
            atom = stack.pop()
            if atom == self.tail:
                return True
            new = [other for other in self.around[atom] if other not in seen and other not in self.visited]
            seen.update(new)
            stack += new
        return False

    def _visit(self, atom: int, before: int) -> None:
        self.visited[atom] = len(self.visited)
        self.children[atom] = []
        for other in self.around[atom]:
            if other != before and other in self.visited and other not in self.closing.get(atom, []):
                self.closing.setdefault(atom, []).append(other)
                self.opening.setdefault(other, []).append(atom)
        while new := [other for other in self.around[atom] if other not in self.visited]:
            if len(new) == 1:
                chosen = new[0]
            else:
                chosen = min(new, key=lambda other: (self._leads_to_tail(other), self.rank(other)))
            self.children[atom].append(chosen)
            self._visit(chosen, atom)

    def tokens(self) -> list[Token]:
        """Return the tokens from the atom after the head star to the tail star."""
        written: list[Token] = []
        open_: list[tuple[int, int]] = []
        self._write(self.first, self.head, written, open_)
        return written

    def _order(self, u: int, v: int) -> int:
        return _ORDERS[self.mol.GetBondBetweenAtoms(u, v).GetBondType()]

    def _write(self, atom: int, before: int, written: list[Token], open_: list[tuple[int, int]]) -> None:
        order = self._order(before, atom)
        if atom == self.tail:
            written.append(Token(TokenKind.END, order=order))
            return
        written.append(self._token(atom, order))
        for other in sorted(self.closing.get(atom, []), key=lambda other: -open_.index((other, atom))):
            place = len(open_) - 1 - open_.index((other, atom))
            written.append(Token(TokenKind.CLOSURE, order=self._order(atom, other), place=place))
            del open_[len(open_) - 1 - place]
        # What is closed first is opened last.
        for later in sorted(self.opening.get(atom, []), key=lambda later: -self.visited[later]):
            written.append(Token(TokenKind.RING))
            open_.append((atom, later))
        *side, last = self.children[atom] or [-1]
        for child in side:
            written.append(Token(TokenKind.BRANCH))
            self._write(child, atom, written, open_)
            written.append(Token(TokenKind.UNBRANCH))
        if last >= 0:
            self._write(last, atom, written, open_)

    def _token(self, atom: int, order: int) -> Token:
        node = self.mol.GetAtomWithIdx(atom)
        if node.HasProp("group"):
            group = node.GetProp("group")
            return Token(TokenKind.ATOM, group, GROUPS[group][0], order)
        bonds = sum(self._order(atom, other) for other in self.around[atom])
        return Token(TokenKind.ATOM, node.GetSymbol(), bonds + node.GetIntProp("hydrogens"), order)

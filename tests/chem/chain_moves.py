"""Rewrite a repeat unit without changing its chain: cut elsewhere, repeat, reverse, spell at random.

It joins with RDKit's molzip, so it shares no code with the package.
"""

from __future__ import annotations

import random
import re
from itertools import pairwise

from rdkit import Chem, rdBase

HEAD, TAIL, JOINT = 1, 2, 900


def labelled(smiles: str) -> Chem.Mol:
    labels = iter((HEAD, TAIL))
    return Chem.MolFromSmiles(re.sub(r"\[\*\]|\*", lambda _: f"[{next(labels)}*]", smiles))


def _zipped(mol: Chem.Mol, other: Chem.Mol | None = None) -> Chem.Mol:
    """Join the two dummies with map number JOINT; map numbers above it become the labels of the new ends."""
    with rdBase.BlockLogs():
        zipped = Chem.molzip(mol, other) if other is not None else Chem.molzip(mol)
    for atom in zipped.GetAtoms():
        if atom.GetAtomMapNum() > JOINT:
            atom.SetIsotope(atom.GetAtomMapNum() - JOINT)
            atom.SetAtomMapNum(0)
    return Chem.MolFromSmiles(Chem.MolToSmiles(zipped))


def _mapped(mol: Chem.Mol, numbers: dict[int, int]) -> Chem.Mol:
    mol = Chem.Mol(mol)
    for atom in mol.GetAtoms():
        if atom.GetAtomicNum() == 0:
            atom.SetAtomMapNum(numbers[atom.GetIsotope()])
            atom.SetIsotope(0)
    return mol


def repeated(unit: Chem.Mol, times: int) -> Chem.Mol:
    chain = unit
    for _ in range(times - 1):
        chain = _zipped(
            _mapped(chain, {HEAD: JOINT + HEAD, TAIL: JOINT}), _mapped(unit, {HEAD: JOINT, TAIL: JOINT + TAIL})
        )
    return chain


def recut(unit: Chem.Mol, rng: random.Random) -> Chem.Mol:
    """Cut the chain at a random backbone bond of the kind that joins the units."""
    ends = {a.GetIsotope(): a for a in unit.GetAtoms() if a.GetAtomicNum() == 0}
    order = ends[HEAD].GetBonds()[0].GetBondType()
    path = Chem.GetShortestPath(unit, ends[HEAD].GetIdx(), ends[TAIL].GetIdx())
    cuts = []
    for near, far in pairwise(path[1:-1]):
        bond = unit.GetBondBetweenAtoms(near, far)
        if not bond.IsInRing() and bond.GetBondType() == order and bond.GetStereo() == Chem.BondStereo.STEREONONE:
            cuts.append((near, bond))
    if not cuts:
        return unit
    near, bond = rng.choice(cuts)
    new_head, new_tail = 3, 4
    labels = (new_head, new_tail) if bond.GetBeginAtomIdx() == near else (new_tail, new_head)
    pieces = Chem.FragmentOnBonds(unit, [bond.GetIdx()], True, [labels])
    return _zipped(_mapped(pieces, {HEAD: JOINT, TAIL: JOINT, new_head: JOINT + HEAD, new_tail: JOINT + TAIL}))


def spelled(unit: Chem.Mol, rng: random.Random) -> str:
    """A random SMILES of the unit, in a random direction, with plain or labelled stars."""
    if rng.random() < 0.5:
        unit = Chem.Mol(unit)
        for atom in unit.GetAtoms():
            if atom.GetAtomicNum() == 0:
                atom.SetIsotope(HEAD + TAIL - atom.GetIsotope())
    order = list(range(unit.GetNumAtoms()))
    rng.shuffle(order)
    text = Chem.MolToSmiles(Chem.RenumberAtoms(unit, order), canonical=False)
    style = rng.choice((r"*", r"[*]", r"[\1*]", r"[*:\1]"))
    return re.sub(r"\[(\d)\*\]", style, text)


def rewritten(smiles: str, times: int, seed: int) -> str:
    """The same chain, written otherwise."""
    rng = random.Random(seed)
    return spelled(recut(recut(repeated(labelled(smiles), times), rng), rng), rng)


def interior(oligomer: Chem.Mol, unit: int) -> str:
    """The repeat unit number `unit` of an oligomer, as a SMILES with stars."""
    cuts, labels = [], []
    for bond in oligomer.GetBonds():
        begin, end = (a.GetIntProp("unit") for a in (bond.GetBeginAtom(), bond.GetEndAtom()))
        if begin != end:
            cuts.append(bond.GetIdx())
            labels.append((TAIL, HEAD) if (begin - end) % 1000 == 1 else (HEAD, TAIL))
    pieces = Chem.FragmentOnBonds(oligomer, cuts, True, [(b, a) for a, b in labels])
    for piece in Chem.GetMolFrags(pieces, asMols=True):
        if any(a.HasProp("unit") and a.GetIntProp("unit") == unit for a in piece.GetAtoms()):
            return Chem.MolToSmiles(piece)
    raise ValueError(f"no unit {unit}")

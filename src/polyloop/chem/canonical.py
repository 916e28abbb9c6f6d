"""Canonical form of a polymer chain: the least spelling over all cuts, both directions and the smallest period.

The bonds that one can cut (backbone bonds outside rings) split the infinite chain into blocks, each with a head star
and a tail star. The chain is the periodic word of these blocks, so its canonical form is found on the word: reduce it
to its smallest period, then take the least of its rotations and those of the reversed word. Only blocks are ever made
into molecules, so no macrocycle exists whose rings or aromaticity could be perceived.

Blocks are written with labelled stars, hence a stereocentre or double bond in the backbone is described relative to
the direction of the chain. So isotactic and syndiotactic chains differ, and a word and its reverse are one polymer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from rdkit import Chem

from polyloop.chem.repeat_unit import RepeatUnit, parse_labelled, read_repeat_unit
from polyloop.chem.smiles_text import HEAD, TAIL, chain_last, join_pieces, piece_of
from polyloop.core.errors import UnsupportedChemistryError

__all__ = ["Block", "canonical_smiles", "canonical_unit", "chain_word", "directed_texts"]

_LABEL = re.compile(r"\[(\d+)\*\]")
# Cuts made at once; a longer chain is parted first.
_MOST_CUTS = 48
# Words up to which all rotations are simply compared.
_SHORT_WORD = 64


@dataclass(frozen=True)
class Block:
    """A part of the backbone between two cuttable bonds, spelled in both directions.

    `head_cost` and `tail_cost` rate the atoms at its ends: the canonical cut is made where they are lowest, so that a
    methyl cap disturbs the electrons least (between two sp3 carbons rather than through an ester or an amide).
    """

    forward: str
    backward: str
    head_cost: int
    tail_cost: int

    def reversed(self) -> Block:
        """The same block read from its tail."""
        return Block(self.backward, self.forward, self.tail_cost, self.head_cost)


def canonical_smiles(smiles: str) -> str:
    """Return the canonical SMILES of a repeat unit.

    Raises
    ------
    InvalidInputError
        If `smiles` is no linear repeat unit.
    """
    return canonical_unit(read_repeat_unit(smiles))


def canonical_unit(unit: RepeatUnit) -> str:
    """Return the canonical SMILES of a repeat unit that has been read."""
    word = _word(unit)
    word = word[: _period(word)]
    backward = [block.reversed() for block in reversed(word)]
    best = min(_least_rotation(word), _least_rotation(backward), key=_rank)
    pieces = [piece_of(block.forward) for block in best]
    text = join_pieces(pieces)
    if "/" in text or "\\" in text:
        _refuse_unwritable(unit, best)
    return text


def directed_texts(unit: RepeatUnit) -> tuple[str, str]:
    """Return the least spelling of a unit as it is cut, read from its head, and the same read from its tail.

    In a copolymer the cut and the direction of a unit say which atoms meet its neighbours, so neither is chosen here.
    """
    block = _block(Chem.MolToSmiles(unit.mol, rootedAtAtom=unit.head))
    forward, backward = (text.replace(HEAD, "*").replace(TAIL, "*") for text in (block.forward, block.backward))
    return forward, backward


def chain_word(unit: RepeatUnit) -> tuple[Block, ...]:
    """Return the blocks of a unit from head to tail: the word whose endless repetition is the chain."""
    return tuple(_word(unit))


def _rank(word: list[Block]) -> tuple[int, list[tuple[int, str]]]:
    # Short blocks first: *CC(*)c1ccccc1 reads better than *C(c1ccccc1)C*.
    return word[0].head_cost + word[-1].tail_cost, [(len(block.forward), block.forward) for block in word]


def _least_rotation(word: list[Block]) -> list[Block]:
    """The rotation with the least `_rank`, in little more than linear time."""
    costs = [block.head_cost + before.tail_cost for before, block in zip([word[-1], *word], word, strict=False)]
    least = min(costs)
    starts = [place for place, cost in enumerate(costs) if cost == least]
    start = starts[0] if len(starts) == 1 else _least_start(word, starts)
    return word[start:] + word[:start]


def _least_start(word: list[Block], starts: list[int]) -> int:
    """Of some places the one from which the rotation reads least, block by block, shorter blocks first."""
    size = len(word)
    keys = sorted({(len(block.forward), block.forward) for block in word})
    code = {key: place for place, key in enumerate(keys)}
    ranks = [code[len(block.forward), block.forward] for block in word]
    if size <= _SHORT_WORD:
        twice = ranks + ranks
        return min(starts, key=lambda start: twice[start : start + size])
    rank = np.array(ranks)
    # Ranks of ever longer beginnings of all rotations: those of twice the length follow from two of the single one.
    length = 1
    while length < size:
        rank = np.unique(rank * size + np.roll(rank, -length), return_inverse=True)[1]
        length *= 2
    return min(starts, key=lambda start: int(rank[start]))


def _period(word: list[Block]) -> int:
    size = len(word)
    return next(p for p in range(1, size + 1) if size % p == 0 and word[p:] == word[:-p])


def _word(unit: RepeatUnit) -> list[Block]:
    """Split a unit at all bonds that can be cut, from head to tail."""
    cuts = _cuttable(unit)
    order = min([unit.order, *(bond.GetBondTypeAsDouble() for _, bond in cuts)])
    cuts = [(near, bond) for near, bond in cuts if bond.GetBondTypeAsDouble() == order]
    if unit.order != order:
        return _word(_rotated(unit, cuts[0]))
    return [_block(text) for text in _split(unit, cuts)]


def _cuttable(unit: RepeatUnit) -> list[tuple[int, Chem.Bond]]:
    """Backbone bonds outside rings and without E/Z, each with its atom that is nearer to the head."""
    mol = unit.mol
    path = Chem.GetShortestPath(mol, unit.head, unit.tail)
    bonds = [(a, mol.GetBondBetweenAtoms(a, b)) for a, b in pairwise(path[1:-1])]
    return [(a, bond) for a, bond in bonds if not bond.IsInRing() and bond.GetStereo() == Chem.BondStereo.STEREONONE]


def _split(unit: RepeatUnit, cuts: list[tuple[int, Chem.Bond]]) -> list[str]:
    """Texts of the parts between `cuts`, in order from the head, with their stars as `[1*]` and `[2*]`."""
    mol = Chem.RWMol(unit.mol)
    mol.GetAtomWithIdx(unit.tail).SetIsotope(2 * len(cuts) + 2)
    numbered = [
        (number, near, bond.GetOtherAtomIdx(near)) for number, (near, bond) in enumerate(cuts)
    ]  # fmt: skip
    parts = [""] * (len(cuts) + 1)
    for text in _fragments(mol, numbered):
        position = (min(int(label) for label in _LABEL.findall(text)) - 1) // 2
        parts[position] = _LABEL.sub(lambda match: HEAD if int(match[1]) % 2 else TAIL, text)
    return parts


def _fragments(mol: Chem.Mol, cuts: list[tuple[int, int, int]]) -> list[str]:
    """Texts of what falls apart at `cuts`: number along the chain, atom nearer to the head, the other atom.

    Cut number i leaves the labels 2 i + 2 and 2 i + 3 on either side.
    """
    if len(cuts) <= _MOST_CUTS:
        return list(Chem.MolToSmiles(_cut(mol, cuts)).split("."))
    # RDKit's time is that of all atoms for each cut, so a long chain is first parted into pieces with few cuts.
    places: list[tuple[int, ...]] = []
    pieces = Chem.GetMolFrags(_cut(mol, cuts[_MOST_CUTS - 1 :: _MOST_CUTS]), True, False, fragsMolAtomMapping=places)
    texts = []
    for piece, atoms in zip(pieces, places, strict=True):
        Chem.FastFindRings(piece)
        place = {old: new for new, old in enumerate(atoms)}
        inside = [(n, place[a], place[b]) for n, a, b in cuts if a in place and b in place]
        texts += _fragments(piece, inside)
    return texts


def _cut(mol: Chem.Mol, cuts: list[tuple[int, int, int]]) -> Chem.Mol:
    if not cuts:
        return mol
    bonds = [mol.GetBondBetweenAtoms(near, far) for _, near, far in cuts]
    # A dummy that stands for a bond's begin atom sits on its end atom, and carries the first label.
    labels = [
        (2 * number + 3, 2 * number + 2) if bond.GetBeginAtomIdx() == near else (2 * number + 2, 2 * number + 3)
        for (number, near, _), bond in zip(cuts, bonds, strict=True)
    ]
    return Chem.FragmentOnBonds(mol, [bond.GetIdx() for bond in bonds], True, labels)


def _rotated(unit: RepeatUnit, cut: tuple[int, Chem.Bond]) -> RepeatUnit:
    """The same chain, cut at a bond of another order than that at the stars."""
    near, bond = cut
    mol = Chem.Mol(unit.mol)
    # The aromaticity that RDKit saw may belong to the old cut only; it is perceived anew from the double bonds.
    Chem.Kekulize(mol, clearAromaticFlags=True)
    mol = Chem.FragmentOnBonds(mol, [bond.GetIdx()], True, [(1, 2) if bond.GetBeginAtomIdx() == near else (2, 1)])
    texts = {}
    for part in Chem.GetMolFrags(mol, asMols=True, sanitizeFrags=False):
        head = next(a for a in part.GetAtoms() if a.GetAtomicNum() == 0 and a.GetIsotope() == 1)
        texts[head.GetBonds()[0].GetBondTypeAsDouble()] = Chem.MolToSmiles(part, rootedAtAtom=head.GetIdx())
    first = texts.pop(unit.order)
    (second,) = texts.values()
    return read_repeat_unit(join_pieces([piece_of(second), piece_of(first)], HEAD, TAIL))


@lru_cache(maxsize=65536)
def _block(text: str) -> Block:
    swapped = text.replace(HEAD, "[0*]").replace(TAIL, HEAD).replace("[0*]", TAIL)
    forward, backward = _rooted(text), _rooted(swapped)
    return Block(forward, backward, _end_cost(forward), _end_cost(backward))


def _rooted(text: str) -> str:
    """Canonical text of a labelled unit that begins at its head star."""
    # RDKit's text of dependent stereocentres may settle only on the second pass.
    for _ in range(3):
        mol, head, _ = parse_labelled(text)
        previous, text = text, Chem.MolToSmiles(mol, rootedAtAtom=head)
        if text == previous:
            break
    return chain_last(text)


def _end_cost(text: str) -> int:
    mol, head, _ = parse_labelled(text)
    atom = mol.GetAtomWithIdx(head).GetNeighbors()[0]
    if atom.GetAtomicNum() != 6:
        return 3
    if atom.GetIsAromatic():
        return 1
    return 0 if atom.GetTotalDegree() == 4 else 2


def _refuse_unwritable(unit: RepeatUnit, word: list[Block]) -> None:
    """Refuse chains in which the E/Z marks of two double bonds would by accident set a third one between them."""
    chain = read_repeat_unit(join_pieces([piece_of(block.forward) for block in word * 2]))
    if _word(chain) != word * 2:
        raise UnsupportedChemistryError(
            "E/Z is given for some conjugated double bonds of the backbone but not for those between them, "
            "which no SMILES of the chain can say.",
            where=repr(unit.smiles),
            hint="Give E/Z for all double bonds of the backbone, or for none.",
        )

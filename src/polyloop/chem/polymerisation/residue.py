"""Residue: what a monomer leaves in the chain, and the canonical form of chains stitched from residues.

A chain's canonical form is found on the word of its blocks (`chem.canonical`), and the word of a chain of residues is
that of the residues one after the other. So each residue is taken apart once, and a polymer of two costs no parsing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rdkit.Chem.Descriptors import MolWt  # type: ignore[attr-defined]

from polyloop.chem.canonical import Block, chain_word
from polyloop.chem.polymer import Polymer
from polyloop.chem.repeat_unit import parse_labelled, read_repeat_unit
from polyloop.chem.smiles_text import HEAD, TAIL, join_pieces, piece_of

__all__ = ["Letter", "Residue", "canonical_chain", "stitched"]

# (length and text of a block), cost of a cut at its head, cost of a cut at its tail.
Letter = tuple[tuple[int, str], int, int]


@dataclass(frozen=True)
class Residue:
    """A directed part of a chain, as SMILES with the stars `[1*]` (head) and `[2*]` (tail); `text` is canonical."""

    text: str

    @classmethod
    def read(cls, smiles: str) -> Residue:
        """Return the residue of a text with labelled stars.

        Raises
        ------
        InvalidInputError
            If it is no linear part of a chain.
        """
        return cls._of(chain_word(read_repeat_unit(smiles)))

    @classmethod
    def _of(cls, blocks: Sequence[Block]) -> Residue:
        residue = cls(join_pieces([piece_of(block.forward) for block in blocks], HEAD, TAIL))
        # Known already, so that its text need not be taken apart.
        residue.__dict__["blocks"] = tuple(blocks)
        return residue

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Its parts between the bonds of the main chain outside rings."""
        return chain_word(read_repeat_unit(self.text))

    @cached_property
    def turned(self) -> Residue:
        """The same residue, read from its tail."""
        return Residue._of([block.reversed() for block in reversed(self.blocks)])

    @property
    def symmetric(self) -> bool:
        """Whether both directions read alike."""
        return self.turned.text == self.text

    @cached_property
    def letters(self) -> tuple[Letter, ...]:
        """The blocks as what canonical forms are compared by."""
        return tuple(((len(b.forward), b.forward), b.head_cost, b.tail_cost) for b in self.blocks)

    @cached_property
    def marked(self) -> bool:
        """Whether E/Z marks stand in its text, which its neighbours' may change."""
        return "/" in self.text or "\\" in self.text

    @cached_property
    def molar_mass(self) -> float:
        """Molar mass in g/mol, without the stars."""
        return float(MolWt(parse_labelled(self.text)[0]))


def stitched(residues: Sequence[Residue]) -> str:
    """Return the repeat unit of residues one after the other, as SMILES with two stars."""
    return join_pieces([piece_of(residue.text) for residue in residues])


def canonical_chain(residues: Sequence[Residue]) -> str:
    """Return the canonical SMILES of the chain of residues: `Polymer(stitched(residues)).canonical`, faster.

    Raises
    ------
    UnsupportedChemistryError
        If E/Z marks meet in a way that no SMILES of the chain can say.
    """
    if any(residue.marked for residue in residues):
        return Polymer(stitched(residues)).canonical
    forward = [letter for residue in residues for letter in residue.letters]
    backward = [letter for residue in reversed(residues) for letter in residue.turned.letters]
    period = _period(forward)
    best = min(_least(forward[:period]), _least(backward[:period]))[1]
    return join_pieces([piece_of(text) for _, text in best])


def _period(word: list[Letter]) -> int:
    size = len(word)
    for period in range(1, size // 2 + 1):
        if size % period == 0 and word[0] == word[period] and word[period:] == word[:-period]:
            return period
    return size


def _least(word: list[Letter]) -> tuple[int, list[tuple[int, str]]]:
    """Cost and texts of the rotation that is cut where it costs least, and among those has the least texts."""
    costs = [letter[1] + word[place - 1][2] for place, letter in enumerate(word)]
    low = min(costs)
    texts = [letter[0] for letter in word]
    starts = [place for place, cost in enumerate(costs) if cost == low]
    if len(starts) == 1:
        return low, texts[starts[0] :] + texts[: starts[0]]
    least = min(texts[start] for start in starts)
    return low, min(texts[start:] + texts[:start] for start in starts if texts[start] == least)

"""PolymerClass: the 21 PoLyInfo classes, told from SMARTS rules on the interior of a linear oligomer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise
from math import ceil

from rdkit import Chem

from polyloop.chem.oligomer import build_oligomer
from polyloop.chem.repeat_unit import RepeatUnit

__all__ = ["PolymerClass", "classify", "seniority"]


class PolymerClass(StrEnum):
    """The polymer classes of PoLyInfo (https://polymer.nims.go.jp), by readable name."""

    UNCLASSIFIED = "unclassified"
    POLYOLEFINS = "polyolefins"
    POLYSTYRENES = "polystyrenes"
    POLYVINYLS = "polyvinyls"
    POLYACRYLICS = "polyacrylics"
    HALOGENATED_POLYOLEFINS = "halogenated polyolefins"
    POLYDIENES = "polydienes"
    POLYOXIDES = "polyoxides"
    POLYSULFIDES = "polysulfides"
    POLYESTERS = "polyesters"
    POLYAMIDES = "polyamides"
    POLYURETHANES = "polyurethanes"
    POLYUREAS = "polyureas"
    POLYIMIDES = "polyimides"
    POLYANHYDRIDES = "polyanhydrides"
    POLYCARBONATES = "polycarbonates"
    POLYIMINES = "polyimines"
    POLYSILANES_SILOXANES = "polysilanes and polysiloxanes"
    POLYPHOSPHAZENES = "polyphosphazenes"
    POLYKETONES = "polyketones"
    POLYSULFONES = "polysulfones"
    POLYPHENYLENES = "polyphenylenes"

    @property
    def number(self) -> int:
        """PoLyInfo's number, 1 to 21; 0 for unclassified."""
        return list(PolymerClass).index(self)

    @property
    def code(self) -> str:
        """PoLyInfo's four-letter code, such as PSTR; empty for unclassified."""
        return _CODES[self.number]


_CODES = (
    "", "PHYC", "PSTR", "PVNL", "PACR", "PHAL", "PDIE", "POXI", "PSUL", "PEST", "PAMD", "PURT", "PURA", "PIMD", "PANH",
    "PCBN", "PIMN", "PSIL", "PPHS", "PKTN", "PSFO", "PPNL",
)  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """A chain belongs to `polymer_class` if `smarts` matches with its first `on_chain` atoms in the main chain."""

    polymer_class: PolymerClass
    smarts: str
    on_chain: int


# In order of precedence: groups that hold other groups come first (a urethane looks like an ester and an amide too).
_RULES = (
    Rule(PolymerClass.POLYURETHANES, "[#6;X3]([#7])([O,S;X2])=[O,S]", 3),
    Rule(PolymerClass.POLYUREAS, "[#6;X3]([#7])([#7])=[O,S]", 3),
    Rule(PolymerClass.POLYIMIDES, "[#7]([#6;X3]=O)[#6;X3]=O", 2),
    Rule(PolymerClass.POLYANHYDRIDES, "[O,S;X2]([#6;X3]=O)[#6;X3]=O", 2),
    Rule(PolymerClass.POLYCARBONATES, "[#6;X3]([O,S;X2])([O,S;X2])=[O,S]", 3),
    Rule(PolymerClass.POLYESTERS, "[#6;X3]([O,S;X2])(=[O,S])[#6,#1]", 2),
    Rule(PolymerClass.POLYAMIDES, "[#6;X3]([#7])(=[O,S])[#6,#1]", 2),
    Rule(PolymerClass.POLYSILANES_SILOXANES, "[Si]", 1),
    Rule(PolymerClass.POLYPHOSPHAZENES, "[#15]=[#7]", 2),
    Rule(PolymerClass.POLYKETONES, "[#6;X3](=O)([#6])[#6]", 1),
    Rule(PolymerClass.POLYSULFONES, "[#16](=O)=O", 1),
    Rule(PolymerClass.POLYOXIDES, "[#8]", 1),
    Rule(PolymerClass.POLYSULFIDES, "[#16]", 1),
    Rule(PolymerClass.POLYIMINES, "[#7]", 1),
    Rule(PolymerClass.POLYPHENYLENES, "c", 1),
    Rule(PolymerClass.POLYSTYRENES, "[CX4]-[c;r6]1[c,n][c,n][c,n][c,n][c,n]1", 1),
    Rule(PolymerClass.POLYACRYLICS, "[CX4]-[CX3](=O)[$([OX2]),$([OX1-]),$([NX3])]", 1),
    Rule(PolymerClass.POLYDIENES, "C=C", 2),
    Rule(PolymerClass.POLYDIENES, "[CX4]-[C;!R]=[C;!R]", 1),
    Rule(PolymerClass.HALOGENATED_POLYOLEFINS, "[CX4]-[F,Cl,Br,I]", 1),
)
_HALOGENS = frozenset({9, 17, 35, 53})
# Atoms that a rule may reach beyond the joint of two units.
_REACH = 4


@cache
def _ranks() -> dict[PolymerClass, int]:
    order = [*dict.fromkeys(rule.polymer_class for rule in _RULES), PolymerClass.POLYVINYLS, PolymerClass.POLYOLEFINS]
    return {polymer_class: rank for rank, polymer_class in enumerate([*order, PolymerClass.UNCLASSIFIED])}


def seniority(polymer_class: PolymerClass) -> int:
    """Return the rank of a class, 0 for the most senior: a chain that holds the groups of several has the first."""
    return _ranks()[polymer_class]


@cache
def _queries() -> tuple[tuple[PolymerClass, Chem.Mol, int], ...]:
    return tuple((rule.polymer_class, Chem.MolFromSmarts(rule.smarts), rule.on_chain) for rule in _RULES)


def classify(unit: RepeatUnit) -> PolymerClass:
    """Return the class of the chain of `unit`.

    The main chain is the shortest path along the chain with the rings that share a bond with it. Only matches inside
    the oligomer count, never those that touch its caps.
    """
    backbone = len(Chem.GetShortestPath(unit.mol, unit.head, unit.tail)) - 2
    mol = build_oligomer(unit, 1 + ceil(_REACH / backbone))
    caps = {0, mol.GetNumAtoms() - 1}
    main_chain = _main_chain(mol) - caps
    # Fluorinated vinyl ethers and the like are vinyl polymers: a halogenated olefin holds carbon and halogens only.
    other_atoms = any(a.GetAtomicNum() not in _HALOGENS | {1, 6} for a in mol.GetAtoms())
    for polymer_class, query, on_chain in _queries():
        if polymer_class is PolymerClass.HALOGENATED_POLYOLEFINS and other_atoms:
            continue
        for match in mol.GetSubstructMatches(query, uniquify=False):
            if main_chain.issuperset(match[:on_chain]) and caps.isdisjoint(match):
                return polymer_class
    return _carbon_chain(mol, main_chain)


def _main_chain(mol: Chem.Mol) -> set[int]:
    path = list(Chem.GetShortestPath(mol, 0, mol.GetNumAtoms() - 1))
    on_path = set(path)
    bonds = {frozenset(pair) for pair in pairwise(path)}
    main_chain = set(path)
    for ring in mol.GetRingInfo().AtomRings():
        if on_path.isdisjoint(ring):
            continue
        if any(frozenset(pair) in bonds for pair in zip(ring, ring[1:] + ring[:1], strict=True)):
            main_chain.update(ring)
    return main_chain


def _carbon_chain(mol: Chem.Mol, main_chain: set[int]) -> PolymerClass:
    """Class of a chain that no rule fits: a polyolefin, a vinyl polymer by its side groups, or none."""
    if any(mol.GetAtomWithIdx(index).GetAtomicNum() != 6 for index in main_chain):
        return PolymerClass.UNCLASSIFIED
    aliphatic = all(a.GetAtomicNum() in (1, 6) and not a.GetIsAromatic() for a in mol.GetAtoms())
    return PolymerClass.POLYOLEFINS if aliphatic else PolymerClass.POLYVINYLS

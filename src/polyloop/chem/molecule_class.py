"""The functional class of a molecule: one word to browse and group by, from its most senior group."""

from __future__ import annotations

from functools import cache

from rdkit import Chem

__all__ = ["MOLECULE_CLASSES", "classify_molecule"]

# In order of seniority, after IUPAC's table of classes (P-41, doi:10.1039/9781849733069): the first that occurs names
# the molecule. Ester-like groups come before the acid's or alcohol's own patterns can match a part of them.
_RULES = (
    ("carboxylic acid", "[CX3](=O)[OX2H]"),
    ("sulfonic acid", "[SX4](=O)(=O)[OX2H]"),
    ("anhydride", "[CX3](=O)[OX2][CX3]=O"),
    ("carbonate", "[#6][OX2][CX3](=O)[OX2][#6]"),
    ("urethane", "[#7][CX3](=O)[OX2][#6]"),
    ("ester", "[CX3](=O)[OX2][#6]"),
    ("acid halide", "[CX3](=O)[F,Cl,Br,I]"),
    ("urea", "[#7][CX3](=O)[#7]"),
    ("imide", "[CX3](=O)[#7][CX3]=O"),
    ("amide", "[CX3](=O)[#7]"),
    ("nitrile", "[CX2]#N"),
    ("isocyanate", "N=C=O"),
    ("aldehyde", "[CX3H1](=O)[#6,#1]"),
    ("aldehyde", "[CX3H2]=O"),
    ("ketone", "[#6][CX3](=O)[#6]"),
    ("phenol", "c[OX2H]"),
    ("alcohol", "[CX4][OX2H]"),
    ("thiol", "[#6][SX2H]"),
    ("amine", "[NX3;!$(N~[!#6;!#1]);!$(N-C=[O,S,N])]([#6])"),
    ("sulfone", "[SX4](=O)(=O)([#6])[#6]"),
    ("sulfoxide", "[SX3](=O)([#6])[#6]"),
    ("nitro compound", "[$([NX3](=O)=O),$([NX3+](=O)[O-])][#6]"),
    ("silane or siloxane", "[SiX4]"),
    ("epoxide", "C1OC1"),
    ("ether", "[#6][OX2][#6]"),
    ("sulfide", "[#6][SX2][#6]"),
    ("halide", "[#6][F,Cl,Br,I]"),
)
_HYDROCARBONS = (("arene", "c"), ("alkyne", "C#C"), ("alkene", "C=C"), ("alkane", "C"))
_OTHER = "molecule"
MOLECULE_CLASSES = (*dict.fromkeys(name for name, _ in (*_RULES, *_HYDROCARBONS)), _OTHER)


@cache
def _queries() -> tuple[tuple[str, Chem.Mol], ...]:
    return tuple((name, Chem.MolFromSmarts(smarts)) for name, smarts in _RULES)


def classify_molecule(mol: Chem.Mol) -> str:
    """Return one of `MOLECULE_CLASSES`: that of the most senior group, for a hydrocarbon its kind, else `molecule`."""
    for name, query in _queries():
        if mol.HasSubstructMatch(query):
            return name
    if any(atom.GetAtomicNum() not in (1, 6) for atom in mol.GetAtoms()):
        return _OTHER
    for name, smarts in _HYDROCARBONS:
        if mol.HasSubstructMatch(Chem.MolFromSmarts(smarts)):
            return name
    return _OTHER

"""Which elements every match of a pattern holds: what a molecule lacks them need not be searched for."""

from __future__ import annotations

import re
from collections.abc import Callable

from rdkit import Chem

__all__ = ["elements_held", "elements_needed"]

_AROMATIC = 1000  # what is added to an element's number for its aromatic atoms; alone, any aromatic atom
_NUMBER = re.compile(r"#(\d+)")
_SYMBOL = re.compile(r"[A-Z][a-z]?|[a-z]")
_NO_ELEMENT = frozenset("AHDRXxvrh")  # letters of SMARTS that are no elements by themselves
_NOTHING: frozenset[int] = frozenset()


def elements_held(mol: Chem.Mol) -> set[int]:
    """Return the atomic numbers that a molecule holds, those of aromatic atoms with 1,000 more as well, and 1,000."""
    atoms = [mol.GetAtomWithIdx(index) for index in range(mol.GetNumAtoms())]
    kinds = {(atom.GetAtomicNum(), atom.GetIsAromatic()) for atom in atoms}
    held = {number for number, _ in kinds}
    for number, aromatic in kinds:
        if aromatic:
            held |= {_AROMATIC, number + _AROMATIC}
    return held


def elements_needed(pattern: Chem.Mol) -> frozenset[int]:
    """Return what every match of a SMARTS pattern holds, in the numbers of `elements_held`.

    It may leave something out, and never names what a match could lack: a search that is skipped finds nothing.

    Examples
    --------
    >>> from rdkit import Chem
    >>> sorted(elements_needed(Chem.MolFromSmarts("[$([NX3](=O)=O),$([NX3+](=O)[O-])][!#8]")))
    [7, 8]
    """
    return _NOTHING.union(*(_of_atom(atom.GetSmarts()) for atom in pattern.GetAtoms()))


def _of_atom(text: str) -> frozenset[int]:
    inside = text[1:-1] if text.startswith("[") else text
    return _all_of(inside, ";", lambda part: _any_of(part, lambda one: _all_of(one, "&", _of_primitive)))


def _all_of(text: str, sign: str, of_part: Callable[[str], frozenset[int]]) -> frozenset[int]:
    return _NOTHING.union(*map(of_part, _split(text, sign)))


def _any_of(text: str, of_part: Callable[[str], frozenset[int]]) -> frozenset[int]:
    first, *others = map(of_part, _split(text, ","))
    return first.intersection(*others)


def _of_primitive(text: str) -> frozenset[int]:
    if text.startswith("$(") and text.endswith(")"):
        inner = Chem.MolFromSmarts(text[2:-1])
        return elements_needed(inner) if inner is not None else _NOTHING
    if match := _NUMBER.fullmatch(text):
        return frozenset({int(match[1])})
    if text == "a":
        return frozenset({_AROMATIC})
    if not _SYMBOL.fullmatch(text) or text in _NO_ELEMENT:
        return _NOTHING
    number = Chem.GetPeriodicTable().GetAtomicNumber(text.capitalize())
    return frozenset({number, number + _AROMATIC, _AROMATIC} if text.islower() else {number})


def _split(text: str, sign: str) -> list[str]:
    """Split where a sign stands outside of brackets and parentheses."""
    parts, depth, start = [], 0, 0
    for index, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if letter == sign and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    return [*parts, text[start:]]

"""Say what is wrong with a SMILES that RDKit refuses, and at which character."""

from __future__ import annotations

import re

from rdkit import Chem, rdBase

from polyloop.core.errors import InvalidInputError, UnsupportedChemistryError

__all__ = ["explain", "find_tolerated"]

_ELEMENTS = frozenset(Chem.GetPeriodicTable().GetElementSymbol(z) for z in range(1, 119))
_AROMATIC = frozenset({"b", "c", "n", "o", "p", "s", "as", "se", "te", "si"})
_ORGANIC = re.compile(r"Cl|Br|[BCNOPSFI]|[bcnops]|\*")
_BRACKET = re.compile(r"\[(\d*)([A-Z][a-z]?|[a-z][a-z]?|\*|#\d+)(@{0,2}(?:[A-Z]{2}\d+)?)(H\d*)?([+-]*\d*)(:\d+)?\]")
_RING = re.compile(r"%\(\d+\)|%\d\d|\d")
_TOLERATED = re.compile(r"\s|\[\d{4}|@(?:TH|AL|SP|TB|OH)\d")
_BOND = re.compile(r"->|<-|[-=#$:/\\~]")


def explain(text: str) -> InvalidInputError:
    """Return the error for a text that RDKit cannot turn into a molecule."""
    found = _first_fault(text)
    if found is not None:
        return InvalidInputError(found[1], where=_where(text, found[0]), hint=found[2])
    problem = _chemistry_problem(text)
    if problem is not None:
        return problem
    return InvalidInputError("This is no valid SMILES.", where=repr(text), hint="Check it in a structure editor.")


def find_tolerated(text: str) -> InvalidInputError | None:
    """Return the error for what RDKit would read, but not as it was meant: names, impossible isotopes, odd stereo."""
    suspect = _TOLERATED.search(text)
    if suspect is None:
        return None
    if suspect[0].startswith("@"):
        return UnsupportedChemistryError(
            f"The stereo mark {suspect[0]} is not tetrahedral.",
            where=_where(text, suspect.start()),
            hint="Use @ or @@ on tetrahedral atoms, and / and \\ on double bonds.",
        )
    return explain(text)


def _where(text: str, place: int) -> str:
    shown = f" ({text[place]!r})" if place < len(text) else ""
    return f"{text!r}, character {place + 1}{shown}"


def _chemistry_problem(text: str) -> InvalidInputError | None:
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(text, sanitize=False)
        problems = Chem.DetectChemistryProblems(mol) if mol is not None else ()
    if not problems:
        return None
    problem = problems[0]
    kind = problem.GetType()
    if kind == "AtomValenceException":
        atom = mol.GetAtomWithIdx(problem.GetAtomIdx())
        bonds = sum(b.GetBondTypeAsDouble() for b in atom.GetBonds()) + atom.GetNumExplicitHs()
        return InvalidInputError(
            f"Atom {atom.GetIdx() + 1} ({atom.GetSymbol()}) has the valence {bonds:g}, more than it can have.",
            where=repr(text),
            hint="Remove a bond, or give the atom its charge in brackets, as in [N+].",
        )
    if kind == "AtomKekulizeException":
        atom = mol.GetAtomWithIdx(problem.GetAtomIdx())
        return InvalidInputError(
            f"Atom {atom.GetIdx() + 1} ({atom.GetSymbol()}) is written as aromatic (lower case) outside a ring.",
            where=repr(text),
            hint="Write it in upper case with explicit double bonds.",
        )
    atoms = ", ".join(str(i + 1) for i in getattr(problem, "GetAtomIndices", tuple)())
    return InvalidInputError(
        f"No alternating double bonds can be placed on the aromatic atoms {atoms}.",
        where=repr(text),
        hint="Write hydrogens on pyrrole-type nitrogen as [nH], or draw the ring with explicit double bonds.",
    )


def _first_fault(text: str) -> tuple[int, str, str] | None:
    """Scan left to right for the first lexical fault: its 0-based place, what it is, and how to mend it."""
    branches: list[int] = []
    rings: dict[str, tuple[int, int]] = {}
    place, atom_at, atom_before, bond_at = 0, -1, False, -1
    while place < len(text):
        character = text[place]
        bracket, atom = _BRACKET.match(text, place), _ORGANIC.match(text, place)
        ring, bond = _RING.match(text, place), _BOND.match(text, place)
        if character == "[":
            if bracket is None or (fault := _bracket_fault(place, bracket)) is not None:
                return _bad_bracket(text, place) if bracket is None else fault
            place, atom_at, atom_before, bond_at = bracket.end(), place, True, -1
        elif atom:
            place, atom_at, atom_before, bond_at = atom.end(), place, True, -1
        elif not atom_before:
            return place, "An atom is expected here.", "Begin with an atom or a star."
        elif ring:
            number = ring[0].strip("%()").lstrip("0") or "0"
            opened_at, opening_atom = rings.pop(number, (-1, -1))
            if opening_atom == atom_at:
                return opened_at, f"Ring {number} closes on the atom that opens it.", "Close it on another atom."
            if opened_at < 0:
                rings[number] = (place, atom_at)
            place, bond_at = ring.end(), -1
        elif bond:
            if bond_at >= 0:
                return place, "Two bond symbols follow each other.", "Keep one of them."
            place, bond_at = bond.end(), place
        elif character == "(":
            if bond_at >= 0:
                return bond_at, "A bond symbol leads nowhere.", "Put it inside the branch, before its atom."
            branches.append(place)
            place += 1
        elif character == ")":
            fault = _closing_fault(text, place, bool(branches), bond_at)
            if fault is not None:
                return fault
            branches.pop()
            place += 1
        elif character == ".":
            if bond_at >= 0 or place + 1 == len(text):
                return place, "The dot separates nothing.", "Remove it."
            place, atom_before = place + 1, False
        else:
            return _unknown(text, place)
    return _end_fault(branches, rings, bond_at)


def _closing_fault(text: str, place: int, is_open: bool, bond_at: int) -> tuple[int, str, str] | None:
    if not is_open:
        return place, "A parenthesis is closed that was never opened.", "Remove it or open it with '('."
    if bond_at >= 0:
        return bond_at, "A bond symbol leads nowhere.", "Put an atom after it."
    if text[place - 1] == "(":
        return place, "A branch is empty.", "Put an atom in it or remove it."
    return None


def _end_fault(branches: list[int], rings: dict[str, tuple[int, int]], bond_at: int) -> tuple[int, str, str] | None:
    if branches:
        return branches[-1], "A parenthesis is opened but never closed.", "Close it with ')'."
    if rings:
        number, (place, _) = next(iter(rings.items()))
        return place, f"Ring {number} is opened but never closed.", "Write its number at the closing atom too."
    if bond_at >= 0:
        return bond_at, "A bond symbol leads nowhere.", "Put an atom after it."
    return None


def _bad_bracket(text: str, place: int) -> tuple[int, str, str]:
    if "]" not in text[place:]:
        return place, "A bracket is opened but never closed.", "Close it with ']'."
    content = text[place : text.index("]", place) + 1]
    return place, f"The bracket atom {content} cannot be read.", "Write it as [isotope symbol @ H charge]."


def _bracket_fault(place: int, bracket: re.Match[str]) -> tuple[int, str, str] | None:
    symbol = bracket[2]
    if symbol not in _ELEMENTS and symbol not in _AROMATIC and symbol != "*" and not symbol.startswith("#"):
        return bracket.start(2), f"{symbol!r} is no element.", "Use the symbol of an element, or * for a chain end."
    if len(bracket[1]) > 3:
        return bracket.start(1), f"The isotope {bracket[1]} does not exist.", "Give the mass number, as in [13C]."
    return None


def _unknown(text: str, place: int) -> tuple[int, str, str]:
    character = text[place]
    if character == "]":
        return place, "A bracket is closed that was never opened.", "Remove it or open it with '['."
    if character.isspace():
        return place, "There is white space inside the SMILES.", "Give one structure without names or comments."
    if character.isalpha() and character.isascii():
        return place, f"{character!r} is no element that may stand outside brackets.", "Write it as in [Si] or [Na+]."
    return place, "This character has no meaning in a SMILES.", "Remove it."

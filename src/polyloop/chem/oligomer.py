"""Build linear oligomers of a repeat unit, head to tail, with stereo kept across the joints."""

from __future__ import annotations

import re
from functools import lru_cache

from rdkit import Chem, rdBase

from polyloop.chem.repeat_unit import RepeatUnit
from polyloop.chem.smiles_text import Piece, chain_last, join_pieces, piece_of
from polyloop.core.errors import InvalidInputError

__all__ = ["build_oligomer"]

_CAPS = ("H", "B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Br", "I")
_MAP_NUMBER = re.compile(r":(\d+)\]")
_BOND_SYMBOL = {1.0: "", 2.0: "=", 3.0: "#"}


def build_oligomer(unit: RepeatUnit, n: int, cap: str = "C") -> Chem.Mol:
    """Return `cap-(unit)n-cap`, its atoms sorted by unit and marked with the int properties `unit` and `atom`.

    `unit` is -1 for caps; `atom` is the atom's index in the repeat unit's molecule, -1 for caps.

    Raises
    ------
    InvalidInputError
        If `n` is negative, or `cap` is no atom that can end this chain.
    """
    if n < 0:
        raise InvalidInputError(f"An oligomer has 0 or more units, not {n}.", where=repr(unit.smiles))
    if cap not in _CAPS:
        raise InvalidInputError(f"{cap!r} cannot cap a chain.", where="cap", hint=f"Use one of {', '.join(_CAPS)}.")
    piece, before, after = _pieces(unit)
    labels = [(-1, -1), *((k, a) for k in range(n) for a in before), (-1, -1)]
    labels += [(k, a) for k in reversed(range(n)) for a in after]
    end = {"H": "[H]", "Si": f"[SiH{4 - unit.order:.0f}]"}.get(cap, cap)
    chain = join_pieces([piece] * n, end, end) if n else end + _BOND_SYMBOL[unit.order] + end
    mol = _parse_chain(chain, unit, cap)
    # Indexing is twice as fast as iterating.
    for index, (k, origin) in enumerate(labels):
        atom = mol.GetAtomWithIdx(index)
        atom.SetIntProp("unit", k)
        atom.SetIntProp("atom", origin)
    last_cap = 1 + n * len(before)
    ranked = sorted(range(len(labels)), key=lambda i: (n, 0) if i == last_cap else labels[i])
    mol = Chem.RenumberAtoms(mol, ranked)
    if cap == "H":
        options = Chem.RemoveHsParameters()
        options.removeDefiningBondStereo = True  # type: ignore[assignment]
        mol = Chem.RemoveHs(mol, options)
    return mol


# Several oligomers of one unit are built one after the other.
@lru_cache(maxsize=16)
def _pieces(unit: RepeatUnit) -> tuple[Piece, list[int], list[int]]:
    """Return the unit's text cut at its stars, and the indices of the atoms before and after the tail star."""
    numbered = _piece(_numbered(unit.mol), unit.head)
    before, after = ([int(i) - 1 for i in _MAP_NUMBER.findall(text)] for text in (numbered.before, numbered.after))
    return _piece(unit.mol, unit.head), before, after


def _piece(mol: Chem.Mol, head: int) -> Piece:
    return piece_of(chain_last(Chem.MolToSmiles(mol, rootedAtAtom=head, canonical=False)))


def _numbered(mol: Chem.Mol) -> Chem.Mol:
    """A copy whose atoms, except the stars, carry their index plus one as map number."""
    mol = Chem.Mol(mol)
    for atom in mol.GetAtoms():
        if atom.GetAtomicNum():
            atom.SetAtomMapNum(atom.GetIdx() + 1)
    return mol


def _parse_chain(text: str, unit: RepeatUnit, cap: str) -> Chem.Mol:
    # Hydrogen caps must survive until the atoms are labelled.
    options = Chem.SmilesParserParams()
    options.removeHs = False  # type: ignore[assignment]
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(text, options)
    if mol is None:
        raise InvalidInputError(
            f"{cap} cannot cap a chain whose units are joined by bonds of order {unit.order:g}.",
            where=repr(unit.smiles),
            hint="Use another cap, such as C.",
        )
    return mol

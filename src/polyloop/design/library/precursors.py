"""What the chain costs that a polymer-analogous step begins with: its monomer, from the shipped table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from rdkit import Chem
from rdkit.Chem.Descriptors import MolWt  # type: ignore[attr-defined]

from polyloop.chem.polymerisation import PolymerisationRule
from polyloop.chem.polymerisation.rule import read_monomer
from polyloop.core import InvalidInputError
from polyloop.design.library.scores import synthetic_accessibility
from polyloop.design.library.stock import shipped_stock

__all__ = ["Precursor", "precursor_of"]


@dataclass(frozen=True)
class Precursor:
    """The monomer of a chain that is changed: price in US$/kg, g/mol of it in a unit, accessibility score."""

    price: float
    mass: float
    difficulty: float


def precursor_of(rule: PolymerisationRule) -> tuple[Precursor, ...]:
    """Return the precursor of a rule, or nothing where the rule names none.

    Raises
    ------
    InvalidInputError
        If the shipped table lacks it.
    """
    return _read(rule.precursor) if rule.precursor else ()


@cache
def _read(smiles: str) -> tuple[Precursor, ...]:
    canonical = Chem.MolToSmiles(Chem.MolFromSmiles(smiles))
    found = next((one for one in shipped_stock() if one.smiles == canonical), None)
    if found is None or found.price is None:
        raise InvalidInputError(f"The table of monomers has no price of {canonical}.", where="precursor")
    mol = read_monomer(canonical)
    # A ring of three phosphazenes opens into three units.
    units = max(1, sum(atom.GetSymbol() == "P" for atom in mol.GetAtoms()))
    return (Precursor(found.price, MolWt(mol) / units, synthetic_accessibility(mol)),)

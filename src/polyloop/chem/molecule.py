"""Molecule: one whole neutral molecule, given by its SMILES: a monomer, a liquid, a solvent, an additive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from rdkit import Chem, rdBase
from rdkit.Chem.Descriptors import MolWt  # type: ignore[attr-defined]

from polyloop.chem.depiction import draw_grid
from polyloop.chem.molecule_class import classify_molecule
from polyloop.chem.repeat_unit import refuse_unusual
from polyloop.chem.smiles_fault import explain, find_tolerated
from polyloop.core.errors import InvalidInputError, UnsupportedChemistryError
from polyloop.core.subject import Subject

__all__ = ["Molecule"]

# RDKit's text of dependent stereocentres may settle only on a later pass.
_PASSES = 4


@dataclass(frozen=True)
class Molecule:
    """One neutral, closed-shell molecule. Two are equal, and hash alike, when their canonical SMILES are.

    Several pieces (salts, solvates) are refused, since a value would be of a mixture that the text gives no amounts of;
    and so is a net charge, since an ion cannot be had without its partner. A zwitterion is neutral. Stereo, isotopes
    and charges inside are kept; atom map numbers are dropped. Tautomers are different molecules.

    Raises
    ------
    InvalidInputError
        If `smiles` cannot be read, or is a repeat unit with stars; the message names the place.
    UnsupportedChemistryError
        For several pieces, a net charge, an open shell or unusual bonds.

    Examples
    --------
    >>> from polyloop.chem.molecule import Molecule
    >>> Molecule("C(=O)(OC)C(C)=C").canonical
    'C=C(C)C(=O)OC'
    """

    smiles: str = field(compare=False)
    canonical: str = field(init=False)

    def __post_init__(self) -> None:
        mol = _read(self.smiles)
        object.__setattr__(self, "smiles", self.smiles.strip())
        object.__setattr__(self, "canonical", _canonical(mol))

    @property
    def subject(self) -> Subject:
        """What records are of: kind `molecule`, by `canonical`."""
        return Subject("molecule", self.canonical)

    @cached_property
    def key(self) -> str:
        """sha256 hex digest of the kind and `canonical`."""
        return self.subject.key

    @property
    def mol(self) -> Chem.Mol:
        """The molecule of `canonical`, without explicit hydrogens."""
        return Chem.MolFromSmiles(self.canonical)

    @cached_property
    def molecule_class(self) -> str:
        """One of `molecule_class.MOLECULE_CLASSES`, such as `ester`: by its most senior group."""
        return classify_molecule(self.mol)

    @cached_property
    def molar_mass(self) -> float:
        """Molar mass in g/mol."""
        return float(MolWt(self.mol))

    @cached_property
    def composition(self) -> Mapping[str, int]:
        """Number of atoms of each element, hydrogens included."""
        counts: Counter[str] = Counter()
        for atom in self.mol.GetAtoms():
            counts[atom.GetSymbol()] += 1
            counts["H"] += atom.GetTotalNumHs()
        return MappingProxyType({element: count for element, count in sorted(counts.items()) if count})

    @property
    def elements(self) -> frozenset[str]:
        """Symbols of its elements."""
        return frozenset(self.composition)

    @cached_property
    def heavy_atoms(self) -> int:
        """Number of atoms other than hydrogen."""
        return sum(count for element, count in self.composition.items() if element != "H")

    @property
    def drawing(self) -> str:
        """The structure as SVG."""
        return draw_grid([self.mol], [""])


def _read(smiles: str) -> Chem.Mol:
    text = _checked_text(smiles)
    if "*" in text:
        raise InvalidInputError(
            "A star marks the end of a repeat unit, and this is to be a whole molecule.",
            where=f"{text!r}, character {text.index('*') + 1} ('*')",
            hint="Give it as a polymer, or put an atom in the place of each star.",
        )
    if (fault := find_tolerated(text)) is not None:
        raise fault
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(text)
    if mol is None:
        raise explain(text)
    if not mol.GetNumAtoms():
        raise InvalidInputError("The molecule has no atoms.", where=repr(text), hint="Write a SMILES such as 'CCO'.")
    if len(Chem.GetMolFrags(mol)) > 1:
        raise UnsupportedChemistryError(
            "The molecule consists of disconnected pieces.", where=f"{text!r}, character {text.index('.') + 1} ('.')",
            hint="Give one molecule, without counter-ions or solvent.",
        )  # fmt: skip
    if any(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()):
        raise InvalidInputError("An atom has no element.", where=repr(text), hint="Write its symbol.")
    refuse_unusual(text, mol)
    if charge := Chem.GetFormalCharge(mol):
        raise UnsupportedChemistryError(
            f"The molecule carries a net charge of {charge:+d} e.", where=repr(text),
            hint="Write it in its neutral form; an ion cannot be had without its partner.",
        )  # fmt: skip
    return mol


def _checked_text(smiles: str) -> str:
    if not isinstance(smiles, str):
        raise InvalidInputError(
            f"A molecule is a SMILES text, not {type(smiles).__name__}.", where=repr(smiles)[:60],
            hint="Pass a string such as 'CCO'.",
        )  # fmt: skip
    text = smiles.strip()
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidInputError(
            "The molecule holds bytes that are no text.", where=ascii(text), hint="Save it as UTF-8, or retype it."
        )
    if not text:
        raise InvalidInputError("The molecule is empty.", where=repr(smiles), hint="Write a SMILES such as 'CCO'.")
    return text


def _canonical(mol: Chem.Mol) -> str:
    plain = Chem.Mol(mol)
    for atom in plain.GetAtoms():
        atom.SetAtomMapNum(0)
    text = Chem.MolToSmiles(plain)
    for _ in range(_PASSES):
        previous, text = text, Chem.MolToSmiles(Chem.MolFromSmiles(text))
        if text == previous:
            break
    return str(text)

"""Read a repeat unit: from a user's text to a checked molecule with labelled stars, or a refusal that helps."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rdkit import Chem, rdBase

from polyloop.chem.notation import as_starred_smiles
from polyloop.chem.smiles_fault import explain, find_tolerated
from polyloop.chem.smiles_text import HEAD, TAIL, label_stars
from polyloop.core.errors import InvalidInputError, UnsupportedChemistryError

__all__ = ["RepeatUnit", "parse_labelled", "read_repeat_unit", "refuse_unusual"]

_DUMMY = Chem.MolFromSmarts("[#0]")
_STANDARD_BONDS = (Chem.BondType.SINGLE, Chem.BondType.DOUBLE, Chem.BondType.TRIPLE, Chem.BondType.AROMATIC)
# Isotopes that no element has mark the carbons that stand in for stars while RDKit perceives aromaticity.
_STAND_IN = {1: 901, 2: 902}
# Germylenes, stannylenes and plumbylenes have closed shells, which RDKit counts as two unpaired electrons.
_LONE_PAIR = ("Ge", "Sn", "Pb")
_UNUSUAL = re.compile(r"[\[~$<>]")


@dataclass(frozen=True)
class RepeatUnit:
    """A checked repeat unit: `mol` has its head star labelled as isotope 1 and its tail star as isotope 2.

    `order` is the order of the bond that joins one unit to the next.
    """

    smiles: str
    mol: Chem.Mol
    head: int
    tail: int
    order: float


def read_repeat_unit(smiles: str) -> RepeatUnit:
    """Parse and check a repeat unit.

    Raises
    ------
    InvalidInputError
        If `smiles` cannot be read or is no repeat unit; the message names the place.
    UnsupportedChemistryError
        If it is well formed but no linear, closed-shell chain of ordinary bonds.
    """
    text = as_starred_smiles(_checked_text(smiles))
    if (fault := find_tolerated(text)) is not None:
        raise fault
    labelled, n_stars = label_stars(text)
    parsed = _parse(labelled)
    if parsed is None:
        raise explain(text)
    if len(Chem.GetMolFrags(parsed)) > 1:
        raise UnsupportedChemistryError(
            "The repeat unit consists of disconnected pieces.",
            where=repr(text),
            hint="Give one connected repeat unit, without counter-ions or solvent; units of a copolymer one by one.",
        )
    dummies = [parsed.GetAtomWithIdx(index) for (index,) in parsed.GetSubstructMatches(_DUMMY)]
    if (degree := max((atom.GetDegree() for atom in dummies), default=0)) > 1:
        raise InvalidInputError(
            f"A star must have exactly one bond, here one has {degree}.",
            where=repr(text),
            hint="Attach each star to one atom of the repeat unit.",
        )
    if n_stars != 2 or len(dummies) != 2:
        raise _wrong_stars(text, parsed)
    _check_stars(text, parsed)
    mol, head, tail = _with_real_aromaticity(labelled, parsed)
    refuse_unusual(text, mol)
    return RepeatUnit(text, mol, head, tail, mol.GetAtomWithIdx(head).GetBonds()[0].GetBondTypeAsDouble())


def parse_labelled(text: str) -> tuple[Chem.Mol, int, int]:
    """Parse a valid text with the stars `[1*]` and `[2*]`; return the molecule and the indices of both.

    A star on a double bond is read as a carbon while aromaticity is perceived, since to RDKit a dummy atom may donate
    any number of electrons, and a quinoid ring of the real chain would come out aromatic.
    """
    return _with_real_aromaticity(text, _parsed(text))


def _with_real_aromaticity(text: str, mol: Chem.Mol) -> tuple[Chem.Mol, int, int]:
    head, tail = _stars(mol)
    bond = mol.GetAtomWithIdx(head).GetBonds()[0]
    if bond.GetBondType() == Chem.BondType.SINGLE:
        return mol, head, tail
    hydrogens = 4 - int(bond.GetBondTypeAsDouble())
    for token, isotope in zip((HEAD, TAIL), _STAND_IN.values(), strict=True):
        text = text.replace(token, f"[{isotope}CH{hydrogens}]")
    mol = Chem.RWMol(_parsed(text))
    found = {}
    for label, isotope in _STAND_IN.items():
        atom = next(a for a in mol.GetAtoms() if a.GetIsotope() == isotope)
        atom.SetAtomicNum(0)
        atom.SetNumExplicitHs(0)
        atom.SetIsotope(label)
        found[label] = atom.GetIdx()
    return mol.GetMol(), found[1], found[2]


def _parse(text: str) -> Chem.Mol | None:
    with rdBase.BlockLogs():
        return Chem.MolFromSmiles(text)


def _parsed(text: str) -> Chem.Mol:
    mol = _parse(text)
    if mol is None:
        raise explain(text)
    return mol


def _stars(mol: Chem.Mol) -> tuple[int, int]:
    (first,), (second,) = mol.GetSubstructMatches(_DUMMY)
    return (first, second) if mol.GetAtomWithIdx(first).GetIsotope() == 1 else (second, first)


def _checked_text(smiles: str) -> str:
    if not isinstance(smiles, str):
        raise InvalidInputError(
            f"A repeat unit is a SMILES text, not {type(smiles).__name__}.",
            where=repr(smiles)[:60],
            hint="Pass a string such as '*CC*'.",
        )
    text = smiles.strip()
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidInputError(
            "The repeat unit holds bytes that are no text.",
            where=ascii(text),
            hint="Save it as UTF-8, or retype it.",
        )
    if not text:
        raise InvalidInputError("The repeat unit is empty.", where=repr(smiles), hint="Write a SMILES such as '*CC*'.")
    return text


def _wrong_stars(text: str, mol: Chem.Mol) -> InvalidInputError:
    count = len(mol.GetSubstructMatches(_DUMMY))
    if count == 2:
        return InvalidInputError(
            "A star carries a charge, hydrogens or another label than a number.",
            where=repr(text),
            hint="Write each star as *, [*], [*:1] or [1*].",
        )
    if count < 2:
        return InvalidInputError(
            f"A repeat unit has two stars, this one has {count}.",
            where=repr(text),
            hint="Mark both ends of the repeat unit with a star, as in '*CC*'.",
        )
    kind = "a ladder (two strands)" if _is_ladder(mol) else "branched or a network"
    return UnsupportedChemistryError(
        f"A linear repeat unit has two stars, this one has {count}: the polymer is {kind}.",
        where=repr(text),
        hint="Only linear chains joined by one bond from unit to unit are handled.",
    )


def _is_ladder(mol: Chem.Mol) -> bool:
    """Whether four stars are two ends of two strands: no bond alone holds the end with two of them to the other.

    Which two make an end is told by the bonds between them, the fewest in all.
    """
    stars = [index for (index,) in mol.GetSubstructMatches(_DUMMY)]
    if len(stars) != 4:
        return False
    first, *rest = stars
    distance = Chem.GetDistanceMatrix(mol)
    pairings = [((first, other), tuple(star for star in rest if star != other)) for other in rest]
    near, far = min(pairings, key=lambda ends: sum(distance[end] for end in ends))
    return not any(_parts_of_cut(mol, bond) == {frozenset(near), frozenset(far)} for bond in mol.GetBonds())


def _parts_of_cut(mol: Chem.Mol, bond: Chem.Bond) -> set[frozenset[int]]:
    """The stars on either side of a bond; empty where it is in a ring."""
    if bond.IsInRing():
        return set()
    cut = Chem.RWMol(mol)
    cut.RemoveBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
    return {
        frozenset(index for index in part if mol.GetAtomWithIdx(index).GetAtomicNum() == 0)
        for part in Chem.GetMolFrags(cut)
    }


def _check_stars(text: str, mol: Chem.Mol) -> None:
    atoms = [mol.GetAtomWithIdx(index) for index in _stars(mol)]
    head, tail = (a.GetBonds()[0] for a in atoms)
    if head.GetIdx() == tail.GetIdx():
        raise InvalidInputError(
            "The two stars are bonded to each other, so the repeat unit has no atoms.",
            where=repr(text),
            hint="Put the atoms of the repeat unit between the stars, as in '*CC*'.",
        )
    if head.GetBondType() != tail.GetBondType():
        orders = " and ".join(b.GetBondType().name.lower() for b in (head, tail))
        raise InvalidInputError(
            f"The stars are attached by different bonds ({orders}), so two units cannot be joined.",
            where=repr(text),
            hint="Use the same bond order at both stars.",
        )
    if head.GetBondType() not in _STANDARD_BONDS[:3]:
        raise UnsupportedChemistryError(
            f"The stars are attached by {head.GetBondType().name.lower()} bonds.",
            where=repr(text),
            hint="Attach the stars by single, double or triple bonds.",
        )


def refuse_unusual(text: str, mol: Chem.Mol) -> None:
    """Raise `UnsupportedChemistryError` for bonds that are not ordinary and shells that are not closed in `mol`."""
    if not _UNUSUAL.search(text):
        return
    for bond in mol.GetBonds():
        if bond.GetBondType() not in _STANDARD_BONDS:
            ends = "-".join(f"{a.GetSymbol()}{a.GetIdx() + 1}" for a in (bond.GetBeginAtom(), bond.GetEndAtom()))
            raise UnsupportedChemistryError(
                f"The bond {ends} is of the kind {bond.GetBondType().name.lower()}.",
                where=repr(text),
                hint="Only single, double, triple and aromatic bonds are handled.",
            )
    for atom in mol.GetAtoms():
        if atom.GetSymbol() in _LONE_PAIR and atom.GetNumRadicalElectrons() == 2:
            raise UnsupportedChemistryError(
                f"Atom {atom.GetIdx() + 1} ({atom.GetSymbol()}) is divalent: it keeps a lone pair, which polyloop's "
                "methods do not describe.",
                where=repr(text),
                hint=f"Write it with four bonds, as in [{atom.GetSymbol()}](C)(C).",
            )
        if atom.GetNumRadicalElectrons():
            raise UnsupportedChemistryError(
                f"Atom {atom.GetIdx() + 1} ({atom.GetSymbol()}) has {atom.GetNumRadicalElectrons()} unpaired "
                "electron(s); polyloop handles closed shells only.",
                where=repr(text),
                hint="Add the missing hydrogens in the bracket, as in [CH2], or write the atom without a bracket.",
            )

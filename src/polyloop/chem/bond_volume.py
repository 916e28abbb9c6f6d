"""Van der Waals volume of a repeat unit by counting atoms, bonds and rings: no geometry, microseconds."""

from __future__ import annotations

from polyloop.chem.polymer import Polymer
from polyloop.core import EvaluationError, FailureCode

__all__ = ["bond_counting_volume"]

# angstrom3 of an isolated atom; doi:10.1021/jo034808o, table 2.
_ATOMS = {
    "H": 7.24, "C": 20.58, "N": 15.60, "O": 14.71, "F": 13.31, "Cl": 22.45, "Br": 26.52, "I": 32.52, "P": 24.43,
    "S": 24.43, "As": 26.52, "B": 40.48, "Si": 38.79, "Se": 28.73, "Te": 36.62,
}  # fmt: skip
_BOND, _AROMATIC_RING, _OTHER_RING = 5.92, 14.7, 3.8


def bond_counting_volume(polymer: Polymer) -> float:
    """Return the van der Waals volume of one repeat unit inside the chain in angstrom3.

    The sum of the atoms' volumes less 5.92 for each bond, 14.7 for each aromatic and 3.8 for each other ring. The bond
    to the next unit is one of the unit's.

    Raises
    ------
    EvaluationError
        ELEMENT for an element that the table lacks.

    References
    ----------
    Zhao, Abraham & Zissimos (2003), doi:10.1021/jo034808o.

    Examples
    --------
    >>> round(bond_counting_volume(Polymer("*CC*")), 2)
    34.6
    """
    unknown = sorted(polymer.elements - _ATOMS.keys())
    if unknown:
        raise EvaluationError(
            FailureCode.ELEMENT, "van der Waals volume", f"No volume is known for {', '.join(unknown)}."
        )
    atoms = sum(_ATOMS[element] * count for element, count in polymer.composition.items())
    bonds, aromatic, rings = _interior(polymer)
    return atoms - _BOND * bonds - _AROMATIC_RING * aromatic - _OTHER_RING * (rings - aromatic)


def _interior(polymer: Polymer) -> tuple[int, int, int]:
    """Return bonds, aromatic rings and rings of one unit inside the chain: no ring holds the bond to the next unit."""
    plain = polymer.protiated
    mol = plain.mol
    rings = mol.GetRingInfo().BondRings()
    aromatic = sum(all(mol.GetBondWithIdx(bond).GetIsAromatic() for bond in ring) for ring in rings)
    # The bonds to the two stars are one bond of the chain.
    return mol.GetNumBonds() - 1 + plain.composition.get("H", 0), aromatic, len(rings)

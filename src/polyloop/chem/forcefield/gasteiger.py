"""Gasteiger charges, with a reason where there are none."""

from __future__ import annotations

import math

from rdkit import Chem
from rdkit.Chem import rdPartialCharges

from polyloop.chem.forcefield.terms import STAGE
from polyloop.core.errors import EvaluationError, FailureCode

__all__ = ["gasteiger_charges", "refuse_infinite"]


def gasteiger_charges(mol: Chem.Mol) -> list[float]:
    """Return the Gasteiger charge of each atom in e.

    Raises
    ------
    EvaluationError
        If an element has no Gasteiger parameters.
    """
    rdPartialCharges.ComputeGasteigerCharges(mol)
    charges = [atom.GetDoubleProp("_GasteigerCharge") for atom in mol.GetAtoms()]
    refuse_infinite(charges, mol)
    return charges


def refuse_infinite(charges: list[float], mol: Chem.Mol) -> None:
    """Check charges that RDKit computed for atoms of `mol`.

    Raises
    ------
    EvaluationError
        If one is no number, because an element has no Gasteiger parameters.
    """
    if not all(map(math.isfinite, charges)):
        # One unknown element spoils the charges of all atoms around it.
        elements = ", ".join(sorted({atom.GetSymbol() for atom in mol.GetAtoms()}))
        reason = f"There are no Gasteiger charges for this combination of elements: {elements}."
        raise EvaluationError(FailureCode.ELEMENT, STAGE, reason)

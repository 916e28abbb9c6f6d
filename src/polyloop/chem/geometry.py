"""Geometry: elements and positions of one molecule, the common input of all engines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

__all__ = ["Geometry"]


@dataclass(frozen=True)
class Geometry:
    """A closed-shell molecule in space.

    Parameters
    ----------
    symbols
        Element symbols, length n.
    coordinates
        Positions in angstrom, shape (n, 3).
    charge
        Total charge in e.
    """

    symbols: tuple[str, ...]
    coordinates: NDArray[np.float64]
    charge: int = 0

    @classmethod
    def from_mol(cls, mol: Chem.Mol, conformer: int = -1) -> Geometry:
        """Take elements, positions and formal charge from an RDKit molecule with explicit hydrogens."""
        positions = np.asarray(mol.GetConformer(conformer).GetPositions(), dtype=np.float64)
        return cls(tuple(a.GetSymbol() for a in mol.GetAtoms()), positions, Chem.GetFormalCharge(mol))

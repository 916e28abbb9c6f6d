"""What the invariants of properties need of a repeat unit: mass, volume, number of atoms and molar refraction."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Polymer
from polyloop.chem.bond_volume import bond_counting_volume
from polyloop.core.descriptors import BlockKind
from polyloop.core.invariant import FACTORS
from polyloop.features.oligomer import kept_oligomer

__all__ = ["InvariantFactorsBlock"]

_UNITS = {"molar_mass": "g/mol", "vdw_volume": "angstrom3", "atoms": "1", "molar_refraction": "cm3/mol"}


class InvariantFactorsBlock:
    """The factors that physical invariants are made of, per repeat unit (block `factors`).

    Molar mass in g/mol; van der Waals volume by counting bonds in angstrom3 (doi:10.1021/jo034808o); atoms; molar
    refraction by Crippen's contributions in cm3/mol (doi:10.1021/ci990307l), what one more unit adds to an oligomer.
    All are additive, so those of a copolymer are the mean over its units.
    """

    name = "factors"
    version = 1
    kind = BlockKind.PHYSICAL
    packages: tuple[str, ...] = ("rdkit",)
    subjects: tuple[str, ...] = ("polymer", "copolymer")
    dtype: np.dtype[Any] = np.dtype(np.float64)
    storage: np.dtype[Any] = np.dtype(np.float64)

    def names(self) -> tuple[str, ...]:
        """Return the names of the four factors."""
        return FACTORS

    def units(self) -> tuple[str, ...]:
        """Return the units of the four factors."""
        return tuple(_UNITS[name] for name in FACTORS)

    def evaluate(self, polymer: Polymer) -> NDArray[np.float64]:
        """Return the factors, shape (4,).

        Raises
        ------
        EvaluationError
            ELEMENT for an element without a volume.
        """
        from rdkit.Chem.Crippen import MolMR  # type: ignore[attr-defined]

        shorter, longer = (kept_oligomer(polymer, n) for n in (2, 3))
        atoms = float(sum(polymer.composition.values()))
        refraction = float(MolMR(longer) - MolMR(shorter))
        return np.array([polymer.molar_mass, bond_counting_volume(polymer), atoms, refraction])

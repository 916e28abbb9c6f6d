"""RDKit's two-dimensional descriptors of a repeat unit, by difference of oligomers, or a molecule; per heavy atom."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Molecule, Polymer
from polyloop.core.descriptors import BlockKind
from polyloop.core.errors import EvaluationError, FailureCode
from polyloop.features.additive_descriptors import ADDITIVE, additive_descriptors, additive_pair
from polyloop.features.oligomer import neighbouring_oligomers

__all__ = ["Rdkit2dBlock"]

# The farthest-reaching descriptors (fourth-order paths, charges sorted into bins) see no cap beyond this.
_REACH = 8
_UNITS = {
    "MolWt": "g/mol", "HeavyAtomMolWt": "g/mol", "TPSA": "angstrom2", "LabuteASA": "angstrom2", "MolMR": "cm3/mol",
}  # fmt: skip


class Rdkit2dBlock:
    """Additive RDKit descriptors: what one more repeat unit adds to an oligomer, divided by its heavy atoms.

    Only descriptors that are additive over repeat units are taken, since only these belong to the polymer and not
    to the oligomer that happened to be built. The first column is the number of heavy atoms of the unit. Of a molecule
    the same descriptors of the whole are divided by its heavy atoms.
    """

    name = "rdkit2d"
    version = 2
    kind = BlockKind.PHYSICAL
    packages: tuple[str, ...] = ("rdkit",)
    subjects: tuple[str, ...] = ("polymer", "copolymer", "molecule")
    dtype: np.dtype[Any] = np.dtype(np.float64)
    storage: np.dtype[Any] = np.dtype(np.float64)

    def names(self) -> tuple[str, ...]:
        """Return `HeavyAtomCount` and the names of the descriptors, each per heavy atom."""
        return ("HeavyAtomCount", *(f"{name}_per_heavy_atom" for name in ADDITIVE))

    def units(self) -> tuple[str, ...]:
        """Return the columns' units, length 162; each but the first is per heavy atom."""
        return ("1", *(_unit_of(name) for name in ADDITIVE))

    def evaluate(self, polymer: Polymer | Molecule) -> NDArray[np.float64]:
        """Return the descriptors, shape (162,).

        Raises
        ------
        EvaluationError
            If one of them is not finite.
        """
        if isinstance(polymer, Molecule):
            heavy = polymer.mol.GetNumHeavyAtoms()
            # Dihydrogen alone has no heavy atom.
            values = _column(additive_descriptors(polymer.mol)) / max(heavy, 1)
        else:
            shorter, longer = neighbouring_oligomers(polymer, _REACH)
            heavy = longer.GetNumHeavyAtoms() - shorter.GetNumHeavyAtoms()
            of_shorter, of_longer = map(_column, additive_pair(shorter, longer))
            values = (of_longer - of_shorter) / heavy
        if not np.isfinite(values).all():
            bad = [name for name, value in zip(ADDITIVE, values, strict=True) if not np.isfinite(value)]
            raise EvaluationError(FailureCode.UNSUPPORTED, "RDKit descriptors", f"{', '.join(bad)} is not finite.")
        return np.concatenate([[float(heavy)], values])


def _column(values: dict[str, float]) -> NDArray[np.float64]:
    return np.array([values[name] for name in ADDITIVE], dtype=np.float64)


def _unit_of(name: str) -> str:
    if name.startswith(("PEOE_VSA", "SMR_VSA", "SlogP_VSA")):
        return "angstrom2"
    return _UNITS.get(name, "1")

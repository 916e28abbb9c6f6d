"""Polymer: a linear repeat unit written as a SMILES with two stars."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any

from rdkit import Chem
from rdkit.Chem.Descriptors import MolWt

from polyloop.chem.canonical import canonical_unit
from polyloop.chem.oligomer import build_oligomer
from polyloop.chem.repeat_unit import RepeatUnit, read_repeat_unit

__all__ = ["Polymer"]


class Polymer:
    """A linear homopolymer, given by its repeat unit as a SMILES with two `*`.

    Immutable. Two polymers are equal, and hash alike, when they are the same chain, however each was written.
    """

    smiles: str
    canonical: str

    def __init__(self, smiles: str) -> None:
        unit = read_repeat_unit(smiles)
        self.__dict__.update(smiles=unit.smiles, canonical=canonical_unit(unit))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"A Polymer cannot be changed; make a new one instead of setting {name!r}.")

    def __eq__(self, other: object) -> bool:
        return self.canonical == other.canonical if isinstance(other, Polymer) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.canonical)

    def __repr__(self) -> str:
        return f"Polymer({self.smiles!r})"

    def __getstate__(self) -> dict[str, str]:
        return {"smiles": self.smiles, "canonical": self.canonical}

    def __setstate__(self, state: dict[str, str]) -> None:
        self.__dict__.update(state)

    @cached_property
    def key(self) -> str:
        """sha256 hex digest of `canonical`."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    @cached_property
    def _unit(self) -> RepeatUnit:
        # Read again when needed: a pool of a million polymers must not hold a million molecules.
        return read_repeat_unit(self.smiles)

    @property
    def mol(self) -> Chem.Mol:
        """A copy of the repeat unit as an RDKit molecule with two plain dummy atoms."""
        mol = Chem.Mol(self._unit.mol)
        for star in (self._unit.head, self._unit.tail):
            mol.GetAtomWithIdx(star).SetIsotope(0)
        return mol

    @cached_property
    def molar_mass(self) -> float:
        """Molar mass of one repeat unit in g/mol (the stars weigh nothing)."""
        return float(MolWt(self.mol))

    def oligomer(self, n: int, cap: str = "C") -> Chem.Mol:
        """Return the linear oligomer of `n` units, head to tail, capped by the atom `cap` at both ends.

        `n = 0` is cap-cap (ethane for methyl caps). Atoms carry the int property `unit`: 0 to n - 1 in the chain,
        -1 for the caps. No explicit hydrogens, no coordinates.
        """
        return build_oligomer(self._unit, n, cap)

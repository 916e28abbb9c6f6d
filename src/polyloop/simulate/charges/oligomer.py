"""The methyl-capped oligomer that a unit's charges are computed on, with its atoms in the order of a chain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from polyloop.chem import Chain, ChainUnit, Geometry
from polyloop.simulate.charges.equivalence import equivalence_classes
from polyloop.simulate.conformers import search_conformers

__all__ = ["Oligomer"]


@dataclass(frozen=True)
class Oligomer:
    """CH3-(unit)n-CH3 as a chain and as an RDKit molecule.

    Parameters
    ----------
    chain
        The oligomer by index arithmetic; all arrays here are in the order of its atoms.
    skeleton
        The same molecule with stereo and without explicit hydrogens, in RDKit's order.
    order
        Index in `mol` of each atom of `chain`, shape (n_atoms,).
    """

    chain: Chain
    skeleton: Chem.Mol
    order: NDArray[np.int64]

    @classmethod
    def of(cls, unit: ChainUnit, degree: int) -> Oligomer:
        """Build the oligomer of `degree` units."""
        skeleton = unit.polymer.oligomer(degree)
        mol = Chem.AddHs(skeleton)
        tail_cap = max(a.GetIdx() for a in mol.GetAtoms() if a.HasProp("unit") and a.GetIntProp("unit") == -1)

        def place(atom: Chem.Atom) -> tuple[int, bool, int]:
            # Hydrogens that AddHs made carry no labels and follow the heavy atoms of their unit.
            heavy = atom if atom.HasProp("unit") else atom.GetNeighbors()[0]
            segment = degree if heavy.GetIdx() == tail_cap else heavy.GetIntProp("unit")
            return segment, heavy is not atom, heavy.GetIntProp("atom")

        places = [place(atom) for atom in mol.GetAtoms()]
        order = np.array(sorted(range(len(places)), key=lambda index: (*places[index], index)), dtype=np.int64)
        return cls(Chain((unit,), np.zeros(degree, dtype=np.int64)), skeleton, order)

    @cached_property
    def mol(self) -> Chem.Mol:
        """The molecule with explicit hydrogens, in RDKit's order."""
        return Chem.AddHs(self.skeleton)

    @property
    def degree(self) -> int:
        """Number of units."""
        return len(self.chain.sequence)

    @cached_property
    def middle(self) -> NDArray[np.int64]:
        """Atoms of the unit in the middle, shape (m,)."""
        return np.flatnonzero(self.chain.unit == self.degree // 2)

    @cached_property
    def segments(self) -> tuple[NDArray[np.int64], ...]:
        """Atoms of the head cap, of each unit, and of the tail cap."""
        return tuple(np.flatnonzero(self.chain.unit == k) for k in range(-1, self.degree + 1))

    @cached_property
    def totals(self) -> tuple[int, ...]:
        """Formal charge of each of `segments` in e."""
        return 0, *[self.unit_charge] * self.degree, 0

    @property
    def unit_charge(self) -> int:
        """Formal charge of a unit in e."""
        return int(self.chain.units[0].formal_charges.sum())

    @cached_property
    def classes(self) -> NDArray[np.int64]:
        """Classes of equivalent atoms, shape (n_atoms,): inside a unit those of the endless chain."""
        unit = self.chain.units[0]
        inside = equivalence_classes(unit.numbers, [*map(tuple, unit.bonds), (unit.tail, unit.head)])
        cap = np.array([0, 1, 1, 1])
        parts = [cap, *[inside] * self.degree, cap]
        offsets = np.cumsum([0] + [part.max() + 1 for part in parts[:-1]])
        return np.concatenate([part + offset for part, offset in zip(parts, offsets, strict=True)])

    def conformers(self, seed: int, keep: int) -> list[Geometry]:
        """Return up to `keep` low-energy conformers in the chain's order of atoms, the lowest first."""
        search = search_conformers(self.skeleton, seed, keep)
        return [replace(g, symbols=tuple(g.symbols[i] for i in self.order), coordinates=g.coordinates[self.order])
                for g in (conformer.geometry for conformer in search.lowest)]  # fmt: skip

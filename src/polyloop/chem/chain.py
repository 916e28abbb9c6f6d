"""Linear chains with explicit hydrogens as index arrays: a chain of any length by arithmetic on its repeat units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from polyloop.chem.polymer import Polymer
from polyloop.core.errors import InvalidInputError

__all__ = ["Chain", "ChainUnit"]

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class ChainUnit:
    """One repeat unit with explicit hydrogens, cut out of a chain.

    Its atoms are the heavy atoms in the order of `polymer.mol` without the stars, then the hydrogens in the order of
    the atoms that carry them.

    Parameters
    ----------
    numbers
        Atomic numbers, shape (m,).
    formal_charges
        Formal charges in e, shape (m,).
    bonds
        Atom pairs inside the unit, shape (b, 2).
    orders
        Kekule orders of `bonds`, shape (b,).
    head, tail
        The atoms that bond to the previous and to the next unit.
    joint_order
        Order of the bond between two units.
    rings
        Smallest rings, each the indices of its atoms in cyclic order.
    """

    polymer: Polymer
    numbers: Indices
    formal_charges: Indices
    bonds: Indices
    orders: Indices
    head: int
    tail: int
    joint_order: int
    rings: tuple[tuple[int, ...], ...]

    @property
    def n_atoms(self) -> int:
        """Number of atoms, hydrogens included."""
        return len(self.numbers)

    @property
    def charge(self) -> int:
        """Formal charge in e."""
        return int(self.formal_charges.sum())

    @classmethod
    def of(cls, polymer: Polymer) -> ChainUnit:
        """Cut the unit out of the chain.

        The unit is the one that the user wrote, unless it is cut at a multiple bond of a chain that has single bonds to
        be cut at; then it is the canonical one (`Polymer.standardized`), as `polymer` tells.
        """
        if polymer.joint_order != 1:
            polymer = polymer.standardized()
        stars = polymer.stars
        mol = Chem.AddHs(polymer.mol)
        Chem.Kekulize(mol, clearAromaticFlags=True)
        kept = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetIdx() not in stars]
        place = {old: new for new, old in enumerate(kept)}
        atoms = [mol.GetAtomWithIdx(old) for old in kept]
        bonds = [b for b in mol.GetBonds() if b.GetBeginAtomIdx() in place and b.GetEndAtomIdx() in place]
        head, tail = (place[mol.GetAtomWithIdx(star).GetNeighbors()[0].GetIdx()] for star in stars)
        return cls(
            polymer=polymer,
            numbers=np.array([atom.GetAtomicNum() for atom in atoms], dtype=np.int64),
            formal_charges=np.array([atom.GetFormalCharge() for atom in atoms], dtype=np.int64),
            bonds=np.array([(place[b.GetBeginAtomIdx()], place[b.GetEndAtomIdx()]) for b in bonds], dtype=np.int64)
            .reshape(-1, 2),
            orders=np.array([int(b.GetBondTypeAsDouble()) for b in bonds], dtype=np.int64),
            head=head,
            tail=tail,
            joint_order=int(polymer.joint_order),
            rings=tuple(tuple(place[i] for i in ring) for ring in mol.GetRingInfo().AtomRings()),
        )  # fmt: skip


# Methyl: what the peers cap chains with, and what leaves the end unit's types as they are inside the chain.
_CAP_NUMBERS = (6, 1, 1, 1)
_CAP_BONDS = ((0, 1), (0, 2), (0, 3))


@dataclass(frozen=True)
class Chain:
    """The bonded graph of CH3-(units)-CH3, head to tail.

    Atoms: the head cap (C, H, H, H), the units one after the other, each in its own order, the tail cap (C, H, H, H).

    Parameters
    ----------
    units
        The kinds of repeat units: one for a homopolymer.
    sequence
        Kind of each unit along the chain, shape (n_units,).
    """

    units: tuple[ChainUnit, ...]
    sequence: Indices

    def __post_init__(self) -> None:
        if len(self.sequence) == 0 or min(self.sequence) < 0 or max(self.sequence) >= len(self.units):
            raise InvalidInputError(
                f"A chain of {len(self.units)} kinds of units needs a sequence of numbers from 0 to "
                f"{len(self.units) - 1}, at least one."
            )
        if any(unit.joint_order != 1 for unit in self.units):
            raise InvalidInputError(
                "Chains with methyl ends need units that are joined by single bonds.",
                where=", ".join(unit.polymer.smiles for unit in self.units if unit.joint_order != 1),
                hint="Write the repeat unit with its multiple bond inside, e.g. *CC=CC* or *C=C*.",
            )

    @classmethod
    def homopolymer(cls, polymer: Polymer, degree: int) -> Chain:
        """A chain of `degree` units."""
        return cls((ChainUnit.of(polymer),), np.zeros(degree, dtype=np.int64))

    @cached_property
    def starts(self) -> Indices:
        """Index of the first atom of each unit, and of the tail cap at the end, shape (n_units + 1,)."""
        sizes = np.array([unit.n_atoms for unit in self.units])[self.sequence]
        return np.concatenate([[0], np.cumsum(sizes)]) + len(_CAP_NUMBERS)

    @property
    def n_atoms(self) -> int:
        """Number of atoms, caps included."""
        return int(self.starts[-1]) + len(_CAP_NUMBERS)

    @cached_property
    def numbers(self) -> Indices:
        """Atomic numbers, shape (n_atoms,)."""
        parts: list[Sequence[int] | Indices] = [self.units[kind].numbers for kind in self.sequence]
        return np.concatenate([_CAP_NUMBERS, *parts, _CAP_NUMBERS])

    @cached_property
    def unit(self) -> Indices:
        """Unit of each atom: -1 in the head cap, 0 to n_units - 1, n_units in the tail cap; shape (n_atoms,)."""
        n = len(self.sequence)
        cap = len(_CAP_NUMBERS)
        return np.repeat(np.arange(-1, n + 1), [cap, *np.diff(self.starts), cap])

    @cached_property
    def within(self) -> Indices:
        """Index of each atom inside its unit or cap, shape (n_atoms,)."""
        firsts = np.concatenate([[0], self.starts])
        place: Indices = np.arange(self.n_atoms) - firsts[self.unit + 1]
        return place

    @cached_property
    def joints(self) -> Indices:
        """Bonds between cap and unit and between units, (earlier atom, later atom), shape (n_units + 1, 2)."""
        heads = np.array([unit.head for unit in self.units])[self.sequence] + self.starts[:-1]
        tails = np.array([unit.tail for unit in self.units])[self.sequence] + self.starts[:-1]
        return np.column_stack([np.concatenate([[0], tails]), np.concatenate([heads, self.starts[-1:]])])

    @cached_property
    def bonds(self) -> Indices:
        """All bonds: head cap, units in order, joints, tail cap; shape (n_bonds, 2)."""
        cap = np.array(_CAP_BONDS)
        inside = [self.units[kind].bonds + start for kind, start in zip(self.sequence, self.starts, strict=False)]
        return np.concatenate([cap, *inside, self.joints, cap + self.starts[-1]])

    @cached_property
    def orders(self) -> Indices:
        """Kekule orders of `bonds`, shape (n_bonds,)."""
        inside = [self.units[kind].orders for kind in self.sequence]
        n_joints, cap = len(self.joints), np.ones(len(_CAP_BONDS), dtype=np.int64)
        return np.concatenate([cap, *inside, np.ones(n_joints, dtype=np.int64), cap])

    @cached_property
    def rings(self) -> tuple[Indices, ...]:
        """Smallest rings, each the indices of its atoms in cyclic order."""
        return tuple(
            np.array(ring) + start
            for kind, start in zip(self.sequence, self.starts, strict=False)
            for ring in self.units[kind].rings
        )

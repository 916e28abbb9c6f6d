"""Topology: what an engine must know of molecules besides positions, as arrays in the force field's units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from polyloop.core.constants import DALTON
from polyloop.core.errors import InvalidInputError

__all__ = ["Cell", "Topology"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
# Fields whose entries are indices of atoms, or of dihedrals, and move when topologies are put together.
_ATOM_INDEXED = ("bonds", "angles", "dihedrals", "impropers")


@dataclass(frozen=True, eq=False)
class Topology:
    """Molecules with an AMBER-like force field (GAFF2): n atoms, energies in kcal/mol, lengths in angstrom.

    E = sum k (r - r0)^2 + sum k (theta - theta0)^2 + sum k [1 + cos(n phi - phase)] + sum k [1 + sign cos(n phi)]
      + Lennard-Jones (arithmetic sigma, geometric epsilon) + Coulomb. Atoms joined by one or two bonds do not interact;
    those by three do with Lennard-Jones times `LENNARD_JONES_14` and Coulomb times `COULOMB_14`.

    Parameters
    ----------
    numbers, masses, charges
        Atomic numbers, masses in g/mol, charges in e; shape (n,).
    type_names
        Names of the atom types that occur.
    types
        Index of each atom in `type_names`, shape (n,).
    epsilon, sigma
        Lennard-Jones well depth and diameter of each atom, shape (n,).
    bonds, bond_k, bond_r0
        (b, 2); kcal/(mol angstrom2); angstrom.
    angles, angle_k, angle_theta0
        (a, 3), the second at the vertex; kcal/(mol rad2); degrees.
    dihedrals
        Proper dihedrals, (d, 4), each once.
    term_dihedral, term_k, term_n, term_phase
        Fourier terms, (t,): row of `dihedrals`, kcal/mol, multiplicity, degrees.
    impropers, improper_k, improper_sign, improper_n
        (i, 4) in the atom order whose dihedral angle is phi; kcal/mol; +1 or -1; multiplicity.
    molecule, residue
        Number of the molecule and of the repeat unit (counted over the whole topology) of each atom, shape (n,).
    """

    numbers: Indices
    masses: Floats
    charges: Floats
    type_names: tuple[str, ...]
    types: Indices
    epsilon: Floats
    sigma: Floats
    bonds: Indices
    bond_k: Floats
    bond_r0: Floats
    angles: Indices
    angle_k: Floats
    angle_theta0: Floats
    dihedrals: Indices
    term_dihedral: Indices
    term_k: Floats
    term_n: Indices
    term_phase: Floats
    impropers: Indices
    improper_k: Floats
    improper_sign: Indices
    improper_n: Indices
    molecule: Indices
    residue: Indices

    LENNARD_JONES_14 = 0.5
    COULOMB_14 = 5.0 / 6.0

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return len(self.numbers)

    @property
    def n_molecules(self) -> int:
        """Number of molecules."""
        return int(self.molecule.max(initial=-1)) + 1

    @cached_property
    def excluded(self) -> Indices:
        """Pairs of atoms one or two bonds apart, i < j, sorted, shape (p, 2)."""
        return _unique_pairs(self.bonds, self.angles[:, [0, 2]])

    @cached_property
    def pairs_14(self) -> Indices:
        """Pairs of atoms three bonds apart and not fewer, i < j, sorted, shape (p, 2)."""
        n = self.n_atoms
        code = _codes(_unique_pairs(self.dihedrals[:, [0, 3]]), n)
        code = code[~np.isin(code, _codes(self.excluded, n))]
        return np.column_stack([code // n, code % n])

    def with_charges(self, charges: Floats) -> Topology:
        """The same with other charges in e, shape (n,)."""
        if charges.shape != (self.n_atoms,):
            raise InvalidInputError(f"{self.n_atoms} atoms need {self.n_atoms} charges, not {charges.shape}.")
        return replace(self, charges=np.asarray(charges, dtype=np.float64))

    @classmethod
    def concatenate(cls, parts: Sequence[Topology]) -> Topology:
        """Put molecules together; atoms, molecules and residues are numbered on."""
        if not parts:
            raise InvalidInputError("There is nothing to put together.")
        names = tuple(dict.fromkeys(name for part in parts for name in part.type_names))
        place = {name: index for index, name in enumerate(names)}
        shifted: dict[str, list[NDArray[np.generic]]] = {f.name: [] for f in fields(cls) if f.name != "type_names"}
        atoms = dihedrals = molecules = residues = 0
        for part in parts:
            moved = {name: getattr(part, name) + atoms for name in _ATOM_INDEXED} | {
                "types": np.array([place[name] for name in part.type_names], dtype=np.int64)[part.types],
                "term_dihedral": part.term_dihedral + dihedrals,
                "molecule": part.molecule + molecules,
                "residue": part.residue + residues,
            }
            for name, column in shifted.items():
                column.append(moved.get(name, getattr(part, name)))
            atoms += part.n_atoms
            dihedrals += len(part.dihedrals)
            molecules += part.n_molecules
            residues += int(part.residue.max(initial=-1)) + 1
        return cls(type_names=names, **{name: np.concatenate(column) for name, column in shifted.items()})


@dataclass(frozen=True, eq=False)
class Cell:
    """Molecules in an orthorhombic periodic box.

    Parameters
    ----------
    positions
        In angstrom, shape (n, 3). Molecules are whole: bonds are never broken by wrapping.
    box
        Edges in angstrom, shape (3,).
    velocities
        In angstrom/ps, shape (n, 3), or None where there are none yet.
    """

    topology: Topology
    positions: Floats
    box: Floats
    velocities: Floats | None = None

    @property
    def volume(self) -> float:
        """In angstrom3."""
        return float(np.prod(self.box))

    @property
    def density(self) -> float:
        """In g/cm3."""
        return float(self.topology.masses.sum()) / self.volume * DALTON

    def replicated(self, counts: tuple[int, int, int]) -> Cell:
        """Return so many copies of the cell side by side along x, y and z; molecules stay whole.

        Raises
        ------
        InvalidInputError
            For a count below one.
        """
        if min(counts) < 1:
            raise InvalidInputError(f"A cell cannot be there {counts} times.", hint="Count from 1 along each edge.")
        shifts = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), axis=-1).reshape(-1, 1, 3) * self.box
        return Cell(
            Topology.concatenate([self.topology] * len(shifts)),
            (self.positions + shifts).reshape(-1, 3),
            self.box * counts,
            None if self.velocities is None else np.tile(self.velocities, (len(shifts), 1)),
        )


def _codes(pairs: Indices, n: int) -> Indices:
    return pairs[:, 0] * n + pairs[:, 1]


def _unique_pairs(*pairs: Indices) -> Indices:
    ordered = np.sort(np.concatenate([p.reshape(-1, 2) for p in pairs]), axis=1)
    unique: Indices = np.unique(ordered[ordered[:, 0] != ordered[:, 1]], axis=0)
    return unique

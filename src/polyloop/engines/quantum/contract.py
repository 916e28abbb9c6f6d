"""The contract of quantum-chemical engines: what simulations ask of a program, whichever it is.

An engine offers one or several of the three protocols. Which engine answers is part of a simulation's protocol, as its
level of theory is: another program's numbers are another version of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Geometry

__all__ = [
    "AtomicPolarizability",
    "ElectronicDescriptors",
    "ElectronicState",
    "ElectronicStructure",
    "LevelOfTheory",
    "PointResult",
    "QuantumEngine",
    "RelaxedGeometry",
    "SolvatedPoint",
    "TightBinding",
    "TightBindingDescriptors",
]

Floats = NDArray[np.float64]


class QuantumEngine(Protocol):
    """What every engine has: the name that it is registered under, and the Python distribution that it needs."""

    name: str
    package: str

    def versions(self) -> Mapping[str, str]:
        """Return package name -> installed version of all that its numbers depend on, without computing."""


class LevelOfTheory(Protocol):
    """Method and basis, checked by the engine that made it."""

    @property
    def label(self) -> str:
        """Short name for tables."""

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-ready, for the settings of a record's provenance."""


class ElectronicState(Protocol):
    """A converged closed-shell ground state."""

    @property
    def energy(self) -> float:
        """Total energy in hartree."""

    @property
    def homo(self) -> float:
        """Energy of the highest occupied orbital in eV."""

    @property
    def lumo(self) -> float:
        """Energy of the lowest empty orbital in eV; nan where there is none."""

    @property
    def dipole(self) -> float:
        """Magnitude of the dipole moment in debye."""


@runtime_checkable
class ElectronicStructure(QuantumEngine, Protocol):
    """Ground states from first principles, and what follows from them."""

    def level(self, method: str, basis: str, auxiliary_basis: str = ..., grid: str = ...) -> LevelOfTheory:
        """Return a level of theory; raises `InvalidInputError` for one that the engine does not know."""

    def ground_state(self, geometry: Geometry, level: LevelOfTheory) -> ElectronicState:
        """Return the ground state of a closed-shell molecule.

        Raises
        ------
        EvaluationError
            SCF, ELEMENT or UNSUPPORTED.
        """

    def polarizability(self, state: ElectronicState, wavelengths_nm: Sequence[float]) -> Floats:
        """Return tensors in angstrom3, shape (n_wavelengths, 3, 3); 0 or infinity nm is the static field.

        Raises
        ------
        EvaluationError
            RESPONSE.
        """

    def electrostatic_potential(self, state: ElectronicState, points: Floats) -> Floats:
        """Return the potential in hartree/e, shape (n,), at points in angstrom, shape (n, 3)."""


class PointResult(Protocol):
    """A self-consistent solution at one geometry."""

    @property
    def energy(self) -> float:
        """Total energy in hartree."""

    @property
    def homo(self) -> float:
        """In eV."""

    @property
    def lumo(self) -> float:
        """In eV; nan where every orbital is filled."""

    @property
    def dipole_moment(self) -> float:
        """In debye."""

    @property
    def charges(self) -> Floats:
        """Partial charges in e, shape (n_atoms,)."""


class RelaxedGeometry(Protocol):
    """A minimum of the energy."""

    @property
    def geometry(self) -> Geometry:
        """Where it is."""

    @property
    def energy(self) -> float:
        """In hartree."""


@runtime_checkable
class TightBinding(QuantumEngine, Protocol):
    """Energies, charges and geometries within seconds: semi-empirical methods."""

    def single_point(self, geometry: Geometry) -> PointResult:
        """Return the solution at `geometry`; raises SCF, GEOMETRY or ELEMENT."""

    def optimize(self, geometry: Geometry, bonds: Iterable[tuple[int, int]] | None = None) -> RelaxedGeometry:
        """Relax a geometry whose bonds must then be `bonds`; raises GEOMETRY, SCF or ELEMENT."""

    def solvation_energy(self, geometry: Geometry, solvent: str = "water") -> float:
        """Return the free energy of solvation in kJ/mol at a fixed geometry, 1 mol/L of gas to 1 mol/L of solution."""


class SolvatedPoint(PointResult, Protocol):
    """A self-consistent solution, with the forces and the bond orders that descriptors are made of."""

    @property
    def gradient(self) -> Floats:
        """dE/dx in hartree/bohr, shape (n_atoms, 3)."""

    @property
    def bond_orders(self) -> Floats:
        """Mayer bond orders, shape (n_atoms, n_atoms)."""


@runtime_checkable
class TightBindingDescriptors(QuantumEngine, Protocol):
    """What descriptors of a molecule take from a semi-empirical method."""

    @property
    def proton_energy(self) -> float:
        """Energy of a bare proton in hartree, where the method gives it one."""

    def single_point(self, geometry: Geometry, solvent: str | None = None) -> SolvatedPoint:
        """Return the solution at `geometry`, in the gas phase or in a solvent; raises SCF, GEOMETRY or ELEMENT."""

    def solvation_energy(self, geometry: Geometry, solvent: str = "water") -> float:
        """Return the free energy of solvation in kJ/mol at a fixed geometry."""

    def vertical_energies(self, geometry: Geometry) -> tuple[float, float]:
        """Return the vertical ionisation energy and electron affinity in eV; raises SCF or ELEMENT."""

    def hessian(self, geometry: Geometry) -> Floats:
        """Return the second derivatives of the energy in hartree/bohr2, shape (3 n, 3 n)."""


@runtime_checkable
class ElectronicDescriptors(QuantumEngine, Protocol):
    """What descriptors of a molecule take from a ground state from first principles."""

    def vertical_energies(self, state: ElectronicState) -> tuple[float, float]:
        """Return the vertical ionisation energy and electron affinity in eV; raises SCF."""

    def bond_orders(self, state: ElectronicState) -> Floats:
        """Return Mayer bond orders, shape (n_atoms, n_atoms)."""

    def spatial_extent(self, state: ElectronicState) -> float:
        """Return the sum over electrons of <r2> about the centre of nuclear charge, in angstrom2."""

    def density_volume(self, state: ElectronicState, threshold: float = 0.001) -> float:
        """Return the volume in angstrom3 in which the electron density exceeds `threshold` (e/bohr3)."""


@runtime_checkable
class AtomicPolarizability(QuantumEngine, Protocol):
    """Polarizabilities of atoms in molecules, within milliseconds."""

    def atomic_polarizabilities(self, geometry: Geometry) -> Floats:
        """Return isotropic static polarizabilities in angstrom3, shape (n_atoms,); raises ELEMENT or GEOMETRY."""

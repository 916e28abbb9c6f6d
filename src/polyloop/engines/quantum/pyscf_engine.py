"""PySCF as a quantum-chemical engine. Nothing here imports PySCF until a calculation starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Geometry
from polyloop.core import InvalidInputError
from polyloop.engines.quantum.contract import ElectronicState, LevelOfTheory

if TYPE_CHECKING:
    from polyloop.engines.quantum.pyscf import GroundState, Level

__all__ = ["PYSCF", "PyscfEngine"]

Floats = NDArray[np.float64]


class PyscfEngine:
    """Density-fitted Hartree-Fock and Kohn-Sham: an `ElectronicStructure` with `ElectronicDescriptors`."""

    name = package = "pyscf"

    def versions(self) -> Mapping[str, str]:
        """Return the versions of PySCF and of the libraries that it computes with."""
        from polyloop.engines.quantum.pyscf import versions

        return versions()

    def level(
        self, method: str, basis: str, auxiliary_basis: str = "def2-universal-jkfit", grid: str = "lean"
    ) -> Level:
        """Return a level of theory, as `Level`."""
        from polyloop.engines.quantum.pyscf import Level

        return Level(method, basis, auxiliary_basis, grid)

    def ground_state(self, geometry: Geometry, level: LevelOfTheory) -> GroundState:
        """Return the ground state; see `pyscf.ground_state`."""
        from polyloop.engines.quantum.pyscf import Level, ground_state

        if not isinstance(level, Level):
            raise InvalidInputError(f"{level!r} is no level of PySCF.", hint="Make it with the engine's own `level`.")
        return ground_state(geometry, level)

    def polarizability(self, state: ElectronicState, wavelengths_nm: Sequence[float]) -> Floats:
        """Return polarizability tensors; see `pyscf.polarizability`."""
        from polyloop.engines.quantum.pyscf import polarizability

        return polarizability(_own(state), wavelengths_nm)

    def electrostatic_potential(self, state: ElectronicState, points: Floats) -> Floats:
        """Return the potential; see `pyscf.electrostatic_potential`."""
        from polyloop.engines.quantum.pyscf.electrostatic_potential import electrostatic_potential

        return electrostatic_potential(_own(state), points)

    def vertical_energies(self, state: ElectronicState) -> tuple[float, float]:
        """Return ionisation energy and electron affinity; see `pyscf.descriptors`."""
        from polyloop.engines.quantum.pyscf.descriptors import vertical_energies

        return vertical_energies(_own(state))

    def bond_orders(self, state: ElectronicState) -> Floats:
        """Return Mayer bond orders; see `pyscf.descriptors`."""
        from polyloop.engines.quantum.pyscf.descriptors import bond_orders

        return bond_orders(_own(state))

    def spatial_extent(self, state: ElectronicState) -> float:
        """Return the electronic spatial extent; see `pyscf.descriptors`."""
        from polyloop.engines.quantum.pyscf.descriptors import spatial_extent

        return spatial_extent(_own(state))

    def density_volume(self, state: ElectronicState, threshold: float = 0.001) -> float:
        """Return the volume of the electron cloud; see `pyscf.descriptors`."""
        from polyloop.engines.quantum.pyscf.descriptors import density_volume

        return density_volume(_own(state), threshold)


def _own(state: ElectronicState) -> GroundState:
    from polyloop.engines.quantum.pyscf import GroundState

    if not isinstance(state, GroundState):
        raise InvalidInputError(f"{type(state).__name__} is no ground state of PySCF.", hint="Compute it with PySCF.")
    return state


PYSCF = PyscfEngine()

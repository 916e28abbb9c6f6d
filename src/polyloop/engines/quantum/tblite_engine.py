"""GFN2-xTB by tblite as a quantum-chemical engine. Nothing here imports tblite until a calculation starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Geometry

if TYPE_CHECKING:
    from polyloop.engines.quantum.tblite import Optimized, SinglePoint

__all__ = ["TBLITE", "TbliteEngine"]


class TbliteEngine:
    """GFN2-xTB (doi:10.1021/acs.jctc.8b01176): a `TightBinding` with `TightBindingDescriptors`."""

    name = package = "tblite"

    def versions(self) -> Mapping[str, str]:
        """Return tblite's version."""
        return {"tblite": version("tblite")}

    @property
    def proton_energy(self) -> float:
        """Energy of a bare proton in hartree."""
        from polyloop.engines.quantum.tblite.descriptors import PROTON_ENERGY

        return PROTON_ENERGY

    def single_point(self, geometry: Geometry, solvent: str | None = None) -> SinglePoint:
        """Return the solution at `geometry`, in the gas phase or in a solvent (ALPB)."""
        from polyloop.engines.quantum.tblite import TightBinding

        return TightBinding(geometry, solvent)(geometry.coordinates)

    def vertical_energies(self, geometry: Geometry) -> tuple[float, float]:
        """Return ionisation energy and electron affinity by IPEA1-xTB; see `tblite.descriptors.vertical_energies`."""
        from polyloop.engines.quantum.tblite.descriptors import vertical_energies

        return vertical_energies(geometry)

    def hessian(self, geometry: Geometry) -> NDArray[np.float64]:
        """Return the second derivatives of the energy; see `tblite.descriptors.hessian`."""
        from polyloop.engines.quantum.tblite.descriptors import hessian

        return hessian(geometry)

    def optimize(self, geometry: Geometry, bonds: Iterable[tuple[int, int]] | None = None) -> Optimized:
        """Relax a geometry; see `tblite.optimize`."""
        from polyloop.engines.quantum.tblite import optimize

        return optimize(geometry, bonds)

    def solvation_energy(self, geometry: Geometry, solvent: str = "water") -> float:
        """Return the free energy of solvation by ALPB; see `tblite.solvation_energy`."""
        from polyloop.engines.quantum.tblite import solvation_energy

        return solvation_energy(geometry, solvent)


TBLITE = TbliteEngine()

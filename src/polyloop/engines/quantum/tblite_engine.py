"""GFN2-xTB by tblite as a quantum-chemical engine. Nothing here imports tblite until a calculation starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

from polyloop.chem import Geometry

if TYPE_CHECKING:
    from polyloop.engines.quantum.tblite import Optimized, SinglePoint

__all__ = ["TBLITE", "TbliteEngine"]


class TbliteEngine:
    """GFN2-xTB (doi:10.1021/acs.jctc.8b01176): a `TightBinding`."""

    name = package = "tblite"

    def versions(self) -> Mapping[str, str]:
        """Return tblite's version."""
        return {"tblite": version("tblite")}

    def single_point(self, geometry: Geometry) -> SinglePoint:
        """Return the solution at `geometry`."""
        from polyloop.engines.quantum.tblite import TightBinding

        return TightBinding(geometry)(geometry.coordinates)

    def optimize(self, geometry: Geometry, bonds: Iterable[tuple[int, int]] | None = None) -> Optimized:
        """Relax a geometry; see `tblite.optimize`."""
        from polyloop.engines.quantum.tblite import optimize

        return optimize(geometry, bonds)

    def solvation_energy(self, geometry: Geometry, solvent: str = "water") -> float:
        """Return the free energy of solvation by ALPB; see `tblite.solvation_energy`."""
        from polyloop.engines.quantum.tblite import solvation_energy

        return solvation_energy(geometry, solvent)


TBLITE = TbliteEngine()

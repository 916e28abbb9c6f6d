"""tblite: GFN2-xTB geometries and solvation energies."""

from polyloop.engines.quantum.tblite.optimize import Optimized, optimize
from polyloop.engines.quantum.tblite.single_point import SinglePoint, TightBinding, solvation_energy, version

__all__ = ["Optimized", "SinglePoint", "TightBinding", "optimize", "solvation_energy", "version"]

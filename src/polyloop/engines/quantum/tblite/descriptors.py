"""What GFN2-xTB says of a molecule beyond its energy: the Hessian and vertical ion energies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from tblite.exceptions import TBLiteRuntimeError, TBLiteTypeError, TBLiteValueError
from tblite.interface import Calculator
from threadpoolctl import threadpool_limits

from polyloop.chem import Geometry
from polyloop.core import EvaluationError, FailureCode
from polyloop.core.constants import BOHR, HARTREE
from polyloop.engines.quantum.tblite.single_point import TightBinding

__all__ = ["PROTON_ENERGY", "hessian", "vertical_energies"]

_ERRORS = (TBLiteRuntimeError, TBLiteTypeError, TBLiteValueError)
# eV, what IPEA1-xTB binds a free electron by; to be taken off both differences of energies, as the xtb program does.
_ELECTRON_SHIFT = 4.8455
# bohr, between the noise of self-consistency and the third derivatives.
_STEP = 0.005
PROTON_ENERGY = 0.22955216666666667
"""Energy of a bare proton in GFN2-xTB in hartree: that of an empty s orbital of hydrogen's parameters."""

Floats = NDArray[np.float64]


def vertical_energies(geometry: Geometry) -> tuple[float, float]:
    """Return the vertical ionisation energy and electron affinity in eV, by IPEA1-xTB.

    A variant of GFN1-xTB that was made for these two (doi:10.1039/C7SC00601B), with its shift of 4.8455 eV.

    Raises
    ------
    EvaluationError
        SCF or ELEMENT.
    """
    neutral, cation, anion = (_ipea_energy(geometry, change) for change in (0, 1, -1))
    return cation - neutral - _ELECTRON_SHIFT, neutral - anion - _ELECTRON_SHIFT


def _ipea_energy(geometry: Geometry, change: int) -> float:
    table = Chem.GetPeriodicTable()
    numbers = np.array([table.GetAtomicNumber(symbol) for symbol in geometry.symbols])
    try:
        with threadpool_limits(1):
            calculator = Calculator(
                "IPEA1-xTB", numbers, geometry.coordinates / BOHR, charge=geometry.charge + change, uhf=abs(change)
            )
            calculator.set("verbosity", 0)
            return float(calculator.singlepoint().get("energy")) * HARTREE
    except _ERRORS as error:
        reason = f"IPEA1-xTB failed with a charge of {geometry.charge + change}: {' '.join(str(error).split())}"
        raise EvaluationError(FailureCode.SCF, "IPEA1-xTB", reason, hint="Try another seed.") from error


def hessian(geometry: Geometry) -> Floats:
    """Return the second derivatives of the energy in hartree/bohr2, shape (3 n, 3 n), by central differences.

    Raises
    ------
    EvaluationError
        SCF, GEOMETRY or ELEMENT, as `TightBinding`.
    """
    surface = TightBinding(geometry)
    surface(geometry.coordinates)
    start = geometry.coordinates.ravel()
    rows = np.empty((start.size, start.size))
    for i in range(start.size):
        moved = np.zeros_like(start)
        moved[i] = _STEP * BOHR
        forward, backward = (surface((start + sign * moved).reshape(-1, 3)).gradient for sign in (1, -1))
        rows[i] = (forward - backward).ravel() / (2.0 * _STEP)
    symmetric: Floats = 0.5 * (rows + rows.T)
    return symmetric

"""GFN2-xTB energy, gradient and orbitals of one geometry, and its free energy of solvation."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version as _distribution_version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from tblite.exceptions import TBLiteRuntimeError, TBLiteTypeError, TBLiteValueError
from tblite.interface import Calculator
from threadpoolctl import threadpool_limits

from polyloop.chem import Geometry
from polyloop.core import EvaluationError, FailureCode
from polyloop.core.constants import BOHR, DEBYE_PER_ATOMIC_UNIT, HARTREE, HARTREE_IN_KJ_PER_MOL

__all__ = ["SinglePoint", "TightBinding", "solvation_energy", "version"]

_HEAVIEST = 86  # GFN2-xTB has parameters for H to Rn
_STAGE = "GFN2-xTB"
_ERRORS = (TBLiteRuntimeError, TBLiteTypeError, TBLiteValueError)


@dataclass(frozen=True)
class SinglePoint:
    """GFN2-xTB result for one geometry.

    Parameters
    ----------
    energy
        Total energy in hartree.
    gradient
        dE/dx in hartree/bohr, shape (n_atoms, 3).
    homo, lumo
        Orbital energies in eV. `lumo` is NaN when every orbital is filled.
    dipole_moment
        In debye.
    charges
        Mulliken charges in e, shape (n_atoms,).
    bond_orders
        Wiberg bond orders in Mayer's generalisation, shape (n_atoms, n_atoms).
    """

    energy: float
    gradient: NDArray[np.float64]
    homo: float
    lumo: float
    dipole_moment: float
    charges: NDArray[np.float64]
    bond_orders: NDArray[np.float64]


class TightBinding:
    """GFN2-xTB for one molecule whose atoms move; each call starts from the last wavefunction.

    Parameters
    ----------
    geometry
        Elements, starting positions and charge.
    solvent
        Name of an ALPB solvent, e.g. `water`; `None` for the gas phase.

    Raises
    ------
    EvaluationError
        ELEMENT for an element beyond radon or a solvent that ALPB does not know.

    References
    ----------
    GFN2-xTB: doi:10.1021/acs.jctc.8b01176. ALPB: doi:10.1021/acs.jctc.1c00471.
    """

    def __init__(self, geometry: Geometry, solvent: str | None = None) -> None:
        table = Chem.GetPeriodicTable()
        numbers = np.array([table.GetAtomicNumber(symbol) for symbol in geometry.symbols])
        if numbers.max() > _HEAVIEST:
            heavy = ", ".join(sorted({table.GetElementSymbol(int(z)) for z in numbers if z > _HEAVIEST}))
            raise EvaluationError(FailureCode.ELEMENT, _STAGE, f"GFN2-xTB has no parameters for {heavy}.")
        try:
            self._calculator = Calculator("GFN2-xTB", numbers, geometry.coordinates / BOHR, charge=geometry.charge)
            self._calculator.set("verbosity", 0)
            if solvent is not None:
                self._calculator.add("alpb-solvation", solvent)
        except _ERRORS as error:
            raise EvaluationError(FailureCode.ELEMENT, _STAGE, f"GFN2-xTB could not be set up: {error}") from error
        self._result: Any = None

    def __call__(self, coordinates: NDArray[np.float64]) -> SinglePoint:
        """Return energy and gradient at `coordinates` (angstrom, shape (n_atoms, 3)).

        Raises
        ------
        EvaluationError
            GEOMETRY where a coordinate is not finite, SCF where self-consistency is not reached.
        """
        if not np.isfinite(coordinates).all():
            raise EvaluationError(FailureCode.GEOMETRY, _STAGE, "A coordinate is not a finite number.")
        try:
            with threadpool_limits(1):
                self._calculator.update(np.ascontiguousarray(coordinates) / BOHR)
                self._result = self._calculator.singlepoint(self._result)
        except _ERRORS as error:
            reason = f"GFN2-xTB did not reach self-consistency: {' '.join(str(error).split())}"
            raise EvaluationError(FailureCode.SCF, _STAGE, reason, hint="Try another seed.") from error
        result = self._result
        orbitals, filled = result.get("orbital-energies") * HARTREE, result.get("orbital-occupations") > 1.0
        return SinglePoint(
            energy=float(result.get("energy")),
            gradient=np.array(result.get("gradient"), dtype=np.float64),
            homo=float(orbitals[filled].max()),
            lumo=float(orbitals[~filled].min()) if not filled.all() else float("nan"),
            dipole_moment=float(np.linalg.norm(result.get("dipole")) * DEBYE_PER_ATOMIC_UNIT),
            charges=np.array(result.get("charges"), dtype=np.float64),
            bond_orders=np.array(result.get("bond-orders"), dtype=np.float64).reshape(len(coordinates), -1),
        )


def solvation_energy(geometry: Geometry, solvent: str = "water") -> float:
    """Return the free energy of solvation in kJ/mol at a fixed geometry (GFN2-xTB with ALPB).

    The state is that of the model's default, 1 mol/L of gas to 1 mol/L of solution.

    Raises
    ------
    EvaluationError
        SCF, GEOMETRY or ELEMENT, as `TightBinding`.

    References
    ----------
    doi:10.1021/acs.jctc.1c00471
    """
    gas = TightBinding(geometry)(geometry.coordinates).energy
    dissolved = TightBinding(geometry, solvent)(geometry.coordinates).energy
    return (dissolved - gas) * HARTREE_IN_KJ_PER_MOL


def version() -> str:
    """Return the version of the installed tblite."""
    return _distribution_version("tblite")

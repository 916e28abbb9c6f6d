"""Static polarizability of a molecule as the sum of its DFT-D4 atomic polarizabilities."""

from __future__ import annotations

from importlib.metadata import version as _distribution_version

import numpy as np
from dftd4.interface import DispersionModel
from numpy.typing import NDArray
from rdkit import Chem

from polyloop.chem import Geometry
from polyloop.core import EvaluationError, FailureCode
from polyloop.core.constants import BOHR

__all__ = ["atomic_polarizabilities", "static_polarizability", "version"]

_HEAVIEST = 86  # D4 has reference polarizabilities for H to Rn
_STAGE = "DFT-D4"


def atomic_polarizabilities(geometry: Geometry) -> NDArray[np.float64]:
    """Return each atom's isotropic static polarizability in angstrom3, shape (n_atoms,).

    Raises
    ------
    EvaluationError
        ELEMENT beyond radon, GEOMETRY where coordinates are not finite or atoms coincide.

    References
    ----------
    doi:10.1063/1.5090222
    """
    table = Chem.GetPeriodicTable()
    numbers = np.array([table.GetAtomicNumber(symbol) for symbol in geometry.symbols])
    if numbers.max() > _HEAVIEST:
        raise EvaluationError(FailureCode.ELEMENT, _STAGE, f"D4 knows no element of number {numbers.max()}.")
    if not np.isfinite(geometry.coordinates).all():
        raise EvaluationError(FailureCode.GEOMETRY, _STAGE, "A coordinate is not a finite number.")
    try:
        model = DispersionModel(numbers, geometry.coordinates / BOHR, charge=float(geometry.charge))
        values: NDArray[np.float64] = np.asarray(model.get_properties()["polarizabilities"]) * BOHR**3
    except RuntimeError as error:
        raise EvaluationError(FailureCode.GEOMETRY, _STAGE, f"D4 refused the geometry: {error}") from error
    if not np.isfinite(values).all():
        raise EvaluationError(FailureCode.GEOMETRY, _STAGE, "The polarizability is not a finite number.")
    return values


def static_polarizability(geometry: Geometry) -> float:
    """Return the molecule's isotropic static polarizability in angstrom3: the sum of `atomic_polarizabilities`."""
    return float(atomic_polarizabilities(geometry).sum())


def version() -> str:
    """Return the version of the installed dftd4."""
    return _distribution_version("dftd4")

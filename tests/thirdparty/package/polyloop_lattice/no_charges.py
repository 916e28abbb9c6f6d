"""A charge method: none at all, as coarse models have it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyloop.simulate.charges.oligomer import Oligomer
from polyloop.simulate.charges.registry import ChargeMethod

__all__ = ["NO_CHARGES"]


def zeros(oligomer: Oligomer, seed: int) -> NDArray[np.float64]:
    """Return zeros, shape (n_atoms,)."""
    return np.zeros(oligomer.mol.GetNumAtoms())


NO_CHARGES = ChargeMethod(zeros, "None: every atom is neutral.")

"""How a molecule's polarizability changes from one conformer to the next, by interacting atomic dipoles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Geometry
from polyloop.engines.quantum.registry import atomic_polarizability

__all__ = ["ENGINE", "interacting_polarizability"]

ENGINE = "dftd4"
_DAMPING = 0.572  # Thole's universal constant for exponential damping


def interacting_polarizability(geometry: Geometry) -> float:
    """Return the isotropic polarizability in angstrom3 of D4's atomic polarizabilities as damped, coupled dipoles.

    Its absolute value is rough; its changes between conformers follow those of quantum chemistry
    (`docs/validation/optics.md`), in a millisecond.

    References
    ----------
    doi:10.1016/0301-0104(81)85176-2 (Thole 1981)
    """
    alpha = atomic_polarizability(ENGINE).atomic_polarizabilities(geometry)
    n = len(alpha)
    apart = geometry.coordinates[:, None, :] - geometry.coordinates[None, :, :]
    distance = np.linalg.norm(apart, axis=2)
    np.fill_diagonal(distance, 1.0)
    scaled = _DAMPING * distance**3 / np.sqrt(alpha[:, None] * alpha[None, :])
    damped_3 = (1.0 - np.exp(-scaled)) / distance**3
    damped_5 = (1.0 - (1.0 + scaled) * np.exp(-scaled)) / distance**5
    np.fill_diagonal(damped_3, 0.0)
    np.fill_diagonal(damped_5, 0.0)
    outer = apart[:, :, :, None] * apart[:, :, None, :]
    coupling: NDArray[np.float64] = damped_3[:, :, None, None] * np.eye(3) - 3.0 * damped_5[:, :, None, None] * outer
    matrix = coupling.transpose(0, 2, 1, 3).reshape(3 * n, 3 * n) + np.diag(np.repeat(1.0 / alpha, 3))
    # Response of all atoms to a uniform field along each axis.
    fields = np.tile(np.eye(3), (n, 1))
    return float(np.trace(fields.T @ np.linalg.solve(matrix, fields)) / 3.0)

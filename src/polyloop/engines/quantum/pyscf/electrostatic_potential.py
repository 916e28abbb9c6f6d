"""The electrostatic potential of a ground state at points in space, within a bound of memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyloop.core.constants import BOHR
from polyloop.core.errors import InvalidInputError
from polyloop.engines.quantum.pyscf.ground_state import GroundState, one_thread

__all__ = ["electrostatic_potential"]


def electrostatic_potential(
    state: GroundState, points: NDArray[np.float64], *, max_memory: float = 200.0
) -> NDArray[np.float64]:
    """Return the potential of nuclei and electrons in hartree/e at `points`, shape (n,).

    The electrons' part is exact for the state's density. The state's own density fitting moves the potential on
    Merz-Kollman shells by some 2e-6 hartree/e (root mean square; `benchmarks/charges.py`), a thousandth of what point
    charges miss.

    Parameters
    ----------
    points
        Positions in angstrom, shape (n, 3), none of them on a nucleus.
    max_memory
        Bound in MB for the integrals held at a time.

    Raises
    ------
    InvalidInputError
        If `points` are no finite positions.
    """
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise InvalidInputError(f"Points of shape {points.shape} are no positions.", where="electrostatic potential",
                                hint="Give finite positions in angstrom, shape (n, 3).")  # fmt: skip
    molecule, density = state.mean_field.mol, np.asarray(state.mean_field.make_rdm1())
    positions = points / BOHR
    potential = np.empty(len(points))
    batch = max(1, int(max_memory * 1e6 / (8 * density.size)))
    with one_thread():
        for start in range(0, len(points), batch):
            part = positions[start : start + batch]
            integrals = molecule.intor("int1e_grids", hermi=1, grids=part).reshape(len(part), -1)
            distances = np.linalg.norm(part[:, None] - molecule.atom_coords()[None], axis=2)
            nuclei = (molecule.atom_charges() / distances).sum(axis=1)
            potential[start : start + batch] = nuclei - integrals @ density.ravel()
    return potential

"""Where the electrostatic potential is sampled: Merz-Kollman shells around a molecule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from polyloop.chem import Geometry
from polyloop.core import EvaluationError, FailureCode
from polyloop.simulate.volume import RADII, sphere_points

__all__ = ["SHELLS", "merz_kollman_points"]

SHELLS = (1.4, 1.6, 1.8, 2.0)
# angstrom. Besler, Merz and Kollman, doi:10.1002/jcc.540110404; where they give none, Bondi's (theirs for Si lies
# within its bonds).
_RADII = {**RADII, "H": 1.20, "C": 1.50, "N": 1.50, "O": 1.40, "F": 1.35, "P": 1.80, "S": 1.75, "Cl": 1.70}


def merz_kollman_points(geometry: Geometry, density: float) -> NDArray[np.float64]:
    """Return points on the surfaces of 1.4, 1.6, 1.8 and 2.0 times the van der Waals radii, shape (n, 3), angstrom.

    Parameters
    ----------
    density
        Points per angstrom2 of each surface.

    Raises
    ------
    EvaluationError
        ELEMENT for an element without a radius.

    References
    ----------
    doi:10.1002/jcc.540050204, doi:10.1002/jcc.540110404
    """
    unknown = sorted(set(geometry.symbols) - _RADII.keys())
    if unknown:
        raise EvaluationError(
            FailureCode.ELEMENT, "charges", f"No van der Waals radius is known for {', '.join(unknown)}."
        )
    radii, centres = np.array([_RADII[symbol] for symbol in geometry.symbols]), geometry.coordinates
    neighbours = cKDTree(centres).query_ball_point(centres, SHELLS[-1] * (radii + radii.max()))
    kept = []
    for scale in SHELLS:
        for i, near in enumerate(neighbours):
            radius = scale * radii[i]
            points = centres[i] + radius * sphere_points(max(1, round(4.0 * np.pi * radius**2 * density)))
            others = np.array([j for j in near if j != i], dtype=int)
            distances = np.linalg.norm(points[:, None] - centres[others], axis=2)
            kept.append(points[(distances >= scale * radii[others]).all(axis=1)])
    return np.concatenate(kept)

"""Van der Waals volume of a geometry: the space inside its atoms' spheres."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from polyloop.chem import Geometry
from polyloop.core import EvaluationError, FailureCode

__all__ = ["RADII", "sphere_points", "van_der_waals_volume"]


# angstrom. Bondi, doi:10.1021/j100785a001; B, Al, Ge, Sb, Bi and the alkaline earths by Mantina et al.,
# doi:10.1021/jp8111556.
RADII = {
    "H": 1.20, "B": 1.92, "C": 1.70, "N": 1.55, "O": 1.52, "F": 1.47, "Al": 1.84, "Si": 2.10, "P": 1.80, "S": 1.80,
    "Cl": 1.75, "Ge": 2.11, "As": 1.85, "Se": 1.90, "Br": 1.85, "Sn": 2.17, "Sb": 2.06, "Te": 2.06, "I": 1.98,
    "Pb": 2.02, "Bi": 2.07,
}  # fmt: skip


def van_der_waals_volume(geometry: Geometry, points: int = 300) -> float:
    """Return the volume of the union of the atoms' van der Waals spheres in angstrom3.

    The union is cut into the cells of the power diagram, one around each atom, and each cell's part of its sphere is
    integrated along `points` evenly spread rays. With 300 rays the error is below 0.1 % at any orientation.

    Raises
    ------
    EvaluationError
        ELEMENT for an element without a van der Waals radius.

    References
    ----------
    Power diagrams of unions of balls: doi:10.1007/BF02574053
    """
    unknown = sorted(set(geometry.symbols) - RADII.keys())
    if unknown:
        raise EvaluationError(
            FailureCode.ELEMENT, "van der Waals volume", f"No van der Waals radius is known for {', '.join(unknown)}."
        )
    radii = np.array([RADII[symbol] for symbol in geometry.symbols])
    centres, rays = geometry.coordinates, sphere_points(points)
    neighbours = cKDTree(centres).query_ball_point(centres, radii + radii.max())
    volume = 0.0
    for i, near in enumerate(neighbours):
        others = np.array([j for j in near if j != i], dtype=int)
        start, end = np.zeros(points), np.full(points, radii[i])
        if others.size:
            towards = centres[others] - centres[i]
            distance = np.linalg.norm(towards, axis=1)
            wall = (distance**2 + radii[i] ** 2 - radii[others] ** 2) / (2.0 * distance)
            slope = rays @ (towards / distance[:, None]).T
            # A ray t n stays in the cell while t slope <= wall. A small atom may lie outside its own cell (wall < 0):
            # its rays then enter the cell on their way.
            slope[slope == 0.0] = 1e-300
            crossing = wall / slope
            end = np.minimum(end, np.where(slope > 0, crossing, np.inf).min(axis=1))
            start = np.maximum(start, np.where(slope < 0, crossing, 0.0).max(axis=1))
        volume += 4.0 * np.pi / (3.0 * points) * float(np.clip(end**3 - start**3, 0.0, None).sum())
    return volume


@lru_cache(maxsize=4)
def sphere_points(points: int) -> NDArray[np.float64]:
    """Evenly spread unit vectors, shape (points, 3): the Fibonacci lattice, doi:10.1007/s11004-009-9257-x."""
    index = np.arange(points) + 0.5
    z = 1.0 - 2.0 * index / points
    turn = np.pi * (1.0 + np.sqrt(5.0)) * index
    ring = np.sqrt(1.0 - z**2)
    return np.stack([ring * np.cos(turn), ring * np.sin(turn), z], axis=1)

"""Bonds of a geometry by covalent radii, and a model Hessian that knows stretches, bends and torsions apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from scipy.sparse.csgraph import shortest_path
from scipy.spatial.distance import cdist

from polyloop.chem import Geometry

__all__ = ["bonds_of", "broken_and_formed", "model_hessian"]

# Times the sum of covalent radii: a bond is made below the first and lost above the second. Between them lies doubt
# (hypervalent sulfur, hydrogen bonds), which is given to the expected bonds.
_MADE, _LOST = 1.15, 1.40
# hartree/bohr2 between atoms one, two and three bonds apart: stretches, bends and torsions of organic molecules in
# the proportions of the model Hessian of Lindh et al., doi:10.1016/0009-2614(95)00646-L.
_SPRINGS = {1: 0.40, 2: 0.06, 3: 0.004}
_GROUND = 0.01  # hartree/bohr2, for what the springs leave free


def _radii_sums(geometry: Geometry) -> NDArray[np.float64]:
    table = Chem.GetPeriodicTable()
    radii: NDArray[np.float64] = np.array([table.GetRcovalent(symbol) for symbol in geometry.symbols])
    return np.add.outer(radii, radii)


def bonds_of(geometry: Geometry, factor: float = 1.25) -> frozenset[tuple[int, int]]:
    """Return the pairs of atoms closer than `factor` times the sum of their covalent radii."""
    close = cdist(geometry.coordinates, geometry.coordinates) < factor * _radii_sums(geometry)
    first, second = np.nonzero(np.triu(close, 1))
    return frozenset(zip(first.tolist(), second.tolist(), strict=True))


def broken_and_formed(
    geometry: Geometry, expected: frozenset[tuple[int, int]]
) -> tuple[frozenset[tuple[int, int]], frozenset[tuple[int, int]]]:
    """Return the expected bonds that are too long, and the bonds that nobody expected."""
    return expected - bonds_of(geometry, _LOST), bonds_of(geometry, _MADE) - expected


def model_hessian(geometry: Geometry, bonds: frozenset[tuple[int, int]]) -> NDArray[np.float64]:
    """Return a positive definite model of the second derivatives, shape (3 n, 3 n), hartree/bohr2.

    A network of springs between atoms one, two and three bonds apart.

    References
    ----------
    doi:10.1016/0009-2614(95)00646-L
    """
    n = len(geometry.symbols)
    graph = np.zeros((n, n))
    for a, b in bonds:
        graph[a, b] = graph[b, a] = 1
    apart = shortest_path(graph, directed=False, unweighted=True)
    hessian = np.zeros((n, 3, n, 3))
    for a, b in zip(*np.nonzero(np.triu((apart >= 1) & (apart <= 3))), strict=True):
        direction = geometry.coordinates[a] - geometry.coordinates[b]
        direction = direction / max(float(np.linalg.norm(direction)), 1e-6)
        block = _SPRINGS[int(apart[a, b])] * np.outer(direction, direction)
        hessian[a, :, a, :] += block
        hessian[b, :, b, :] += block
        hessian[a, :, b, :] -= block
        hessian[b, :, a, :] -= block
    return hessian.reshape(3 * n, 3 * n) + _GROUND * np.eye(3 * n)

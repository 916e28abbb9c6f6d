"""Undo the overlaps of a grown chain: rigid shapes, crowded together, give way a little."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from polyloop.simulate.cells.contacts import contact_radii, pairs_within, periodic_tree

__all__ = ["relax"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

# Spring constants in arbitrary units: bonds as grown, distances across an angle as grown, contacts pushed apart.
_BOND, _ANGLE, _CONTACT = 10.0, 2.0, 1.0
# Atoms three bonds apart rest nearer than their hard radii would have it.
_SHARE_14 = 0.8
_ROUNDS, _STEPS = 12, 60


def relax(positions: Floats, numbers: Indices, bonds: Indices, fixed: int = 0) -> Floats:
    """Return positions in angstrom, shape (n, 3), with the overlaps of non-bonded atoms pushed apart.

    Bonds and angles are held by springs at what they are; atoms nearer than the sum of their hard radii repel each
    other. The first `fixed` atoms do not move. Returned as they are where nothing overlaps.
    """
    n = len(positions)
    rigid = pairs_within(2, n, bonds)
    rigid_length = _lengths(positions, rigid)
    joined = np.isin(rigid @ [n, 1], np.sort(bonds, axis=1) @ [n, 1])
    stiffness = np.where(joined, _BOND, _ANGLE)
    near_codes = pairs_within(3, n, bonds) @ [n, 1]
    hard = contact_radii(numbers)
    for _ in range(_ROUNDS):
        pairs = periodic_tree(positions, None).query_pairs(2 * hard.max() + 1.0, output_type="ndarray").astype(np.int64)
        pairs = pairs[~np.isin(pairs @ [n, 1], rigid @ [n, 1])]
        least = hard[pairs].sum(axis=1) * np.where(np.isin(pairs @ [n, 1], near_codes), _SHARE_14, 1.0)
        if not len(pairs) or (_lengths(positions, pairs) > 0.97 * least).all():
            break

        def energy(flat: Floats, pairs: Indices = pairs, least: Floats = least) -> tuple[float, Floats]:
            points = flat.reshape(-1, 3)
            held, held_force = _springs(points, rigid, rigid_length, stiffness)
            touching = _lengths(points, pairs) < least
            pushed, pushed_force = _springs(points, pairs[touching], least[touching], _CONTACT)
            gradient = held_force + pushed_force
            gradient[:fixed] = 0.0
            return held + pushed, gradient.ravel()

        positions = minimize(
            energy, positions.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}
        ).x.reshape(-1, 3)
    return positions


def _lengths(points: Floats, pairs: Indices) -> Floats:
    lengths: Floats = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    return lengths


def _springs(points: Floats, pairs: Indices, rest: Floats, stiffness: Floats | float) -> tuple[float, Floats]:
    """Energy of springs and its gradient, shape (n, 3)."""
    across = points[pairs[:, 0]] - points[pairs[:, 1]]
    length = np.maximum(np.linalg.norm(across, axis=1), 1e-9)
    stretch = length - rest
    pull = (2 * stiffness * stretch / length)[:, None] * across
    gradient = np.column_stack(
        [
            np.bincount(pairs[:, 0], pull[:, k], len(points)) - np.bincount(pairs[:, 1], pull[:, k], len(points))
            for k in range(3)
        ]
    )
    return float((stiffness * stretch**2).sum()), gradient

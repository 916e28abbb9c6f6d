"""Non-dominated points and the hypervolume that they dominate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.design.objectives import Array, Objective, utilities

__all__ = ["default_reference_point", "hypervolume", "non_dominated", "objective_hypervolume", "reference_utilities"]


def non_dominated(U: Array) -> NDArray[np.bool_]:
    """Tell which rows of U (n, m), all maximized, no other row dominates, shape (n,).

    A row dominates another when it is at least as good everywhere and better somewhere; equal rows stay together.
    Rows with a value that is not finite are never on the front.
    """
    U = np.asarray(U, dtype=float)
    keep = np.asarray(np.isfinite(U).all(axis=1))
    rows = np.flatnonzero(keep)
    if U.shape[1] == 2:
        keep[rows] = _non_dominated_2d(U[rows])
        return keep
    # Best sums first: a dominating row always has the larger sum, so survivors need one pass.
    for i in rows[np.argsort(-U[rows].sum(axis=1), kind="stable")]:
        if keep[i]:
            keep &= ~((U[i] >= U).all(axis=1) & (U[i] > U).any(axis=1))
    return keep


def _non_dominated_2d(U: Array) -> NDArray[np.bool_]:
    if len(U) == 0:
        return np.zeros(0, dtype=bool)
    order = np.lexsort((-U[:, 1], -U[:, 0]))
    first, second = U[order, 0], U[order, 1]
    best_before = np.concatenate([[-np.inf], np.maximum.accumulate(second)[:-1]])
    keep = second > best_before
    # A copy of a front member is on the front too.
    same = np.concatenate([[False], (np.diff(first) == 0) & (np.diff(second) == 0)])
    for i in np.flatnonzero(same):
        keep[i] = keep[i - 1]
    result = np.zeros(len(U), dtype=bool)
    result[order] = keep
    return result


def hypervolume(U: Array, reference: Array) -> float:
    """Return the volume dominated by rows of U (n, m), all maximized, above `reference` (m,).

    One and two objectives in closed form; more by BoTorch's exact box decomposition.

    Raises
    ------
    InvalidInputError
        If the shapes do not fit or the reference is not finite.
    """
    U, reference = np.asarray(U, dtype=float), np.asarray(reference, dtype=float)
    if U.ndim != 2 or reference.shape != (U.shape[1],) or not np.isfinite(reference).all():
        raise InvalidInputError(f"Points of shape {U.shape} need a finite reference point of shape ({U.shape[-1]},).")
    inside = U[np.isfinite(U).all(axis=1)]
    inside = inside[(inside > reference).all(axis=1)]
    if len(inside) == 0:
        return 0.0
    if U.shape[1] == 1:
        return float(inside.max() - reference[0])
    front = np.unique(inside[non_dominated(inside)], axis=0)
    if U.shape[1] == 2:
        # Sorted by the first objective, the second falls: the front is a staircase.
        widths = np.diff(np.concatenate([[reference[0]], front[:, 0]]))
        return float(widths @ (front[:, 1] - reference[1]))
    return _hypervolume_by_boxes(front, reference)


def _hypervolume_by_boxes(front: Array, reference: Array) -> float:
    import torch
    from botorch.utils.multi_objective.hypervolume import Hypervolume

    # In units of the box itself: the decomposition compares with absolute tolerances.
    scale = front.max(axis=0) - reference
    unit = torch.from_numpy((front - reference) / scale)
    return float(Hypervolume(ref_point=torch.zeros(front.shape[1], dtype=torch.double)).compute(unit)) * float(
        scale.prod()
    )


def reference_utilities(reference_point: Sequence[float], objectives: Sequence[Objective]) -> Array:
    """Turn a reference point in the properties' units into utilities, shape (m,).

    Raises
    ------
    InvalidInputError
        If it does not have one finite number per objective.
    """
    point = np.asarray(reference_point, dtype=float)
    if point.shape != (len(objectives),) or not np.isfinite(point).all():
        raise InvalidInputError(
            f"The reference point {list(np.atleast_1d(point))} must hold one finite number for each of the "
            f"{len(objectives)} objectives.",
            hint="Take design.default_reference_point(Y, objectives) of the initial design, once.",
        )
    return np.array([o.reference_utility(float(r)) for o, r in zip(objectives, point, strict=True)])


def default_reference_point(Y: Array, objectives: Sequence[Objective]) -> tuple[float, ...]:
    """Return the worst value seen of each objective less a tenth of its spread, in the properties' units.

    Equal values have a tenth of their own size for a spread; in a range, of the range's.

    Take it once, from the initial design, write it down, and pass the same point in every cycle: a reference that
    moves makes hypervolumes incomparable. For a range it is a distance to the range. Rows with missing values count
    for the objectives that they have.

    Parameters
    ----------
    Y
        Property values, shape (n, m); NaN where missing.

    Raises
    ------
    InvalidInputError
        If an objective has no value at all.
    """
    U = utilities(Y, objectives)
    point = []
    for j, objective in enumerate(objectives):
        known = U[np.isfinite(U[:, j]), j]
        if len(known) == 0:
            raise InvalidInputError(
                "There is no value to take a reference point from.",
                where=f"objective {objective.property}",
                hint="State reference_point, or evaluate the initial design first.",
            )
        # Relative throughout, since a property's unit may be any; all values zero say nothing of theirs.
        margin = 0.1 * float(np.ptp(known)) or 0.01 * (abs(float(known[0])) or objective.size or 1.0)
        worst = float(known.min()) - margin
        point.append(worst if objective.direction == "maximize" else -worst)
    return tuple(point)


def objective_hypervolume(Y: Array, objectives: Sequence[Objective], reference_point: Sequence[float]) -> float:
    """Return the hypervolume of property values Y (n, m) above a reference point in the properties' units."""
    return hypervolume(utilities(Y, objectives), reference_utilities(reference_point, objectives))

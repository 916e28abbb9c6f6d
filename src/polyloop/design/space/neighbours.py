"""Points near to others: numbers moved a little, a step of a scale, another choice."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from polyloop.design.space.sampling import snap
from polyloop.design.space.scales import OnScale
from polyloop.design.space.space import Space
from polyloop.design.space.subjects import SubjectChoice
from polyloop.learn.surrogate import Array

__all__ = ["neighbours", "perturbed", "swept"]

_SIZES, _EACH = (0.2, 0.05, 0.01), 8
# Of a long list only the choices most alike are neighbours.
_FEW, _NEAREST = 256, 64


def perturbed(space: Space, points: Array, rng: np.random.Generator) -> Array:
    """Return points near to some: all numbers moved a little, by three sizes, or one choice or step changed."""
    rows = []
    for point in points:
        for size in _SIZES:
            for _ in range(_EACH):
                row = point.copy()
                for i, variable in enumerate(space.variables):
                    if isinstance(variable, OnScale):
                        row[i] = np.clip(row[i] + size * rng.standard_normal(), 0.0, 1.0)
                rows.append(row)
        rows.extend(neighbours(space, point))
    return snap(space, np.array(rows).reshape(-1, len(space.variables)))


def neighbours(space: Space, point: Array) -> list[Array]:
    """Return the points that differ in one variable with levels: the next steps of a scale, any other choice.

    Of a choice among more than 256 subjects, the 64 most alike.
    """
    rows = []
    for i, variable in enumerate(space.variables):
        if variable.levels is None:
            continue
        places = np.array([variable.coordinate(level) for level in variable.levels])
        here = int(np.argmin(np.abs(places - point[i])))
        others: Iterable[int] = (here - 1, here + 1) if isinstance(variable, OnScale) else range(len(places))
        if isinstance(variable, SubjectChoice) and len(places) > _FEW:
            others = variable.nearest(here, _NEAREST)
        for other in others:
            if 0 <= other < len(places) and other != here:
                row = point.copy()
                row[i] = places[other]
                rows.append(row)
    return rows


def swept(space: Space, point: Array) -> Array:
    """Return a point with each choice of its long lists in turn, shape (n, d): what neighbours would not reach."""
    rows = [np.zeros((0, len(space.variables)))]
    for i, variable in enumerate(space.variables):
        if isinstance(variable, SubjectChoice) and len(variable.values) > _FEW:
            block = np.repeat(point[None], len(variable.values), axis=0)
            block[:, i] = np.arange(len(variable.values))
            rows.append(block)
    return np.vstack(rows)

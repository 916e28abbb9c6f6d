"""Climbing an acquisition function inside conditions that no plane bounds: by derivatives, then step by step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize

from polyloop.design.space.constraints import Condition, Linear
from polyloop.design.space.expressions import Expression
from polyloop.design.space.model import coordinate_columns
from polyloop.design.space.neighbours import neighbours
from polyloop.design.space.sampling import snap
from polyloop.design.space.space import Space
from polyloop.learn.surrogate import Array, chunks

__all__ = ["climb", "score_points"]

_ROUNDS, _ITERATIONS = 4, 50
_Margin = Callable[[torch.Tensor], torch.Tensor]


def score_points(acquisition: Any, coordinates: Array) -> Array:
    """Return the acquisition value of each of coordinates (n, d), shape (n,)."""
    with torch.no_grad():
        points = torch.from_numpy(np.ascontiguousarray(coordinates)).unsqueeze(-2)
        values = [acquisition(points[rows]) for rows in chunks(len(points), 256)]
        return np.asarray(torch.cat(values).numpy(), dtype=float)


def climb(space: Space, acquisition: Any, starts: Array, values: Array) -> Array:
    """Return the best point found from each start, shape (k, d): allowed, and never worse than the start.

    Numbers on a continuum move by derivatives (SLSQP) under all constraints, the others stand still; then the best
    neighbour in one step or choice is taken, and so on by turns.

    Parameters
    ----------
    starts, values
        Coordinates of allowed points, shape (k, d), and their scores.
    """
    margins = {"ineq": _margins(space, "ineq"), "eq": _margins(space, "eq")}
    moving = np.array([variable.levels is None for variable in space.variables])
    results = []
    for start, first in zip(starts, values, strict=True):
        point, value = start, float(first)
        for _ in range(_ROUNDS):
            options = [*_along(space, point, _move(acquisition, point, moving, margins)), *neighbours(space, point)]
            allowed = snap(space, np.array(options).reshape(-1, len(space.variables)))
            allowed = allowed[space.allowed(allowed)]
            scores = score_points(acquisition, allowed) if len(allowed) else np.zeros(0)
            if not len(scores) or scores.max() <= value + 1e-6:
                break
            point, value = allowed[int(np.argmax(scores))], float(scores.max())
        results.append(point)
    return np.array(results)


def _along(space: Space, start: Array, end: Array) -> list[Array]:
    # A solver ends on a bound or a hair beyond it; the way back leads inside.
    return [start + share * (end - start) for share in (1.0, 1.0 - 1e-5, 0.999, 0.99, 0.9, 0.5)]


def _move(acquisition: Any, point: Array, moving: Any, margins: dict[str, list[_Margin]]) -> Array:
    if not moving.any():
        return point
    fixed = torch.from_numpy(point)
    places = torch.from_numpy(np.flatnonzero(moving))

    def whole(z: Array) -> tuple[torch.Tensor, torch.Tensor]:
        free = torch.from_numpy(np.ascontiguousarray(z)).requires_grad_()
        return free, fixed.index_put((places,), free)

    def evaluate(function: _Margin, sign: float, z: Array) -> tuple[float, Array]:
        free, x = whole(z)
        value = sign * function(x)
        (gradient,) = torch.autograd.grad(value, free, allow_unused=True)
        slope = np.zeros_like(z) if gradient is None else gradient.numpy().astype(float)
        return float(value.item()), np.nan_to_num(slope, nan=0.0, posinf=0.0, neginf=0.0)

    constraints = [
        {
            "type": kind,
            "fun": lambda z, function=function: evaluate(function, 1.0, z)[0],
            "jac": lambda z, function=function: evaluate(function, 1.0, z)[1],
        }
        for kind, functions in margins.items()
        for function in functions
    ]
    found = minimize(
        lambda z: evaluate(lambda x: acquisition(x[None, None])[0], -1.0, z),
        point[moving],
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * int(moving.sum()),
        constraints=constraints,
        options={"maxiter": _ITERATIONS},
    )
    end = point.copy()
    if np.isfinite(found.x).all():
        end[moving] = np.clip(found.x, 0.0, 1.0)
    return end


def _margins(space: Space, kind: str) -> list[_Margin]:
    """Return functions of coordinates (d,) that are zero ("eq") or not negative ("ineq") where constraints hold."""
    functions: list[_Margin] = []
    for constraint in space.constraints:
        if isinstance(constraint, Linear) and (constraint.sense == "==") == (kind == "eq"):
            functions.append(partial(_of_sum, space, constraint))
        elif isinstance(constraint, Condition) and constraint.expression is not None and kind == "ineq":
            for k in range(len(constraint.expression.terms) - 1):
                functions.append(partial(_of_expression, space, constraint.expression, k))
    return functions


def _of_sum(space: Space, constraint: Linear, x: torch.Tensor) -> torch.Tensor:
    columns = coordinate_columns(space, x)
    parts = [number * columns[name] for name, number in constraint.coefficients.items()]
    # Without a unit, so that one tolerance of the solver fits all; the size itself is held fixed.
    size = max(abs(constraint.bound), *(abs(float(part.detach())) for part in parts)) or 1.0
    margin = torch.stack(parts).sum() - constraint.bound
    return (-margin if constraint.sense == "<=" else margin) / size


def _of_expression(space: Space, expression: Expression, k: int, x: torch.Tensor) -> torch.Tensor:
    columns = coordinate_columns(space, x)
    margin, size = expression.margins({name: columns[name] for name in expression.names})[k]
    relative: torch.Tensor = margin / size.detach().clamp_min(1e-300)
    return relative

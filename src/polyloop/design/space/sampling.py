"""Points that fill a space: scrambled Sobol sequences, and a random walk inside linear constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.design.space.constraints import Linear
from polyloop.learn.surrogate import Array

if TYPE_CHECKING:
    from polyloop.design.space.space import Space

__all__ = ["linear_in_coordinates", "sample", "snap"]

_ROUNDS, _MANY_ROUNDS = 8, 32
_THINNING = 8  # steps of the walk between two points


def sample(space: Space, n: int, rng: np.random.Generator) -> Array:
    """Return coordinates of n different points, shape (n, d); all that there are where the space holds fewer.

    Points of a scrambled Sobol sequence that keep the constraints are taken in their order. Where these are too rare,
    as under an equality, a random walk (hit and run) draws points from the polytope of the linear constraints, and
    those that keep the others are taken. A space that can be enumerated is at last filled up at random.

    Raises
    ------
    InvalidInputError
        If n is not positive, or too few points keep the constraints.

    References
    ----------
    Owen (1998), doi:10.1006/jcom.1998.0487; Smith (1984), doi:10.1287/opre.32.6.1296.
    """
    if n < 1:
        raise InvalidInputError(f"A sample of {n} points is empty.", where="space", hint="Use at least 1.")
    found: dict[tuple[float, ...], None] = {}
    has_equality = any(isinstance(c, Linear) and c.sense == "==" for c in space.constraints)
    if not has_equality:
        sobol = _Sobol(space, rng)
        for _ in range(_ROUNDS):
            _keep(space, sobol.draw(max(2 * n, 64)), found, n)
            if len(found) == n:
                break
    if len(found) < n and space.is_enumerable:
        combinations = space.combinations
        for row in combinations[rng.permutation(len(combinations))]:
            if len(found) == n:
                break
            found.setdefault(tuple(row.tolist()))
    elif len(found) < n and space.linear:
        walk = _Walk(space, rng)
        for _ in range(_MANY_ROUNDS):
            _keep(space, walk.draw(n - len(found)), found, n)
            if len(found) == n:
                break
    if not space.is_enumerable and len(found) < n:
        raise InvalidInputError(
            f"Of many points drawn, {len(found)} keep the constraints; {n} are wanted.",
            where="space",
            hint="Narrow the variables to where the constraints hold.",
        )
    return np.array(list(found))


def snap(space: Space, coordinates: Array) -> Array:
    """Return the coordinates of the points nearest to coordinates (n, d): rounded, on the grid, a choice."""
    return np.array(
        [
            [v.coordinate(v.value(place)) for v, place in zip(space.variables, row, strict=True)]
            for row in np.asarray(coordinates, dtype=float)
        ]
    ).reshape(len(coordinates), len(space.variables))


def _keep(space: Space, coordinates: Array, found: dict[tuple[float, ...], None], n: int) -> None:
    snapped = snap(space, coordinates)
    for row in snapped[space.allowed(snapped)]:
        if len(found) < n:
            found.setdefault(tuple(row.tolist()))


class _Sobol:
    """A scrambled Sobol sequence over a space, each level of a variable equally often."""

    def __init__(self, space: Space, rng: np.random.Generator) -> None:
        from torch.quasirandom import SobolEngine

        self._space = space
        seed = int(rng.integers(2**31))
        self._engine = SobolEngine(len(space.variables), scramble=True, seed=seed)  # type: ignore[no-untyped-call]

    def draw(self, n: int) -> Array:
        """Return the next n coordinates, shape (n, d)."""
        import torch

        uniform = self._engine.draw(n, dtype=torch.double).numpy()
        return _spread(self._space, uniform)


def _spread(space: Space, uniform: Array) -> Array:
    """Turn numbers in [0, 1) into coordinates, each level equally often."""
    result = uniform.copy()
    for i, variable in enumerate(space.variables):
        if variable.levels is not None:
            places = np.array([variable.coordinate(level) for level in variable.levels])
            result[:, i] = places[np.minimum((uniform[:, i] * len(places)).astype(int), len(places) - 1)]
    return result


class _Walk:
    """Hit and run inside the linear constraints of the numbers; choices are drawn by themselves."""

    def __init__(self, space: Space, rng: np.random.Generator) -> None:
        import torch
        from botorch.utils.sampling import HitAndRunPolytopeSampler, sparse_to_dense_constraints

        self._space, self._rng = space, rng
        self._numeric = [i for i, variable in enumerate(space.variables) if variable.is_numeric]
        inequalities, equalities = linear_in_coordinates(space)
        dense: dict[str, Any] = {}
        for name, constraints, sign in (("inequality", inequalities, -1.0), ("equality", equalities, 1.0)):
            if constraints:
                matrix, bound = sparse_to_dense_constraints(len(space.variables), constraints)
                dense[f"{name}_constraints"] = (sign * matrix[:, self._numeric], sign * bound)
        bounds = torch.tensor([[0.0], [1.0]], dtype=torch.double).repeat(1, len(self._numeric))
        try:
            self._sampler = HitAndRunPolytopeSampler(
                bounds=bounds, n_thinning=_THINNING, seed=int(rng.integers(2**31)), **dense
            )
        except ValueError as error:
            raise InvalidInputError("No point keeps all linear constraints.", where="space") from error

    def draw(self, n: int) -> Array:
        """Return n coordinates, shape (n, d)."""
        result = _spread(self._space, self._rng.random((n, len(self._space.variables))))
        result[:, self._numeric] = self._sampler.draw(n).numpy()
        return result


def linear_in_coordinates(space: Space) -> tuple[list[Any], list[Any]]:
    """Return the inequalities (sum >= bound) and equalities as BoTorch takes them, over coordinates.

    Returns
    -------
    inequalities, equalities
        Each a list of (indices, coefficients, bound), scaled so that the largest coefficient is 1.
    """
    import torch

    inequalities: list[Any] = []
    equalities: list[Any] = []
    for constraint in space.linear:
        indices, coefficients, bound = [], [], constraint.bound
        for name, number in constraint.coefficients.items():
            index = space.names.index(name)
            low, high = space.variables[index].numbers(np.array([0.0, 1.0]))
            indices.append(index)
            coefficients.append(number * (high - low))
            bound -= number * low
        sign = -1.0 if constraint.sense == "<=" else 1.0
        size = max(abs(c) for c in coefficients)
        entry = (
            torch.tensor(indices),
            torch.tensor([sign * c / size for c in coefficients], dtype=torch.double),
            sign * float(bound) / size,
        )
        (equalities if constraint.sense == "==" else inequalities).append(entry)
    return inequalities, equalities

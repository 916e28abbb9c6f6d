"""A space of variables: its points as values, as coordinates, as blocks for models and as one canonical text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.core.names import did_you_mean
from polyloop.design.space.constraints import Condition, Constraint, Linear
from polyloop.design.space.scales import OnScale
from polyloop.design.space.variables import DIGITS, Value, Variable, blocks_of
from polyloop.learn.surrogate import Array

__all__ = ["MOST_COMBINATIONS", "Point", "Space"]

Point = Mapping[str, Value]
"""A value of each variable, by name."""

MOST_COMBINATIONS = 200_000
"""Combinations up to which a wholly discrete space is searched one by one."""


@dataclass(frozen=True, eq=False)
class Space:
    """Variables and the constraints between them: all experiments that could be made.

    Parameters
    ----------
    variables
        In the order of coordinates and of tables.
    constraints
        `Linear` and `Condition`.

    Raises
    ------
    InvalidInputError
        If there is no variable, two have one name, a constraint does not fit them, or no optimiser could keep it: an
        equality needs numbers on plain scales, all of them continuous unless the space can be enumerated.

    Examples
    --------
    >>> from polyloop.design.space import Categorical, Continuous
    >>> space = Space((Continuous("temperature", 20, 120, "degC"), Categorical("solvent", ("DMF", "toluene"))))
    >>> space.canonical({"temperature": 45.0, "solvent": "DMF"})
    '{"solvent":"DMF","temperature":45}'
    """

    variables: tuple[Variable, ...]
    constraints: tuple[Constraint, ...] = ()

    def __init__(self, variables: Sequence[Variable], constraints: Sequence[Constraint] = ()) -> None:
        object.__setattr__(self, "variables", tuple(variables))
        object.__setattr__(self, "constraints", tuple(constraints))
        if not self.variables:
            raise InvalidInputError("A space needs at least one variable.", where="space")
        for position, name in enumerate(self.names):
            if name in self.names[:position]:
                raise InvalidInputError(f"Two variables are called {name!r}.", where="space")
        for constraint in self.constraints:
            constraint.check(self.variables)
            if isinstance(constraint, Linear) and constraint.sense == "==":
                self._check_equality(constraint)
        if self.is_enumerable and len(self.combinations) == 0:
            raise InvalidInputError("No combination keeps all constraints.", where="space")

    def _check_equality(self, constraint: Linear) -> None:
        if self.is_enumerable:
            return
        for name in constraint.coefficients:
            variable = self.variables[self.names.index(name)]
            if variable.levels is not None or getattr(variable, "log", False):
                raise InvalidInputError(
                    f"{name!r} is no continuous number on a plain scale.",
                    where=f"constraint {constraint.text!r}",
                    hint="Leave one variable out of the equality, or give all variables steps.",
                )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the variables, in their order."""
        return tuple(variable.name for variable in self.variables)

    @cached_property
    def n_combinations(self) -> int | None:
        """Number of combinations before constraints, or None where a variable is a continuum."""
        counts = [None if v.levels is None else len(v.levels) for v in self.variables]
        return None if None in counts else math.prod(count for count in counts if count is not None)

    @property
    def is_enumerable(self) -> bool:
        """True where all combinations can be looked at one by one."""
        return self.n_combinations is not None and self.n_combinations <= MOST_COMBINATIONS

    @cached_property
    def combinations(self) -> Array:
        """Coordinates of all combinations that keep the constraints, shape (n, d), the last variable fastest.

        Raises
        ------
        InvalidInputError
            If the space is not enumerable.
        """
        if not self.is_enumerable:
            raise InvalidInputError("It has too many points to list.", where="space")
        axes = [np.array([v.coordinate(level) for level in v.levels or ()]) for v in self.variables]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
        return grid[self.allowed(grid)]

    def coordinates(self, points: Any) -> Array:
        """Return the coordinates of points (mappings, or a data frame), shape (n, d).

        Raises
        ------
        InvalidInputError
            If a value is absent, unknown or of no variable; the message names the row.
        """
        rows = points.to_dict("records") if hasattr(points, "to_dict") else list(points)
        result = np.empty((len(rows), len(self.variables)))
        for index, row in enumerate(rows):
            try:
                snapped = self.snapped(row)
            except InvalidInputError as error:
                raise InvalidInputError(error.reason, where=f"row {index}, {error.where}", hint=error.hint) from error
            result[index] = [variable.coordinate(snapped[variable.name]) for variable in self.variables]
        return result

    def points(self, coordinates: Array) -> list[dict[str, Value]]:
        """Return the points nearest to coordinates of shape (n, d), constraints aside."""
        return [
            {variable.name: variable.value(place) for variable, place in zip(self.variables, row, strict=True)}
            for row in np.asarray(coordinates, dtype=float)
        ]

    def encode(self, points: Any) -> dict[str, BlockValues]:
        """Return one block a variable for points (mappings, or a data frame), as models read them."""
        return self.blocks(self.coordinates(points))

    def blocks(self, coordinates: Array) -> dict[str, BlockValues]:
        """Return one block a variable, or one for each of its views, for coordinates of shape (n, d)."""
        result: dict[str, BlockValues] = {}
        for i, variable in enumerate(self.variables):
            result |= blocks_of(variable, coordinates[:, i])
        return result

    def columns(self, coordinates: Array) -> dict[str, NDArray[Any]]:
        """Return the values at coordinates (n, d) by variable, each of shape (n,)."""
        result: dict[str, NDArray[Any]] = {}
        for i, variable in enumerate(self.variables):
            levels = variable.levels
            if levels is None:
                result[variable.name] = variable.numbers(coordinates[:, i])
                continue
            places = np.array([variable.coordinate(level) for level in levels])
            middles = (places[1:] + places[:-1]) / 2
            values = np.array(levels, dtype=float if variable.is_numeric else object)
            result[variable.name] = values[np.searchsorted(middles, coordinates[:, i])]
        return result

    def allowed(self, coordinates: Array) -> NDArray[np.bool_]:
        """Tell which coordinates (n, d) keep all constraints, shape (n,)."""
        result = np.ones(len(coordinates), dtype=bool)
        columns = self.columns(coordinates) if self.constraints else {}
        for constraint in self.constraints:
            result &= constraint.holds(columns)
        return result

    def snapped(self, point: Point) -> dict[str, Value]:
        """Return a point with each value as it stands in one: rounded, on the grid, a known choice.

        Raises
        ------
        InvalidInputError
            If a variable has no value, or one that it cannot have, or a value has no variable.
        """
        for name in point:
            if name not in self.names:
                raise InvalidInputError(
                    f"There is no variable {name!r}.", where="point", hint=did_you_mean(str(name), self.names)
                )
        missing = [name for name in self.names if name not in point]
        if missing:
            raise InvalidInputError(f"There is no value of {missing[0]!r}.", where="point")
        return {variable.name: variable.snapped(point[variable.name]) for variable in self.variables}

    def check(self, point: Point) -> None:
        """Refuse a point that is none of this space, or that breaks a constraint.

        Raises
        ------
        InvalidInputError
            If it is; the message names the constraint.
        """
        columns = self.columns(self.coordinates([point]))
        for constraint in self.constraints:
            if not constraint.holds(columns)[0]:
                text = getattr(constraint, "text", "a constraint")
                raise InvalidInputError(f"The point breaks {text!r}.", where="point")

    def contains(self, point: Point) -> bool:
        """Tell whether a point has a possible value of each variable and keeps the constraints."""
        try:
            self.check(point)
        except InvalidInputError:
            return False
        return True

    def canonical(self, point: Point) -> str:
        """Return the one text of a point: JSON, names sorted, numbers of at most `DIGITS` digits, molecules as SMILES.

        It is the text of a subject of kind "process". Two points that differ by less than those digits, or by the
        spelling of a molecule, are the same experiment.
        """
        snapped = self.snapped(point)
        texts = {variable.name: variable.identity(snapped[variable.name]) for variable in self.variables}
        return json.dumps(texts, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    def parse(self, text: str) -> dict[str, Value]:
        """Return the point that a canonical text, or any JSON object of values, stands for.

        Raises
        ------
        InvalidInputError
            If it is no such text.
        """
        try:
            read = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise InvalidInputError(f"{text[:60]!r} is no JSON.", where="point") from error
        if not isinstance(read, dict) or not all(
            isinstance(value, int | float | str) and not isinstance(value, bool) for value in read.values()
        ):
            raise InvalidInputError(
                f"{text[:60]!r} is no object of numbers and texts.", where="point", hint='Write {"name": value, ...}.'
            )
        return self.snapped(read)

    def read(self, cells: Mapping[str, str]) -> dict[str, Value]:
        """Return the point that the cells of one row of a person's table spell; other columns do not matter.

        Raises
        ------
        InvalidInputError
            If a variable has no cell, or one that cannot be read.
        """
        missing = [name for name in self.names if name not in cells]
        if missing:
            raise InvalidInputError(f"The table has no column {missing[0]!r}.", where="row")
        return {variable.name: variable.parse(cells[variable.name]) for variable in self.variables}

    def format(self, point: Point) -> dict[str, str]:
        """Return the cells of one row of a person's table, as `read` reads them."""
        snapped = self.snapped(point)
        return {variable.name: variable.format(snapped[variable.name]) for variable in self.variables}

    def sample(self, n: int, rng: np.random.Generator) -> list[dict[str, Value]]:
        """Return n different points that fill the space, or all that there are; see `sampling.sample`."""
        from polyloop.design.space.sampling import sample

        return self.points(sample(self, n, rng))

    def describe(self) -> dict[str, Any]:
        """Return what the space is, ready for JSON."""
        variables = []
        for variable in self.variables:
            entry: dict[str, Any] = {"name": variable.name, "kind": type(variable).__name__.lower()}
            if isinstance(variable, OnScale):
                entry["unit"] = variable.unit
            if variable.levels is None and isinstance(variable, OnScale):
                entry |= {"low": variable.low, "high": variable.high, "log": variable.log}
            else:
                entry["values"] = list(variable.levels or ())
            variables.append(entry)
        return {
            "variables": variables,
            "constraints": [getattr(constraint, "text", "a constraint") for constraint in self.constraints],
            "combinations": self.n_combinations,
            "digits": DIGITS,
        }

    @property
    def linear(self) -> tuple[Linear, ...]:
        """The constraints that are linear in coordinates: all sums without a logarithmic scale."""
        logs = {variable.name for variable in self.variables if getattr(variable, "log", False)}
        return tuple(c for c in self.constraints if isinstance(c, Linear) and not logs & set(c.coefficients))

    @property
    def curved(self) -> tuple[Constraint, ...]:
        """The other constraints."""
        return tuple(c for c in self.constraints if c not in self.linear)

    @property
    def has_functions(self) -> bool:
        """True where a constraint is a function, whose shape no optimiser can follow."""
        return any(isinstance(c, Condition) and c.expression is None for c in self.constraints)

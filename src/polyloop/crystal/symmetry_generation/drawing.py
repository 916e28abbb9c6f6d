"""Lattices and free coordinates for a space group and its occupied positions, drawn and moved until atoms have room."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import InvalidInputError
from polyloop.crystal.elements import ELEMENTS
from polyloop.crystal.structures.structure import CrystalStructure, lattice_of
from polyloop.crystal.structures.symmetry import primitive
from polyloop.crystal.symmetry_generation.distances import PairDistances, neighbour_distances
from polyloop.crystal.symmetry_generation.frequencies import PositionSet
from polyloop.crystal.symmetry_generation.wyckoff import SpaceGroup, WyckoffPosition, crystal_system, space_group

__all__ = ["CLOSEST", "cell_of", "cell_variables", "draw_structure"]

CLOSEST = 0.8
"""Least ratio of a distance to the low one of its pair at which a structure is kept."""

_VARIABLES = {"cubic": 0, "tetragonal": 1, "hexagonal": 1, "orthorhombic": 2, "monoclinic": 3, "triclinic": 5}
# Spread of the logarithm of the ratios of lengths, and of angles about 90 degrees.
_LENGTHS, _ANGLES = 0.4, 12.0
_SHARPEST = 50.0
_LARGEST_CELL = 200
# Draws of which the roomiest is moved, and steps of the minimiser.
_STARTS, _STEPS = 6, 20

Floats = NDArray[np.float64]


def cell_variables(number: int) -> int:
    """Return how many numbers the shape of a space group's cell takes at a given volume."""
    return _VARIABLES[crystal_system(number)]


def cell_of(number: int, volume: float, variables: Floats) -> Floats:
    """Return the conventional cell of a space group, shape (3, 3).

    Parameters
    ----------
    volume
        In angstrom3.
    variables
        Shape of the cell: logarithms of ratios of lengths in units of 0.4, then free angles off 90 degrees in units of
        12, shape (`cell_variables`,). Drawn from a normal distribution, they give cells as they occur.

    Raises
    ------
    InvalidInputError
        If no cell has such angles.
    """
    lengths, angles = np.zeros(3), np.array([90.0, 90.0, 90.0])
    system = crystal_system(number)
    if system in ("tetragonal", "hexagonal"):
        lengths[2] = variables[0]
        angles[2] = 120.0 if system == "hexagonal" else 90.0
    elif system != "cubic":
        lengths[1:] = variables[:2]
        free = slice(1, 2) if system == "monoclinic" else slice(0, 3)
        if system != "orthorhombic":
            angles[free] = np.clip(90.0 + _ANGLES * variables[2:], _SHARPEST, 180.0 - _SHARPEST)
    lattice = lattice_of(np.concatenate([np.exp(_LENGTHS * lengths), angles]))
    scaled: Floats = lattice * (volume / abs(np.linalg.det(lattice))) ** (1 / 3)
    return scaled


@dataclass(frozen=True, eq=False)
class _Arrangement:
    """Occupied positions at a volume, as a function of a vector: the cell's variables, then the free coordinates."""

    group: SpaceGroup
    occupied: tuple[tuple[int, WyckoffPosition], ...]
    volume: float
    low: Floats

    @property
    def sizes(self) -> list[int]:
        return [position.multiplicity for _, position in self.occupied]

    @property
    def kinds(self) -> NDArray[np.int64]:
        return np.repeat([kind for kind, _ in self.occupied], self.sizes)

    @property
    def free(self) -> int:
        return sum(len(position.free) for _, position in self.occupied)

    def at(self, vector: Floats) -> tuple[Floats, Floats]:
        """Return lattice and fractional coordinates, shapes (3, 3) and (n, 3)."""
        shape = cell_variables(self.group.number)
        lattice = cell_of(self.group.number, self.volume, vector[:shape])
        sites, place = [], shape
        for _, position in self.occupied:
            point = np.zeros(3)
            point[list(position.free)] = vector[place : place + len(position.free)]
            place += len(position.free)
            sites.append(position.orbit(point))
        return lattice, np.concatenate(sites)

    def ratios(self, vector: Floats) -> Floats:
        """Return distances from an atom of each orbit to all others over the low ones of their pairs."""
        first = np.cumsum([0, *self.sizes[:-1]])
        kinds = self.kinds
        lattice, fractional = self.at(vector)
        ratios: Floats = neighbour_distances(lattice, fractional, first) / self.low[kinds[first]][:, kinds]
        return ratios

    def overlap(self, vector: Floats) -> float:
        """Return the sum of squares of what distances fall short of the low ones."""
        try:
            return float(np.square(np.maximum(1.0 - self.ratios(vector), 0.0)).sum())
        except InvalidInputError:  # no cell has these angles
            return 1e3


def draw_structure(
    positions: PositionSet, volumes: Floats, distances: PairDistances, rng: np.random.Generator
) -> tuple[CrystalStructure, float] | None:
    """Return a structure with these positions, its primitive cell, and how close its atoms come; None without room.

    Of some draws the one with the least overlap is moved within its symmetry, at its volume, to where there is less.

    Parameters
    ----------
    volumes
        That each element takes in angstrom3, shape (118,).
    """
    from scipy.optimize import minimize

    group = space_group(positions.number)
    occupied = tuple(
        (ELEMENTS.index(symbol), group.positions[letter])
        for symbol, letters in zip(positions.elements, positions.letters, strict=True)
        for letter in letters
    )
    size = sum(position.multiplicity for _, position in occupied)
    if size > _LARGEST_CELL:
        return None
    volume = float(sum(volumes[kind] * position.multiplicity for kind, position in occupied))
    one = _Arrangement(group, occupied, volume, distances.low)
    shape = cell_variables(group.number)
    variables = shape + one.free
    starts = [
        np.concatenate([rng.normal(size=shape), rng.random(one.free)]) for _ in range(_STARTS if variables else 1)
    ]
    best = min(starts, key=one.overlap)
    if variables and one.overlap(best) > 0.0:
        best = minimize(one.overlap, best, method="L-BFGS-B", options={"maxiter": _STEPS}).x
    try:
        close = float(one.ratios(best).min())
        if close < CLOSEST:
            return None
        lattice, fractional = one.at(best)
        structure = CrystalStructure(lattice, fractional, tuple(ELEMENTS[kind] for kind in one.kinds))
    except InvalidInputError:  # no cell has these angles, or one so skew that images beyond the nearest cells touch
        return None
    return primitive(structure), close

"""Lattices and free coordinates for a space group and its occupied positions, drawn until no two atoms are too near."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import InvalidInputError
from polyloop.crystal.elements import ELEMENTS
from polyloop.crystal.structures.structure import CrystalStructure, lattice_of
from polyloop.crystal.structures.symmetry import primitive
from polyloop.crystal.symmetry_generation.distances import PairDistances, nearest_by_pair
from polyloop.crystal.symmetry_generation.frequencies import PositionSet
from polyloop.crystal.symmetry_generation.wyckoff import space_group

__all__ = ["CLOSEST", "draw_lattice", "draw_structure"]

CLOSEST = 0.8
"""Least ratio of a distance to the low one of its pair at which a drawn structure is kept."""

# Spread of the logarithm of the ratios of lengths, and of angles about 90 degrees.
_LENGTHS = 0.4
_ANGLES = 15.0
_SHARPEST = 50.0
_LARGEST_CELL = 200

Floats = NDArray[np.float64]


def draw_lattice(number: int, volume: float, rng: np.random.Generator) -> Floats:
    """Return a conventional cell of a space group with a volume in angstrom3, shape (3, 3).

    Ratios of lengths are drawn log-normally about 1, angles that are free normally about 90 degrees.
    """
    a, b, c = np.exp(rng.normal(0.0, _LENGTHS, 3))
    alpha = beta = gamma = 90.0
    system = space_group(number).system
    if system == "cubic":
        b = c = a
    elif system in ("tetragonal", "hexagonal"):
        b = a
        gamma = 120.0 if system == "hexagonal" else 90.0
    elif system == "monoclinic":
        beta = _angle(rng)
    elif system == "triclinic":
        alpha, beta, gamma = (_angle(rng) for _ in range(3))
    try:
        lattice = lattice_of(np.array([a, b, c, alpha, beta, gamma]))
    except InvalidInputError:  # no cell has these three angles
        return draw_lattice(number, volume, rng)
    scaled: Floats = lattice * (volume / abs(np.linalg.det(lattice))) ** (1 / 3)
    return scaled


def _angle(rng: np.random.Generator) -> float:
    return float(np.clip(rng.normal(90.0, _ANGLES), _SHARPEST, 180.0 - _SHARPEST))


def draw_structure(
    positions: PositionSet, volumes: Floats, distances: PairDistances, rng: np.random.Generator, *, turns: int = 30
) -> tuple[CrystalStructure, float] | None:
    """Return the roomiest of several draws, its primitive cell, and how close its atoms come; None if all are too near.

    Parameters
    ----------
    volumes
        That each element takes in angstrom3, shape (118,).
    turns
        Lattices and coordinates that are drawn.
    """
    group = space_group(positions.number)
    occupied = [
        (ELEMENTS.index(symbol), group.positions[letter])
        for symbol, letters in zip(positions.elements, positions.letters, strict=True)
        for letter in letters
    ]
    sizes = [position.multiplicity for _, position in occupied]
    kinds = np.repeat([kind for kind, _ in occupied], sizes)
    if len(kinds) > _LARGEST_CELL:
        return None
    first = np.cumsum([0, *sizes[:-1]])
    volume = float(volumes[kinds].sum())
    free = any(position.free for _, position in occupied) or group.system != "cubic"
    best: tuple[float, Floats, Floats] | None = None
    for _ in range(turns if free else 1):
        lattice = draw_lattice(positions.number, volume, rng)
        fractional = np.concatenate([position.orbit(rng.random(3)) for _, position in occupied])
        close = _closeness(lattice, fractional, kinds, first, distances)
        if best is None or close > best[0]:
            best = close, lattice, fractional
    if best is None or best[0] < CLOSEST:
        return None
    try:
        structure = CrystalStructure(best[1], best[2], tuple(ELEMENTS[kind] for kind in kinds))
    except InvalidInputError:  # a cell so skew that images beyond the nearest cells touch
        return None
    return primitive(structure), best[0]


def _closeness(
    lattice: Floats, fractional: Floats, kinds: NDArray[np.int64], first: NDArray[np.int64], distances: PairDistances
) -> float:
    nearest = nearest_by_pair(lattice, fractional, kinds, first)
    return min(distance / float(distances.low[pair]) for pair, distance in nearest.items())

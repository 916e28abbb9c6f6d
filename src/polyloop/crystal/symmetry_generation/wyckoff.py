"""The 230 space groups with their Wyckoff positions: orbits of atoms as exact maps of the free coordinates.

Letters and representative coordinates are those of International Tables for Crystallography, volume A, in the setting
that moyopy takes by default; `benchmarks/wyckoff_table.py` wrote them down. Orbits follow from the group's operations.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import InvalidInputError
from polyloop.core.optional import require
from polyloop.crystal.structures.symmetry_operations import read_affine_map

__all__ = ["CRYSTAL_SYSTEMS", "SpaceGroup", "WyckoffPosition", "crystal_system", "space_group"]

CRYSTAL_SYSTEMS = {
    2: "triclinic", 15: "monoclinic", 74: "orthorhombic", 142: "tetragonal", 194: "hexagonal", 230: "cubic",
}  # fmt: skip
"""The last group of each system; trigonal groups stand in the hexagonal cell and count as hexagonal."""

Floats = NDArray[np.float64]

_SAME = 1e-6


@dataclass(frozen=True, eq=False)
class WyckoffPosition:
    """Points of one site symmetry, which the group maps to one another.

    Parameters
    ----------
    letter
        Of International Tables.
    coordinates
        The representative point, such as `x,2x,1/4`.
    rotations, translations
        The m points of the orbit as maps of (x, y, z), shapes (m, 3, 3) and (m, 3).
    """

    letter: str
    coordinates: str
    rotations: Floats
    translations: Floats

    @property
    def multiplicity(self) -> int:
        """Points in the conventional cell."""
        return len(self.rotations)

    @cached_property
    def free(self) -> tuple[int, ...]:
        """Which of x, y, z are free, as numbers from 0 on."""
        return tuple(axis for axis in range(3) if np.abs(self.rotations[0][:, axis]).max() > _SAME)

    def orbit(self, point: Floats) -> Floats:
        """Return the fractional coordinates of the orbit for values of x, y, z, shape (m, 3)."""
        points: Floats = self.rotations @ np.asarray(point, dtype=float) + self.translations
        return points - np.floor(points)


@dataclass(frozen=True, eq=False)
class SpaceGroup:
    """A space group in its conventional cell.

    Parameters
    ----------
    number
        1 to 230.
    rotations, translations
        Operations on fractional coordinates, those of the centring included, shapes (n, 3, 3) and (n, 3).
    positions
        By letter; the general position comes last.
    """

    number: int
    rotations: Floats
    translations: Floats
    positions: dict[str, WyckoffPosition]

    @property
    def system(self) -> str:
        """The crystal system."""
        return crystal_system(self.number)

    @property
    def centring(self) -> int:
        """Lattice points in the conventional cell."""
        return int((np.abs(self.rotations - np.eye(3)).max(axis=(1, 2)) < _SAME).sum())


def crystal_system(number: int) -> str:
    """Return the crystal system of a space group."""
    return next(name for last, name in CRYSTAL_SYSTEMS.items() if number <= last)


@lru_cache(maxsize=230)
def space_group(number: int) -> SpaceGroup:
    """Return a space group with its Wyckoff positions.

    Raises
    ------
    InvalidInputError
        If the number is not one of 1 to 230.
    MissingDependencyError
        If moyopy is not installed.
    """
    if not 1 <= number <= 230:
        raise InvalidInputError(f"There is no space group {number}.", hint="Numbers go from 1 to 230.")
    operations = require("moyopy", extra="crystal").operations_from_number(number)
    rotations = np.array(operations.rotations, dtype=float)
    translations = np.array(operations.translations, dtype=float)
    positions = {letter: _position(letter, words, rotations, translations) for letter, words in _table()[str(number)]}
    return SpaceGroup(number, rotations, translations, positions)


def _position(letter: str, coordinates: str, rotations: Floats, translations: Floats) -> WyckoffPosition:
    linear, offset = read_affine_map(coordinates)
    linears = rotations @ linear
    offsets = rotations @ offset + translations
    offsets -= np.floor(offsets + _SAME)
    # Twelfths and eighths of fractions make 24ths: maps are compared on that grid, exactly.
    keys = np.round(np.column_stack([linears.reshape(-1, 9), offsets]) * 24).astype(int)
    keys[:, 9:] %= 24
    _, first = np.unique(keys, axis=0, return_index=True)
    kept = np.sort(first)
    return WyckoffPosition(letter, coordinates, linears[kept], offsets[kept])


@lru_cache(maxsize=1)
def _table() -> dict[str, list[list[str]]]:
    text = files("polyloop.crystal.symmetry_generation").joinpath("wyckoff_positions.json").read_text(encoding="utf-8")
    table: dict[str, list[list[str]]] = json.loads(text)
    return table

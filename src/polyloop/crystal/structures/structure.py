"""CrystalStructure: a periodic arrangement of atoms as arrays, checked when it is made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import InvalidInputError
from polyloop.core.names import did_you_mean
from polyloop.core.subject import Subject
from polyloop.crystal.composition import Composition
from polyloop.crystal.elements import ELEMENTS

__all__ = ["LARGEST", "CrystalStructure", "cell_parameters", "lattice_of", "pair_distances", "shortest_distance"]

LARGEST = 500
"""Most atoms of a cell; what is larger is no crystal of the tables that this is made for, and costs minutes a step."""

# Closer than any bond (H2 has 0.74 angstrom): two such atoms are one that was written twice, or a mistake.
_CLOSEST = 0.5
_THINNEST = 1.0  # angstrom between opposite faces of a cell
# angstrom3 for each atom: caesium has 115, solid helium without pressure in density-functional theory 600.
_EMPTIEST = 2000.0
# Diamond has 5.7, solid hydrogen under pressure 2.5.
_DENSEST = 2.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CrystalStructure:
    """Atoms of one cell that repeats in three directions; every site holds one whole atom.

    Parameters
    ----------
    lattice
        Rows are the cell's vectors in angstrom, shape (3, 3).
    fractional
        Coordinates in units of the vectors, shape (n, 3); brought between 0 and 1.
    symbols
        Elements of the n atoms.

    Raises
    ------
    InvalidInputError
        If shapes do not fit, numbers are not finite, an element is none, the cell is flat, empty or too large, or two
        atoms lie on one another.

    Examples
    --------
    >>> import numpy as np
    >>> salt = CrystalStructure(np.eye(3) * 2.82, [[0, 0, 0]], ["Po"])
    >>> salt.composition.canonical, round(salt.volume_per_atom, 1)
    ('Po', 22.4)
    """

    lattice: Floats
    fractional: Floats
    symbols: tuple[str, ...]

    def __post_init__(self) -> None:
        lattice = np.array(self.lattice, dtype=float)
        fractional = np.array(self.fractional, dtype=float)
        symbols = tuple(self.symbols)
        _check_arrays(lattice, fractional, symbols)
        fractional -= np.floor(fractional)
        # What is a rounding error below 1 is 0.
        fractional[fractional > 1.0 - 1e-9] = 0.0
        for array in (lattice, fractional):
            array.setflags(write=False)
        object.__setattr__(self, "lattice", lattice)
        object.__setattr__(self, "fractional", fractional)
        object.__setattr__(self, "symbols", symbols)
        _check_geometry(self)

    @classmethod
    def trusted(cls, lattice: Floats, fractional: Floats, symbols: tuple[str, ...]) -> CrystalStructure:
        """Return a structure of arrays that have been checked before: thousands are read in the time of one check."""
        made = object.__new__(cls)
        for name, value in (("lattice", lattice), ("fractional", fractional), ("symbols", symbols)):
            object.__setattr__(made, name, value)
        return made

    def __len__(self) -> int:
        return len(self.symbols)

    @cached_property
    def volume(self) -> float:
        """Volume of the cell in angstrom3."""
        return abs(float(np.linalg.det(self.lattice)))

    @property
    def volume_per_atom(self) -> float:
        """In angstrom3."""
        return self.volume / len(self)

    @cached_property
    def positions(self) -> Floats:
        """Cartesian coordinates in angstrom, shape (n, 3)."""
        return self.fractional @ self.lattice

    @cached_property
    def composition(self) -> Composition:
        """The reduced composition."""
        return Composition("".join(f"{symbol}{count}" for symbol, count in Counter(self.symbols).items()))

    @property
    def formula_units(self) -> int:
        """Formula units in the cell."""
        return len(self) // self.composition.atoms

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """Atomic numbers, shape (n,)."""
        return np.array([ELEMENTS.index(symbol) + 1 for symbol in self.symbols])

    @cached_property
    def canonical(self) -> str:
        """One line that is the same for every setting of this structure; see `canonical_text`."""
        from polyloop.crystal.structures.canonical import canonical_text

        return canonical_text(self)

    @property
    def subject(self) -> Subject:
        """The subject of values that are of this structure."""
        return Subject("crystal", self.canonical)

    def scaled(self, volume: float) -> CrystalStructure:
        """Return the structure at another volume of the cell in angstrom3, its shape and coordinates kept."""
        return CrystalStructure(self.lattice * (volume / self.volume) ** (1 / 3), self.fractional, self.symbols)

    def with_elements(self, elements: dict[str, str]) -> CrystalStructure:
        """Return the structure with each element replaced by that which `elements` gives for it."""
        return CrystalStructure(self.lattice, self.fractional, tuple(elements[symbol] for symbol in self.symbols))

    def __str__(self) -> str:
        return self.canonical


def cell_parameters(lattice: Floats) -> Floats:
    """Return the lengths in angstrom and the angles in degrees of a lattice, shape (6,)."""
    lengths = np.linalg.norm(lattice, axis=1)
    unit = lattice / lengths[:, None]
    cosines = [unit[1] @ unit[2], unit[0] @ unit[2], unit[0] @ unit[1]]
    return np.concatenate([lengths, np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0)))])


def lattice_of(parameters: Floats) -> Floats:
    """Return vectors of given lengths (angstrom) and angles (degrees): the first along x, the second in the xy plane.

    Raises
    ------
    InvalidInputError
        If no cell has such angles.
    """
    a, b, c = parameters[:3]
    # Rounded, so that 90 degrees gives a zero and not 6e-17.
    cos_a, cos_b, cos_g = np.round(np.cos(np.radians(parameters[3:])), 15)
    sin_g = np.sqrt(max(1.0 - cos_g**2, 0.0))
    if sin_g < 1e-6:
        raise InvalidInputError(f"The angle gamma of {parameters[5]:g} degrees makes no cell.", where="cell")
    y = (cos_a - cos_b * cos_g) / sin_g
    height = 1.0 - cos_b**2 - y**2
    if height <= 1e-12:
        angles = ", ".join(f"{angle:g}" for angle in parameters[3:])
        raise InvalidInputError(f"No cell has the angles {angles} degrees.", where="cell")
    return np.array([[a, 0.0, 0.0], [b * cos_g, b * sin_g, 0.0], [c * cos_b, c * y, c * np.sqrt(height)]])


def pair_distances(lattice: Floats, fractional: Floats) -> Floats:
    """Return the distance of each atom from the nearest image of each, in angstrom, shape (n, n).

    Of an atom and itself, that of its nearest other image.

    Parameters
    ----------
    lattice
        Shape (3, 3).
    fractional
        Shape (n, 3).
    """
    heights = 1.0 / np.linalg.norm(np.linalg.inv(lattice), axis=0)
    # All images within the shortest height are looked at, so that no distance below it is overlooked.
    reach = np.minimum(np.ceil(float(heights.min()) / heights + 0.5).astype(int), 3)
    images = np.stack(np.meshgrid(*(np.arange(-most, most + 1) for most in reach), indexing="ij"), -1).reshape(-1, 3)
    away = fractional[:, None, :] - fractional[None, :, :]
    away -= np.round(away)
    nearest = np.full(away.shape[:2], np.inf)
    for image in images:
        squared = np.square((away + image) @ lattice).sum(axis=2)
        if not image.any():
            np.fill_diagonal(squared, np.inf)
        nearest = np.minimum(nearest, squared)
    distances: Floats = np.sqrt(nearest)
    return distances


def shortest_distance(lattice: Floats, fractional: Floats) -> float:
    """Return the shortest distance between atoms, images included, in angstrom; arguments as of `pair_distances`."""
    return float(pair_distances(lattice, fractional).min())


def _check_arrays(lattice: Floats, fractional: Floats, symbols: tuple[str, ...]) -> None:
    if lattice.shape != (3, 3):
        raise InvalidInputError(f"A lattice has the shape (3, 3), not {lattice.shape}.", where="structure")
    if not symbols or fractional.shape != (len(symbols), 3):
        raise InvalidInputError(
            f"There are {len(symbols)} atoms and coordinates of shape {fractional.shape}.", where="structure"
        )
    if len(symbols) > LARGEST:
        raise InvalidInputError(
            f"The cell has {len(symbols)} atoms; {LARGEST} are taken at most.", where="structure",
            hint="Give the primitive cell.",
        )  # fmt: skip
    if not (np.isfinite(lattice).all() and np.isfinite(fractional).all()):
        raise InvalidInputError("A coordinate is not finite.", where="structure")
    for symbol in dict.fromkeys(symbols):
        if symbol not in ELEMENTS:
            raise InvalidInputError(
                f"There is no element {symbol!r}.", where="structure", hint=did_you_mean(symbol, ELEMENTS, cutoff=0.5)
            )


def _check_geometry(structure: CrystalStructure) -> None:
    if structure.volume < 1e-3 or min(structure.volume / _faces(structure.lattice)) < _THINNEST:
        raise InvalidInputError("The cell is flat: its vectors lie in one plane, or nearly.", where="structure")
    if not _DENSEST <= structure.volume_per_atom <= _EMPTIEST:
        raise InvalidInputError(
            f"Each atom has {structure.volume_per_atom:.3g} angstrom3, and crystals have {_DENSEST:g} to "
            f"{_EMPTIEST:g}.", where="structure", hint="Look at the cell's lengths; they are in angstrom.",
        )  # fmt: skip
    closest = shortest_distance(structure.lattice, structure.fractional)
    if closest < _CLOSEST:
        raise InvalidInputError(
            f"Two atoms lie {closest:.2f} angstrom apart, closer than any bond.", where="structure",
            hint="Disorder over sites that exclude one another is not read: keep one of them.",
        )  # fmt: skip


def _faces(lattice: Floats) -> Floats:
    """Return the areas of the three faces in angstrom2."""
    areas: Floats = np.linalg.norm(np.cross(lattice[[1, 2, 0]], lattice[[2, 0, 1]]), axis=1)
    return areas

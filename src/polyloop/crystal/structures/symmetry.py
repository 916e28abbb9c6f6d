"""Space group, Wyckoff positions and standard cells of a structure, by moyopy."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np

from polyloop.core.optional import require
from polyloop.crystal.elements import ELEMENTS
from polyloop.crystal.structures.structure import CrystalStructure

__all__ = ["SYMMETRY_TOLERANCE", "Symmetry", "conventional", "primitive", "symmetry_of"]

SYMMETRY_TOLERANCE = 0.01
"""How far an atom may lie from where symmetry puts it, in angstrom, unless said otherwise."""


@dataclass(frozen=True)
class Symmetry:
    """The space group of a structure and where its atoms stand in it.

    Parameters
    ----------
    number
        Of the space group, 1 to 230.
    wyckoff_letters
        Of each atom, in the standard setting.
    site_symmetries
        Symbols of each atom's site symmetry.
    orbits
        For each atom the first atom that symmetry maps it to.
    """

    number: int
    wyckoff_letters: tuple[str, ...]
    site_symmetries: tuple[str, ...]
    orbits: tuple[int, ...]


def symmetry_of(structure: CrystalStructure, tolerance: float = SYMMETRY_TOLERANCE) -> Symmetry:
    """Return the symmetry of a structure within a tolerance in angstrom.

    Raises
    ------
    MissingDependencyError
        If moyopy is not installed.
    """
    found = dataset_of(structure, tolerance)
    if found is None:
        size = len(structure)
        return Symmetry(1, ("a",) * size, ("1",) * size, tuple(range(size)))
    return Symmetry(
        int(found.number), tuple(found.wyckoffs), tuple(found.site_symmetry_symbols), tuple(map(int, found.orbits))
    )


def primitive(structure: CrystalStructure, tolerance: float = SYMMETRY_TOLERANCE) -> CrystalStructure:
    """Return the smallest cell of a structure in the standard setting, its symmetry made exact."""
    found = dataset_of(structure, tolerance)
    return structure if found is None else _of_cell(found.prim_std_cell)


def conventional(structure: CrystalStructure, tolerance: float = SYMMETRY_TOLERANCE) -> CrystalStructure:
    """Return the conventional cell of a structure in the standard setting, its symmetry made exact."""
    found = dataset_of(structure, tolerance)
    return structure if found is None else _of_cell(found.std_cell)


def dataset_of(structure: CrystalStructure, tolerance: float = SYMMETRY_TOLERANCE) -> Any:
    """Return moyopy's data set; of a tolerance at which it finds no group a finer one, and None where there is none."""
    moyopy = require("moyopy", extra="crystal")
    # Of a cell that is not the smallest it tells at length which operations it leaves out.
    logging.getLogger("moyo").setLevel(logging.ERROR)
    cell = moyopy.Cell(structure.lattice.tolist(), structure.fractional.tolist(), structure.numbers.tolist())
    for symprec in (tolerance, tolerance / 10, tolerance / 100):
        try:
            return moyopy.MoyoDataset(cell, symprec=symprec)
        except ValueError:
            continue  # operations within a tolerance need not form a group
    return None


def _of_cell(cell: Any) -> CrystalStructure:
    return CrystalStructure(
        np.array(cell.basis), np.array(cell.positions), tuple(ELEMENTS[number - 1] for number in cell.numbers)
    )

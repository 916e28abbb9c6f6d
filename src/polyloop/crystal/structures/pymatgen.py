"""To and from pymatgen's structures, for what it does best: other people's CIF, and matching structures."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from polyloop.core.errors import InvalidInputError
from polyloop.core.optional import require
from polyloop.crystal.structures.structure import CrystalStructure

__all__ = ["from_pymatgen", "same_cell", "same_structure", "structure_of_cif", "to_pymatgen"]


def to_pymatgen(structure: CrystalStructure) -> Any:
    """Return a `pymatgen.core.Structure`."""
    core = require("pymatgen.core", extra="crystal")
    return core.Structure(structure.lattice, list(structure.symbols), structure.fractional)


def from_pymatgen(structure: Any) -> CrystalStructure:
    """Return the structure of a `pymatgen.core.Structure`.

    Raises
    ------
    InvalidInputError
        If a site is not wholly occupied by one element.
    """
    if not structure.is_ordered:
        raise InvalidInputError(
            "A site is shared by elements or partly empty; whole atoms are needed.", where="CIF",
            hint="Order the structure first: a cell in which each site holds one atom or none.",
        )  # fmt: skip
    symbols = tuple(getattr(site.specie, "element", site.specie).symbol for site in structure)
    return CrystalStructure(np.array(structure.lattice.matrix), np.array(structure.frac_coords), symbols)


def structure_of_cif(text: str) -> CrystalStructure:
    """Return the structure of a CIF by pymatgen's reader, which knows all space groups by name.

    Raises
    ------
    InvalidInputError
        If it cannot be read.
    """
    module = require("pymatgen.io.cif", extra="crystal")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of rounding that it mends
        try:
            (found, *_) = module.CifParser.from_str(text).parse_structures(primitive=False)
        except (ValueError, KeyError, AssertionError) as error:
            raise InvalidInputError(f"It cannot be read: {error}.", where="CIF") from error
    return from_pymatgen(found)


def same_structure(first: CrystalStructure, second: CrystalStructure) -> bool:
    """Tell whether two structures are one by pymatgen's `StructureMatcher` at its default tolerances.

    It scales both to one volume, and calls structures the same whose space groups may differ
    (doi:10.1016/j.commatsci.2012.10.028).
    """
    module = require("pymatgen.analysis.structure_matcher", extra="crystal")
    return bool(module.StructureMatcher().fit(to_pymatgen(first), to_pymatgen(second)))


def same_cell(first: CrystalStructure, second: CrystalStructure) -> bool:
    """Tell whether two structures of as many atoms are one, as `same_structure`, without looking for smaller cells."""
    if sorted(first.symbols) != sorted(second.symbols):
        return False
    module = require("pymatgen.analysis.structure_matcher", extra="crystal")
    matcher = module.StructureMatcher(primitive_cell=False)
    return bool(matcher.fit(to_pymatgen(first), to_pymatgen(second), skip_structure_reduction=True))

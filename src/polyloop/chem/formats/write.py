"""Write a cell in the format that the file's suffix names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from polyloop.chem.formats.coordinates import extended_xyz, pdb
from polyloop.chem.formats.gromacs import gromacs_coordinates, gromacs_topology
from polyloop.chem.formats.lammps_data import lammps_data
from polyloop.chem.formats.openmm_xml import openmm_system
from polyloop.chem.formats.picture import cell_picture
from polyloop.chem.topology import Cell
from polyloop.core.errors import InvalidInputError
from polyloop.core.files import write_atomically

__all__ = ["SUFFIXES", "write"]

_FORMATS: dict[str, Callable[[Cell], str | bytes]] = {
    ".data": lammps_data,
    ".pdb": pdb,
    ".gro": gromacs_coordinates,
    ".top": lambda cell: gromacs_topology(cell.topology),
    ".xml": openmm_system,
    ".xyz": extended_xyz,
    ".png": cell_picture,
}
SUFFIXES = tuple(_FORMATS)


def write(cell: Cell, path: Path | str) -> tuple[Path, ...]:
    """Write `cell` to `path`: LAMMPS data, PDB, GROMACS, OpenMM XML, extended XYZ, or a picture; return the files.

    The suffix says which. A GROMACS `.gro` gets its `.top` beside it, since neither is of use alone.

    Raises
    ------
    InvalidInputError
        If the suffix is unknown, or the cell's numbers are not finite.
    """
    path = Path(path)
    if path.suffix not in _FORMATS:
        raise InvalidInputError(
            f"There is no format for {path.suffix or path.name!r}.",
            where=str(path),
            hint=f"Known: {', '.join(SUFFIXES)}.",
        )
    if not (np.isfinite(cell.positions).all() and np.isfinite(cell.box).all() and (cell.box > 0).all()):
        raise InvalidInputError("The cell has positions or edges that are not finite.", where=str(path))
    paths = (path, path.with_suffix(".top")) if path.suffix == ".gro" else (path,)
    for each in paths:
        write_atomically(each, _FORMATS[each.suffix](cell))
    return paths

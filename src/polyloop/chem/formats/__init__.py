"""File formats of cells: LAMMPS data, PDB, GROMACS, OpenMM XML, extended XYZ and pictures."""

from polyloop.chem.formats.gromacs import gromacs_topology
from polyloop.chem.formats.lammps_data import lammps_data
from polyloop.chem.formats.lammps_reader import read_lammps_data
from polyloop.chem.formats.picture import cell_picture
from polyloop.chem.formats.rows import atom_types, rows
from polyloop.chem.formats.write import SUFFIXES, write

__all__ = [
    "SUFFIXES",
    "atom_types",
    "cell_picture",
    "gromacs_topology",
    "lammps_data",
    "read_lammps_data",
    "rows",
    "write",
]

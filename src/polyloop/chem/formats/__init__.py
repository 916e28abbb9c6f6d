"""File formats of cells: LAMMPS data, PDB, GROMACS, OpenMM XML and extended XYZ."""

from polyloop.chem.formats.lammps_data import lammps_data
from polyloop.chem.formats.lammps_reader import read_lammps_data
from polyloop.chem.formats.rows import atom_types
from polyloop.chem.formats.write import SUFFIXES, write

__all__ = ["SUFFIXES", "atom_types", "lammps_data", "read_lammps_data", "write"]

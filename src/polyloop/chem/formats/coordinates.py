"""PDB and extended XYZ: positions to look at, and to hand to other programs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.formats.rows import atom_names, residue_numbers, rows, symbols, whole_in_box
from polyloop.chem.topology import Cell

__all__ = ["extended_xyz", "pdb"]

_CHAINS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
# PDB has five digits for an atom's number; beyond them bonds could not name their atoms.
_MOST_SERIALS = 99_999


def pdb(cell: Cell) -> str:
    """Return a PDB file: a chain per molecule, a residue per repeat unit, the box, and bonds up to 99,999 atoms."""
    topology = cell.topology
    box = "CRYST1" + "".join(f"{edge:9.3f}" for edge in cell.box.tolist()) + "  90.00  90.00  90.00 P 1           1\n"
    serial = np.arange(1, topology.n_atoms + 1)
    atoms = rows(
        "HETATM%5d %-4s UNL %s%4d    %8.3f%8.3f%8.3f  1.00  0.00          %2s",
        serial % (_MOST_SERIALS + 1),
        [name if len(name) == 4 else f" {name}" for name in atom_names(topology)],
        [_CHAINS[molecule % len(_CHAINS)] for molecule in topology.molecule.tolist()],
        residue_numbers(topology) % 10_000,
        whole_in_box(cell),
        symbols(topology),
    )
    bonds = ""
    if topology.n_atoms <= _MOST_SERIALS:
        both_ways = np.concatenate([topology.bonds, topology.bonds[:, ::-1]])
        bonds = rows("CONECT%5d%5d", both_ways[np.lexsort(both_ways.T[::-1])] + 1)
    return f"{box}{atoms}{bonds}END\n"


def extended_xyz(cell: Cell) -> str:
    """Return an extended XYZ file with lattice, charges, molecules and, where there are any, velocities (A/ps)."""
    topology = cell.topology
    properties = "species:S:1:pos:R:3:charge:R:1:molecule:I:1"
    template = "%s %.8f %.8f %.8f %r %d"
    columns: list[NDArray[np.generic] | list[str]] = [
        symbols(topology),
        whole_in_box(cell),
        topology.charges,
        topology.molecule,
    ]
    if cell.velocities is not None:
        properties += ":velocity:R:3"
        template += " %.10g %.10g %.10g"
        columns.append(cell.velocities)
    x, y, z = cell.box.tolist()
    comment = f'Lattice="{x!r} 0.0 0.0 0.0 {y!r} 0.0 0.0 0.0 {z!r}" Properties={properties} pbc="T T T"'
    return f"{topology.n_atoms}\n{comment}\n{rows(template, *columns)}"

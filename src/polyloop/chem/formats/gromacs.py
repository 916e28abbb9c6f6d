"""GROMACS coordinates and topology: nm, kJ/mol, and one molecule type per distinct molecule."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.formats.rows import atom_names, distinct_rows, residue_numbers, rows, whole_in_box
from polyloop.chem.topology import Cell, Topology
from polyloop.core.constants import CALORIE
from polyloop.core.errors import InvalidInputError

__all__ = ["gromacs_coordinates", "gromacs_topology"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
_NM = 0.1


def gromacs_coordinates(cell: Cell) -> str:
    """Return a .gro file, and velocities in it where the cell has them.

    Positions have the three decimals (of a nm) of the fixed columns that all readers know.
    """
    topology = cell.topology
    columns: list[NDArray[np.generic] | list[str]] = [
        residue_numbers(topology) % 100_000,
        atom_names(topology),
        np.arange(1, topology.n_atoms + 1) % 100_000,
        whole_in_box(cell) * _NM,
    ]
    template = "%5dUNL  %5s%5d%8.3f%8.3f%8.3f"
    if cell.velocities is not None:
        columns.append(cell.velocities * _NM)
        template += "%8.4f%8.4f%8.4f"
    box = " ".join(f"{edge * _NM:.9f}" for edge in cell.box.tolist())
    return f"Written by polyloop\n{topology.n_atoms}\n{rows(template, *columns)}{box}\n"


def gromacs_topology(topology: Topology) -> str:
    """Return a .top file that stands alone.

    Proper dihedrals are function 9, impropers function 4, 1-4 interactions are listed as pairs. Terms of one dihedral
    with equal multiplicity become one term, since other readers of the format refuse or drop all but one of them.

    Raises
    ------
    InvalidInputError
        Where the atoms of a molecule do not follow one another, which GROMACS cannot express.
    """
    size = np.bincount(topology.molecule)
    if (np.diff(topology.molecule) < 0).any():
        raise InvalidInputError(
            "GROMACS needs the atoms of each molecule one after the other.", hint="Put the topology together anew."
        )
    starts = np.concatenate([[0], np.cumsum(size)])
    atom_types, names = _atom_types(topology)
    bodies = _bodies(topology, starts, names)
    kinds = {body: f"M{number}" for number, body in enumerate(dict.fromkeys(bodies), start=1)}
    # Function 1 and mixing rule 2: Lennard-Jones by arithmetic sigma and geometric epsilon.
    text = "[ defaults ]\n; nbfunc comb-rule gen-pairs fudgeLJ fudgeQQ\n"
    text += f"1 2 yes {topology.LENNARD_JONES_14} {topology.COULOMB_14:.10f}\n\n[ atomtypes ]\n{atom_types}"
    for body, name in kinds.items():
        text += f"\n[ moleculetype ]\n{name} 3\n{body}"
    text += "\n[ system ]\nWritten by polyloop\n\n[ molecules ]\n"
    return text + "".join(f"{kinds[body]} {len(list(same))}\n" for body, same in groupby(bodies))


def _atom_types(topology: Topology) -> tuple[str, list[str]]:
    """The atomtypes section, and the name of each atom's type there."""
    first, which = distinct_rows(topology.types, topology.numbers, topology.epsilon, topology.sigma)
    names: list[str] = []
    for index in first.tolist():
        name = topology.type_names[topology.types[index]]
        names.append(name if name not in names else f"{name}_{len(names)}")
    section = rows(
        "%s %d %r 0.0 A %r %r",
        names,
        topology.numbers[first],
        topology.masses[first],
        topology.sigma[first] * _NM,
        topology.epsilon[first] * CALORIE,
    )
    return section, [names[kind] for kind in which.tolist()]


def _bodies(topology: Topology, starts: Indices, names: list[str]) -> list[str]:
    """The sections of each molecule, with its atoms counted from 1; equal texts are equal molecules."""
    parts: list[list[str]] = [[] for _ in starts[1:]]
    for molecule, text in enumerate(_atom_lines(topology, starts, names)):
        parts[molecule].append(f"[ atoms ]\n{text}")
    for title, atoms, template, parameters in _terms(topology):
        molecule_of = topology.molecule[atoms[:, 0]]
        order = np.argsort(molecule_of, kind="stable")
        local = atoms - starts[molecule_of][:, None] + 1
        lines = rows(template, local[order], *(column[order] for column in parameters)).splitlines(keepends=True)
        ends = np.cumsum(np.bincount(molecule_of, minlength=len(parts))).tolist()
        for molecule, (begin, end) in enumerate(zip([0, *ends], ends, strict=False)):
            if end > begin:
                parts[molecule].append(f"\n[ {title} ]\n" + "".join(lines[begin:end]))
    return ["".join(part) for part in parts]


def _atom_lines(topology: Topology, starts: Indices, names: list[str]) -> list[str]:
    number = np.arange(topology.n_atoms) - starts[topology.molecule] + 1
    lines = rows(
        "%d %s %d UNL %s %d %r %r",
        number,
        names,
        residue_numbers(topology),
        atom_names(topology),
        number,
        topology.charges,
        topology.masses,
    ).splitlines(keepends=True)
    return ["".join(lines[begin:end]) for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]


def _terms(topology: Topology) -> list[tuple[str, Indices, str, tuple[NDArray[np.generic], ...]]]:
    """Title, atoms, template and parameters of each kind of term. GROMACS writes harmonic terms with k / 2."""
    dihedral, k, n, phase = _one_term_a_multiplicity(topology)
    return [
        ("bonds", topology.bonds, "%d %d 1 %r %r",
         (topology.bond_r0 * _NM, 2 * topology.bond_k * CALORIE / _NM**2)),
        ("pairs", topology.pairs_14, "%d %d 1", ()),
        ("angles", topology.angles, "%d %d %d 1 %r %r", (topology.angle_theta0, 2 * topology.angle_k * CALORIE)),
        ("dihedrals", topology.dihedrals[dihedral], "%d %d %d %d 9 %r %r %d", (phase, k * CALORIE, n)),
        ("dihedrals", topology.impropers, "%d %d %d %d 4 %r %r %d",
         (np.where(topology.improper_sign > 0, 0.0, 180.0), topology.improper_k * CALORIE, topology.improper_n)),
    ]  # fmt: skip


def _one_term_a_multiplicity(topology: Topology) -> tuple[Indices, Floats, Indices, Floats]:
    """Row of the dihedral, k, multiplicity and phase of each term, (t,); those that differ in phase alone are summed.

    A sum of k [1 + cos(n phi - phase)] over equal n is one such term, and a constant where the phases differ, which is
    left out.
    """
    keys = np.column_stack([topology.term_dihedral, topology.term_n])
    _, first, which, counts = np.unique(keys, axis=0, return_index=True, return_inverse=True, return_counts=True)
    sums = np.zeros(len(first), dtype=np.complex128)
    np.add.at(sums, which, topology.term_k * np.exp(1j * np.radians(topology.term_phase)))
    several = counts > 1
    k = np.where(several, np.abs(sums), topology.term_k[first])
    # Sums over 0 and 180 degrees lie on the real axis but for the last digits.
    phase = np.where(several, np.round(np.degrees(np.angle(sums)), 9) % 360.0, topology.term_phase[first])
    order = np.argsort(first, kind="stable")
    return topology.term_dihedral[first][order], k[order], topology.term_n[first][order], phase[order]

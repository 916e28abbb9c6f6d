"""LAMMPS data files (atom_style full, real units) with all coefficients: what the LAMMPS engine starts from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.formats.rows import atom_types, distinct_rows, rows
from polyloop.chem.topology import Cell, Topology

__all__ = ["lammps_data"]

Indices = NDArray[np.int64]


def lammps_data(cell: Cell) -> str:
    """Return `cell` as a LAMMPS data file; the styles are named behind each section.

    Positions are wrapped and carry image flags, so that molecules come back whole. Comments keep what LAMMPS has no
    place for: behind each mass the name of the type and the atomic number, behind each atom its residue.
    """
    topology = cell.topology
    kinds, kind = atom_types(topology)
    terms = {
        "Bond": _harmonic(topology.bonds, topology.bond_k, topology.bond_r0),
        "Angle": _harmonic(topology.angles, topology.angle_k, topology.angle_theta0),
        "Dihedral": _fourier(topology),
        "Improper": _cvff(topology),
    }
    style = {"Bond": "harmonic", "Angle": "harmonic", "Dihedral": "fourier", "Improper": "cvff"}
    sections = {
        "Masses": rows(
            "%d %r # %s %d",
            np.arange(1, len(kinds) + 1),
            topology.masses[kinds],
            [topology.type_names[index] for index in topology.types[kinds].tolist()],
            topology.numbers[kinds],
        ),
        "Pair Coeffs # lj/cut/coul/long": rows(
            "%d %r %r", np.arange(1, len(kinds) + 1), topology.epsilon[kinds], topology.sigma[kinds]
        ),
        **{f"{name} Coeffs # {style[name]}": coefficients for name, (_, coefficients, _) in terms.items()},
        "Atoms # full": _atoms(cell, kind),
        "Velocities": _velocities(cell),
        **{f"{name}s": listed for name, (_, _, listed) in terms.items()},
    }
    body = "".join(f"\n{title}\n\n{text}" for title, text in sections.items() if text)
    return _header(cell, len(kinds), {name: count for name, (count, _, _) in terms.items()}) + body


def _header(cell: Cell, n_types: int, n_term_types: dict[str, int]) -> str:
    topology = cell.topology
    counts = {
        "atom": (topology.n_atoms, n_types),
        "bond": (len(topology.bonds), n_term_types["Bond"]),
        "angle": (len(topology.angles), n_term_types["Angle"]),
        "dihedral": (len(topology.dihedrals), n_term_types["Dihedral"]),
        "improper": (len(topology.impropers), n_term_types["Improper"]),
    }
    lines = ["LAMMPS data file, atom_style full, units real, arithmetic mixing, 1-4: lj 0.5 coul 0.8333333333", ""]
    lines += [f"{count} {name}s" for name, (count, _) in counts.items()]
    lines += ["", *(f"{types} {name} types" for name, (_, types) in counts.items()), ""]
    lines += [f"0 {edge!r} {axis}lo {axis}hi" for edge, axis in zip(cell.box.tolist(), "xyz", strict=True)]
    return "\n".join(lines) + "\n"


def _atoms(cell: Cell, kind: Indices) -> str:
    topology = cell.topology
    images = np.floor(cell.positions / cell.box).astype(np.int64)
    return rows(
        "%d %d %d %r %r %r %r %d %d %d # %d",
        np.arange(1, topology.n_atoms + 1),
        topology.molecule + 1,
        kind + 1,
        topology.charges,
        cell.positions - images * cell.box,
        images,
        topology.residue,
    )


def _velocities(cell: Cell) -> str:
    if cell.velocities is None:
        return ""
    # LAMMPS real units have fs where we have ps.
    return rows("%d %r %r %r", np.arange(1, cell.topology.n_atoms + 1), cell.velocities / 1000.0)


def _listed(which: Indices, atoms: Indices) -> str:
    template = " ".join(["%d"] * (2 + atoms.shape[1]))
    return rows(template, np.arange(1, len(atoms) + 1), which + 1, atoms + 1)


def _harmonic(atoms: Indices, k: NDArray[np.float64], rest: NDArray[np.float64]) -> tuple[int, str, str]:
    first, which = distinct_rows(k, rest)
    coefficients = rows("%d %r %r", np.arange(1, len(first) + 1), k[first], rest[first])
    return len(first), coefficients, _listed(which, atoms)


def _fourier(topology: Topology) -> tuple[int, str, str]:
    """Fourier dihedrals; one without terms, listed for its 1-4 pair, is written as a single term with n = 0, k = 0."""
    order = np.argsort(topology.term_dihedral, kind="stable")
    row = topology.term_dihedral[order]
    n_terms = np.bincount(row, minlength=len(topology.dihedrals))
    place = np.arange(len(row)) - np.repeat(np.cumsum(n_terms) - n_terms, n_terms)
    table = np.zeros((len(topology.dihedrals), max(n_terms.max(initial=0), 1), 3))
    table[row, place] = np.column_stack([topology.term_k, topology.term_n, topology.term_phase])[order]
    first, which = distinct_rows(n_terms, table)
    text = []
    for number, index in enumerate(first.tolist(), start=1):
        terms = table[index, : max(n_terms[index], 1)].tolist()
        text.append(f"{number} {len(terms)} " + " ".join(f"{k!r} {int(n)} {phase!r}" for k, n, phase in terms) + "\n")
    return len(first), "".join(text), _listed(which, topology.dihedrals)


def _cvff(topology: Topology) -> tuple[int, str, str]:
    k, sign, n = topology.improper_k, topology.improper_sign, topology.improper_n
    first, which = distinct_rows(k, sign, n)
    coefficients = rows("%d %r %d %d", np.arange(1, len(first) + 1), k[first], sign[first], n[first])
    return len(first), coefficients, _listed(which, topology.impropers)

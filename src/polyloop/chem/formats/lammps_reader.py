"""Read LAMMPS data files of the styles that polyloop writes back into a cell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from polyloop.chem.topology import Cell, Topology
from polyloop.core.errors import InvalidInputError, UnsupportedChemistryError

__all__ = ["read_lammps_data"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_STYLES = {
    "Pair Coeffs": ("lj/cut/coul/long", "lj/cut"),
    "Bond Coeffs": ("harmonic",),
    "Angle Coeffs": ("harmonic",),
    "Dihedral Coeffs": ("fourier",),
    "Improper Coeffs": ("cvff",),
    "Atoms": ("full",),
}
_SECTIONS = (*_STYLES, "Masses", "Velocities", "Bonds", "Angles", "Dihedrals", "Impropers")


def read_lammps_data(path: Path | str) -> Cell:
    """Read a LAMMPS data file: atom_style full, real units, the styles that `write` uses, an orthorhombic box.

    Molecules come back whole by their image flags. Type names, atomic numbers and residues are read from the comments
    that `write` leaves; without them the element is the one nearest in mass, and each molecule is one residue.

    Raises
    ------
    InvalidInputError
        With file, section and line where the file cannot be understood.
    UnsupportedChemistryError
        Where it uses another style, or a triclinic box.
    """
    file = _File.parse(Path(path))
    # LAMMPS may write atoms in any order; ours is the order of their numbers.
    table, comments = file.table("Atoms", "atoms", (7, 10))
    order = np.argsort(table[:, 0])
    table, comments = table[order], [comments[index] for index in order.tolist()]
    ids = table[:, 0].astype(np.int64)
    positions = table[:, 4:7] + (table[:, 7:10] * file.box if table.shape[1] == 10 else 0.0)
    molecule = np.unique(table[:, 1], return_inverse=True)[1]
    topology = Topology(
        charges=table[:, 3],
        molecule=molecule,
        residue=_residues(comments, molecule),
        **_kinds(file, table[:, 2].astype(np.int64)),
        **_terms(file, ids),
    )
    velocities = None
    if "Velocities" in file.sections:
        listed = file.table("Velocities", "atoms", (4,))[0]
        velocities = listed[np.argsort(listed[:, 0]), 1:4] * 1000.0
    return Cell(topology, positions, file.box, velocities)


@dataclass(frozen=True)
class _File:
    """A data file taken apart: counts of the header, box, and the lines of each section with their first number."""

    name: str
    counts: dict[str, int]
    box: Floats
    sections: dict[str, tuple[int, list[str]]]

    @classmethod
    def parse(cls, path: Path) -> _File:
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError as error:
            raise InvalidInputError("This is no text file.", where=str(path)) from error
        starts: dict[int, str] = {}
        for number, line in enumerate(lines):
            title, _, style = (part.strip() for part in line.partition("#"))
            if title in _SECTIONS:
                if style and title in _STYLES and style not in _STYLES[title]:
                    raise UnsupportedChemistryError(
                        f"{title} are of style {style!r}; {' or '.join(_STYLES[title])} is what can be read.",
                        where=f"{path}, line {number + 1}",
                    )
                starts[number] = title
            elif line[:1].isalpha() and number > 0:
                raise UnsupportedChemistryError(
                    f"The section {title!r} cannot be read.",
                    where=f"{path}, line {number + 1}",
                    hint=f"Known: {', '.join(_SECTIONS)}.",
                )
        ends = [*list(starts)[1:], len(lines)]
        sections = {
            title: (start + 1, lines[start + 1 : end]) for (start, title), end in zip(starts.items(), ends, strict=True)
        }
        counts, box = _read_header(str(path), lines[1 : min(starts, default=len(lines))])
        return cls(str(path), counts, box, sections)

    def lines(self, section: str, count: str) -> list[tuple[int, str, str]]:
        """Number, content and comment of the lines of a section that are not empty; as many as the header counts."""
        first, lines = self.sections.get(section, (0, []))
        kept = [
            (number, content.strip(), comment.strip())
            for number, (content, _, comment) in enumerate((line.partition("#") for line in lines), start=first + 1)
            if content.strip()
        ]
        expected = self.counts.get(count, 0)
        if len(kept) != expected:
            raise InvalidInputError(
                f"The section {section} has {len(kept)} lines, but the header counts {expected} {count}.",
                where=self.name,
            )
        return kept

    def table(self, section: str, count: str, widths: tuple[int, ...]) -> tuple[Floats, list[str]]:
        """Numbers of a section, shape (count, width), and the comments behind them."""
        lines = self.lines(section, count)
        if not lines:
            return np.zeros((0, widths[0])), []
        try:
            table = np.loadtxt([content for _, content, _ in lines], ndmin=2)
        except ValueError as error:
            raise InvalidInputError(
                f"The section {section} is not a table of numbers: {error}", where=self.name
            ) from None
        if table.shape[1] not in widths or not np.isfinite(table).all():
            raise InvalidInputError(
                f"The section {section} needs {' or '.join(map(str, widths))} finite numbers a line.",
                where=f"{self.name}, line {lines[0][0]}",
            )
        return table, [comment for _, _, comment in lines]

    def typed(self, section: str, count: str, width: int) -> Floats:
        """Coefficients by type number, shape (types, width)."""
        table = self.table(section, count, (width + 1,))[0]
        table = table[np.argsort(table[:, 0])]
        if not np.array_equal(table[:, 0], np.arange(1, len(table) + 1)):
            raise InvalidInputError(
                f"The section {section} does not list the types 1 to {len(table)}.", where=self.name
            )
        return table[:, 1:]


def _read_header(where: str, lines: list[str]) -> tuple[dict[str, int], Floats]:
    counts: dict[str, int] = {}
    edges: dict[str, float] = {}
    for number, line in enumerate(lines, start=2):
        words = line.partition("#")[0].split()
        try:
            if words[2:] in (["xlo", "xhi"], ["ylo", "yhi"], ["zlo", "zhi"]):
                edges[words[2][0]] = float(words[1]) - float(words[0])
            elif words[3:] == ["xy", "xz", "yz"] and any(map(float, words[:3])):
                raise UnsupportedChemistryError("The box is triclinic; only orthorhombic ones are known.", where=where)
            elif len(words) >= 2:
                counts[" ".join(words[1:])] = int(words[0])
        except ValueError as error:
            if isinstance(error, UnsupportedChemistryError):
                raise
            raise InvalidInputError(
                f"The header line {line.strip()!r} cannot be read.", where=f"{where}, line {number}"
            ) from None
    box = np.array([edges.get(axis, 0.0) for axis in "xyz"])
    if not (np.isfinite(box).all() and (box > 0).all() and counts.get("atoms", 0) > 0):
        raise InvalidInputError("This is no LAMMPS data file: the header needs atoms and a box.", where=where)
    return counts, box


def _kinds(file: _File, kind: Indices) -> dict[str, Any]:
    masses, comments = file.table("Masses", "atom types", (2,))
    lennard_jones = file.typed("Pair Coeffs", "atom types", 2)
    if kind.min() < 1 or kind.max() > len(masses):
        raise InvalidInputError(
            f"The section Atoms uses types beyond the {len(masses)} of the header.", where=file.name
        )
    order = np.argsort(masses[:, 0])
    labels = [comments[index].split() for index in order.tolist()]
    mass = masses[order, 1]
    numbers = np.array(
        [
            int(label[1]) if len(label) > 1 and label[1].isdecimal() else _nearest_element(m)
            for label, m in zip(labels, mass.tolist(), strict=True)
        ]
    )
    names = [label[0] if label else f"type{k}" for k, label in enumerate(labels, start=1)]
    distinct = tuple(dict.fromkeys(names))
    return {
        "type_names": distinct,
        "types": np.array([distinct.index(name) for name in names])[kind - 1],
        "numbers": numbers[kind - 1],
        "masses": mass[kind - 1],
        "epsilon": lennard_jones[kind - 1, 0],
        "sigma": lennard_jones[kind - 1, 1],
    }


def _nearest_element(mass: float) -> int:
    table = Chem.GetPeriodicTable()
    return min(range(1, 93), key=lambda number: abs(float(table.GetAtomicWeight(number)) - mass))


def _residues(comments: list[str], molecule: Indices) -> Indices:
    if all(comment.isdecimal() for comment in comments):
        return np.array([int(comment) for comment in comments], dtype=np.int64)
    return molecule.astype(np.int64)


def _terms(file: _File, ids: Indices) -> dict[str, Any]:
    bonds, bond_type = _listed(file, "Bonds", "bonds", 2, ids)
    angles, angle_type = _listed(file, "Angles", "angles", 3, ids)
    dihedrals, dihedral_type = _listed(file, "Dihedrals", "dihedrals", 4, ids)
    impropers, improper_type = _listed(file, "Impropers", "impropers", 4, ids)
    bond = file.typed("Bond Coeffs", "bond types", 2)[bond_type]
    angle = file.typed("Angle Coeffs", "angle types", 2)[angle_type]
    improper = file.typed("Improper Coeffs", "improper types", 3)[improper_type]
    term_dihedral, fourier = _fourier(file, dihedral_type)
    return {
        "bonds": bonds, "bond_k": bond[:, 0], "bond_r0": bond[:, 1],
        "angles": angles, "angle_k": angle[:, 0], "angle_theta0": angle[:, 1],
        "dihedrals": dihedrals, "term_dihedral": term_dihedral, "term_k": fourier[:, 0],
        "term_n": fourier[:, 1].astype(np.int64), "term_phase": fourier[:, 2],
        "impropers": impropers, "improper_k": improper[:, 0],
        "improper_sign": improper[:, 1].astype(np.int64), "improper_n": improper[:, 2].astype(np.int64),
    }  # fmt: skip


def _listed(file: _File, section: str, count: str, width: int, ids: Indices) -> tuple[Indices, Indices]:
    """Atoms (by place) and type (from 0) of each term of a section."""
    table = file.table(section, count, (width + 2,))[0].astype(np.int64)
    table = table[np.argsort(table[:, 0], kind="stable")]
    atoms = np.searchsorted(ids, table[:, 2:])
    known = ids[np.minimum(atoms, len(ids) - 1)] == table[:, 2:]
    types = file.counts.get(f"{count[:-1]} types", 0)
    if not known.all() or (table[:, 1] < 1).any() or (table[:, 1] > types).any():
        raise InvalidInputError(
            f"The section {section} names atoms or types that are not in the file.", where=file.name
        )
    return atoms, table[:, 1] - 1


def _fourier(file: _File, dihedral_type: Indices) -> tuple[Indices, Floats]:
    """Row of the dihedral and (k, n, phase) of each term."""
    by_type: dict[int, list[list[float]]] = {}
    for number, content, _ in file.lines("Dihedral Coeffs", "dihedral types"):
        words = content.split()
        try:
            kind, m, values = int(words[0]), int(words[1]), [float(word) for word in words[2:]]
        except (ValueError, IndexError):
            kind, m, values = 0, 0, []
        if m < 1 or len(values) != 3 * m:
            raise InvalidInputError(
                f"{content!r} is no Fourier dihedral: a type, the number of terms, and k, n and phase of each.",
                where=f"{file.name}, line {number}",
            )
        terms = [values[k : k + 3] for k in range(0, 3 * m, 3)]
        by_type[kind] = [] if terms == [[0.0, 0.0, 0.0]] else terms
    missing = set((dihedral_type + 1).tolist()) - by_type.keys()
    if missing:
        raise InvalidInputError(f"The dihedral types {sorted(missing)} have no coefficients.", where=file.name)
    per_dihedral = [by_type[kind] for kind in (dihedral_type + 1).tolist()]
    rows = np.repeat(np.arange(len(per_dihedral)), [len(terms) for terms in per_dihedral])
    return rows, np.array([term for terms in per_dihedral for term in terms]).reshape(-1, 3)

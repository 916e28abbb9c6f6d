"""From atom types and bonds to a topology: terms by index arithmetic, parameters once per combination of types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from polyloop.chem.forcefield.parameters import Gaff2Mod, gaff2_mod
from polyloop.chem.polymer import Polymer
from polyloop.chem.topology import Topology
from polyloop.core.errors import EvaluationError, FailureCode

__all__ = [
    "STAGE",
    "Labels",
    "atomic_masses",
    "bonded_terms",
    "build_topology",
    "refuse_term",
    "refuse_untyped",
    "written_label",
]

STAGE = "force-field typing"
Indices = NDArray[np.int64]
Value = TypeVar("Value")
Labels = Callable[[int], str]


@dataclass(frozen=True)
class BondedTerms:
    """Angles (a, 3), dihedrals (d, 4) and centres with their three neighbours (i, 4) of a molecule."""

    angles: Indices
    dihedrals: Indices
    centres: Indices


def bonded_terms(n_atoms: int, bonds: Indices) -> BondedTerms:
    """Enumerate the terms that follow from `bonds`, shape (b, 2), of a molecule of `n_atoms`.

    Angles are sorted by vertex and then by the order of the bonds, dihedrals by their central bond.
    """
    neighbours, degree = _neighbour_table(n_atoms, bonds)
    width = neighbours.shape[1]
    left, right = np.array(list(combinations(range(width), 2)), dtype=np.int64).reshape(-1, 2).T
    # Absent neighbours are -1; a later bond is absent if the earlier one is.
    first, last = neighbours[:, left], neighbours[:, right]
    vertex, pair = np.nonzero(last >= 0)
    angles = np.column_stack([first[vertex, pair], vertex, last[vertex, pair]])
    begin, end = bonds.T
    a, d = np.broadcast_arrays(neighbours[begin][:, :, None], neighbours[end][:, None, :])
    proper = (a >= 0) & (d >= 0) & (a != end[:, None, None]) & (d != begin[:, None, None]) & (a != d)
    bond, _, _ = np.nonzero(proper)
    dihedrals = np.column_stack([a[proper], begin[bond], end[bond], d[proper]])
    (planar,) = np.nonzero(degree == 3)
    around = neighbours[planar, :3] if width >= 3 else np.zeros((0, 3), dtype=np.int64)
    return BondedTerms(angles, dihedrals, np.column_stack([planar, around]))


def build_topology(
    numbers: Indices,
    masses: NDArray[np.float64],
    types: Sequence[str],
    bonds: Indices,
    molecule: Indices,
    residue: Indices,
    label: Labels,
    force_field: str,
) -> Topology:
    """Return the topology of typed atoms by one of `FORCE_FIELDS`; `label` names an atom in messages.

    Raises
    ------
    EvaluationError
        If a term has no parameters; the message names its atoms and types.
    """
    parameters = gaff2_mod(force_field)
    names = tuple(dict.fromkeys(types))
    place = {name: code for code, name in enumerate(names)}
    codes = np.array([place[name] for name in types], dtype=np.int64)
    terms = bonded_terms(len(codes), bonds)
    look_up = _LookUp(names, codes, label, parameters)
    bond_k, bond_r0 = look_up.harmonic("bond", bonds, parameters.bond)
    angle_k, angle_theta0 = look_up.harmonic("angle", terms.angles, parameters.angle)
    fourier, which = look_up.required("dihedral", terms.dihedrals, parameters.dihedral)
    counts = np.array([len(series) for series in fourier], dtype=np.int64)
    rows = np.repeat(np.arange(len(which)), counts[which])
    firsts = np.concatenate([[0], np.cumsum(counts)])[:-1][which]
    within = np.arange(len(rows)) - np.repeat(np.cumsum(counts[which]) - counts[which], counts[which])
    flat = [term for series in fourier for term in series]
    term = firsts[rows] + within
    impropers, improper = look_up.impropers(terms.centres)
    atoms = [parameters.tables.atoms[name] for name in names]
    return Topology(
        numbers=numbers,
        masses=masses,
        charges=np.zeros(len(codes)),
        type_names=names,
        types=codes,
        epsilon=np.array([kind.epsilon for kind in atoms])[codes],
        sigma=np.array([kind.sigma for kind in atoms])[codes],
        bonds=bonds,
        bond_k=bond_k,
        bond_r0=bond_r0,
        angles=terms.angles,
        angle_k=angle_k,
        angle_theta0=angle_theta0,
        dihedrals=terms.dihedrals,
        term_dihedral=rows,
        term_k=np.array([f.k for f in flat], dtype=np.float64)[term],
        term_n=np.array([f.n for f in flat], dtype=np.int64)[term],
        term_phase=np.array([f.phase for f in flat], dtype=np.float64)[term],
        impropers=impropers,
        improper_k=improper[:, 0],
        improper_sign=improper[:, 1].astype(np.int64),
        improper_n=improper[:, 2].astype(np.int64),
        molecule=molecule,
        residue=residue,
    )


def atomic_masses(numbers: Indices) -> NDArray[np.float64]:
    """Standard atomic weights in g/mol, shape (n,)."""
    table = Chem.GetPeriodicTable()
    found, inverse = np.unique(numbers, return_inverse=True)
    masses: NDArray[np.float64] = np.array([table.GetAtomicWeight(int(number)) for number in found])[inverse]
    return masses


def refuse_untyped(types: Sequence[str | None], describe: Labels) -> list[str]:
    """Return `types` if every atom has one.

    Raises
    ------
    EvaluationError
        If one has none.
    """
    typed = [name for name in types if name is not None]
    if len(typed) < len(types):
        atom = next(i for i, name in enumerate(types) if name is None)
        reason = f"GAFF2_mod has no atom type for {describe(atom)}."
        raise EvaluationError(FailureCode.ELEMENT, STAGE, reason)
    return typed


def refuse_term(kind: str, types: Sequence[str], atoms: Sequence[int], label: Labels) -> EvaluationError:
    """Return the refusal of a term without parameters."""
    where = ", ".join(label(atom) for atom in atoms)
    reason = f"GAFF2_mod has no parameters for the {kind} {'-'.join(types)}: {where}."
    return EvaluationError(FailureCode.ELEMENT, STAGE, reason)


def written_label(polymer: Polymer, heavy: int) -> str:
    """Name a heavy atom by its number in the repeat unit as the user wrote it, stars counted."""
    mol, stars = polymer.mol, polymer.stars
    index = [i for i in range(mol.GetNumAtoms()) if i not in stars][heavy]
    return f"atom {index + 1} ({mol.GetAtomWithIdx(index).GetSymbol()}) of {polymer.smiles!r}"


@dataclass(frozen=True)
class _LookUp:
    names: tuple[str, ...]
    codes: Indices
    label: Labels
    parameters: Gaff2Mod

    def required(
        self, kind: str, terms: Indices, find: Callable[[tuple[str, ...]], Value | None]
    ) -> tuple[list[Value], Indices]:
        """Parameters of each combination of types that occurs, and the combination of each term."""
        values = []
        found_types, inverse = self._combinations(terms)
        for types, row in found_types:
            value = find(types)
            if value is None:
                raise refuse_term(kind, types, terms[row].tolist(), self.label)
            values.append(value)
        return values, inverse

    def harmonic(
        self, kind: str, terms: Indices, find: Callable[[tuple[str, ...]], tuple[float, float] | None]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        values, inverse = self.required(kind, terms, find)
        table = np.array(values, dtype=np.float64).reshape(-1, 2)[inverse]
        return table[:, 0], table[:, 1]

    def impropers(self, centres: Indices) -> tuple[Indices, NDArray[np.float64]]:
        """Atoms (i, 4) in the order of phi, and k, sign and n of each, (i, 3)."""
        orders, rows = [], []
        found_types, inverse = self._combinations(centres)
        for types, _ in found_types:
            order, found = self.parameters.improper(types) or ((-1, -1, -1), None)
            orders.append((0, *(place + 1 for place in order)))
            rows.append((found.k, found.sign, found.n) if found else (0.0, 0, 0))
        order_of = np.array(orders, dtype=np.int64).reshape(-1, 4)[inverse]
        (there,) = np.nonzero(order_of[:, 1])
        atoms: Indices = np.take_along_axis(centres[there], order_of[there], axis=1)
        return atoms, np.array(rows, dtype=np.float64).reshape(-1, 3)[inverse][there]

    def _combinations(self, terms: Indices) -> tuple[list[tuple[tuple[str, ...], int]], Indices]:
        """Each combination of types with a term that has it, and for all terms the place of their combination."""
        code = self.codes[terms] @ (len(self.names) ** np.arange(terms.shape[1]))
        _, rows, inverse = np.unique(code, return_index=True, return_inverse=True)
        types = self.codes[terms[rows]].tolist()
        named = [tuple(self.names[code] for code in codes) for codes in types]
        return list(zip(named, rows.tolist(), strict=True)), inverse


def _neighbour_table(n_atoms: int, bonds: Indices) -> tuple[Indices, Indices]:
    """Neighbours of each atom in the order of the bonds, -1 where there are no more, and their number."""
    # Interleaved, so that a stable sort by atom keeps the order of the bonds.
    ends, others = bonds.ravel(), bonds[:, ::-1].ravel()
    degree = np.bincount(ends, minlength=n_atoms)
    order = np.argsort(ends, kind="stable")
    slot = np.arange(len(ends)) - np.repeat(np.cumsum(degree) - degree, degree)
    table = np.full((n_atoms, int(degree.max(initial=0))), -1, dtype=np.int64)
    table[ends[order], slot] = others[order]
    return table, degree

"""One repeat unit inside an endless chain: its atom types, terms and Gasteiger charges, without building the chain."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdPartialCharges

from polyloop.chem.forcefield.atom_types import local_types
from polyloop.chem.forcefield.conjugation import label_conjugated_systems, labels_travel
from polyloop.chem.forcefield.gasteiger import refuse_infinite
from polyloop.chem.forcefield.graph import TypingGraph
from polyloop.chem.forcefield.parameters import Types, gaff2_mod
from polyloop.chem.forcefield.terms import refuse_term, refuse_untyped
from polyloop.chem.forcefield.unit_graph import UnitGraph
from polyloop.chem.polymer import Polymer

__all__ = ["UnitTerms", "unit_terms"]

# Gasteiger charges spread one bond per iteration, for twelve iterations; two bonds more for the starting values.
_CHARGE_REACH = 14
# Going round an endless chain must not lead back to an atom within the four bonds over which the typing rules look.
_SHORTEST_CYCLE = 6


@dataclass(frozen=True)
class UnitTerms:
    """What one repeat unit inside a chain consists of.

    Every term of an endless chain belongs to one unit: an angle to that of its vertex, a bond, and a dihedral by its
    central bond, to the earlier unit of the two that it joins.

    Parameters
    ----------
    mass, charge
        In g/mol and e, for each atom, shape (n,).
    atoms
        How often each atom type occurs.
    bonds, angles, dihedrals
        How often each combination of types occurs.
    """

    mass: NDArray[np.float64]
    charge: NDArray[np.float64]
    atoms: Counter[str]
    bonds: Counter[Types]
    angles: Counter[Types]
    dihedrals: Counter[Types]


def unit_terms(polymer: Polymer) -> UnitTerms:
    """Return the force-field terms of one repeat unit of `polymer`, as it stands in the middle of a long chain.

    Charges, and the alternate labels of conjugated systems that run through the whole chain, are those of the central
    unit of the oligomer of 2 e + 1 units with methyl ends, e = ceil(14 / backbone atoms per unit).

    Raises
    ------
    EvaluationError
        If the force field has no type for an atom or no parameters for a term, or an element has no charge.
    """
    unit = UnitGraph.of(polymer)
    copies = math.ceil(_SHORTEST_CYCLE / len(polymer.backbone))
    e = math.ceil(_CHARGE_REACH / len(polymer.backbone))
    oligomer = unit.heavy_oligomer(2 * e + 1)
    graph = unit.endless(copies, unit.hybridization(oligomer, range(e, e + 1)))
    types = refuse_untyped(local_types(graph), unit.label)
    first, next_head = 0, (copies > 1) * unit.n_atoms + unit.head
    if labels_travel(types, graph.around, (unit.tail, next_head)):
        graph = unit.oligomer(2 * e + 1, unit.hybridization(oligomer, range(2 * e + 1)))
        types = refuse_untyped(local_types(graph), unit.label)
        first, next_head = e * unit.n_atoms, (e + 1) * unit.n_atoms + unit.head
    label_conjugated_systems(types, graph.around)
    bonds = unit.unit_bonds(first, next_head)
    angles, dihedrals = _angles_and_dihedrals(graph, range(first, first + unit.n_atoms), bonds)
    return UnitTerms(
        mass=unit.masses,
        charge=_charges(unit, oligomer, e),
        atoms=Counter(types[first : first + unit.n_atoms]),
        bonds=_counted("bond", bonds, [(types[a], types[b]) for a, b in bonds], unit),
        angles=_counted("angle", angles, [(types[a], types[b], types[c]) for a, b, c in angles], unit),
        dihedrals=_counted(
            "dihedral", dihedrals, [(types[a], types[b], types[c], types[d]) for a, b, c, d in dihedrals], unit
        ),
    )


def _counted(
    kind: Literal["bond", "angle", "dihedral"],
    terms: Sequence[tuple[int, ...]],
    types: Sequence[Types],
    unit: UnitGraph,
) -> Counter[Types]:
    """How often each combination of types occurs, once all of them have parameters."""
    force_field = gaff2_mod()
    find = {"bond": force_field.bond, "angle": force_field.angle, "dihedral": force_field.dihedral}[kind]
    counts = Counter(types)
    for names in counts:
        if find(names) is None:
            raise refuse_term(kind, names, terms[types.index(names)], unit.label)
    return counts


def _angles_and_dihedrals(
    graph: TypingGraph, vertices: range, bonds: list[tuple[int, int]]
) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int, int]]]:
    neighbours = graph.neighbours
    angles = [(a, vertex, c) for vertex in vertices for a, c in combinations(neighbours[vertex], 2)]
    dihedrals = [
        (a, b, c, d) for b, c in bonds for a in neighbours[b] if a != c for d in neighbours[c] if d != b and d != a
    ]
    return angles, dihedrals


def _charges(unit: UnitGraph, oligomer: Chem.Mol, centre: int) -> NDArray[np.float64]:
    """Gasteiger charges of unit number `centre` of an oligomer, in e, shape (n_atoms,)."""
    rdPartialCharges.ComputeGasteigerCharges(oligomer)
    size = len(unit.numbers)
    atoms = [oligomer.GetAtomWithIdx(index) for index in range(centre * size, (centre + 1) * size)]
    charges = [atom.GetDoubleProp("_GasteigerCharge") for atom in atoms]
    counts = Counter(unit.hydrogens)
    charges += [atoms[owner].GetDoubleProp("_GasteigerHCharge") / counts[owner] for owner in unit.hydrogens]
    refuse_infinite(charges, unit.core)
    return np.array(charges)

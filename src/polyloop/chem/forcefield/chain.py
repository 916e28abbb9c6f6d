"""Force field of a chain of any length: atoms typed in short windows of it, terms by index arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from polyloop.chem.chain import Chain, ChainUnit
from polyloop.chem.forcefield.atom_types import REACH, local_types
from polyloop.chem.forcefield.conjugation import label_conjugated_systems
from polyloop.chem.forcefield.graph import TypingGraph
from polyloop.chem.forcefield.tables import FORCE_FIELD
from polyloop.chem.forcefield.terms import Labels, atomic_masses, build_topology, refuse_untyped, written_label
from polyloop.chem.topology import Topology

__all__ = ["chain_molecule", "type_chain"]

Indices = NDArray[np.int64]
_BOND_TYPES = {1: Chem.BondType.SINGLE, 2: Chem.BondType.DOUBLE, 3: Chem.BondType.TRIPLE}


def type_chain(chain: Chain, force_field: str = FORCE_FIELD) -> Topology:
    """Return the GAFF2_mod topology of a chain; charges are 0, residues are repeat units.

    A cap belongs to the residue of the unit next to it.

    Types of atoms are found in windows of 2 w + 1 neighbouring units, where w units hold at least the four bonds over
    which the rules look; each different window is typed once, so a homopolymer of any length takes one. The alternate
    labels of conjugated systems are then given along the whole chain.

    Parameters
    ----------
    force_field
        One of `FORCE_FIELDS`, as for `type_molecule`.

    Raises
    ------
    InvalidInputError
        If there is no such force field.
    EvaluationError
        If the force field has no type for an atom, or no parameters for a term; the message names the atoms by their
        number in the repeat unit as the user wrote it.
    """
    label = _labels(chain)
    types, around = _typed(chain, label)
    label_conjugated_systems(types, around)
    residue = np.clip(chain.unit, 0, len(chain.sequence) - 1)
    molecule = np.zeros_like(residue)
    return build_topology(chain.numbers, _masses(chain), types, chain.bonds, molecule, residue, label, force_field)


def chain_molecule(chain: Chain) -> Chem.Mol:
    """Return a chain as a sanitised RDKit molecule with explicit hydrogens, atoms and bonds in the chain's order."""
    mol = Chem.RWMol()
    charges, isotopes = _formal_charges(chain), _isotopes(chain)
    for number, charge, isotope in zip(chain.numbers.tolist(), charges.tolist(), isotopes.tolist(), strict=True):
        atom = Chem.Atom(number)
        atom.SetFormalCharge(charge)
        atom.SetIsotope(isotope)
        atom.SetNoImplicit(True)
        mol.AddAtom(atom)
    for (begin, end), order in zip(chain.bonds.tolist(), chain.orders.tolist(), strict=True):
        mol.AddBond(begin, end, _BOND_TYPES[order])
    Chem.SanitizeMol(mol)
    return mol.GetMol()


def _formal_charges(chain: Chain) -> Indices:
    caps = np.zeros(chain.starts[0], dtype=np.int64)
    return np.concatenate([caps, *(chain.units[kind].formal_charges for kind in chain.sequence), caps])


def _isotopes(chain: Chain) -> Indices:
    """Mass numbers of the atoms whose isotope was written, 0 for the others, shape (n_atoms,)."""
    isotopes = []
    for unit in chain.units:
        written = [atom.GetIsotope() for atom in unit.polymer.mol.GetAtoms() if atom.GetAtomicNum()]
        isotopes.append(np.array(written + [0] * (unit.n_atoms - len(written)), dtype=np.int64))
    caps = np.zeros(chain.starts[0], dtype=np.int64)
    return np.concatenate([caps, *(isotopes[kind] for kind in chain.sequence), caps])


@dataclass(frozen=True)
class _Window:
    """Types and MDL bond orders of a short chain, by unit; the caps stand before the first and after the last."""

    types: list[list[str]]
    orders: list[list[float]]


def _type_window(chain: Chain, offset: int, label: Labels) -> _Window:
    graph = TypingGraph.of(chain_molecule(chain))
    types = refuse_untyped(local_types(graph), lambda atom: label(atom + offset))
    cuts = [0, *chain.starts.tolist(), chain.n_atoms]
    # Bonds stand as those of the head cap, of the units, the joints, and those of the tail cap.
    sizes = [len(chain.units[kind].bonds) for kind in chain.sequence]
    ends = (3 + np.cumsum(sizes)).tolist()
    return _Window(
        types=[types[begin:end] for begin, end in pairwise(cuts)],
        orders=[graph.orders[end - size : end] for end, size in zip(ends, sizes, strict=True)],
    )


def _typed(chain: Chain, label: Labels) -> tuple[list[str], list[list[tuple[int, float]]]]:
    """Local types along the chain, and the neighbours of each atom with their bond orders."""
    sequence = tuple(chain.sequence.tolist())
    width = 2 * max(math.ceil(REACH / _path_length(unit)) for unit in chain.units) + 1
    windows: dict[tuple[int, ...], _Window] = {}
    types: list[str] = []
    orders: list[float] = [1.0] * 3
    for place in range(len(sequence)):
        first = min(max(0, place - width // 2), max(0, len(sequence) - width))
        kinds = sequence[first : first + width]
        if kinds not in windows:
            offset = int(chain.starts[first]) - int(chain.starts[0])
            short = Chain(chain.units, np.array(kinds, dtype=np.int64))
            windows[kinds] = _type_window(short, offset, label)
        window = windows[kinds]
        types += window.types[0] * (place == 0) + window.types[place - first + 1]
        orders += window.orders[place - first]
    types += window.types[-1]
    orders += [1.0] * (len(sequence) + 1 + 3)
    around: list[list[tuple[int, float]]] = [[] for _ in types]
    for (begin, end), order in zip(chain.bonds.tolist(), orders, strict=True):
        around[begin].append((end, order))
        around[end].append((begin, order))
    return types, around


def _masses(chain: Chain) -> NDArray[np.float64]:
    """Masses in g/mol, shape (n_atoms,)."""
    masses, isotopes = atomic_masses(chain.numbers), _isotopes(chain)
    table = Chem.GetPeriodicTable()
    for atom in np.flatnonzero(isotopes):
        masses[atom] = table.GetMassForIsotope(int(chain.numbers[atom]), int(isotopes[atom]))
    return masses


def _path_length(unit: ChainUnit) -> int:
    """Number of atoms on the shortest way through the unit."""
    return len(unit.polymer.backbone)


def _labels(chain: Chain) -> Labels:
    def label(atom: int) -> str:
        place, within = int(chain.unit[atom]), int(chain.within[atom])
        symbol = Chem.GetPeriodicTable().GetElementSymbol(int(chain.numbers[atom]))
        if not 0 <= place < len(chain.sequence):
            return f"{symbol} of the end group"
        unit = chain.units[chain.sequence[place]]
        if unit.numbers[within] == 1 and (unit.bonds[:, 1] == within).any():
            owner = int(unit.bonds[unit.bonds[:, 1] == within, 0][0])
            return f"H on {label(int(chain.starts[place]) + owner)}"
        return written_label(unit.polymer, within)

    return label

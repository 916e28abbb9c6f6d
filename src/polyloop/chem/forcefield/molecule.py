"""Force field of one molecule, or of several in one RDKit object."""

from __future__ import annotations

import numpy as np
from rdkit import Chem, rdBase

from polyloop.chem.forcefield.atom_types import local_types
from polyloop.chem.forcefield.conjugation import label_conjugated_systems
from polyloop.chem.forcefield.graph import TypingGraph
from polyloop.chem.forcefield.tables import FORCE_FIELD
from polyloop.chem.forcefield.terms import build_topology, refuse_untyped
from polyloop.chem.topology import Topology
from polyloop.core.errors import InvalidInputError

__all__ = ["type_molecule"]


def type_molecule(mol: Chem.Mol, force_field: str = FORCE_FIELD) -> Topology:
    """Return the GAFF2_mod topology of a molecule with explicit hydrogens; charges are 0.

    Atoms are those of `mol`, in its order; `mol` is left as it is. Each connected fragment is one molecule and one
    residue.

    Parameters
    ----------
    force_field
        One of `FORCE_FIELDS`: `gaff2_mod@2`, or RadonPy's `gaff2_mod@1`, which adds five torsions up twice.

    Raises
    ------
    InvalidInputError
        If there is no such force field, hydrogens are implicit, or the molecule cannot be sanitised.
    EvaluationError
        If the force field has no type for an atom, or no parameters for a term; the message names the atoms.
    """
    mol = _sanitised(mol)
    if bare := [atom for atom in mol.GetAtoms() if atom.GetTotalNumHs()]:
        raise InvalidInputError(
            f"Atom {bare[0].GetIdx() + 1} ({bare[0].GetSymbol()}) has implicit hydrogens; a force field needs all.",
            where=Chem.MolToSmiles(mol),
            hint="Pass Chem.AddHs(mol).",
        )

    def label(atom: int) -> str:
        return f"atom {atom + 1} ({mol.GetAtomWithIdx(atom).GetSymbol()})"

    graph = TypingGraph.of(mol)
    types = refuse_untyped(local_types(graph), label)
    label_conjugated_systems(types, graph.around)
    fragment = np.zeros(len(types), dtype=np.int64)
    for number, atoms in enumerate(Chem.GetMolFrags(mol)):
        fragment[list(atoms)] = number
    bonds = np.array(graph.bonds, dtype=np.int64).reshape(-1, 2)
    numbers = np.array(graph.numbers, dtype=np.int64)
    masses = np.array([atom.GetMass() for atom in mol.GetAtoms()])
    return build_topology(numbers, masses, types, bonds, fragment, fragment, label, force_field)


def _sanitised(mol: Chem.Mol) -> Chem.Mol:
    mol = Chem.Mol(mol)
    try:
        with rdBase.BlockLogs():
            Chem.SanitizeMol(mol)
    except (Chem.AtomValenceException, Chem.KekulizeException, Chem.AtomKekulizeException) as error:
        raise InvalidInputError(f"RDKit cannot make sense of the molecule: {str(error).strip()}") from error
    return mol

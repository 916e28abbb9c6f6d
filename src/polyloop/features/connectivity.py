"""Kier and Hall's connectivity indices of a molecule, all orders from one enumeration of its paths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

__all__ = ["connectivity_indices"]

_ORDERS = 5
# RDKit counts a ring of three or four atoms as a path that returns to its start, whose atom it counts twice, and treats
# hydrogens (isotopes may be atoms) and dummies by rules of their own; such molecules are left to it.
_SMALL_RING = 4
_NEON = 10
# Atoms, from which on arrays are faster than RDKit's enumerations.
_FEW = 20

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def connectivity_indices(mol: Chem.Mol, valence_electrons: Floats, bonds: Indices) -> dict[str, float]:
    """Return Chi0n to Chi4n and Chi0v to Chi4v, as RDKit's functions but for the order of summation (1e-13 relative).

    RDKit enumerates the paths of each order twice, and those are a third of the cost of all additive descriptors.

    Parameters
    ----------
    valence_electrons
        Valence electrons of each atom less its hydrogens, shape (n_atoms,).
    bonds
        Pairs of atoms, shape (n_bonds, 2).

    References
    ----------
    doi:10.1002/9780470125793.ch9
    """
    numbers = np.array([mol.GetAtomWithIdx(index).GetAtomicNum() for index in range(mol.GetNumAtoms())])
    small = any(len(ring) <= _SMALL_RING for ring in mol.GetRingInfo().AtomRings())
    if small or len(numbers) < _FEW or (numbers <= 1).any():
        return {
            f"Chi{order}{letter}": getattr(rdMolDescriptors, f"CalcChi{order}{letter}")(mol)
            for letter in "nv"
            for order in range(_ORDERS)
        }
    table = Chem.GetPeriodicTable()
    outer = np.array([table.GetNOuterElecs(int(number)) for number in numbers])
    core = np.where(numbers > _NEON, numbers - outer - 1, 1)
    roots = np.stack([_inverse_root(valence_electrons), _inverse_root(valence_electrons / core)])
    values = {}
    for order, paths in enumerate(_paths(bonds, mol.GetNumAtoms())):
        sums = np.prod(roots[:, paths], axis=2).sum(axis=1)
        # From one bond on, each path is there in both directions.
        for letter, total in zip("nv", sums / (2 if order else 1), strict=True):
            values[f"Chi{order}{letter}"] = float(total)
    return values


def _inverse_root(deltas: Floats) -> Floats:
    present = deltas > 0
    return np.where(present, 1.0 / np.sqrt(np.where(present, deltas, 1.0)), 0.0)


def _paths(bonds: Indices, n_atoms: int) -> list[Indices]:
    """Return the atoms of all paths of 0 to 4 bonds in both directions, an array (n_paths, bonds + 1) each."""
    starts, ends = np.concatenate([bonds, bonds[:, ::-1]]).T
    order = np.argsort(starts, kind="stable")
    neighbours = ends[order]
    degrees = np.bincount(starts, minlength=n_atoms)
    first = np.concatenate([[0], np.cumsum(degrees)[:-1]])
    paths: list[Indices] = [np.arange(n_atoms)[:, None]]
    while len(paths) < _ORDERS:
        last = paths[-1][:, -1]
        counts = degrees[last]
        rows = np.repeat(np.arange(len(last)), counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        following = neighbours[first[last][rows] + within]
        known = paths[-1][rows]
        fresh = (known != following[:, None]).all(axis=1)
        paths.append(np.column_stack([known, following])[fresh])
    return paths

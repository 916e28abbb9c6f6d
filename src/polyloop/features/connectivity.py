"""Kier and Hall's connectivity indices of a molecule, all orders at once."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

__all__ = ["connectivity_indices", "outer_electrons"]

_ORDERS = 5
# RDKit counts a ring of three or four atoms as a path that returns to its start, whose atom it counts twice, and treats
# hydrogens (isotopes may be atoms) and dummies by rules of their own; such molecules are left to it.
_SMALL_RING = 4
_NEON = 10
_OGANESSON = 118
# Atoms, from which on arrays are faster than RDKit's enumerations.
_FEW = 20

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def connectivity_indices(mol: Chem.Mol, numbers: Indices, hydrogens: Indices, bonds: Indices) -> dict[str, float]:
    """Return Chi0n to Chi4n and Chi0v to Chi4v, as RDKit's functions but for the order of summation (1e-13 relative).

    RDKit enumerates the paths of each order twice, and those are a third of the cost of all additive descriptors.

    Parameters
    ----------
    numbers, hydrogens
        Atomic number of each atom, and how many hydrogens it bears, shape (n_atoms,).
    bonds
        Pairs of atoms, shape (n_bonds, 2).

    References
    ----------
    doi:10.1002/9780470125793.ch9
    """
    small = any(len(ring) <= _SMALL_RING for ring in mol.GetRingInfo().AtomRings())
    if small or len(numbers) < _FEW or (numbers <= 1).any():
        return {
            f"Chi{order}{letter}": getattr(rdMolDescriptors, f"CalcChi{order}{letter}")(mol)
            for letter in "nv"
            for order in range(_ORDERS)
        }
    outer = outer_electrons()[numbers]
    core = np.where(numbers > _NEON, numbers - outer - 1, 1)
    roots = _inverse_root((outer - hydrogens) / np.stack([np.ones_like(core), core]))
    totals = _sums_over_paths(roots, bonds)
    return {f"Chi{order}{letter}": float(totals[order, k]) for k, letter in enumerate("nv") for order in range(_ORDERS)}


@lru_cache(maxsize=1)
def outer_electrons() -> Indices:
    """Return the number of outer electrons of each element by its atomic number, shape (119,), that of 0 being 0."""
    table = Chem.GetPeriodicTable()
    return np.array([table.GetNOuterElecs(number) for number in range(_OGANESSON + 1)])


def _inverse_root(deltas: Floats) -> Floats:
    present = deltas > 0
    return np.where(present, 1.0 / np.sqrt(np.where(present, deltas, 1.0)), 0.0)


def _sums_over_paths(weights: Floats, bonds: Indices) -> Floats:
    """Return the sums over all paths of 0 to 4 bonds of the product of their atoms' weights.

    Where no ring is smaller than five, a walk of up to four bonds that never turns back on the spot visits no atom
    twice. So paths need not be listed: what ends with each bond, in either direction, follows from what ends one bond
    before.

    Parameters
    ----------
    weights
        Shape (n_weights, n_atoms).
    bonds
        Pairs of atoms, shape (n_bonds, 2).

    Returns
    -------
    Shape (5, n_weights).
    """
    n_weights, n_atoms = weights.shape
    starts, ends = np.concatenate([bonds, bonds[:, ::-1]]).T
    into = np.zeros((2 * len(bonds), n_atoms))
    into[np.arange(len(ends)), ends] = 1.0
    walks = weights[:, starts] * weights[:, ends]
    totals = [weights.sum(axis=1), walks.sum(axis=1) / 2.0]
    while len(totals) < _ORDERS:
        turned = np.roll(walks, len(bonds), axis=1)
        walks = ((walks @ into)[:, starts] - turned) * weights[:, ends]
        # Each path is walked in both directions.
        totals.append(walks.sum(axis=1) / 2.0)
    return np.array(totals).reshape(_ORDERS, n_weights)

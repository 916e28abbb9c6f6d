"""Energy of each molecule of a cell without the others: all of its own pairs, no cutoff, no images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.topology import Topology

__all__ = ["isolated_energies"]

Floats = NDArray[np.float64]

COULOMB = 332.06371  # kcal angstrom/(mol e2)


def isolated_energies(topology: Topology, positions: Floats) -> Floats:
    """Return Lennard-Jones and Coulomb energies within each molecule in kcal/mol, shape (n_molecules,).

    Bonds, angles and dihedrals are left out.

    Parameters
    ----------
    positions
        Of whole molecules, never wrapped, angstrom, shape (n, 3).
    """
    energies = np.empty(topology.n_molecules)
    place = np.empty(topology.n_atoms, dtype=np.int64)
    for molecule in range(topology.n_molecules):
        atoms = np.flatnonzero(topology.molecule == molecule)
        place[atoms] = np.arange(len(atoms))
        first, second = np.triu_indices(len(atoms), k=1)
        lennard_jones, coulomb = np.ones((2, len(first)))
        for pairs, factors in (
            (topology.excluded, (0.0, 0.0)),
            (topology.pairs_14, (topology.LENNARD_JONES_14, topology.COULOMB_14)),
        ):
            own = place[pairs[topology.molecule[pairs[:, 0]] == molecule]]
            low, high = own.min(axis=1, initial=len(atoms)), own.max(axis=1, initial=0)
            row = low * (2 * len(atoms) - low - 1) // 2 + high - low - 1
            lennard_jones[row], coulomb[row] = factors
        local = positions[atoms]
        distance = np.linalg.norm(local[first] - local[second], axis=1)
        sigma, epsilon, charge = topology.sigma[atoms], topology.epsilon[atoms], topology.charges[atoms]
        sixth = ((sigma[first] + sigma[second]) / 2.0 / distance) ** 6
        well = 4.0 * np.sqrt(epsilon[first] * epsilon[second]) * (sixth**2 - sixth)
        energies[molecule] = lennard_jones @ well + COULOMB * (coulomb @ (charge[first] * charge[second] / distance))
    return energies

"""Energy of the molecules of a cell without each other: by their own pairs, or by an engine that has them far apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.topology import Cell, Topology
from polyloop.core.constants import COULOMB_KCAL
from polyloop.engines.dynamics.stages import Engine, Stage

__all__ = ["energy_apart", "isolated_energies"]

Floats = NDArray[np.float64]

# angstrom between molecules that are apart: dipoles of 5 debye then feel each other by some 0.01 kcal/mol.
_GAP = 30.0


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
        energies[molecule] = lennard_jones @ well + COULOMB_KCAL * (
            coulomb @ (charge[first] * charge[second] / distance)
        )
    return energies


def energy_apart(engine: Engine, stage: Stage, topology: Topology, positions: Floats) -> float:
    """Return the potential energy in kcal/mol of all molecules, so far apart that they do not feel each other.

    For engines whose energy has no parts. It holds what is within molecules, bonds and angles too, for the interactions
    of `stage`.

    Parameters
    ----------
    positions
        Of whole molecules, never wrapped, angstrom, shape (n, 3).
    """
    count = topology.n_molecules
    side = int(np.ceil(count ** (1.0 / 3.0) - 1e-9))
    low, high = (np.full((count, 3), sign * np.inf) for sign in (1.0, -1.0))
    np.minimum.at(low, topology.molecule, positions)
    np.maximum.at(high, topology.molecule, positions)
    spacing = (high - low).max(axis=0) + _GAP
    places = np.stack(np.unravel_index(np.arange(count), (side, side, side)), axis=1) * spacing
    apart = positions + (places - low)[topology.molecule]
    return engine.energies(Cell(topology, apart, side * spacing), stage).total

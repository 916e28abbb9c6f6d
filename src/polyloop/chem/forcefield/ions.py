"""Monovalent ions as topologies of one atom."""

from __future__ import annotations

import numpy as np

from polyloop.chem.forcefield.terms import atomic_masses
from polyloop.chem.topology import Topology
from polyloop.core.errors import InvalidInputError

__all__ = ["ion"]

# Joung and Cheatham for TIP3P, doi:10.1021/jp8001614, table 5: charge, atomic number, R_min/2 in angstrom, epsilon in
# kcal/mol.
_IONS = {"Na+": (1, 11, 1.369, 0.0874393), "Cl-": (-1, 17, 2.513, 0.0355910)}


def ion(name: str) -> Topology:
    """Return the topology of `Na+` or `Cl-` with its charge, by Joung and Cheatham for TIP3P water.

    The parameters were fitted to hydration free energies, lattice energies and lattice constants
    (doi:10.1021/jp8001614); in a polymer they are used as they are.

    Raises
    ------
    InvalidInputError
        If there are no parameters for this ion.
    """
    if name not in _IONS:
        raise InvalidInputError(f"There are no parameters for the ion {name!r}.", hint=f"Known: {', '.join(_IONS)}.")
    charge, number, half_minimum, epsilon = _IONS[name]
    numbers = np.array([number], dtype=np.int64)
    zero, no_floats, no_indices = np.zeros(1, dtype=np.int64), np.zeros(0), np.zeros(0, dtype=np.int64)
    return Topology(
        numbers=numbers,
        masses=atomic_masses(numbers),
        charges=np.array([float(charge)]),
        type_names=(name,),
        types=zero,
        epsilon=np.array([epsilon]),
        sigma=np.array([2.0 * half_minimum / 2.0 ** (1 / 6)]),
        bonds=no_indices.reshape(0, 2),
        bond_k=no_floats,
        bond_r0=no_floats,
        angles=no_indices.reshape(0, 3),
        angle_k=no_floats,
        angle_theta0=no_floats,
        dihedrals=no_indices.reshape(0, 4),
        term_dihedral=no_indices,
        term_k=no_floats,
        term_n=no_indices,
        term_phase=no_floats,
        impropers=no_indices.reshape(0, 4),
        improper_k=no_floats,
        improper_sign=no_indices,
        improper_n=no_indices,
        molecule=zero,
        residue=zero,
    )

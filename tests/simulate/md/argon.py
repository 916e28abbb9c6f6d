"""A tiny system without bonds or charges: argon atoms on a loose lattice."""

import numpy as np

from polyloop.chem.topology import Cell, Topology

# Lennard-Jones argon, doi:10.1103/PhysRev.136.A405 (Rahman 1964): epsilon = 120 k K, sigma = 3.4 angstrom.
EPSILON, SIGMA = 0.238, 3.4


def argon(per_edge: int = 6, spacing: float = 4.0) -> Cell:
    n = per_edge**3
    none = np.zeros(0)
    ones = np.ones(n)
    topology = Topology(
        numbers=np.full(n, 18), masses=39.948 * ones, charges=0.0 * ones, type_names=("ar",),
        types=np.zeros(n, dtype=np.int64), epsilon=EPSILON * ones, sigma=SIGMA * ones,
        bonds=np.zeros((0, 2), dtype=np.int64), bond_k=none, bond_r0=none,
        angles=np.zeros((0, 3), dtype=np.int64), angle_k=none, angle_theta0=none,
        dihedrals=np.zeros((0, 4), dtype=np.int64), term_dihedral=np.zeros(0, dtype=np.int64), term_k=none,
        term_n=np.zeros(0, dtype=np.int64), term_phase=none,
        impropers=np.zeros((0, 4), dtype=np.int64), improper_k=none, improper_sign=np.zeros(0, dtype=np.int64),
        improper_n=np.zeros(0, dtype=np.int64),
        molecule=np.arange(n), residue=np.arange(n),
    )  # fmt: skip
    lattice = np.stack(np.meshgrid(*[np.arange(per_edge)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    return Cell(topology, spacing * (lattice + 0.5), np.full(3, spacing * per_edge))

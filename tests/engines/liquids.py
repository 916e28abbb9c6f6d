"""Small liquids for tests of molecular dynamics: typed by GAFF2_mod, with Gasteiger charges, on a lattice."""

import numpy as np

from polyloop.chem import Cell, Topology
from polyloop.engines.dynamics.contract_cells import liquid, molecule, turn

__all__ = ["damage", "ideal_gas", "liquid", "molecule", "turn"]


def ideal_gas(number, edge, mass=40.0):
    """Atoms without any interaction."""
    none, pairs = np.zeros(0), np.zeros((0, 2), dtype=np.int64)
    topology = Topology(
        numbers=np.full(number, 18), masses=np.full(number, mass), charges=np.zeros(number), type_names=("ar",),
        types=np.zeros(number, dtype=np.int64), epsilon=np.zeros(number), sigma=np.ones(number),
        bonds=pairs, bond_k=none, bond_r0=none, angles=pairs.reshape(0, 3)[:0], angle_k=none, angle_theta0=none,
        dihedrals=np.zeros((0, 4), dtype=np.int64), term_dihedral=none.astype(int), term_k=none,
        term_n=none.astype(int), term_phase=none, impropers=np.zeros((0, 4), dtype=np.int64), improper_k=none,
        improper_sign=none.astype(int), improper_n=none.astype(int),
        molecule=np.arange(number), residue=np.arange(number),
    )  # fmt: skip
    return Cell(topology, np.random.default_rng(3).uniform(0, edge, (number, 3)), np.full(3, edge))


def damage(path):
    """Turn over one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

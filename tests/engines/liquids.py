"""Small liquids for tests of molecular dynamics: typed by GAFF2_mod, with Gasteiger charges, on a lattice."""

import numpy as np
from rdkit import Chem
from rdkit.Chem import AllChem

from polyloop.chem import Cell, Topology
from polyloop.chem.forcefield import gasteiger_charges, type_molecule


def molecule(smiles):
    """Topology with charges, and positions in angstrom about the centre."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMolecule(mol, randomSeed=7)
    AllChem.UFFOptimizeMolecule(mol)
    positions = mol.GetConformer().GetPositions()
    return type_molecule(mol).with_charges(np.array(gasteiger_charges(mol))), positions - positions.mean(axis=0)


def liquid(smiles, number, density, seed=0):
    """`number` molecules at `density` in g/cm3, each turned at random, on a simple cubic lattice."""
    one, positions = molecule(smiles)
    rng = np.random.default_rng(seed)
    topology = Topology.concatenate([one] * number)
    edge = (topology.masses.sum() * 1.66053906660 / density) ** (1 / 3)
    side = int(np.ceil(number ** (1 / 3)))
    places = np.stack(np.unravel_index(np.arange(number), (side, side, side)), axis=1) * edge / side
    return Cell(topology, np.concatenate([positions @ turn(rng) + place for place in places]), np.full(3, edge))


def turn(rng):
    """A random rotation matrix."""
    matrix, upper = np.linalg.qr(rng.normal(size=(3, 3)))
    matrix = matrix * np.sign(np.diag(upper))
    return matrix * np.sign(np.linalg.det(matrix))


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

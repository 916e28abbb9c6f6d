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

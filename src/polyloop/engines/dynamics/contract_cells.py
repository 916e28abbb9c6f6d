"""Small liquids for the checks of engines: typed by GAFF2_mod, with Gasteiger charges, on a lattice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

from polyloop.chem.forcefield import gasteiger_charges, type_molecule
from polyloop.chem.topology import Cell, Topology
from polyloop.core.constants import DALTON

__all__ = ["liquid", "molecule", "turn"]

Floats = NDArray[np.float64]


def molecule(smiles: str) -> tuple[Topology, Floats]:
    """Return a topology with charges, and positions in angstrom about the centre, shape (n, 3)."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    rdDistGeom.EmbedMolecule(mol, randomSeed=7)
    rdForceFieldHelpers.UFFOptimizeMolecule(mol)
    positions = mol.GetConformer().GetPositions()
    return type_molecule(mol).with_charges(np.array(gasteiger_charges(mol))), positions - positions.mean(axis=0)


def liquid(smiles: str, number: int, density: float, seed: int = 0) -> Cell:
    """Return `number` molecules at `density` in g/cm3, each turned at random, on a simple cubic lattice."""
    one, positions = molecule(smiles)
    rng = np.random.default_rng(seed)
    topology = Topology.concatenate([one] * number)
    edge = (topology.masses.sum() * DALTON / density) ** (1 / 3)
    side = int(np.ceil(number ** (1 / 3)))
    places = np.stack(np.unravel_index(np.arange(number), (side, side, side)), axis=1) * edge / side
    return Cell(topology, np.concatenate([positions @ turn(rng) + place for place in places]), np.full(3, edge))


def turn(rng: np.random.Generator) -> Floats:
    """Return a random rotation matrix, shape (3, 3)."""
    matrix, upper = np.linalg.qr(rng.normal(size=(3, 3)))
    matrix = matrix * np.sign(np.diag(upper))
    rotation: Floats = matrix * np.sign(np.linalg.det(matrix))
    return rotation

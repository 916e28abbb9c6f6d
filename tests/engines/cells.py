"""Small cells with plausible parameters made on the spot: writers and engines are tested without typing rules."""

from functools import cache

import numpy as np
from rdkit import Chem
from rdkit.Chem import AllChem, rdPartialCharges

from polyloop.chem import Cell, Topology

# Element: Lennard-Jones well depth in kcal/mol and diameter in angstrom, of the size of GAFF2's.
LENNARD_JONES = {1: (0.0157, 2.60), 6: (0.1078, 3.40), 8: (0.1463, 3.05), 7: (0.1637, 3.18)}


@cache
def molecule(smiles, seed=1):
    """(Topology, positions) of one molecule: every bond, angle and dihedral, flat atoms with an improper."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMolecule(mol, randomSeed=seed)
    rdPartialCharges.ComputeGasteigerCharges(mol)
    table = Chem.GetPeriodicTable()
    atoms = list(mol.GetAtoms())
    n = len(atoms)
    numbers = np.array([atom.GetAtomicNum() for atom in atoms])
    charges = np.array([atom.GetDoubleProp("_GasteigerCharge") for atom in atoms])
    around = [sorted(b.GetIdx() for b in atom.GetNeighbors()) for atom in atoms]
    bonds = np.array([sorted((b.GetBeginAtomIdx(), b.GetEndAtomIdx())) for b in mol.GetBonds()], dtype=int).reshape(
        -1, 2
    )
    angles = np.array([(i, j, k) for j in range(n) for i in around[j] for k in around[j] if i < k], dtype=int).reshape(
        -1, 3
    )
    dihedrals = np.array(
        [(i, j, k, m) for j, k in bonds.tolist() for i in around[j] for m in around[k] if len({i, j, k, m}) == 4],
        dtype=int,
    ).reshape(-1, 4)
    flat = [
        a.GetIdx() for a in atoms if a.GetHybridization() == Chem.HybridizationType.SP2 and len(around[a.GetIdx()]) == 3
    ]
    impropers = np.array([(around[i][0], around[i][1], i, around[i][2]) for i in flat], dtype=int).reshape(-1, 4)
    b, a, d = len(bonds), len(angles), len(dihedrals)
    heavy = (numbers[bonds] > 1).all(axis=1) if b else np.zeros(0, dtype=bool)
    linear = np.array([atoms[j].GetHybridization() == Chem.HybridizationType.SP2 for j in angles[:, 1]], dtype=bool)
    topology = Topology(
        numbers=numbers,
        masses=np.array([table.GetAtomicWeight(int(number)) for number in numbers]),
        charges=charges - charges.sum() / n,
        type_names=tuple(f"t{number}" for number in sorted(set(numbers.tolist()))),
        types=np.searchsorted(np.unique(numbers), numbers),
        epsilon=np.array([LENNARD_JONES[number][0] for number in numbers.tolist()]),
        sigma=np.array([LENNARD_JONES[number][1] for number in numbers.tolist()]),
        bonds=bonds, bond_k=np.where(heavy, 310.0, 330.0), bond_r0=np.where(heavy, 1.51, 1.09),
        angles=angles, angle_k=np.full(a, 48.5), angle_theta0=np.where(linear, 120.0, 109.7),
        # The terms of two multiplicities, the first without a term where the middle is a double bond.
        dihedrals=dihedrals, term_dihedral=np.concatenate([np.arange(d), np.arange(0, d, 2)]),
        term_k=np.concatenate([np.full(d, 0.16), np.full((d + 1) // 2, 0.25)]),
        term_n=np.concatenate([np.full(d, 3), np.full((d + 1) // 2, 2)]),
        term_phase=np.concatenate([np.zeros(d), np.full((d + 1) // 2, 180.0)]),
        impropers=impropers, improper_k=np.full(len(impropers), 1.1),
        improper_sign=np.full(len(impropers), -1), improper_n=np.full(len(impropers), 2),
        molecule=np.zeros(n, dtype=int), residue=np.zeros(n, dtype=int),
    )  # fmt: skip
    return topology, mol.GetConformer().GetPositions()


def lattice(smiles, counts, spacing):
    """Molecules turned at random on a lattice of `counts` points; a list of SMILES is gone through in turn."""
    rng = np.random.default_rng(5)
    kinds = [smiles] if isinstance(smiles, str) else smiles
    points = np.stack(np.meshgrid(*[np.arange(c) for c in counts], indexing="ij"), axis=-1).reshape(-1, 3) * spacing
    parts, positions = [], []
    for index, point in enumerate(points):
        topology, shape = molecule(kinds[index % len(kinds)])
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        parts.append(topology)
        positions.append((shape - shape.mean(axis=0)) @ turn * np.sign(np.linalg.det(turn)) + point)
    return Cell(Topology.concatenate(parts), np.concatenate(positions), np.array(counts) * float(spacing))

"""Distances of molecules by their descriptors, and points that have these distances."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.learn.kernels import minmax
from polyloop.learn.surrogate import Array

__all__ = [
    "MOLECULE_BLOCKS",
    "canonical_molecule",
    "embedding",
    "fingerprint_distances",
    "property_distances",
    "standardised_distances",
]

MOLECULE_BLOCKS = ("ecfp", "properties")
_RADIUS, _SIZE = 2, 2048
# Ipc grows exponentially with size and would be all that the spread of a column sees.
_LEFT_OUT = frozenset({"Ipc"})


def canonical_molecule(smiles: str, *, where: str) -> str:
    """Return RDKit's canonical SMILES.

    Raises
    ------
    InvalidInputError
        If it cannot be read, is empty, or is a repeat unit with open ends.
    """
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
    if mol is None or mol.GetNumAtoms() == 0:
        raise InvalidInputError(f"{smiles!r} is no SMILES of a molecule.", where=where)
    if any(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()):
        raise InvalidInputError(f"{smiles!r} has open ends (*).", where=where, hint="Pass whole molecules.")
    return str(Chem.MolToSmiles(mol))


def fingerprint_distances(smiles: Sequence[str]) -> Array:
    """Return 1 - MinMax of counts of circular environments of radius 2, shape (k, k); doi:10.1021/ci100050t."""
    from rdkit import Chem
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=_RADIUS, fpSize=_SIZE)
    counts = np.array([generator.GetCountFingerprintAsNumPy(Chem.MolFromSmiles(text)) for text in smiles])
    return 1.0 - minmax(counts, counts)


def property_distances(smiles: Sequence[str]) -> Array:
    """Return squared distances by RDKit's two-dimensional descriptors, those finite for all molecules, shape (k, k)."""
    from rdkit import Chem, rdBase
    from rdkit.Chem import Descriptors

    functions = [function for name, function in Descriptors.descList if name not in _LEFT_OUT]
    with rdBase.BlockLogs():
        mols = [Chem.MolFromSmiles(text) for text in smiles]
        rows = np.array([[float(function(mol)) for function in functions] for mol in mols])
    return standardised_distances(rows[:, np.isfinite(rows).all(axis=0)])


def standardised_distances(rows: NDArray[np.float64]) -> Array:
    """Return squared distances of rows (k, d), each column in units of its spread; constant columns do not count."""
    spread = rows.std(axis=0)
    varies = spread > 1e-9 * np.abs(rows).max(axis=0, initial=0.0)
    z = (rows[:, varies] - rows[:, varies].mean(axis=0)) / spread[varies]
    return np.asarray(np.square(z[:, None] - z[None]).sum(axis=-1))


def embedding(squared: Array) -> Array:
    """Return points (k, at most k - 1) whose squared distances are `squared` (k, k): classical scaling.

    Exact where these are distances of points in some space, which holds for 1 - MinMax, Euclidean ones and their sums.

    References
    ----------
    Torgerson (1952), doi:10.1007/BF02288916.
    """
    k = len(squared)
    center = np.eye(k) - 1.0 / k
    values, vectors = np.linalg.eigh(-0.5 * center @ squared @ center)
    keep = values > 1e-10 * max(float(values.max()), 1e-300)
    points = vectors[:, keep][:, ::-1] * np.sqrt(values[keep][::-1])
    # Eigenvectors have no sign of their own; the largest entry of each is made positive.
    largest = points[np.argmax(np.abs(points), axis=0), np.arange(points.shape[1])]
    return np.asarray(points * np.sign(largest))

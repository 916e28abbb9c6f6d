"""Additive numbers of a residue, which a chain's are the sums of: what the surrogate of a design reads."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem.Crippen import MolLogP, MolMR  # type: ignore[attr-defined]
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

from polyloop.chem.polymerisation import Residue
from polyloop.chem.repeat_unit import parse_labelled

__all__ = ["ELEMENTS", "FEATURES", "residue_features", "residue_fingerprint"]

ELEMENTS = ("H", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Br", "I")
"""Elements that are counted, in the first columns; all others are counted together in the column after."""
# Groups by what moves polarizability, volume and stiffness; those of `optics/instant`'s correction are among them.
_GROUPS = {
    "aromatic atom": "a",
    "aromatic nitrogen": "n",
    "aromatic sulfur or oxygen": "[s,o]",
    "fused aromatic": "c(:c)(:c):c",
    "biaryl bond": "a-!@a",
    "methyl": "[CH3]",
    "methylene": "[CH2;!R]",
    "branch": "[CX4;H1]",
    "quaternary": "[CX4;H0]",
    "alkene": "C=C",
    "alkyne or nitrile": "[C;$(C#*)]",
    "carbonyl": "[OX1]=[#6]",
    "ether oxygen": "[OX2]",
    "hydroxyl": "[OX2H]",
    "amine or amide NH": "[#7;H1,H2]",
    "nitro": "[N+](=O)[O-]",
    "sulfonyl": "[SX4]",
    "sulfide": "[#16X2]",
    "phosphorus(V)": "[PX4]",
    "fluorinated carbon": "[CX4](F)F",
    "ring atom": "[R]",
    "saturated ring atom": "[R;A]",
    "atom of two rings": "[R2]",
}
_FOLDED = 48
FEATURES = len(ELEMENTS) + 1 + len(_GROUPS) + 3 + _FOLDED


@lru_cache(maxsize=1)
def _queries() -> tuple[Chem.Mol, ...]:
    return tuple(Chem.MolFromSmarts(smarts) for smarts in _GROUPS.values())


@lru_cache(maxsize=2)
def _generator(radius: int, size: int) -> Any:
    return GetMorganGenerator(radius=radius, fpSize=size, includeChirality=False)


def residue_features(residue: Residue) -> NDArray[np.float64]:
    """Return the features of a residue, shape (FEATURES,).

    Atoms by element (as `ELEMENTS`, then all others), groups, bonds between heavy atoms, Crippen's refractivity and
    log P, and atom neighbourhoods of radius 1 folded into 48 counts. The stars count as nothing but in the latter.
    """
    mol = parse_labelled(residue.text)[0]
    counts = dict.fromkeys((*ELEMENTS, "other"), 0)
    for atom in mol.GetAtoms():
        if atom.GetAtomicNum():
            symbol = atom.GetSymbol()
            counts[symbol if symbol in counts else "other"] += 1
            counts["H"] += atom.GetTotalNumHs()
    groups = [len(mol.GetSubstructMatches(query)) for query in _queries()]
    sizes = [mol.GetNumBonds() - 2, MolMR(mol), MolLogP(mol)]
    folded = _generator(1, _FOLDED).GetCountFingerprintAsNumPy(mol)
    return np.concatenate([list(counts.values()), groups, sizes, folded]).astype(np.float64)


def residue_fingerprint(residue: Residue) -> Any:
    """Return the fingerprint by which residues are neighbours: Morgan, radius 2, 1,024 counts."""
    return _generator(2, 1024).GetSparseCountFingerprint(parse_labelled(residue.text)[0])

"""What a monomer looks like to a radical: its double bond, the environments that begin there, and the molecule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError, UnsupportedChemistryError
from polyloop.learn.kernels import matern52, minmax
from polyloop.process.reactivity.electrons import electronic_description

__all__ = [
    "MonomerDescription",
    "canonical_monomer",
    "describe_monomer",
    "electronic_kernel",
    "environment_kernel",
    "molecule_kernel",
    "reactive_bond",
]

Array = NDArray[np.float64]

# Environments reach from one atom of the double bond over the substituent, an ester's alkyl included.
_RADIUS = 4
# Ipc grows exponentially with size.
_LEFT_OUT = frozenset({"Ipc"})
# Half the median distance: the length of the Matern kernel, in units in which the median is 1.
_SHARPNESS = 4.0


@dataclass(frozen=True)
class MonomerDescription:
    """Counts of the environments of the double bond by their code, and RDKit's descriptors of the molecule (d,).

    `electrons` are the numbers of `electronic_description` (9,), where they were asked for.
    """

    canonical: str
    environments: Mapping[int, int]
    descriptors: Array
    electrons: Array | None = None

    @property
    def lacks_electrons(self) -> bool:
        """Whether they were asked for, and could not be computed: the mean of other monomers stands for them."""
        return self.electrons is not None and bool(np.isnan(self.electrons).any())


def canonical_monomer(smiles: str) -> str:
    """Return the canonical SMILES of a monomer, which may be an ion.

    Raises
    ------
    InvalidInputError
        If it is no molecule.
    """
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles.strip())
    if mol is None or mol.GetNumAtoms() == 0 or any(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()):
        raise InvalidInputError(
            f"{smiles!r} is no SMILES of a monomer.", where="monomer", hint="Write the whole molecule: C=Cc1ccccc1."
        )
    return str(Chem.MolToSmiles(mol))


def reactive_bond(mol: Any) -> tuple[int, int] | None:
    """Return the atoms of the double bond that polymerises, the less substituted first; None where there is none.

    Of several it is the least substituted one: CH2= before CHR=.
    """
    from rdkit import Chem

    best: tuple[tuple[bool, int], tuple[int, int]] | None = None
    for bond in mol.GetBonds():
        if bond.GetBondType() != Chem.BondType.DOUBLE or bond.GetIsAromatic():
            continue
        atoms = (bond.GetBeginAtom(), bond.GetEndAtom())
        if any(atom.GetAtomicNum() != 6 for atom in atoms):
            continue
        hydrogens = [atom.GetTotalNumHs() for atom in atoms]
        rank = (max(hydrogens) == 2, sum(hydrogens))
        if best is None or rank > best[0]:
            first, second = (atom.GetIdx() for atom in atoms)
            best = rank, (first, second) if hydrogens[0] >= hydrogens[1] else (second, first)
    return best[1] if best else None


def describe_monomer(smiles: str, *, electrons: bool = False) -> MonomerDescription:
    """Return what the model sees of a monomer.

    Parameters
    ----------
    electrons
        Whether it is to see what quantum chemistry says, which takes seconds.

    Raises
    ------
    InvalidInputError
        If the SMILES is no molecule.
    UnsupportedChemistryError
        If it has no double bond between carbons.
    """
    from rdkit import Chem, rdBase
    from rdkit.Chem import Descriptors
    from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

    canonical = canonical_monomer(smiles)
    mol = Chem.MolFromSmiles(canonical)
    bond = reactive_bond(mol)
    if bond is None:
        raise UnsupportedChemistryError(
            f"{smiles} has no double bond between carbons that a radical could add to.", where="monomer",
            hint="Reactivity ratios are of radical copolymerisation.",
        )  # fmt: skip
    counts = GetMorganGenerator(radius=_RADIUS).GetSparseCountFingerprint(mol, fromAtoms=list(bond))
    with rdBase.BlockLogs():
        values = np.array([float(function(mol)) for name, function in Descriptors.descList if name not in _LEFT_OUT])
    values = np.where(np.isfinite(values), values, 0.0)
    # Sizes and areas spread over decades.
    return MonomerDescription(
        canonical, dict(counts.GetNonzeroElements()), np.sign(values) * np.log1p(np.abs(values)),
        electronic_description(canonical, bond) if electrons else None,
    )  # fmt: skip


def environment_kernel(rows: Sequence[MonomerDescription], columns: Sequence[MonomerDescription]) -> Array:
    """Return the MinMax kernel of the environments, shape (n_rows, n_columns)."""
    codes = {code: place for place, code in enumerate(sorted({code for one in columns for code in one.environments}))}
    # What no column has is one column of its own: it counts in the larger of two, and never in the smaller.
    unseen = len(codes)

    def counts(monomers: Sequence[MonomerDescription]) -> NDArray[np.float64]:
        table = np.zeros((len(monomers), unseen + 1))
        for place, one in enumerate(monomers):
            for code, count in one.environments.items():
                table[place, codes.get(code, unseen)] += count
        return table

    return minmax(counts(rows), counts(columns))


def molecule_kernel(
    rows: Sequence[MonomerDescription], columns: Sequence[MonomerDescription], reference: Sequence[MonomerDescription]
) -> Array:
    """Return the Matern-5/2 kernel of the descriptors, scaled by those of `reference`, shape (n_rows, n_columns)."""
    return _matern(*(np.array([one.descriptors for one in monomers]) for monomers in (rows, columns, reference)))


def electronic_kernel(
    rows: Sequence[MonomerDescription], columns: Sequence[MonomerDescription], reference: Sequence[MonomerDescription]
) -> Array:
    """Return the same of what quantum chemistry says; what it could not compute counts as the mean of `reference`."""
    return _matern(*(np.array([one.electrons for one in monomers]) for monomers in (rows, columns, reference)))


def _matern(rows: Array, columns: Array, reference: Array) -> Array:
    known = reference[np.isfinite(reference).all(axis=1)]
    if not len(known):
        return np.ones((len(rows), len(columns)))
    spread = known.std(axis=0)
    varies = spread > 1e-9
    # Single descriptors of a monomer unlike all others must not decide alone.
    a, b, all_known = (
        np.clip(np.nan_to_num((values[:, varies] - known[:, varies].mean(axis=0)) / spread[varies]), -5.0, 5.0)
        for values in (rows, columns, reference)
    )
    among = _squares(all_known, all_known)[np.triu_indices(len(all_known), k=1)]
    median = float(np.median(among)) if len(among) and np.median(among) > 0 else 1.0
    return matern52(_squares(a, b) * (_SHARPNESS / median))


def _squares(a: Array, b: Array) -> Array:
    squared = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2.0 * a @ b.T
    return np.asarray(np.maximum(squared, 0.0))

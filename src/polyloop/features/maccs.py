"""MACCS structural keys of one repeat unit inside a chain, or of a whole molecule."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from polyloop.core.descriptors import BlockKind
from polyloop.features.fingerprints import FingerprintBlock

__all__ = ["MaccsBlock"]

_KEYS = 166
# Of the 166 keys RDKit has no pattern for three: isotopes and separate fragments, which it leaves unset as there are
# none here, and 125, whether there is more than one aromatic ring.
_AROMATIC_RINGS = 125
_MOST = 1_000_000  # matches; RDKit stops at a thousand unless told otherwise, and a difference must miss none


class MaccsBlock(FingerprintBlock):
    """The 166 MACCS keys as bits (block `maccs`) (doi:10.1021/ci010132r).

    A key that asks for more than k matches asks for more than k in one repeat unit of the chain. Of a molecule the
    keys are RDKit's.
    """

    name = "maccs"
    kind = BlockKind.BITS
    prefix = "maccs"
    # The widest patterns hold eight bonds from end to end, and ask for neighbours of their atoms.
    reach = 12
    storage = np.dtype(np.uint8)

    def names(self) -> tuple[str, ...]:
        """Return `maccs_1` to `maccs_166`, after the numbers of the keys."""
        return tuple(f"{self.prefix}_{key}" for key in range(1, _KEYS + 1))

    def counts(self, mol: Chem.Mol) -> NDArray[np.float64]:
        """Return the number of matches of each key, shape (166,)."""
        found = np.zeros(_KEYS)
        for key, (pattern, _) in self._patterns.items():
            found[key - 1] = len(mol.GetSubstructMatches(pattern, maxMatches=_MOST))
        found[_AROMATIC_RINGS - 1] = rdMolDescriptors.CalcNumAromaticRings(mol)
        return found

    def described(self, occurrences: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return 1 for the keys that occur more often than they ask for, shape (166,)."""
        # Matches round a ring of units are divided by their number, which leaves rounding.
        return (np.rint(occurrences * 1e6) > 1e6 * self._thresholds).astype(np.float64)

    @cached_property
    def _patterns(self) -> dict[int, tuple[Chem.Mol, int]]:
        from rdkit.Chem.MACCSkeys import smartsPatts

        return {key: (Chem.MolFromSmarts(text), most) for key, (text, most) in smartsPatts.items() if text != "?"}

    @cached_property
    def _thresholds(self) -> NDArray[np.float64]:
        thresholds = np.zeros(_KEYS)
        for key, (_, most) in self._patterns.items():
            thresholds[key - 1] = most
        thresholds[_AROMATIC_RINGS - 1] = 1
        return thresholds

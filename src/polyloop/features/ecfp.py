"""Extended-connectivity fingerprints of one repeat unit inside a chain, or of a whole molecule: counts, and bits."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from polyloop.chem import Polymer
from polyloop.core.descriptors import BlockKind
from polyloop.features.fingerprints import FingerprintBlock
from polyloop.features.oligomer import interior

__all__ = ["EcfpBitsBlock", "EcfpBlock"]

_RADIUS = 2
_SIZE = 2048


class EcfpBlock(FingerprintBlock):
    """Counts of the circular environments around the atoms of one repeat unit, radius 2, hashed to 2,048.

    The unit sits inside a chain, so that an environment reaches over into the next unit and no cap is seen: the
    counts are the same wherever the unit is cut (doi:10.1021/ci100050t). Of a molecule all atoms count.
    """

    name = "ecfp"
    version = 2
    prefix = "ecfp"
    # An atom's invariant holds its degree and whether it is in a ring, which the cap one bond on would change.
    reach = _RADIUS + 1
    storage: np.dtype[Any] = np.dtype(np.uint16)
    on_request = False

    def counts(self, mol: Chem.Mol) -> NDArray[np.float64]:
        """Return the counts of a molecule, shape (2048,)."""
        return np.asarray(self._generator.GetCountFingerprintAsNumPy(mol), dtype=np.float64)

    def inside_chain(self, polymer: Polymer) -> NDArray[np.float64]:
        """Return the counts of the environments whose centres are of one unit inside a chain, shape (2048,)."""
        mol, centre = interior(polymer, self.reach)
        atoms = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetIntProp("unit") == centre]
        return np.asarray(self._generator.GetCountFingerprintAsNumPy(mol, fromAtoms=atoms), dtype=np.float64)

    @cached_property
    def _generator(self) -> Any:
        return rdFingerprintGenerator.GetMorganGenerator(radius=_RADIUS, fpSize=_SIZE)


class EcfpBitsBlock(EcfpBlock):
    """Whether each circular environment occurs: the counts of block `ecfp` as 0 or 1 (block `ecfp_bits`)."""

    name = "ecfp_bits"
    version = 1
    kind = BlockKind.BITS
    prefix = "ecfp_bit"
    storage = np.dtype(np.uint8)
    on_request = True

    def described(self, occurrences: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return 1 where the count is not 0, shape (2048,)."""
        return (occurrences > 0).astype(np.float64)

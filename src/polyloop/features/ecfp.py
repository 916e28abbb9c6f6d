"""Extended-connectivity fingerprint counts of one repeat unit inside a chain, or of a whole molecule."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit.Chem import rdFingerprintGenerator

from polyloop.chem import Molecule, Polymer
from polyloop.core.descriptors import BlockKind
from polyloop.features.oligomer import interior

__all__ = ["EcfpBlock"]

_RADIUS = 2
_SIZE = 2048


class EcfpBlock:
    """Counts of the circular environments around the atoms of one repeat unit, radius 2, hashed to 2,048.

    The unit sits inside a chain, so that an environment reaches over into the next unit and no cap is seen: the
    counts are the same wherever the unit is cut (doi:10.1021/ci100050t). Of a molecule all atoms count.
    """

    name = "ecfp"
    version = 2
    kind = BlockKind.COUNTS
    packages: tuple[str, ...] = ("rdkit",)
    subjects: tuple[str, ...] = ("polymer", "copolymer", "molecule")
    dtype: np.dtype[Any] = np.dtype(np.float32)
    storage: np.dtype[Any] = np.dtype(np.uint16)

    def names(self) -> tuple[str, ...]:
        """Return `ecfp_0` to `ecfp_2047`."""
        return tuple(f"ecfp_{i}" for i in range(_SIZE))

    def evaluate(self, polymer: Polymer | Molecule) -> NDArray[np.float32]:
        """Return the counts, shape (2048,)."""
        if isinstance(polymer, Molecule):
            return np.asarray(self._generator.GetCountFingerprintAsNumPy(polymer.mol), dtype=np.float32)
        # An atom's invariant holds its degree and whether it is in a ring, which the cap one bond on would change.
        mol, centre = interior(polymer, _RADIUS + 1)
        atoms = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetIntProp("unit") == centre]
        counts = self._generator.GetCountFingerprintAsNumPy(mol, fromAtoms=atoms)
        return np.asarray(counts, dtype=np.float32)

    @cached_property
    def _generator(self) -> Any:
        return rdFingerprintGenerator.GetMorganGenerator(radius=_RADIUS, fpSize=_SIZE)

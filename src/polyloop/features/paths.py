"""Counts of bond paths of up to six bonds, of a molecule or of one repeat unit inside a chain."""

from __future__ import annotations

from functools import cached_property
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit.Chem import rdFingerprintGenerator

from polyloop.chem import Molecule, Polymer
from polyloop.core.descriptors import BlockKind

__all__ = ["PathsBlock"]

_BONDS = 6
_SIZE = 4096


class PathsBlock:
    """Counts of the linear and branched paths of one to six bonds, hashed to 4,096 (block `paths`).

    Where circular environments say what stands around an atom, paths say how conjugation goes on: with them UV-visible
    spectra of molecules are predicted best (docs/validation/functional.md). Of a polymer they are what one more unit
    adds to an oligomer that is longer than a path, so that the cut of the unit does not matter and no cap is seen.
    """

    name = "paths"
    version = 1
    kind = BlockKind.COUNTS
    packages: tuple[str, ...] = ("rdkit",)
    subjects: tuple[str, ...] = ("polymer", "copolymer", "molecule")
    dtype: np.dtype[Any] = np.dtype(np.float32)
    storage: np.dtype[Any] = np.dtype(np.uint16)

    def names(self) -> tuple[str, ...]:
        """Return `paths_0` to `paths_4095`."""
        return tuple(f"paths_{i}" for i in range(_SIZE))

    def evaluate(self, polymer: Polymer | Molecule) -> NDArray[np.float32]:
        """Return the counts, shape (4096,)."""
        if isinstance(polymer, Molecule):
            return self._counts(polymer.mol)
        plain = polymer.protiated
        # What one more unit adds is within six bonds of one end, and none of these paths reaches the other cap.
        units = ceil((_BONDS + 1) / len(plain.backbone)) + 1
        return self._counts(plain.oligomer(units + 1)) - self._counts(plain.oligomer(units))

    def _counts(self, mol: Any) -> NDArray[np.float32]:
        return np.asarray(self._generator.GetCountFingerprintAsNumPy(mol), dtype=np.float32)

    @cached_property
    def _generator(self) -> Any:
        return rdFingerprintGenerator.GetRDKitFPGenerator(
            minPath=1, maxPath=_BONDS, useHs=False, fpSize=_SIZE, numBitsPerFeature=1
        )

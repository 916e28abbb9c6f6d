"""Fingerprints of one repeat unit inside a chain: atom pairs, topological torsions and paths, and what they share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from polyloop.chem import Molecule, Polymer
from polyloop.core.descriptors import BlockKind
from polyloop.features.oligomer import neighbouring_oligomers, ring_of_units

__all__ = ["AtomPairBlock", "FingerprintBlock", "PathBlock", "TopologicalTorsionBlock", "on_ring"]

_PAIR_DISTANCE = 10  # bonds; most repeat units are shorter along the backbone
_PATH_BONDS = 6
# Bonds from an atom within which RDKit takes what it knows of it: neighbours, and conjugation by way of them.
_ATOM_REACH = 2


class FingerprintBlock(ABC):
    """Base of fingerprints: how often each fragment occurs in one repeat unit of an endless chain, or in a molecule.

    A chain's counts are those of n + 1 units less those of n: the ends cancel, so that no cap is seen, the cut does not
    matter, and a unit written twice counts double. Of a class made by `on_ring` they are those of a ring of units,
    divided by their number.
    """

    name: str
    version = 1
    kind = BlockKind.COUNTS
    packages: tuple[str, ...] = ("rdkit",)
    subjects: tuple[str, ...] = ("polymer", "copolymer", "molecule")
    dtype: np.dtype[Any] = np.dtype(np.float32)
    storage: np.dtype[Any] = np.dtype(np.float32)
    on_request = True
    reach: ClassVar[int]
    """Bonds from end to end of the widest fragment, with what its atoms depend on at both ends."""
    ring: ClassVar[int] = 0
    """Units of the ring that is described; 0 for an endless chain."""
    prefix: ClassVar[str]
    """What the columns are called, before `_` and a number."""
    size: ClassVar[int] = 2048
    """Number of columns."""

    def names(self) -> tuple[str, ...]:
        """Return the names of the columns, the prefix and a number."""
        return tuple(f"{self.prefix}_{i}" for i in range(self.size))

    def units(self) -> tuple[str, ...]:
        """Return the unit of each column: numbers."""
        return ("1",) * len(self.names())

    @abstractmethod
    def counts(self, mol: Chem.Mol) -> NDArray[np.float64]:
        """Return the counts of a molecule without explicit hydrogens, shape (d,)."""

    def evaluate(self, polymer: Polymer | Molecule) -> NDArray[np.float32]:
        """Return the counts, shape (d,)."""
        return self.described(self.occurrences(polymer)).astype(np.float32)

    def occurrences(self, polymer: Polymer | Molecule) -> NDArray[np.float64]:
        """Return how often each fragment occurs in one unit, or in a molecule, shape (d,)."""
        if isinstance(polymer, Molecule):
            return self.counts(polymer.mol)
        if self.ring:
            return self.counts(ring_of_units(polymer, self.ring)) / self.ring
        return self.inside_chain(polymer)

    def inside_chain(self, polymer: Polymer) -> NDArray[np.float64]:
        """Return the counts of one unit inside an endless chain, shape (d,)."""
        shorter, longer = neighbouring_oligomers(polymer, self.reach)
        return self.counts(longer) - self.counts(shorter)

    def described(self, occurrences: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the columns that follow from the counts, shape (d,); the counts themselves."""
        return occurrences


def on_ring(block: type[FingerprintBlock], units: int) -> type[FingerprintBlock]:
    """Return a block like `block` on a ring of `units` repeat units, per unit; its name ends in `_ringN`.

    What tables made elsewhere were computed on: there is no end, but backbone atoms count as ring members, and a short
    ring lets fragments reach round it.

    Examples
    --------
    >>> from polyloop.features import BLOCKS, AtomPairBlock, on_ring
    >>> BLOCKS.add("atom_pairs_ring10", on_ring(AtomPairBlock, 10))
    """
    name = f"{block.name}_ring{units}"
    return type(
        f"{block.__name__}OnRing{units}",
        (block,),
        {
            "__doc__": block.__doc__,
            "__module__": block.__module__,
            "name": name,
            "ring": units,
            "subjects": ("polymer", "copolymer"),
            "storage": np.dtype(np.float32),
        },
    )


class AtomPairBlock(FingerprintBlock):
    """Counts of pairs of atoms and the bonds between them, up to 10, hashed to 2,048 (block `atom_pairs`).

    A pair that lies in two units counts in one of them (doi:10.1021/ci00046a002).
    """

    name = "atom_pairs"
    prefix = "atom_pair"
    reach = _PAIR_DISTANCE + 2 * _ATOM_REACH

    def counts(self, mol: Chem.Mol) -> NDArray[np.float64]:
        """Return the counts of a molecule, shape (2048,)."""
        return np.asarray(self._generator.GetCountFingerprintAsNumPy(mol), dtype=np.float64)

    @cached_property
    def _generator(self) -> Any:
        return rdFingerprintGenerator.GetAtomPairGenerator(
            minDistance=1, maxDistance=_PAIR_DISTANCE, countSimulation=False, fpSize=self.size
        )


class TopologicalTorsionBlock(FingerprintBlock):
    """Counts of chains of four bonded atoms, hashed to 2,048 (block `torsions`) (doi:10.1021/ci00054a008)."""

    name = "torsions"
    prefix = "torsion"
    reach = 3 + 2 * _ATOM_REACH

    def counts(self, mol: Chem.Mol) -> NDArray[np.float64]:
        """Return the counts of a molecule, shape (2048,)."""
        return np.asarray(self._generator.GetCountFingerprintAsNumPy(mol), dtype=np.float64)

    @cached_property
    def _generator(self) -> Any:
        return rdFingerprintGenerator.GetTopologicalTorsionGenerator(countSimulation=False, fpSize=self.size)


class PathBlock(FingerprintBlock):
    """Counts of RDKit's paths and branched fragments of up to 6 bonds, hashed to 4,096 (block `paths`).

    Each fragment sets one column (RDKit's own bit vectors set two).
    """

    name = "paths"
    prefix = "path"
    size = 4096
    reach = _PATH_BONDS + 2 * _ATOM_REACH

    def counts(self, mol: Chem.Mol) -> NDArray[np.float64]:
        """Return the counts of a molecule, shape (4096,)."""
        return np.asarray(self._generator.GetCountFingerprintAsNumPy(mol), dtype=np.float64)

    @cached_property
    def _generator(self) -> Any:
        return rdFingerprintGenerator.GetRDKitFPGenerator(
            minPath=1, maxPath=_PATH_BONDS, countSimulation=False, fpSize=self.size, numBitsPerFeature=1
        )

"""What RDKit says of single molecules: groups that are left out, and Kekule structures of one aromatic molecule."""

from __future__ import annotations

from typing import Any

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.design.enumeration.colouring import MoleculeBatch
from polyloop.design.enumeration.rules import MoleculeRules

__all__ = ["Screen"]

_LEAST_DOUBLE = 3


class Screen:
    """Leaves out molecules that hold forbidden groups, and further Kekule structures of molecules that it let pass.

    Kekule structures of a molecule have one skeleton, so that no more than those of a skeleton are remembered.

    Raises
    ------
    InvalidInputError
        If a SMARTS cannot be read.
    """

    def __init__(self, rules: MoleculeRules) -> None:
        from rdkit import Chem, rdBase

        self.one_kekule = rules.one_kekule
        self.patterns: list[Any] = []
        for smarts in rules.forbidden:
            with rdBase.BlockLogs():
                pattern = Chem.MolFromSmarts(smarts)
            if pattern is None:
                raise InvalidInputError("This is no SMARTS.", where=repr(smarts))
            self.patterns.append(pattern)
        self._skeleton, self._seen = -1, set[str]()

    def passes(self, molecules: MoleculeBatch, smiles: list[str], skeleton: int) -> np.ndarray[Any, Any]:
        """Tell which molecules pass, shape (m,), given their SMILES and the number of their skeleton."""
        from rdkit import Chem

        if skeleton != self._skeleton:
            self._skeleton, self._seen = skeleton, set()
        orders = molecules.patterns.orders[molecules.pattern]
        aromatic = (orders == 2).sum(axis=1) >= _LEAST_DOUBLE if self.one_kekule else np.zeros(len(smiles), dtype=bool)
        kept = np.ones(len(smiles), dtype=bool)
        for row, text in enumerate(smiles):
            if not (aromatic[row] or self.patterns):
                continue
            mol = Chem.MolFromSmiles(text)
            if any(mol.HasSubstructMatch(pattern) for pattern in self.patterns):
                kept[row] = False
            elif aromatic[row]:
                canonical = Chem.MolToSmiles(mol)
                kept[row] = canonical not in self._seen
                self._seen.add(canonical)
        return kept

"""Which polymers a pool takes: by element, size of the repeat unit, and polymer class."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from rdkit import Chem

from polyloop.chem.polymer_class import PolymerClass
from polyloop.core import InvalidInputError
from polyloop.core.names import did_you_mean

__all__ = ["PoolFilter", "elements_of"]


@dataclass(frozen=True)
class PoolFilter:
    """Limits on a polymer; None means no limit."""

    elements: frozenset[str] | None
    heavy_atoms: tuple[int, int] | None
    classes: frozenset[str] | None

    @classmethod
    def make(
        cls,
        elements: Collection[str] | None,
        heavy_atoms: tuple[int, int] | None,
        classes: Collection[str] | None,
    ) -> PoolFilter:
        """Check the limits and make the filter.

        Raises
        ------
        InvalidInputError
            If an element or a class is unknown, or the sizes are no range.
        """
        if heavy_atoms is not None and not (len(heavy_atoms) == 2 and 0 < heavy_atoms[0] <= heavy_atoms[1]):
            raise InvalidInputError(
                f"{heavy_atoms!r} is no range of sizes.", where="heavy_atoms", hint="Give (least, most), least above 0."
            )
        return cls(
            elements=None if elements is None else frozenset(_element(symbol) for symbol in elements),
            heavy_atoms=None if heavy_atoms is None else (int(heavy_atoms[0]), int(heavy_atoms[1])),
            classes=None if classes is None else frozenset(_polymer_class(name) for name in classes),
        )

    def accepts(self, polymer: Any) -> bool:
        """Tell whether `polymer` is within all limits; without limits, an object of any kind is."""
        if self.elements is None and self.heavy_atoms is None and self.classes is None:
            return True
        # The canonical unit, so that the answer does not depend on how the polymer was written.
        mol = Chem.MolFromSmiles(polymer.canonical)
        if self.heavy_atoms is not None:
            low, high = self.heavy_atoms
            if not low <= mol.GetNumHeavyAtoms() <= high:
                return False
        if self.elements is not None and not elements_of(mol) <= self.elements:
            return False
        return self.classes is None or str(polymer.polymer_class) in self.classes

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "elements": None if self.elements is None else sorted(self.elements),
            "heavy_atoms": self.heavy_atoms,
            "classes": None if self.classes is None else sorted(self.classes),
        }


def elements_of(mol: Chem.Mol) -> set[str]:
    """Return the symbols of the elements of a repeat unit, without hydrogen and the stars."""
    return {atom.GetSymbol() for atom in mol.GetAtoms() if atom.GetAtomicNum() > 1}


def _element(symbol: str) -> str:
    table = Chem.GetPeriodicTable()
    known = {table.GetElementSymbol(number) for number in range(1, 119)}
    if symbol not in known:
        raise InvalidInputError(
            f"{symbol!r} is no element.", where="elements", hint="Write symbols as in C, N, O, Si, Cl."
        )
    return symbol


def _polymer_class(name: str) -> str:
    known = [str(member) for member in PolymerClass]
    if name not in known:
        raise InvalidInputError(f"There is no polymer class {name!r}.", where="classes", hint=did_you_mean(name, known))
    return name

"""Bond charge corrections: a fitted calibration that moves charge along bonds, from cheap charges towards RESP."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

__all__ = ["BondCorrections", "bond_kinds", "shipped_corrections"]

_SYMBOLS = Chem.GetPeriodicTable()
Floats = NDArray[np.float64]


def bond_kinds(
    numbers: NDArray[np.int64], bonds: Sequence[tuple[int, int]] | NDArray[np.int64]
) -> dict[str, list[tuple[int, int]]]:
    """Return kind of bond -> its bonds (from, to), for the bonds whose ends differ.

    An atom's kind is its element and number of neighbours, e.g. `C4`. A carbonyl, sulfoxide or sulfone centre and its
    neighbours are marked, so that an amide's nitrogen `N3~` is not an amine's `N3`. A bond's kind is its ends', in
    alphabetical order, e.g. `C4-O2`.

    Parameters
    ----------
    numbers
        Atomic numbers, shape (n,), hydrogens explicit.
    bonds
        Pairs of atoms, shape (b, 2).
    """
    neighbours: list[list[int]] = [[] for _ in numbers]
    for i, j in bonds:
        neighbours[i].append(int(j))
        neighbours[j].append(int(i))
    plain = [f"{_SYMBOLS.GetElementSymbol(int(z))}{len(near)}" for z, near in zip(numbers, neighbours, strict=True)]
    withdrawing = {
        i
        for i, kind in enumerate(plain)
        if kind in ("C3", "S3", "S4") and any(plain[j] in ("O1", "S1") for j in neighbours[i])
    }
    near = [i in withdrawing or not withdrawing.isdisjoint(around) for i, around in enumerate(neighbours)]
    kinds = [kind + "~" * marked for kind, marked in zip(plain, near, strict=True)]
    found: dict[str, list[tuple[int, int]]] = {}
    for i, j in bonds:
        first, second = sorted((int(i), int(j)), key=lambda atom: kinds[atom])
        if kinds[first] != kinds[second]:
            found.setdefault(f"{kinds[first]}-{kinds[second]}", []).append((first, second))
    return found


@dataclass(frozen=True)
class BondCorrections:
    """Charges in e that each kind of bond moves from its second atom to its first.

    Parameters
    ----------
    name
        Name and version of the calibration.
    values
        Kind of bond -> charge in e. A kind that is not in it moves nothing.
    """

    name: str
    values: Mapping[str, float]

    def __call__(self, numbers: NDArray[np.int64], bonds: NDArray[np.int64]) -> Floats:
        """Return what to add to the charges, shape (n,); it adds up to zero."""
        moved = np.zeros(len(numbers))
        for kind, pairs in bond_kinds(numbers, bonds).items():
            first, second = np.array(pairs).T
            np.add.at(moved, first, self.values.get(kind, 0.0))
            np.subtract.at(moved, second, self.values.get(kind, 0.0))
        return moved


@cache
def shipped_corrections() -> BondCorrections:
    """Return the corrections of GFN2-xTB's Mulliken charges.

    They are fitted to Hartree-Fock potentials of small molecules by `benchmarks/fit_bond_charges.py`.
    """
    text = files("polyloop.simulate.charges").joinpath("bond_corrections.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return BondCorrections(data["name"], data["values"])

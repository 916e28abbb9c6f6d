"""Third stage: elements on the atoms of bond patterns, each molecule once.

After the bonds the atoms are free of one another: an atom with bonds of order b in all is of any element of valence b
or more. So a pattern without symmetry has as many molecules as the product of its atoms' choices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from polyloop.design.enumeration.automorphisms import least_of_orbits
from polyloop.design.enumeration.bond_orders import BondPatterns
from polyloop.design.enumeration.graphs import Ints
from polyloop.design.enumeration.rules import MoleculeRules

__all__ = ["MoleculeBatch", "count_of", "molecules_of"]

_ROWS = 500_000


@dataclass(frozen=True, eq=False)
class MoleculeBatch:
    """Molecules as arrays.

    Parameters
    ----------
    patterns
        Skeletons with orders of bonds.
    pattern
        The pattern of each molecule, ascending, shape (m,).
    elements
        Element of each atom, as a place in `symbols`, shape (m, n).
    symbols
        Elements by falling valence.
    """

    patterns: BondPatterns
    pattern: Ints
    elements: Ints
    symbols: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.pattern)

    def take(self, rows: Ints) -> MoleculeBatch:
        """Return the molecules of these rows."""
        return replace(self, pattern=self.pattern[rows], elements=self.elements[rows])


def molecules_of(patterns: BondPatterns, rules: MoleculeRules) -> Iterator[MoleculeBatch]:
    """Yield the molecules of bond patterns, in batches that fit the memory."""
    choices = _choices(patterns, rules)
    if rules.formula is not None:
        pattern, elements = _of_composition(choices, rules)
        yield from _least(patterns, pattern, elements, rules)
        return
    several = choices.prod(axis=1, dtype=np.int64)
    ends = np.cumsum(several)
    for first in range(0, int(ends[-1]), _ROWS):
        number = np.arange(first, min(first + _ROWS, int(ends[-1])))
        pattern = np.searchsorted(ends, number, side="right")
        rest = number - (ends - several)[pattern]
        elements = np.empty((len(number), choices.shape[1]), dtype=np.int8)
        for atom in range(choices.shape[1]):
            rest, elements[:, atom] = np.divmod(rest, choices[pattern, atom])
        yield from _least(patterns, pattern, elements, rules)


def count_of(patterns: BondPatterns, rules: MoleculeRules) -> int:
    """Return the number of molecules of bond patterns, making only those that symmetry could make twice."""
    if rules.formula is not None or not rules.heteroatom_bonds:
        return sum(len(batch) for batch in molecules_of(patterns, rules))
    symmetric = np.diff(patterns.fixed_start) > 1
    free = int(_choices(patterns, rules)[~symmetric].prod(axis=1, dtype=np.int64).sum())
    if not symmetric.any():
        return free
    rows = np.flatnonzero(symmetric)
    return free + sum(len(batch) for batch in molecules_of(_chosen(patterns, rows), rules))


def _chosen(patterns: BondPatterns, rows: Ints) -> BondPatterns:
    sizes = np.diff(patterns.fixed_start)[rows]
    start = np.concatenate([[0], np.cumsum(sizes)])
    places = np.repeat(patterns.fixed_start[rows] - start[:-1], sizes) + np.arange(start[-1])
    return replace(
        patterns, graph=patterns.graph[rows], orders=patterns.orders[rows], used=patterns.used[rows],
        fixed_start=start, fixed=patterns.fixed[places],
    )  # fmt: skip


def _choices(patterns: BondPatterns, rules: MoleculeRules) -> Ints:
    """Number of elements that fit each atom, shape (r, n): the first so many."""
    largest = max(rules.valences)
    fitting = np.array([sum(valence >= bonds for valence in rules.valences) for bonds in range(largest + 1)])
    return np.asarray(fitting[patterns.used])


def _of_composition(choices: Ints, rules: MoleculeRules) -> tuple[Ints, Ints]:
    """Return pattern and elements of every way to place the formula's atoms, extended atom by atom."""
    formula = rules.formula or {}
    pattern = np.arange(len(choices))
    left = np.tile([formula[symbol] for symbol in rules.ordered_elements], (len(choices), 1)).astype(np.int8)
    elements = np.zeros(choices.shape, dtype=np.int8)
    for atom in range(choices.shape[1]):
        row, element = np.nonzero((left > 0) & (np.arange(left.shape[1]) < choices[pattern, atom][:, None]))
        pattern, left, elements = pattern[row], left[row], elements[row]
        left[np.arange(len(row)), element] -= 1
        elements[:, atom] = element
    return pattern, elements


def _least(patterns: BondPatterns, pattern: Ints, elements: Ints, rules: MoleculeRules) -> Iterator[MoleculeBatch]:
    base = len(rules.elements)
    least = least_of_orbits(
        elements, base, pattern, patterns.fixed_start, patterns.fixed, patterns.groups.images
    ).rows  # fmt: skip
    found = MoleculeBatch(patterns, pattern[least], elements[least], rules.ordered_elements)
    if not rules.heteroatom_bonds:
        found = found.take(np.flatnonzero(~_has_heteroatom_bond(found)))
    if len(found):
        yield found


def _has_heteroatom_bond(molecules: MoleculeBatch) -> Ints:
    """Tell of which molecules two atoms other than carbon are bonded, shape (m,)."""
    ends = molecules.patterns.graphs.edges[molecules.patterns.graph[molecules.pattern]]
    hetero = np.array([symbol != "C" for symbol in molecules.symbols])[molecules.elements]
    u = np.take_along_axis(hetero, ends[:, :, 0], axis=1)
    return np.asarray((u & np.take_along_axis(hetero, ends[:, :, 1], axis=1)).any(axis=1))

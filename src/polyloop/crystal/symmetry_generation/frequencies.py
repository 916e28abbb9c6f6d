"""How often space groups, formula units and Wyckoff positions occur in known structures, and sets drawn accordingly."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.crystal.composition import Composition
from polyloop.crystal.substitution.templates import TemplateStore
from polyloop.crystal.symmetry_generation.distribution import OrbitSet
from polyloop.crystal.symmetry_generation.wyckoff import space_group

__all__ = ["PositionFrequencies", "PositionSet", "count_positions"]

# Structures that count for a composition have up to so many times as many atoms, or so many times fewer.
_NEIGHBOURHOOD = 1.5
# What an occurrence that was never seen counts.
_UNSEEN_GROUP, _UNSEEN_POSITION = 0.02, 0.3
_MOST_UNITS = 8
_ORDERS = 20

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PositionSet:
    """A space group, and the positions that each element occupies.

    Parameters
    ----------
    number
        Of the space group.
    letters
        Of each element in order, the letters of its positions; one may come several times.
    elements
        Symbols.
    log_probability
        Of having been drawn, up to a constant of the composition.
    """

    number: int
    letters: tuple[tuple[str, ...], ...]
    elements: tuple[str, ...]
    log_probability: float


@dataclass(frozen=True)
class PositionFrequencies:
    """What was counted in n structures.

    Parameters
    ----------
    groups, atoms, units
        Space group, atoms and formula units of the primitive cell of each, shape (n,).
    positions
        How many orbits of each (space group, letter).
    """

    groups: NDArray[np.int64]
    atoms: NDArray[np.int64]
    units: NDArray[np.int64]
    positions: Counter[tuple[int, str]]

    def draw(self, composition: Composition, rng: np.random.Generator, *, most_atoms: int = 40) -> PositionSet | None:
        """Draw a number of formula units, a space group and positions; None where these amounts do not go together.

        Units and groups are drawn by how often they occur in structures of as many atoms, each group also once in a
        while where it never did; then positions by how often each is occupied in that group, exactly in proportion to
        the product of these weights among all sets whose multiplicities sum to the amounts.
        """
        units = self._units(composition, rng, most_atoms)
        if units is None:
            return None
        odds = self._group_odds(units * composition.atoms)
        number = int(rng.choice(230, p=odds)) + 1
        group = space_group(number)
        weights = self._weights(number)
        used: set[str] = set()
        letters: dict[str, tuple[str, ...]] = {}
        log_probability = float(np.log(odds[number - 1]))
        for symbol in rng.permutation(composition.elements):
            amount = units * composition.amounts[str(symbol)]
            open_letters = [letter for letter in group.positions if letter not in used]
            sizes = [group.positions[letter].multiplicity // group.centring for letter in open_letters]
            fixed = [not group.positions[letter].free for letter in open_letters]
            drawn = _drawn_counts(amount, sizes, fixed, [weights[letter] for letter in open_letters], rng)
            if drawn is None:
                return None
            counts, log_share = drawn
            log_probability += log_share
            letters[str(symbol)] = tuple(
                letter for letter, count in zip(open_letters, counts, strict=True) for _ in range(count)
            )
            used |= {
                letter for letter, count, alone in zip(open_letters, counts, fixed, strict=True) if count and alone
            }
        elements = composition.elements
        return PositionSet(number, tuple(letters[symbol] for symbol in elements), elements, log_probability)

    def _units(self, composition: Composition, rng: np.random.Generator, most_atoms: int) -> int | None:
        most = min(most_atoms // composition.atoms, _MOST_UNITS)
        if most < 1:
            return None
        formula = self.atoms / self.units
        near = np.abs(np.log(formula / composition.atoms)) < np.log(_NEIGHBOURHOOD)
        counts = np.bincount(np.minimum(self.units[near], _MOST_UNITS), minlength=_MOST_UNITS + 1)[1 : most + 1] + 1.0
        return int(rng.choice(most, p=counts / counts.sum())) + 1

    def _group_odds(self, atoms: int) -> Floats:
        near = np.abs(np.log(self.atoms / atoms)) < np.log(_NEIGHBOURHOOD)
        counts = np.bincount(self.groups[near], minlength=231)[1:] + _UNSEEN_GROUP
        odds: Floats = counts / counts.sum()
        return odds

    def _weights(self, number: int) -> dict[str, float]:
        group = space_group(number)
        counts = {letter: self.positions[number, letter] + _UNSEEN_POSITION for letter in group.positions}
        total = sum(counts.values())
        return {letter: count / total for letter, count in counts.items()}


def count_positions(
    store: TemplateStore, sets: list[tuple[OrbitSet, ...]], left_out: frozenset[str] = frozenset()
) -> PositionFrequencies:
    """Count in all structures of a store but those of the reduced formulas that are left out."""
    groups, atoms, units = [], [], []
    positions: Counter[tuple[int, str]] = Counter()
    for template, own in zip(store.templates, sets, strict=True):
        composition = template.structure.composition
        if composition.canonical in left_out:
            continue
        number = template.protostructure.number
        size = sum(one.count * one.size for one in own)
        groups.append(number)
        atoms.append(size)
        units.append(max(size // composition.atoms, 1))
        for one in own:
            positions[number, one.letter] += one.count
    return PositionFrequencies(np.array(groups), np.array(atoms), np.array(units), positions)


def _drawn_counts(
    amount: int, sizes: list[int], fixed: list[bool], weights: list[float], rng: np.random.Generator
) -> tuple[list[int], float] | None:
    """Draw how often each position is occupied so that the sizes sum to `amount`; and the log of the share of that set.

    The sum over all sets of the products of weights is built position by position, and the set drawn backwards from it.
    """
    table = [np.zeros(amount + 1)]
    table[0][0] = 1.0
    for size, alone, weight in zip(sizes, fixed, weights, strict=True):
        before = table[-1]
        after = before.copy()
        for total in range(size, amount + 1):
            after[total] = before[total] + weight * (before if alone else after)[total - size]
        table.append(after)
    if table[-1][amount] <= 0.0:
        return None
    left, counts, log_share = amount, [0] * len(sizes), -float(np.log(table[-1][amount]))
    for place in range(len(sizes) - 1, -1, -1):
        while left >= sizes[place]:
            taken = weights[place] * (table[place] if fixed[place] else table[place + 1])[left - sizes[place]]
            if rng.random() * table[place + 1][left] >= taken:
                break
            counts[place] += 1
            left -= sizes[place]
            log_share += float(np.log(weights[place]))
            if fixed[place]:
                break
    return counts, log_share

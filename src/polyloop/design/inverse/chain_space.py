"""The space of a design: (rule, monomer, monomer), with features, prior terms and Metropolis moves over monomers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import DataStructs

from polyloop.chem.polymerisation import Residue
from polyloop.core import InvalidInputError
from polyloop.design.inverse.residue_features import FEATURES, residue_features, residue_fingerprint
from polyloop.design.library import LibraryPolymer, PolymerLibrary
from polyloop.design.library.precursors import precursor_of
from polyloop.design.library.recipe import Chain, Recipe

__all__ = ["ChainSpace", "States"]

States = NDArray[np.int64]
"""Chains as rows (recipe, first, second, turned), shape (n, 4); second is -1 where a rule takes one monomer."""

_NEIGHBOURS = 8
# Shares of the moves: another rule, another direction, any monomer of the role; the rest goes to a similar monomer.
_RULE, _TURN, _ANY = 0.15, 0.05, 0.2


@dataclass(frozen=True, eq=False)
class _Part:
    """What one place of a recipe can hold: rows of the tables below, and which are similar to which."""

    start: int
    size: int
    neighbours: tuple[NDArray[np.intp], ...]


class ChainSpace:
    """All chains of a library, as states that Metropolis moves lead to from one another.

    The base measure gives every rule the same probability, and every chain of a rule the same.

    Parameters
    ----------
    library
        The library.

    Raises
    ------
    InvalidInputError
        If the library is empty.
    """

    def __init__(self, library: PolymerLibrary) -> None:
        if not library.recipes:
            raise InvalidInputError("The monomers make no polymer.", where="library", hint="Give other monomers.")
        self.library, self.recipes = library, library.recipes
        self._log_sizes = np.log([len(recipe) for recipe in self.recipes])
        self._residue_features: dict[str, NDArray[np.float64]] = {}
        self._similar: dict[tuple[str, ...], tuple[NDArray[np.intp], ...]] = {}

    def __len__(self) -> int:
        return len(self.library)

    def draw(self, n: int, rng: np.random.Generator) -> States:
        """Return n states of the base measure, shape (n, 4)."""
        recipes = rng.integers(len(self.recipes), size=n)
        return np.array([self._drawn(int(recipe), rng) for recipe in recipes], dtype=np.int64).reshape(n, 4)

    def all_states(self) -> States:
        """Return every state, shape (len(self), 4): for libraries that are small enough to be listed."""
        rows = [
            self._state(number, index) for number, recipe in enumerate(self.recipes) for index in range(len(recipe))
        ]
        return np.array(rows, dtype=np.int64)

    def log_base(self, states: States) -> NDArray[np.float64]:
        """Return the logarithm of the base measure of states, shape (n,)."""
        return np.asarray(-np.log(len(self.recipes)) - self._log_sizes[states[:, 0]])

    def propose(self, states: States, rng: np.random.Generator) -> tuple[States, NDArray[np.float64]]:
        """Return a neighbour of each state, and log q(x | y) - log q(y | x) of going from x to y, shape (n,).

        Where a move leads nowhere the state itself is returned.
        """
        moved, ratios = states.copy(), np.zeros(len(states))
        kinds = rng.random(len(states))
        for row, kind in enumerate(kinds):
            recipe, first, second, turned = (int(part) for part in states[row])
            if kind < _RULE:
                other = int(rng.integers(len(self.recipes)))
                moved[row] = self._drawn(other, rng)
                ratios[row] = self._log_sizes[other] - self._log_sizes[recipe]
            elif kind < _RULE + _TURN:
                if second >= 0 and (turned or self.recipes[recipe].turns(first, second)):
                    moved[row, 3] = 1 - turned
            else:
                place = 0 if second < 0 else int(rng.integers(2))
                part, old = self.parts[recipe][place], (first, second)[place]
                if kind < _RULE + _TURN + _ANY:
                    new = int(rng.integers(part.size))
                else:
                    near = part.neighbours[old]
                    if not len(near):
                        continue
                    new = int(near[rng.integers(len(near))])
                    ratios[row] = np.log(len(near)) - np.log(len(part.neighbours[new]))
                changed = self._changed((recipe, first, second, turned), place, new)
                if changed is None:
                    ratios[row] = 0.0
                else:
                    moved[row] = changed
        return moved, ratios

    def crossed(self, one: States, other: States, rng: np.random.Generator) -> States | None:
        """Return `one` with a monomer of `other` in the place of one of its own, shape (4,); None where none fits."""
        recipe, first, second, turned = (int(part) for part in one)
        theirs = [residue.text for residue in self.chain(other).residues]
        places = [0] if second < 0 else [int(place) for place in rng.permutation(2)]
        for place in places:
            for text in theirs:
                found = self._place_of[recipe][place].get(text)
                if found is not None and found != (first, second)[place]:
                    changed = self._changed((recipe, first, second, turned), place, found)
                    if changed is not None:
                        return np.array(changed, dtype=np.int64)
        return None

    def chain(self, state: States) -> Chain:
        """Return the chain of one state, shape (4,)."""
        recipe, first, second, turned = (int(part) for part in state)
        return self.recipes[recipe].alone[first] if second < 0 else self.recipes[recipe].at(first, second, bool(turned))

    def polymer(self, state: States) -> LibraryPolymer:
        """Return the polymer of one state, with its rule, monomers and price.

        Raises
        ------
        UnsupportedChemistryError
            If no SMILES can say the chain.
        """
        return self.library.polymer(self.recipes[int(state[0])].rule, self.chain(state))

    def features(self, states: States) -> NDArray[np.float64]:
        """Return the features of repeat units (`residue_features`, summed), shape (n, FEATURES)."""
        first, second = self._rows(states)
        return np.asarray(self._features[first] + self._features[second])

    def economics(self, states: States) -> NDArray[np.float64]:
        """Return cost (US$ for each mol of units, NaN if unknown), mass in g/mol, and difficulty of states, (n, 3)."""
        first, second = self._rows(states)
        one, other = self._economics[first], self._economics[second]
        return np.column_stack([one[:, :2] + other[:, :2], np.maximum(one[:, 2], other[:, 2])])

    def _rows(self, states: States) -> tuple[Any, Any]:
        """Rows of the tables for both monomers; the last row, of zeros, stands for none."""
        starts = self._starts
        first = starts[states[:, 0], 0] + states[:, 1]
        second = np.where(states[:, 2] < 0, len(self._features) - 1, starts[states[:, 0], 1] + states[:, 2])
        return first, second

    def _drawn(self, recipe: int, rng: np.random.Generator) -> tuple[int, int, int, int]:
        return self._state(recipe, int(rng.integers(len(self.recipes[recipe]))))

    def _state(self, recipe: int, index: int) -> tuple[int, int, int, int]:
        if len(self.recipes[recipe].entries) == 1:
            return recipe, index, -1, 0
        first, second, turned = self.recipes[recipe].places(index)
        return recipe, first, second, int(turned)

    def _changed(self, state: tuple[int, int, int, int], place: int, new: int) -> tuple[int, int, int, int] | None:
        number, first, second, turned = state
        if second < 0:
            return number, new, -1, 0
        recipe = self.recipes[number]
        first, second = (new, second) if place == 0 else (first, new)
        if recipe.same_role:
            if first == second:
                return None
            # A pair of one role has no order.
            first, second = min(first, second), max(first, second)
        if turned and not recipe.turns(first, second):
            return None
        return number, first, second, turned

    @cached_property
    def parts(self) -> tuple[tuple[_Part, ...], ...]:
        """For each recipe what its places can hold, with neighbours by similarity of fingerprints."""
        sizes = [len(listed) for recipe in self.recipes for listed in _listed(recipe)]
        starts = iter([0, *accumulate(sizes)])
        return tuple(
            tuple(
                _Part(next(starts), len(listed), self._neighbours([residues[0] for residues in listed]))
                for listed in _listed(recipe)
            )
            for recipe in self.recipes
        )

    def _neighbours(self, residues: Sequence[Residue]) -> tuple[NDArray[np.intp], ...]:
        key = tuple(residue.text for residue in residues)
        if key not in self._similar:
            self._similar[key] = _symmetric_neighbours([residue_fingerprint(residue) for residue in residues])
        return self._similar[key]

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return np.array([[part[0].start, part[-1].start] for part in self.parts], dtype=np.int64)

    @cached_property
    def _place_of(self) -> tuple[tuple[dict[str, int], ...], ...]:
        return tuple(
            tuple({residues[0].text: place for place, residues in enumerate(listed)} for listed in _listed(recipe))
            for recipe in self.recipes
        )

    @cached_property
    def _features(self) -> NDArray[np.float64]:
        rows = [
            np.sum([self._featured(residue) for residue in residues], axis=0)
            for recipe in self.recipes for listed in _listed(recipe) for residues in listed
        ]  # fmt: skip
        return np.array([*rows, np.zeros(FEATURES)])

    def _featured(self, residue: Residue) -> NDArray[np.float64]:
        if residue.text not in self._residue_features:
            self._residue_features[residue.text] = residue_features(residue)
        return self._residue_features[residue.text]

    @cached_property
    def _economics(self) -> NDArray[np.float64]:
        stock, rows = self.library.stock, []
        for recipe in self.recipes:
            first = precursor_of(recipe.rule)
            if len(recipe.entries) == 1:
                copies = recipe.rule.roles[0].molecules
                used = [
                    [entry.monomer for entry in chain.entries] * (len(chain.residues) // len(chain.entries)) * copies
                    for chain in recipe.alone
                ]
                masses = [sum(residue.molar_mass for residue in chain.residues) for chain in recipe.alone]
            else:
                used = [[entry.monomer] for listed in recipe.entries for entry in listed]
                masses = [entry.residue.molar_mass for listed in recipe.entries for entry in listed]
            for monomers, mass in zip(used, masses, strict=True):
                # US$/kg times g/mol over 1,000 is US$/mol.
                costs = [(stock.stock[one].price or np.nan) * stock.masses[one] / 1000.0 for one in monomers]
                costs += [one.price * one.mass / 1000.0 for one in first]
                hard = max([stock.difficulties[one] for one in monomers] + [one.difficulty for one in first])
                rows.append((sum(costs), mass, hard))
        return np.array([*rows, (0.0, 0.0, 0.0)])


def _listed(recipe: Recipe) -> list[list[tuple[Residue, ...]]]:
    """Return the residues of what each place of a recipe can hold."""
    if len(recipe.entries) == 1:
        return [[chain.residues for chain in recipe.alone]]
    return [[(entry.residue,) for entry in listed] for listed in recipe.entries]


def _symmetric_neighbours(fingerprints: Sequence[Any]) -> tuple[NDArray[np.intp], ...]:
    """Return the most similar others of each, and those of which it is one of the most similar.

    Being a neighbour is mutual, so that each move can be undone; numbers of neighbours differ, and the proposal's
    ratio corrects for it.
    """
    near: list[set[int]] = [set() for _ in fingerprints]
    for row, fingerprint in enumerate(fingerprints):
        similar = np.array(DataStructs.BulkTanimotoSimilarity(fingerprint, list(fingerprints)))
        similar[row] = -1.0
        for other in np.argsort(-similar, kind="stable")[: min(_NEIGHBOURS, len(fingerprints) - 1)]:
            near[row].add(int(other))
            near[int(other)].add(row)
    return tuple(np.array(sorted(found), dtype=np.intp) for found in near)

"""The orbits of known structures of any ratio, given to other elements: space groups and sets of positions that occur.

Where no structure of a ratio is known, one of another ratio may still have orbits of the right sizes: an ordered
variant of a simpler one has an element split over two positions, a simpler one has two elements on equal footing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.crystal.composition import Composition
from polyloop.crystal.elements import ELEMENTS
from polyloop.crystal.structures.structure import CrystalStructure
from polyloop.crystal.structures.symmetry import symmetry_of
from polyloop.crystal.substitution.protostructure import TOLERANCE
from polyloop.crystal.substitution.templates import Template, TemplateStore
from polyloop.crystal.symmetry_generation.distances import PairDistances
from polyloop.crystal.symmetry_generation.distribution import OrbitSet, distributions, orbit_sets

__all__ = ["REARRANGEMENT_FEATURES", "Rearrangement", "arranged", "orbit_sets_of", "rearrangements"]

REARRANGEMENT_FEATURES = ("swaps", "swaps_by_atoms", "split", "merged", "broken_sets", "popularity")
# Ways to give the orbits of one template to the elements that are looked at, and that are kept.
_LOOKED_AT, _KEPT = 30, 3
_MOST_SETS = 24
# Choices of which orbits of one set go to which element; they differ in geometry alone.
_CHOICES = 6

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rearrangement:
    """Orbits of a template with the elements of another composition on them.

    Parameters
    ----------
    row
        Of the template in its store.
    sets
        The template's orbits.
    taken
        Of each set, how many orbits each element takes.
    elements
        Symbols, in the order of `taken`.
    features
        Shape (6,), `REARRANGEMENT_FEATURES`.
    """

    row: int
    sets: tuple[OrbitSet, ...]
    taken: tuple[tuple[int, ...], ...]
    elements: tuple[str, ...]
    features: Floats


def rearrangements(
    composition: Composition,
    store: TemplateStore,
    swaps: Floats,
    *,
    most_atoms: int = 40,
    left_out: Callable[[str], bool] | None = None,
) -> Iterator[Rearrangement]:
    """Yield the ways to put a composition's elements on the orbits of templates of any ratio.

    Those that replace one element by one, which `predict_structures` makes, are left out.

    Parameters
    ----------
    swaps
        Logarithms of the probability that a swap of elements keeps the protostructure, shape (118, 118).
    most_atoms
        Of the primitive cell.
    left_out
        Tells of a reduced formula whether its templates are not to be used.
    """
    elements = composition.elements
    numbers = [ELEMENTS.index(symbol) for symbol in elements]
    amounts = [composition.amounts[symbol] for symbol in elements]
    orders = {
        symbol: [int(place) for place in np.argsort(-swaps[row, numbers], kind="stable")]
        for row, symbol in enumerate(ELEMENTS)
    }
    popular = Counter(map(_skeleton, store.templates, orbit_sets_of(store)))
    for row, (sets, formula) in enumerate(zip(orbit_sets_of(store), store.formulas, strict=True)):
        size = sum(one.count * one.size for one in sets)
        if size % composition.atoms or size > most_atoms or len(sets) > _MOST_SETS:
            continue
        if sum(one.count for one in sets) < len(elements) or (left_out is not None and left_out(str(formula))):
            continue
        units = size // composition.atoms
        wanted = [units * amount for amount in amounts]
        # The largest sets first, each tried with the elements that most often take its own one's place.
        sets = tuple(sorted(sets, key=lambda one: -one.count * one.size))
        preferred = [orders[one.element] for one in sets]
        ways = distributions([(one.count, one.size) for one in sets], wanted, _LOOKED_AT, preferred)
        found = [
            Rearrangement(row, sets, taken, elements, features)
            for taken in ways
            if (features := _features(sets, taken, numbers, swaps)) is not None
        ]
        found.sort(key=lambda one: -one.features[0])
        for one in found[:_KEPT]:
            one.features[-1] = np.log(popular[_skeleton(store.templates[row], sets)])
            yield one


def orbit_sets_of(store: TemplateStore) -> list[tuple[OrbitSet, ...]]:
    """Return the orbits of all templates, found once for a store."""
    kept: list[tuple[OrbitSet, ...]] | None = store.__dict__.get("_orbit_sets")
    if kept is None:
        kept = [orbit_sets(one.protostructure) for one in store.templates]
        store.__dict__["_orbit_sets"] = kept
    return kept


def _skeleton(template: Template, sets: tuple[OrbitSet, ...]) -> tuple[str, ...]:
    """Return the space group and how many orbits there are on each position, whoever stands there."""
    letters: Counter[str] = Counter()
    for one in sets:
        letters[one.letter] += one.count
    return str(template.protostructure.number), *(f"{count}{letter}" for letter, count in sorted(letters.items()))


def _features(
    sets: tuple[OrbitSet, ...], taken: tuple[tuple[int, ...], ...], numbers: list[int], swaps: Floats
) -> Floats | None:
    """Return the features of a way; None where each element replaces one other as a whole."""
    atoms: Counter[tuple[str, int]] = Counter()
    broken = 0
    for one, row in zip(sets, taken, strict=True):
        broken += sum(count > 0 for count in row) - 1
        for element, count in enumerate(row):
            if count:
                atoms[one.element, element] += count * one.size
    theirs = Counter(element for element, _ in atoms)
    ours = Counter(element for _, element in atoms)
    split, merged = len(atoms) - len(theirs), len(atoms) - len(ours)
    if not split and not merged:
        return None
    costs = {pair: float(swaps[ELEMENTS.index(pair[0]), numbers[pair[1]]]) for pair in atoms}
    total = sum(atoms.values())
    by_atoms = sum(costs[pair] * count for pair, count in atoms.items()) / total
    return np.array([sum(costs.values()), by_atoms, split, merged, broken, 0.0])


def arranged(
    one: Rearrangement, store: TemplateStore, distances: PairDistances, rng: np.random.Generator
) -> tuple[CrystalStructure, float] | None:
    """Return the structure of a rearrangement at the volume that its elements take, and how close its atoms come.

    Where orbits of one set go to several elements, some choices are tried and the roomiest is taken. None where the
    orbits cannot be told apart any more, since the template's symmetry is in doubt.
    """
    template = store.templates[one.row].structure
    symmetry = symmetry_of(template, TOLERANCE)
    orbits: dict[int, list[int]] = {}
    for atom, first in enumerate(symmetry.orbits):
        orbits.setdefault(first, []).append(atom)
    by_place: dict[tuple[str, str], list[list[int]]] = {}
    for first, atoms in orbits.items():
        by_place.setdefault((template.symbols[first], symmetry.wyckoff_letters[first]), []).append(atoms)
    several = any(sum(count > 0 for count in row) > 1 for row in one.taken)
    best: tuple[CrystalStructure, float] | None = None
    for _ in range(_CHOICES if several else 1):
        structure = _with_elements(one, template, by_place, store.atomic_volumes, rng)
        if structure is None:
            return None
        close = distances.closeness(structure)
        if best is None or close > best[1]:
            best = structure, close
    return best


def _with_elements(
    one: Rearrangement, template: CrystalStructure, by_place: dict[tuple[str, str], list[list[int]]], volumes: Floats,
    rng: np.random.Generator,
) -> CrystalStructure | None:  # fmt: skip
    symbols = list(template.symbols)
    # Letters may be those of an equivalent setting: sets of one element, number and size are matched in their order.
    free = {place: list(orbits) for place, orbits in sorted(by_place.items())}
    for given, row in zip(one.sets, one.taken, strict=True):
        fitting = (
            place
            for place, orbits in free.items()
            if place[0] == given.element and len(orbits) == given.count and len(orbits[0]) == given.size
        )
        place = next(fitting, None)
        if place is None:
            return None
        orbits = free.pop(place)
        owners = rng.permutation(np.repeat(one.elements, row))
        for atoms, symbol in zip(orbits, owners, strict=True):
            for atom in atoms:
                symbols[atom] = str(symbol)
    made = CrystalStructure.trusted(template.lattice, template.fractional, tuple(symbols))
    ratio = float(volumes[made.numbers - 1].sum() / volumes[template.numbers - 1].sum())
    return made.scaled(template.volume * ratio)

"""Structures of a composition by symmetry: orbits of known structures rearranged, and positions drawn anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import InvalidInputError
from polyloop.crystal.composition import Composition
from polyloop.crystal.structures.pymatgen import same_cell
from polyloop.crystal.structures.structure import CrystalStructure
from polyloop.crystal.structures.symmetry import symmetry_of
from polyloop.crystal.substitution.predict import StructurePrediction
from polyloop.crystal.substitution.protostructure import TOLERANCE, protostructure_of
from polyloop.crystal.substitution.templates import TemplateStore
from polyloop.crystal.symmetry_generation.distances import PairDistances, learn_distances
from polyloop.crystal.symmetry_generation.drawing import CLOSEST, draw_structure
from polyloop.crystal.symmetry_generation.frequencies import PositionFrequencies, count_positions
from polyloop.crystal.symmetry_generation.rearrangement import Rearrangement, arranged, orbit_sets_of, rearrangements

__all__ = ["MOST_ATOMS", "SymmetryModel", "learn_symmetry", "predict_by_symmetry"]

MOST_ATOMS = 40
"""Of the primitive cell; larger ones have too many free coordinates to be met by drawing."""

# Logarithm of the odds by the features of a rearrangement; what else was tried: docs/validation/crystal_structures.md.
_WEIGHTS = np.array([0.3, 3.0, -0.4, -0.8, -0.3, 0.3])
# Of so many guesses one is drawn anew; the others rearrange known orbits, as long as there are any.
_DRAWN_EACH = 4
# Sets of positions drawn for each guess that is wanted, and failures in a row after which drawing ends.
_DRAWS, _FRUITLESS = 40, 300

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SymmetryModel:
    """What generation by symmetry learnt from a store of known structures."""

    distances: PairDistances
    frequencies: PositionFrequencies


def learn_symmetry(store: TemplateStore, left_out: frozenset[str] = frozenset()) -> SymmetryModel:
    """Learn distances and how often positions occur; nothing from the reduced formulas that are left out."""
    rng = np.random.default_rng(0)
    return SymmetryModel(
        learn_distances(store, rng=rng, left_out=left_out), count_positions(store, orbit_sets_of(store), left_out)
    )


def predict_by_symmetry(
    composition: Composition,
    store: TemplateStore,
    swaps: Floats,
    model: SymmetryModel,
    rng: np.random.Generator,
    *,
    most: int = 10,
    exclude_formula: bool = False,
    most_atoms: int = MOST_ATOMS,
    known: list[StructurePrediction] | None = None,
) -> list[StructurePrediction]:
    """Return structures of a composition that need no template of its ratio, the likeliest first.

    Three of four guesses put the elements on the orbits of a known structure of another ratio, or on its orbits in
    another partition; the fourth is drawn: formula units, space group and Wyckoff positions as often as they occur,
    lattice and free coordinates at random, the roomiest of some draws.

    Parameters
    ----------
    swaps
        Logarithms of the probability that a swap of elements keeps the protostructure, shape (118, 118).
    most
        Structures at most.
    exclude_formula
        Leave out templates of the composition itself, as if it were unknown.
    known
        Guesses that are there already: what matches one of them is not given again, and ranks go on after them. Of
        guesses that share a protostructure the first is given.

    Raises
    ------
    InvalidInputError
        If the formula has more atoms than `most_atoms`.
    """
    if composition.atoms > most_atoms:
        raise InvalidInputError(
            f"A formula unit has {composition.atoms} atoms; structures are made by symmetry of up to {most_atoms}.",
            where=composition.canonical,
        )
    before = list(known or [])
    left_out = composition.canonical.__eq__ if exclude_formula else None
    found = sorted(
        rearrangements(composition, store, swaps, most_atoms=most_atoms, left_out=left_out),
        key=lambda one: -float(one.features @ _WEIGHTS),
    )
    rearranged = _rearranged(composition, found, store, model, rng)
    drawn = _drawn(composition, store, model, rng, most_atoms, _DRAWS * most)
    guesses: list[StructurePrediction] = []
    seen: set[str] = set()
    for guess in _alternating(rearranged, drawn):
        found_label = _label(guess.structure)
        if found_label in seen or any(same_cell(guess.structure, one.structure) for one in before):
            continue
        if found_label is not None:
            seen.add(found_label)
        guesses.append(guess.with_rank(len(before) + len(guesses) + 1))
        if len(guesses) == most:
            break
    return guesses


def _label(structure: CrystalStructure) -> str | None:
    found = protostructure_of(structure)
    return None if found is None else found.label(tuple(range(len(found.elements))))


def _alternating(
    first: Iterator[StructurePrediction], second: Iterator[StructurePrediction]
) -> Iterator[StructurePrediction]:
    """Yield some of the first for each of the second, and what is left of one when the other has ended."""
    turn = 0
    while True:
        turn += 1
        sources = (second, first) if turn % _DRAWN_EACH == 0 else (first, second)
        guess = next(sources[0], None) or next(sources[1], None)
        if guess is None:
            return
        yield guess


def _rearranged(
    composition: Composition, found: list[Rearrangement], store: TemplateStore, model: SymmetryModel,
    rng: np.random.Generator,
) -> Iterator[StructurePrediction]:  # fmt: skip
    if not found:
        return
    scores = np.array([one.features @ _WEIGHTS for one in found])
    odds = np.exp(scores - scores.max())
    for one, share in zip(found, odds / odds.sum(), strict=True):
        made = arranged(one, store, model.distances, rng)
        if made is None or made[1] < CLOSEST:
            continue
        template = store.templates[one.row]
        number = symmetry_of(made[0], TOLERANCE).number
        yield StructurePrediction(
            0, made[0], float(share), template.name, template.formula, number, method="rearranged orbits"
        )


def _drawn(
    composition: Composition, store: TemplateStore, model: SymmetryModel, rng: np.random.Generator, most_atoms: int,
    turns: int,
) -> Iterator[StructurePrediction]:  # fmt: skip
    """Yield drawn structures in portions, the likeliest of a portion first."""
    seen = set()
    fruitless = 0
    for _ in range(turns):
        positions = model.frequencies.draw(composition, rng, most_atoms=most_atoms)
        if positions is None or (positions.number, positions.letters) in seen:
            fruitless += 1
            if fruitless > _FRUITLESS:
                return
            continue
        seen.add((positions.number, positions.letters))
        fruitless = 0
        made = draw_structure(positions, store.atomic_volumes, model.distances, rng)
        if made is not None:
            yield StructurePrediction(
                0, made[0], float(np.exp(positions.log_probability)), None, None, positions.number, method="drawn"
            )

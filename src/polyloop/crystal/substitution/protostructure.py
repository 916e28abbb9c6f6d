"""What structures share that differ in elements alone: the space group and who stands on which Wyckoff position."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from polyloop.crystal.structures.structure import CrystalStructure
from polyloop.crystal.structures.symmetry import dataset_of

__all__ = ["Protostructure", "protostructure_of"]

TOLERANCE = 0.1
"""How far an atom may lie from where symmetry puts it, in angstrom: tables of calculated structures need as much."""


@dataclass(frozen=True)
class Protostructure:
    """The space group and the occupied Wyckoff positions of each element, in all equivalent settings.

    Parameters
    ----------
    number
        Of the space group.
    elements
        Symbols in the order of the occupations.
    settings
        For each setting that the normalizer of the group makes of one another, the occupation of each element, such as
        `a` or `c2e`.
    """

    number: int
    elements: tuple[str, ...]
    settings: tuple[tuple[str, ...], ...]

    def label(self, order: tuple[int, ...]) -> str:
        """Return one text for all settings, its elements in the order of places `order`."""
        words = min(" ".join(setting[place] for place in order) for setting in self.settings)
        return f"{self.number} {words}"


def protostructure_of(structure: CrystalStructure, tolerance: float = TOLERANCE) -> Protostructure | None:
    """Return the protostructure of a structure; None where its symmetry is not found.

    The equivalent settings are those of the Euclidean normalizer: which of two positions is called `a` and which `b` is
    a choice of origin (International Tables A, chapter 3.5).
    """
    for finer in (tolerance, tolerance / 10, tolerance / 100):
        found = dataset_of(structure, finer)
        if found is None:
            return None
        try:
            sequences = _sequences(found)
        except ValueError:
            continue  # the operations form a group, and the positions within this tolerance do not fit it
        return _protostructure(structure, found, sequences)
    return None


def _protostructure(structure: CrystalStructure, found: Any, sequences: list[Any]) -> Protostructure:
    numbers = found.std_cell.numbers
    order = sorted(set(structure.symbols))
    atomic = {symbol: int(structure.numbers[structure.symbols.index(symbol)]) for symbol in order}
    settings = set()
    for sequence in sequences:
        placed = list(zip(sequence, numbers, strict=True))
        occupied = {
            symbol: Counter(place.letter for place, number in placed if number == atomic[symbol]) for symbol in order
        }
        sizes = {place.letter: place.multiplicity for place in sequence}
        settings.add(tuple(_words(occupied[symbol], sizes) for symbol in order))
    return Protostructure(int(found.number), tuple(order), tuple(sorted(settings)))


def _sequences(found: Any) -> list[Any]:
    try:
        return [sequence for _, sequence in found.normalizer_wyckoff_positions().coset_representatives]
    except ValueError:  # no setting but its own is known
        return [found.normalizer_wyckoff_positions().wyckoffs]


def _words(letters: Counter[str], sizes: dict[str, int]) -> str:
    """Return how often each position is occupied, by an atom of the conventional cell's orbit: `c2e`."""
    times = {letter: count // sizes[letter] for letter, count in sorted(letters.items())}
    return "".join(f"{times[letter] if times[letter] > 1 else ''}{letter}" for letter in times)

"""Ways to give the elements of a composition to sets of equal orbits, so that the amounts come out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from polyloop.crystal.substitution.protostructure import Protostructure
from polyloop.crystal.symmetry_generation.wyckoff import space_group

__all__ = ["OrbitSet", "distributions", "orbit_sets"]

# Dead ends that are followed for each way that is wanted.
_STEPS = 8
_WORD = re.compile(r"(\d*)([A-Za-z])")


@dataclass(frozen=True)
class OrbitSet:
    """Orbits of one element on one Wyckoff position.

    Parameters
    ----------
    element
        Symbol of who stands there.
    letter
        Of the position.
    count
        How many orbits.
    size
        Atoms of each in the primitive cell.
    """

    element: str
    letter: str
    count: int
    size: int


def orbit_sets(protostructure: Protostructure) -> tuple[OrbitSet, ...]:
    """Return the sets of orbits of a protostructure, in its first setting."""
    sizes = _sizes(protostructure.number)
    return tuple(
        OrbitSet(element, letter, int(count or 1), sizes[letter])
        for element, word in zip(protostructure.elements, protostructure.settings[0], strict=True)
        for count, letter in _WORD.findall(word)
    )


@lru_cache(maxsize=230)
def _sizes(number: int) -> dict[str, int]:
    group = space_group(number)
    return {letter: one.multiplicity // group.centring for letter, one in group.positions.items()}


def distributions(
    sets: Sequence[tuple[int, int]], wanted: Sequence[int], most: int, preferred: Sequence[Sequence[int]] | None = None
) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Yield ways to give sets of orbits to elements, each a row of how many orbits of a set an element takes.

    Parameters
    ----------
    sets
        (number of orbits, atoms of each).
    wanted
        Atoms of each of k elements; their sum must be that of all orbits.
    most
        Ways that are yielded at most.
    preferred
        Of each set the elements, as numbers from 0 on, in the order in which they are to be tried.

    Examples
    --------
    >>> list(distributions([(1, 1), (2, 2)], [2, 3], 10))
    [((0, 1), (1, 1))]
    """
    left = list(wanted)
    rows: list[tuple[int, ...]] = []
    found = steps = 0

    def place(at: int) -> Iterator[tuple[tuple[int, ...], ...]]:
        nonlocal found, steps
        steps += 1
        if found >= most or steps > _STEPS * most:
            return
        if at == len(sets):
            found += 1
            yield tuple(rows)
            return
        count, size = sets[at]
        order = preferred[at] if preferred is not None else range(len(left))
        for shares in _shares(count, [left[element] // size for element in order]):
            taken_by = dict(zip(order, shares, strict=True))
            row = tuple(taken_by[element] for element in range(len(left)))
            for element, taken in enumerate(row):
                left[element] -= taken * size
            rows.append(row)
            yield from place(at + 1)
            rows.pop()
            for element, taken in enumerate(row):
                left[element] += taken * size

    if sum(count * size for count, size in sets) == sum(wanted):
        yield from place(0)


def _shares(count: int, room: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield the ways to part `count` among elements that have room for so many, as many as can be to the first."""
    if len(room) == 1:
        if count <= room[0]:
            yield (count,)
        return
    rest = sum(room[1:])
    for taken in range(min(count, room[0]), max(0, count - rest) - 1, -1):
        for others in _shares(count - taken, room[1:]):
            yield (taken, *others)

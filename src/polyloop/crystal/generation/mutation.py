"""Known compositions with one element exchanged or one amount changed: the baseline of a generator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import InvalidInputError
from polyloop.crystal.composition import Composition
from polyloop.crystal.generation.sequences import LARGEST_AMOUNT, ORDER, composition_of, fits, sequences

if TYPE_CHECKING:
    from polyloop.crystal.generation.wish import CompositionWish

__all__ = ["MutationGenerator"]

_NEAREST = 200
_TRIES = 50


class MutationGenerator:
    """Draws from the known compositions nearest to the wanted energy and changes each in one place.

    Parameters
    ----------
    compositions
        Known ones, length n; those that cannot be written as sequences are left out.
    energies
        Shape (n,), in eV/atom.
    stable
        Shape (n,), 1 for stable, 0 for not, -1 where not known; where the wish is stable, only stable ones are changed.
    """

    name = "mutation"

    def __init__(
        self, compositions: Sequence[Composition], energies: NDArray[np.float64], stable: NDArray[np.int64]
    ) -> None:
        rows = [row for row, one in enumerate(compositions) if fits(one) and np.isfinite(energies[row])]
        self._compositions = [compositions[row] for row in rows]
        self._energies, self._stable = energies[rows], stable[rows]

    def propose(self, wish: CompositionWish, n: int, rng: np.random.Generator) -> list[Composition]:
        """Return n compositions that hold the wanted elements.

        Raises
        ------
        InvalidInputError
            If none comes of the known ones by one change.
        """
        rows = np.flatnonzero(self._stable == 1) if wish.stable else np.arange(len(self._compositions))
        if wish.formation_energy is not None:
            off = np.abs(self._energies[rows] - wish.formation_energy)
            rows = rows[np.argsort(off, kind="stable")]
        rows = np.array([row for row in rows if _near(self._compositions[row], wish)][:_NEAREST], dtype=np.int64)
        found: list[Composition] = []
        for _ in range(_TRIES * n):
            if not len(rows) or len(found) == n:
                break
            changed = _changed(self._compositions[rng.choice(rows)], rng)
            if wish.admits(changed):
                found.append(changed)
        if len(found) < n:
            raise InvalidInputError(
                f"One change of a known composition gives {len(found)} of {n} that are wanted.",
                hint="Ask for fewer elements, or take the autoregressive generator.",
            )
        return found


def _near(composition: Composition, wish: CompositionWish) -> bool:
    """Return whether one exchange may make what is wanted of a composition."""
    held = set(composition.elements)
    wrong = held & set(wish.avoid) | (held - set(wish.allowed) if wish.allowed else set())
    return len(set(wish.include) - held) <= 1 and len(wrong) <= 1 and wish.elements[0] <= len(held) <= wish.elements[1]


def _changed(composition: Composition, rng: np.random.Generator) -> Composition:
    """Return a composition with one element exchanged for another, or one amount changed by one or two."""
    places, amounts = sequences([composition])
    row = np.zeros(len(ORDER), dtype=np.int64)
    held = places[0][places[0] >= 0]
    row[held] = amounts[0][: len(held)]
    place = int(rng.choice(held))
    if rng.random() < 0.5:
        others = np.flatnonzero(row == 0)
        # Elements near in electronegativity replace one another more often.
        odds = np.exp(-np.abs(others - place) / 8.0)
        row[int(rng.choice(others, p=odds / odds.sum()))] = row[place]
        row[place] = 0
    else:
        row[place] = np.clip(row[place] + rng.choice([-2, -1, 1, 2]), 1, LARGEST_AMOUNT)
    return composition_of(row)

"""Distinct proposals for a wish: a generator proposes, a model of the formation energy vouches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from polyloop.crystal.oxidation import charges_balance

if TYPE_CHECKING:
    from polyloop.crystal.composition import Composition
    from polyloop.crystal.formation_energy import FormationEnergyModel
    from polyloop.crystal.generation.wish import CompositionWish

__all__ = ["CompositionGenerator", "Proposal", "distinct_proposals"]

_TOLERANCE = 0.15
_ROUND, _FRUITLESS = 512, 20


class CompositionGenerator(Protocol):
    """What proposes compositions."""

    name: str

    def propose(self, wish: CompositionWish, n: int, rng: np.random.Generator) -> list[Composition]:
        """Return n compositions that hold the wanted elements; they may repeat."""
        ...


@dataclass(frozen=True)
class Proposal:
    """A composition that was proposed.

    Parameters
    ----------
    composition
        Which.
    formation_energy, std
        What the model of formation energies says, in eV/atom; None where no model was asked.
    """

    composition: Composition
    formation_energy: float | None = None
    std: float | None = None


def distinct_proposals(
    generator: CompositionGenerator,
    wish: CompositionWish,
    n: int,
    rng: np.random.Generator,
    *,
    model: FormationEnergyModel | None = None,
    refused: Callable[[Composition], bool] | None = None,
    tolerance: float = _TOLERANCE,
) -> list[Proposal]:
    """Return up to n distinct compositions as they come; fewer where 20 rounds in a row bring none.

    Parameters
    ----------
    model
        Vouches for the wanted energy: a proposal whose predicted energy is off by d is kept with the odds
        exp(-(d / tolerance)^2 / 2), and one of elements that the model has never seen is not. None keeps all.
    refused
        Says which compositions are not to be proposed.
    tolerance
        In eV/atom.
    """
    found: dict[Composition, Proposal] = {}
    seen: set[Composition] = set()
    fruitless = 0
    while len(found) < n and fruitless < _FRUITLESS:
        before = len(found)
        fresh = [
            one
            for one in dict.fromkeys(generator.propose(wish, _ROUND, rng))
            if one not in seen
            and not (refused is not None and refused(one))
            and (model is None or model.knows(one))
            and (not wish.neutral or charges_balance(one))
        ]
        energies, stds = _judged(model, fresh)
        kept = np.ones(len(fresh), dtype=bool)
        if model is not None and wish.formation_energy is not None:
            odds = np.exp(-0.5 * ((energies - wish.formation_energy) / tolerance) ** 2)
            kept = rng.random(len(fresh)) < odds
        for place, one in enumerate(fresh):
            seen.add(one)
            if kept[place] and len(found) < n:
                said = (float(energies[place]), float(stds[place])) if model is not None else (None, None)
                found[one] = Proposal(one, *said)
        fruitless = 0 if len(found) > before else fruitless + 1
    return list(found.values())


def _judged(
    model: FormationEnergyModel | None, compositions: list[Composition]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if model is None or not compositions:
        return np.zeros(len(compositions)), np.zeros(len(compositions))
    return model.predict(compositions)

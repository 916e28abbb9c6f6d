"""The prior of a design: which chains are worth proposing before anything is predicted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.design.inverse.chain_space import ChainSpace, States
from polyloop.design.inverse.residue_features import ELEMENTS
from polyloop.design.inverse.scope import StructureScope
from polyloop.design.library.scores import makeability

__all__ = ["DesignPrior"]


@dataclass(frozen=True)
class DesignPrior:
    """Weights of makeability and length, and what is ruled out.

    Parameters
    ----------
    makeability
        Power to which a chain's makeability (0 to 1; `library.scores`) enters; 0 leaves it out.
    typical_length
        Heavy atoms of a unit beyond which the prior falls by a factor of e for each as many again.
    most_price
        US$ of monomers for each kg of repeat unit; dearer chains are ruled out, and those of unknown price.
    scope
        Elements and sizes.

    Raises
    ------
    InvalidInputError
        If a number is out of range.
    """

    makeability: float = 1.0
    typical_length: float = 40.0
    most_price: float | None = None
    scope: StructureScope = field(default_factory=StructureScope)

    def __post_init__(self) -> None:
        if self.makeability < 0 or self.typical_length <= 0 or (self.most_price is not None and self.most_price <= 0):
            raise InvalidInputError("A prior needs a weight of 0 or more, and a length and a price above 0.")

    def log_weight(self, space: ChainSpace, states: States) -> NDArray[np.float64]:
        """Return the logarithm of what the base measure is multiplied by, -inf where ruled out, shape (n,)."""
        counts = space.features(states)[:, : len(ELEMENTS) + 1]
        cost, mass, difficulty = space.economics(states).T
        price = 1000.0 * cost / mass
        heavy = counts[:, 1:].sum(axis=1)
        value = -np.maximum(0.0, heavy / self.typical_length - 1.0)
        if self.makeability:
            made = [
                makeability(space.recipes[int(number)].rule, None if np.isnan(dear) else float(dear), float(hard))
                for number, dear, hard in zip(states[:, 0], price, difficulty, strict=True)
            ]
            value = value + self.makeability * np.log(made)
        ruled_out = heavy > self.scope.most_heavy_atoms
        for column, element in enumerate(ELEMENTS):
            most = self.scope.most.get(element, np.inf) if element in self.scope.elements else 0
            ruled_out = ruled_out | (counts[:, column] > most)
        if not self.scope.elements - set(ELEMENTS):
            ruled_out = ruled_out | (counts[:, len(ELEMENTS)] > 0)
        if self.most_price is not None:
            ruled_out = ruled_out | ~(price <= self.most_price)
        return np.where(ruled_out, -np.inf, value)

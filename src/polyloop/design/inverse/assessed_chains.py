"""The chains of a space that a designer has asked the oracle for: their texts, routes, features and priors."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import UnsupportedChemistryError
from polyloop.design.inverse.chain_space import ChainSpace, States
from polyloop.design.inverse.designer import Proposals
from polyloop.design.inverse.oracle import Assessment, Oracle
from polyloop.design.inverse.prior import DesignPrior
from polyloop.design.library import LibraryPolymer

__all__ = ["AssessedChains"]


class AssessedChains:
    """Asks the oracle for states of a chain space, and remembers what came of it."""

    def __init__(self, space: ChainSpace, prior: DesignPrior, oracle: Oracle) -> None:
        self.space, self.prior, self.oracle = space, prior, oracle
        self.states: list[States] = []
        self.assessments: list[Assessment] = []
        self.routes: dict[str, LibraryPolymer] = {}
        self.log_prior: dict[str, float] = {}

    def log_density(self, states: States) -> NDArray[np.float64]:
        """Return the logarithm of the prior of states, base measure included, shape (n,)."""
        return self.space.log_base(states) + self.prior.log_weight(self.space, states)

    def draw(self, n: int, rng: np.random.Generator) -> States:
        """Return n draws of the base measure that the prior does not rule out, shape (n, 4); fewer if it rules out
        nearly all."""
        found: list[States] = []
        count = 0
        for _ in range(50):
            states = self.space.draw(2 * n, rng)
            states = states[np.isfinite(self.prior.log_weight(self.space, states))]
            found.append(states)
            count += len(states)
            if count >= n:
                break
        return np.concatenate(found)[:n]

    def ask(self, states: Iterable[States], most: int) -> int:
        """Ask for states in turn, until `most` new polymers were asked for; return how many there were."""
        asked = 0
        for state in states:
            if asked >= most or not self.oracle.left:
                break
            try:
                polymer = self.space.polymer(state)
            except UnsupportedChemistryError:
                continue
            if self.oracle.knows(polymer.smiles):
                continue
            row = state.reshape(1, 4)
            self.routes[polymer.smiles] = polymer
            self.log_prior[polymer.smiles] = float(self.log_density(row)[0])
            (said,) = self.oracle.assess([polymer.smiles])
            if self.oracle.history and self.oracle.history[-1] is said:
                asked += 1
                self.states.append(state)
                self.assessments.append(said)
        return asked

    @property
    def asked(self) -> States:
        """The states that were asked for, shape (n, 4)."""
        return np.array(self.states, dtype=np.int64).reshape(-1, 4)

    def proposals(self) -> Proposals:
        """Return the routes and priors."""
        return Proposals(self.routes, self.log_prior)

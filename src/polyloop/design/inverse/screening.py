"""Designers that choose from a list of chains: at random, or by a surrogate that screens it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from polyloop.design.inverse.assessed_chains import AssessedChains
from polyloop.design.inverse.chain_space import ChainSpace
from polyloop.design.inverse.designer import Proposals
from polyloop.design.inverse.oracle import Oracle
from polyloop.design.inverse.prior import DesignPrior
from polyloop.design.inverse.surrogate import OracleSurrogate

__all__ = ["RandomDesigner", "ScreeningDesigner"]

_DRAWN, _IN_VAIN = 200, 20


@dataclass(frozen=True, eq=False)
class RandomDesigner:
    """Asks for draws of the prior's base measure: what any search has to beat."""

    space: ChainSpace
    prior: DesignPrior = field(default_factory=DesignPrior)

    def search(self, oracle: Oracle, rng: np.random.Generator) -> Proposals:
        """Ask the oracle until its calls are spent, or nothing new is drawn."""
        chains = AssessedChains(self.space, self.prior, oracle)
        in_vain = 0
        while oracle.left and in_vain < _IN_VAIN:
            in_vain = 0 if chains.ask(chains.draw(_DRAWN, rng), oracle.left) else in_vain + 1
        return chains.proposals()


@dataclass(frozen=True, eq=False)
class ScreeningDesigner:
    """Draws a pool once, and asks in batches for what a surrogate thinks most probable in it.

    Parameters
    ----------
    size
        Chains of the pool.
    first, rounds
        As in `PosteriorDesigner`.
    """

    space: ChainSpace
    prior: DesignPrior = field(default_factory=DesignPrior)
    size: int = 5000
    first: float = 0.05
    rounds: int = 30

    def search(self, oracle: Oracle, rng: np.random.Generator) -> Proposals:
        """Ask the oracle until its calls are spent, or the pool is."""
        chains = AssessedChains(self.space, self.prior, oracle)
        pool = np.unique(chains.draw(self.size, rng), axis=0)
        pool = pool[rng.permutation(len(pool))]
        opening = max(10, round(self.first * oracle.calls))
        chains.ask(pool, opening)
        batch = max(2, -(-(oracle.calls - opening) // self.rounds))
        features, log_prior = self.space.features(pool), chains.log_density(pool)
        surrogate: OracleSurrogate | None = None
        while oracle.left:
            known = self.space.features(chains.asked)
            surrogate = OracleSurrogate.fit(known, chains.assessments, oracle.targets, surrogate)
            if surrogate is None:
                order = np.arange(len(pool))
            else:
                order = np.argsort(-(log_prior + surrogate.log_likelihood(features)), kind="stable")
            if not chains.ask(pool[order], batch):
                break
        return chains.proposals()

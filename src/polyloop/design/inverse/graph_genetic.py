"""A genetic algorithm on repeat-unit graphs, which knows nothing of routes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from polyloop.design.inverse.assessed_chains import AssessedChains
from polyloop.design.inverse.chain_space import ChainSpace
from polyloop.design.inverse.designer import Proposals
from polyloop.design.inverse.graph_edits import crossed_units, mutated_unit
from polyloop.design.inverse.oracle import Oracle
from polyloop.design.inverse.pair_genetic import rank_weights
from polyloop.design.inverse.prior import DesignPrior

__all__ = ["GraphGeneticDesigner"]

_IN_VAIN = 20


@dataclass(frozen=True, eq=False)
class GraphGeneticDesigner:
    """The graph GA of Jensen (2019), doi:10.1039/C8SC05372C, on repeat units; it starts from draws of a library.

    Parameters
    ----------
    space, prior
        What the first population is drawn from.
    population
        Fittest units that have offspring.
    offspring
        Units of a generation.
    mutation
        Share of children that are mutated.
    """

    space: ChainSpace
    prior: DesignPrior = field(default_factory=DesignPrior)
    population: int = 50
    offspring: int = 25
    mutation: float = 0.5

    def search(self, oracle: Oracle, rng: np.random.Generator) -> Proposals:
        """Ask the oracle until its calls are spent, or nothing new is bred."""
        chains = AssessedChains(self.space, self.prior, oracle)
        chains.ask(chains.draw(4 * self.population, rng), min(self.population, oracle.calls // 4 + 1))
        in_vain = 0
        while oracle.left and in_vain < _IN_VAIN:
            before = oracle.left
            fittest = sorted(oracle.history, key=lambda one: -one.log_likelihood)[: self.population]
            if not fittest:
                break
            weights = rank_weights(np.array([one.log_likelihood for one in fittest]))
            for _ in range(2 * self.offspring):
                one, other = (fittest[int(row)].text for row in rng.choice(len(fittest), size=2, p=weights))
                child = crossed_units(one, other, rng)
                if child is not None and rng.random() < self.mutation:
                    child = mutated_unit(child, rng)
                elif child is None:
                    child = mutated_unit(one, rng)
                if child is not None and not oracle.knows(child):
                    oracle.assess([child])
                if before - oracle.left >= self.offspring or not oracle.left:
                    break
            in_vain = 0 if oracle.left < before else in_vain + 1
        return chains.proposals()

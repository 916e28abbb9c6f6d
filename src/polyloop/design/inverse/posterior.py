"""The designer of choice: posterior sampling over (rule, monomer, monomer), a surrogate between it and the oracle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.design.inverse.annealing import TemperedDensity, anneal
from polyloop.design.inverse.assessed_chains import AssessedChains
from polyloop.design.inverse.chain_space import ChainSpace, States
from polyloop.design.inverse.designer import Proposals
from polyloop.design.inverse.oracle import Oracle
from polyloop.design.inverse.prior import DesignPrior
from polyloop.design.inverse.surrogate import OracleSurrogate

__all__ = ["PosteriorDesigner"]

# Rounds that bring nothing new, after which the space is exhausted as far as the prior lets it be.
_IN_VAIN = 3


@dataclass(frozen=True, eq=False)
class PosteriorDesigner:
    """Sequential Monte Carlo over the chains of a library.

    In each round a surrogate learns all that the oracle has said; particles are carried from the prior to the posterior
    under the surrogate's likelihood, its doubt included; and of the chains that they visited a batch is asked of the
    oracle: a share of the most probable ones, the rest drawn with the posterior's weights. In a batch no monomer takes
    more than a share of the places.

    Parameters
    ----------
    space, prior
        What is searched, and what is worth it.
    first
        Share of the calls that go to draws of the prior before there is a surrogate; ten at least.
    rounds
        Number of batches for the rest.
    particles
        Size of the population.
    diversity
        Largest share of a batch that may hold the same monomer.
    greedy
        Share of a batch that goes to the most probable chains; chosen as docs/validation/inverse_design.md says.

    Raises
    ------
    InvalidInputError
        If a number is out of range.
    """

    space: ChainSpace
    prior: DesignPrior = field(default_factory=DesignPrior)
    first: float = 0.05
    rounds: int = 30
    particles: int = 400
    diversity: float = 0.3
    greedy: float = 0.8

    def __post_init__(self) -> None:
        shares = 0.0 < self.first <= 1.0 and 0.0 < self.diversity <= 1.0 and 0.0 <= self.greedy <= 1.0
        if not shares or self.rounds < 1 or self.particles < 10:
            raise InvalidInputError("A designer needs shares from 0 to 1, a round, and ten particles.")

    def search(self, oracle: Oracle, rng: np.random.Generator) -> Proposals:
        """Ask the oracle until its calls are spent, or there is nothing new to ask."""
        chains = AssessedChains(self.space, self.prior, oracle)
        opening = max(10, round(self.first * oracle.calls))
        chains.ask(chains.draw(4 * opening, rng), opening)
        batch = max(2, -(-(oracle.calls - opening) // self.rounds))
        surrogate: OracleSurrogate | None = None
        in_vain = 0
        while oracle.left and in_vain < _IN_VAIN:
            features = self.space.features(chains.asked)
            surrogate = OracleSurrogate.fit(features, chains.assessments, oracle.targets, surrogate)
            if surrogate is None:
                fresh = iter(chains.draw(4 * batch, rng))
            else:
                fresh = self._chosen(chains, surrogate, batch, rng)
            in_vain = 0 if chains.ask(fresh, batch) else in_vain + 1
        return chains.proposals()

    def _chosen(
        self, chains: AssessedChains, surrogate: OracleSurrogate, batch: int, rng: np.random.Generator
    ) -> Iterator[States]:
        """Yield states to ask for, the best and drawn ones in turn."""
        visited = _Visited(self.space, surrogate)
        density = TemperedDensity(chains.log_density, visited.log_likelihood)
        start = chains.draw(self.particles, rng)
        if not len(start):
            return
        anneal(start, density, self.space.propose, rng)
        states, likelihood = visited.unasked(chains.asked)
        if not len(states):
            return
        posterior = likelihood + chains.log_density(states)
        best = np.argsort(-posterior, kind="stable")
        # The largest of log weight plus a Gumbel variable, in turn, are a sample without replacement.
        drawn = np.argsort(-(posterior + rng.gumbel(size=len(posterior))), kind="stable")
        yield from self._spread(states, self._mixed(best, drawn, rng), batch)

    def _mixed(self, best: NDArray[np.intp], drawn: NDArray[np.intp], rng: np.random.Generator) -> Iterator[int]:
        """Yield rows of both orders, each next one from the first with the probability `greedy`."""
        takes = rng.random(2 * len(best)) < self.greedy
        orders = iter(best), iter(drawn)
        for take in takes:
            row = next(orders[0 if take else 1], None)
            if row is not None:
                yield int(row)

    def _spread(self, states: States, rows: Iterator[int], batch: int) -> Iterator[States]:
        most = max(1, round(self.diversity * batch))
        used: dict[str, int] = {}
        seen: set[int] = set()
        spare: list[int] = []
        for row in rows:
            if row in seen:
                continue
            seen.add(row)
            names = {entry.residue.text for entry in self.space.chain(states[row]).entries}
            if any(used.get(name, 0) >= most for name in names):
                spare.append(row)
                continue
            for name in names:
                used[name] = used.get(name, 0) + 1
            yield states[row]
        for row in spare:
            yield states[row]


class _Visited:
    """Remembers the surrogate's likelihood of every state that the particles visited."""

    def __init__(self, space: ChainSpace, surrogate: OracleSurrogate) -> None:
        self._space, self._surrogate = space, surrogate
        self._known: dict[bytes, float] = {}

    def log_likelihood(self, states: States) -> NDArray[np.float64]:
        keys = [state.tobytes() for state in states]
        new = list({key: row for row, key in enumerate(keys) if key not in self._known}.values())
        if new:
            found = self._surrogate.log_likelihood(self._space.features(states[new]))
            self._known.update({keys[row]: float(value) for row, value in zip(new, found, strict=True)})
        return np.array([self._known[key] for key in keys])

    def unasked(self, asked: States) -> tuple[States, NDArray[np.float64]]:
        for state in asked:
            self._known.pop(state.tobytes(), None)
        states = np.frombuffer(b"".join(self._known), dtype=np.int64).reshape(-1, 4)
        return states, np.array(list(self._known.values()))

"""Sequential Monte Carlo over strings with a language model, as iQSPR publishes it: the baseline of inverse design."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError
from polyloop.design.inverse.designer import Proposals
from polyloop.design.inverse.oracle import Oracle
from polyloop.design.language.generator import RepeatUnitGenerator

__all__ = ["StringDesigner", "published_exponent"]

_IN_VAIN = 30


def published_exponent(progress: float) -> float:
    """Return the exponent of the likelihood at a share of the run: in fifths 0.01 to 0.2 (two), to 0.4, to 1, and 1."""
    return float(np.interp(progress, (0.0, 0.4, 0.6, 0.8, 1.0), (0.01, 0.2, 0.4, 1.0, 1.0)))


@dataclass(frozen=True, eq=False)
class StringDesigner:
    """Resampling by likelihood and mutation of every particle, without a Metropolis step.

    The exponents are those of the published code (20 steps from 0.01 to 0.2, 10 to 0.4, 10 to 1, 10 at 1), spread over
    the calls. Units that have no likelihood, or are not written by the model, have no offspring.

    Parameters
    ----------
    generator
        Language model that writes and mutates units.
    particles
        Population; None takes the calls over 50 steps, and 20 at least.

    References
    ----------
    Ikebata et al. (2017), doi:10.1007/s10822-016-0008-z.
    """

    generator: RepeatUnitGenerator
    particles: int | None = None

    def search(self, oracle: Oracle, rng: np.random.Generator) -> Proposals:
        """Ask the oracle until its calls are spent, or nothing new is written."""
        n = self.particles or max(20, oracle.calls // 50)
        population = self._readable(self.generator.sample(n, rng=rng))
        in_vain = 0
        while oracle.left and in_vain < _IN_VAIN:
            before = oracle.left
            said = {one.text: one.log_likelihood for one in oracle.assess(list(dict.fromkeys(population)))}
            in_vain = 0 if oracle.left < before else in_vain + 1
            units = [text for text in population if np.isfinite(said.get(text, -np.inf))]
            if not units:
                population = self._readable(self.generator.sample(n, rng=rng))
                continue
            beta = published_exponent(1.0 - oracle.left / oracle.calls)
            distinct, counts = np.unique(units, return_counts=True)
            logs = beta * np.array([said[text] for text in distinct]) + np.log(counts)
            weights = np.exp(logs - logs.max())
            chosen = rng.choice(len(distinct), size=n, p=weights / weights.sum())
            population = self._readable([self._mutated(str(distinct[row]), rng) for row in chosen])
        return Proposals({}, {})

    def _mutated(self, text: str, rng: np.random.Generator) -> str:
        try:
            return self.generator.propose(text, rng=rng)
        except InvalidInputError:
            # Tokens do not say charges and isotopes.
            return text

    def _readable(self, texts: list[str]) -> list[str]:
        found = []
        for text in texts:
            try:
                found.append(Polymer(text).canonical)
            except InvalidInputError:
                continue
        return found

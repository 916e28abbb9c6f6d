"""Sequential Monte Carlo with adaptive annealing, and the Metropolis-Hastings step that it moves particles by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Particles", "TemperedDensity", "anneal"]

States = NDArray[np.int64]
Densities = Callable[[States], NDArray[np.float64]]
Propose = Callable[[States, np.random.Generator], tuple[States, NDArray[np.float64]]]
# The least step of the exponent: below it the likelihoods are so far apart that no population bridges them.
_LEAST_STEP = 1e-6


@dataclass(frozen=True, eq=False)
class Particles:
    """A population of equal weights.

    Parameters
    ----------
    states
        Shape (n, k).
    log_likelihood
        Shape (n,).
    log_evidence
        Estimate of the logarithm of the mean likelihood under the prior.
    temperatures
        Exponents of the likelihood from 0 to 1.
    acceptance
        Share of moves that were accepted.
    """

    states: States
    log_likelihood: NDArray[np.float64]
    log_evidence: float
    temperatures: tuple[float, ...]
    acceptance: float


@dataclass(frozen=True, eq=False)
class TemperedDensity:
    """The density prior x likelihood^b, up to a constant.

    Parameters
    ----------
    log_prior, log_likelihood
        Map states, shape (n, k), to logarithms, shape (n,).
    """

    log_prior: Densities
    log_likelihood: Densities

    def terms(self, states: States) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return log prior and log likelihood; the latter is not asked for where the prior is 0."""
        prior = self.log_prior(states)
        possible, likelihood = np.isfinite(prior), np.full(len(states), -np.inf)
        if possible.any():
            likelihood[possible] = self.log_likelihood(states[possible])
        return prior, likelihood

    def metropolis(
        self,
        states: States,
        terms: tuple[NDArray[np.float64], NDArray[np.float64]],
        beta: float,
        propose: Propose,
        rng: np.random.Generator,
    ) -> tuple[States, tuple[NDArray[np.float64], NDArray[np.float64]], float]:
        """Move each state by one Metropolis-Hastings step, which leaves prior x likelihood^beta invariant.

        Returns
        -------
        tuple
            The states, their log prior and log likelihood, and the share of moves that were accepted.

        References
        ----------
        Hastings (1970), doi:10.1093/biomet/57.1.97.
        """
        moved, ratio = propose(states, rng)
        prior, likelihood = terms
        log_prior, log_likelihood = self.terms(moved)
        with np.errstate(invalid="ignore"):
            change = log_prior - prior + beta * (log_likelihood - likelihood) + ratio
        taken = np.log(rng.random(len(states))) < change
        kept = np.where(taken, log_prior, prior), np.where(taken, log_likelihood, likelihood)
        return np.where(taken[:, None], moved, states), kept, float(taken.mean())


def anneal(
    states: States,
    density: TemperedDensity,
    propose: Propose,
    rng: np.random.Generator,
    *,
    effective: float = 0.5,
    moves: int = 3,
) -> Particles:
    """Carry draws of the prior to the posterior, prior x likelihood^b with b from 0 to 1.

    Each step of b is the largest that keeps the effective sample size at a share of the population; then particles are
    resampled (systematically) and moved.

    Parameters
    ----------
    states
        Draws of the prior, shape (n, k); the likelihood of some must not be 0.
    propose
        As `ChainSpace.propose`.
    effective
        Share of the population that the effective sample size is kept at.
    moves
        Metropolis steps after each resampling.

    References
    ----------
    Del Moral, Doucet & Jasra (2006), doi:10.1111/j.1467-9868.2006.00553.x; adaptive steps: Jasra et al. (2011),
    doi:10.1111/j.1467-9469.2010.00723.x.
    """
    beta, evidence = 0.0, 0.0
    terms = density.terms(states)
    temperatures, accepted = [0.0], []
    while beta < 1.0:
        step = _next_step(terms[1], beta, effective)
        logs = step * terms[1]
        top = logs.max()
        weights = np.exp(logs - top)
        evidence += float(top + np.log(weights.mean()))
        rows = _systematic(weights / weights.sum(), rng)
        states, terms = states[rows], (terms[0][rows], terms[1][rows])
        beta = 1.0 if beta + step > 1.0 - _LEAST_STEP else beta + step
        temperatures.append(beta)
        for _ in range(moves):
            states, terms, share = density.metropolis(states, terms, beta, propose, rng)
            accepted.append(share)
    acceptance = float(np.mean(accepted)) if accepted else 0.0
    return Particles(states, terms[1], evidence, tuple(temperatures), acceptance)


def _next_step(likelihood: NDArray[np.float64], beta: float, effective: float) -> float:
    """Return the largest step of the exponent that keeps the effective sample size, by bisection."""
    n, most = len(likelihood), 1.0 - beta

    def size(step: float) -> float:
        logs = step * likelihood
        weights = np.exp(logs - logs.max())
        return float(weights.sum() ** 2 / (weights**2).sum())

    # Where some particles have no likelihood at all, not even the smallest step keeps them.
    wanted = effective * np.isfinite(likelihood).sum() if np.isneginf(likelihood).any() else effective * n
    if size(most) >= wanted:
        return most
    low, high = 0.0, most
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if size(middle) >= wanted else (low, middle)
    return max(low, min(_LEAST_STEP, most))


def _systematic(weights: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.intp]:
    ends = np.cumsum(weights)
    places = (rng.random() + np.arange(len(weights))) / len(weights)
    return np.minimum(np.searchsorted(ends, places), len(weights) - 1)

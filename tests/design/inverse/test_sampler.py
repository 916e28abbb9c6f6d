"""The sampler is exact: on a space that can be listed it agrees with the posterior; moves leave it invariant."""

from __future__ import annotations

import numpy as np
import pytest

from polyloop.design.inverse import ChainSpace, DesignPrior
from polyloop.design.inverse.annealing import TemperedDensity, anneal

PRIOR = DesignPrior(makeability=0.5, typical_length=10.0)


def rows_of(states: np.ndarray, listed: np.ndarray) -> np.ndarray:
    place = {state.tobytes(): row for row, state in enumerate(listed)}
    return np.array([place[state.tobytes()] for state in states])


def density_of(space: ChainSpace) -> TemperedDensity:
    def log_likelihood(states: np.ndarray) -> np.ndarray:
        # Any function will do; this one prefers some 12 carbon atoms, and differs by e^30 over the space.
        return -0.3 * (space.features(states)[:, 1] - 12.0) ** 2

    return TemperedDensity(lambda states: space.log_base(states) + PRIOR.log_weight(space, states), log_likelihood)


def exact_posterior(space: ChainSpace, beta: float = 1.0) -> tuple[np.ndarray, np.ndarray, float]:
    """All states, their exact probabilities, and the logarithm of the mean likelihood under the prior."""
    listed = space.all_states()
    prior, likelihood = density_of(space).terms(listed)
    joint = np.exp(prior + beta * likelihood)
    return listed, joint / joint.sum(), float(np.log(joint.sum() / np.exp(prior).sum()))


def draws_of_prior(space: ChainSpace, n: int, rng: np.random.Generator) -> np.ndarray:
    listed, probabilities, _ = exact_posterior(space, beta=0.0)
    return listed[rng.choice(len(listed), size=n, p=probabilities)]


def test_every_chain_of_the_library_is_one_state(space: ChainSpace) -> None:
    listed = space.all_states()
    assert len(listed) == len(space) == len({state.tobytes() for state in listed})


def test_a_state_is_the_chain_that_the_library_has_there(space: ChainSpace) -> None:
    made = []
    for number, recipe in enumerate(space.recipes):
        made += [(number, space.library.polymer(recipe.rule, recipe[index]).smiles) for index in range(len(recipe))]
    assert [(int(state[0]), space.polymer(state).smiles) for state in space.all_states()] == made


def test_metropolis_leaves_the_exact_distribution_invariant(space: ChainSpace) -> None:
    rng = np.random.default_rng(1)
    beta = 0.05
    listed, probabilities, _ = exact_posterior(space, beta)
    n = 6000
    states = listed[rng.choice(len(listed), size=n, p=probabilities)]
    density = density_of(space)
    terms = density.terms(states)
    for _ in range(8):
        states, terms, _ = density.metropolis(states, terms, beta, space.propose, rng)
    counts = np.bincount(rows_of(states, listed), minlength=len(listed))
    expected = n * probabilities
    frequent = expected > 5.0
    statistic = ((counts - expected)[frequent] ** 2 / expected[frequent]).sum()
    # Chi-squared with as many degrees of freedom: five standard deviations.
    assert statistic < frequent.sum() + 5.0 * np.sqrt(2.0 * frequent.sum())


def test_metropolis_reaches_the_distribution_from_one_state(space: ChainSpace) -> None:
    rng = np.random.default_rng(2)
    listed, probabilities, _ = exact_posterior(space, beta=0.05)
    density = density_of(space)
    states = np.repeat(listed[:1], 800, axis=0)
    terms = density.terms(states)
    for _ in range(80):
        states, terms, _ = density.metropolis(states, terms, 0.05, space.propose, rng)
    carbons = space.features(listed)[:, 1]
    mean = float(probabilities @ carbons)
    spread = float(np.sqrt(probabilities @ (carbons - mean) ** 2))
    assert space.features(states)[:, 1].mean() == pytest.approx(mean, abs=5.0 * spread / np.sqrt(800))


def test_annealed_particles_agree_with_the_exact_posterior(space: ChainSpace) -> None:
    rng = np.random.default_rng(3)
    listed, probabilities, evidence = exact_posterior(space)
    runs = [anneal(draws_of_prior(space, 1500, rng), density_of(space), space.propose, rng, moves=4) for _ in range(4)]
    counts = np.mean([np.bincount(rows_of(run.states, listed), minlength=len(listed)) / 1500 for run in runs], axis=0)
    assert 0.5 * np.abs(counts - probabilities).sum() < 0.1
    # The evidence is estimated without bias; four runs scatter by about 0.05.
    assert np.mean([run.log_evidence for run in runs]) == pytest.approx(evidence, abs=0.2)
    assert all(run.temperatures[0] == 0.0 and run.temperatures[-1] == 1.0 for run in runs)


def test_steps_keep_the_effective_sample_size(space: ChainSpace) -> None:
    rng = np.random.default_rng(4)
    fine = anneal(draws_of_prior(space, 400, rng), density_of(space), space.propose, rng, effective=0.9)
    coarse = anneal(draws_of_prior(space, 400, rng), density_of(space), space.propose, rng, effective=0.3)
    assert len(fine.temperatures) > 2 * len(coarse.temperatures)


def test_what_the_prior_rules_out_is_never_visited(space: ChainSpace) -> None:
    dear = DesignPrior(most_price=15.0)
    listed = space.all_states()
    allowed = listed[np.isfinite(dear.log_weight(space, listed))]
    assert 0 < len(allowed) < len(listed)
    assert all((space.polymer(state).price or np.inf) <= 15.0 for state in allowed)
    density = TemperedDensity(lambda states: dear.log_weight(space, states), lambda states: np.zeros(len(states)))
    states, terms = allowed, density.terms(allowed)
    rng = np.random.default_rng(5)
    for _ in range(10):
        states, terms, _ = density.metropolis(states, terms, 1.0, space.propose, rng)
    assert np.isfinite(dear.log_weight(space, states)).all()


def test_prices_and_makeability_of_states_are_those_of_the_library(space: ChainSpace) -> None:
    listed = space.all_states()
    weights = DesignPrior(makeability=1.0, typical_length=1e9).log_weight(space, listed)
    for state, weight, row in zip(listed, weights, space.economics(listed), strict=True):
        polymer = space.polymer(state)
        assert np.exp(weight) == pytest.approx(polymer.makeability, abs=6e-5)
        if polymer.price is None:
            assert np.isnan(row[0])
        else:
            assert 1000.0 * row[0] / row[1] == pytest.approx(polymer.price, abs=1e-3)

"""Constraints met with a stated probability, improvement per cost, and a budget for the batch."""

import numpy as np
import pytest
from scipy.stats import norm

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.design import Objective, default_reference_point, propose
from polyloop.design.acquisition import Constraint, Feasibility
from polyloop.design.acquisition.expected_hypervolume import expected_excess
from polyloop.learn import GaussianProcess
from polyloop.learn.surrogate import take

N, V = Objective("refractive_index"), Objective("abbe_number")
POOL, KNOWN = 80, np.arange(0, 80, 6)


def pool():
    rng = np.random.default_rng(3)
    X = {"x": BlockValues(rng.uniform(-2, 2, (POOL, 2)), "physical")}
    x = X["x"].values
    # Refractive index, Abbe number, density; where the index is high the density is too.
    return X, np.column_stack(
        [1.5 + 0.1 * x[:, 0] + 0.03 * np.sin(4 * x[:, 1]), 40 - 5 * x[:, 0] + 4 * x[:, 1], 1.2 + 0.2 * x[:, 0]]
    )


def ask(rule=None, objectives=(N,), acquisition="ei", batch=5, **changes):
    X, Y = pool()
    models = [GaussianProcess().fit(take(X, KNOWN), Y[KNOWN, j]) for j in range(3)]
    feasibility = Feasibility([rule], models[2:], Y[KNOWN, 2:]) if rule is not None else None
    seen = Y[KNOWN][:, : len(objectives)]
    arguments = {
        "batch": batch, "acquisition": acquisition, "rng": np.random.default_rng(0), "feasibility": feasibility,
        "exclude": np.isin(np.arange(POOL), KNOWN),
        "reference_point": default_reference_point(seen, objectives) if acquisition == "ehvi" else None,
    } | changes  # fmt: skip
    return propose(models[: len(objectives)], X, seen, list(objectives), **arguments), models, X, Y


@pytest.mark.parametrize(("low", "high"), [(1.1, 1.3), (None, 1.2), (1.25, None)])
def test_the_chance_of_a_constraint_is_that_of_the_normal_distribution(low, high):
    X, Y = pool()
    prediction = GaussianProcess().fit(take(X, KNOWN), Y[KNOWN, 2]).predict(X)
    upper = 1.0 if high is None else norm.cdf((high - prediction.mean) / prediction.std)
    lower = 0.0 if low is None else norm.cdf((low - prediction.mean) / prediction.std)
    np.testing.assert_allclose(Constraint("density", low, high).chance(prediction), upper - lower, atol=1e-12)


@pytest.mark.parametrize(("objectives", "acquisition"), [((N,), "ei"), ((N, V), "ehvi"), ((N,), "uncertainty")])
@pytest.mark.parametrize("probability", [0.5, 0.95])
def test_only_candidates_with_the_stated_probability_are_proposed(objectives, acquisition, probability):
    rule = Constraint("density", high=1.25, probability=probability)
    free, *_ = ask(None, objectives, acquisition)
    bound, models, X, _ = ask(rule, objectives, acquisition)
    chance = rule.chance(models[2].predict(X))
    assert len(bound.indices) == 5
    assert (chance[bound.indices] >= probability).all()
    assert (chance[free.indices] < probability).any(), "the comparison is empty where the constraint does not bind"


def test_the_first_pick_has_the_largest_product_of_improvement_over_feasible_values_and_probability():
    rule = Constraint("density", high=1.25, probability=0.1)
    proposal, models, X, Y = ask(rule)
    prediction = models[0].predict(X)
    best = Y[KNOWN, 0][Y[KNOWN, 2] <= 1.25].max()
    u = (prediction.mean - best) / prediction.std
    improvement = prediction.std * (u * norm.cdf(u) + norm.pdf(u))
    chance = rule.chance(models[2].predict(X))
    product = np.where((chance >= 0.1) & ~np.isin(np.arange(POOL), KNOWN), improvement * chance, -1.0)
    assert proposal.indices[0] == product.argmax()
    spread = Y[KNOWN, 0][Y[KNOWN, 2] <= 1.25].std()
    assert proposal.scores[0] == pytest.approx(product.max() / spread, rel=1e-9)


def test_where_nothing_is_sure_enough_what_comes_nearest_is_proposed():
    rule = Constraint("density", high=0.2, probability=0.9)
    proposal, models, X, _ = ask(rule)
    chance = rule.chance(models[2].predict(X))
    chance[KNOWN] = -1.0
    assert len(proposal.indices) >= 1
    assert chance[proposal.indices[0]] == chance.max()
    assert not proposal.exhausted


def test_improvement_is_per_cost_and_the_batch_stays_within_its_budget():
    costs = np.linspace(1, 20, POOL)
    alike, dear = ask()[0], ask(costs=np.full(POOL, 4.0))[0]
    np.testing.assert_array_equal(alike.indices, dear.indices)
    np.testing.assert_allclose(dear.scores, alike.scores / 4.0)
    for budget in (3.0, 17.0, 60.0):
        batch = ask(costs=costs, budget=budget, batch=POOL)[0]
        assert 0 < costs[batch.indices].sum() <= budget
        left = np.setdiff1d(np.arange(POOL), np.r_[batch.indices, KNOWN])
        assert costs[left].min() > budget - costs[batch.indices].sum()  # nothing more would fit
    assert len(ask(costs=costs, budget=0.5)[0].indices) == 0
    costs = np.ones(POOL)
    costs[alike.indices[0]] = 1e9
    assert ask(costs=costs)[0].indices[0] != alike.indices[0]


def test_lazy_picking_with_costs_is_that_of_scoring_everything_again():
    X, Y = pool()
    costs = 1 + 3 * np.random.default_rng(1).random(POOL)
    batch, models, *_ = ask(costs=costs, batch=4)
    model, best, free = models[0], Y[KNOWN, 0].max(), ~np.isin(np.arange(POOL), KNOWN)
    for pick in batch.indices:
        prediction = model.predict(X)
        rate = np.where(free, expected_excess(prediction.mean, prediction.std, np.array([best]))[:, 0] / costs, -1)
        assert rate.argmax() == pick
        model = model.condition(take(X, [pick]), prediction.mean[[pick]])
        best, free[pick] = max(best, prediction.mean[pick]), False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "needs 'low', 'high' or both"),
        ({"low": 2.0, "high": 1.0}, "below 'high'"),
        ({"low": 1.0, "probability": 1.0}, "cannot be asked for"),
    ],
)
def test_a_constraint_that_makes_no_sense_is_refused(arguments, message):
    with pytest.raises(ConfigurationError, match=message):
        Constraint("density", **arguments)


def test_what_does_not_fit_is_refused():
    X, Y = pool()
    rule = Constraint("density", high=1.3)
    with pytest.raises(ConfigurationError, match="no constraints and no costs"):
        ask(rule, acquisition="ucb")
    with pytest.raises(InvalidInputError, match="needs the candidates' costs"):
        ask(budget=3.0)
    with pytest.raises(InvalidInputError, match="80 positive numbers"):
        ask(costs=np.zeros(POOL))
    with pytest.raises(InvalidInputError, match="one model and one column"):
        Feasibility([rule], [], Y[KNOWN, 2:])
    model = GaussianProcess().fit(take(X, KNOWN), Y[KNOWN, 2])
    with pytest.raises(InvalidInputError, match="one row for each row"):
        ask(feasibility=Feasibility([rule], [model], Y[:3, 2:]))

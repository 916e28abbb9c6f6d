"""Questions at several levels: within the budget, never twice, worth their cost, and equal to their definitions."""

import numpy as np
import pytest
from scipy.stats import norm

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.design import Objective
from polyloop.design.acquisition import (
    Constraint,
    Feasibility,
    expected_hypervolume_improvement,
    free_cells,
    propose_levels,
)
from polyloop.design.acquisition.improvement_probability import improvement_probability
from polyloop.learn import MultilevelGaussianProcess
from polyloop.learn.surrogate import stack, take

N, V = Objective("refractive_index"), Objective("abbe_number", "minimize")
LEVELS = ["instant", "full"]
COSTS = {"instant": 1.0, "full": 10.0}
POOL = 50


def pool():
    rng = np.random.default_rng(2)
    return {"x": BlockValues(rng.uniform(-2, 2, (POOL, 2)), "physical")}


def truth(X, level):
    x = X["x"].values
    n = 1.5 + 0.1 * np.sin(2 * x[:, 0]) + 0.03 * x[:, 1]
    v = 40 + 5 * x[:, 1] - 3 * x[:, 0]
    return np.column_stack([n, v]) + np.where(np.asarray(level)[:, None] == 1, 0.0, [[0.02, 1.0]])


def models(X, noise=None):
    """Fit both properties on twelve cheap values and five of the target."""
    rows = stack(take(X, slice(0, 12)), take(X, slice(0, 5)))
    level = np.repeat([0, 1], [12, 5])
    Y = truth(rows, level)
    fitted = [MultilevelGaussianProcess(LEVELS).fit(rows, Y[:, j], noise, level=level) for j in range(2)]
    return fitted, Y[12:]


def asked(value=False):
    mask = np.full((POOL, 2), value)
    mask[:12, 0], mask[:5, 1] = True, True
    return mask


def ask(objectives=(N, V), **changes):
    X = pool()
    fitted, Y = models(X)
    m = len(objectives)
    arguments = {"costs": COSTS, "budget": 25.0, "reference_point": (1.3, 60.0)[:m], "exclude": asked()} | changes
    return propose_levels(fitted[:m], X, Y[:, :m], list(objectives), **arguments)


@pytest.mark.parametrize("objectives", [(N,), (N, V), (Objective("refractive_index", "range", 1.52, 1.55),)])
@pytest.mark.parametrize("budget", [1.0, 9.5, 25.0])
def test_questions_stay_within_the_budget_and_are_never_asked_twice(objectives, budget):
    point = (0.3,) if objectives[0].direction == "range" else (1.3, 60.0)[: len(objectives)]
    first, again = (ask(objectives, budget=budget, reference_point=point) for _ in range(2))
    pairs = list(zip(first.indices.tolist(), first.levels, strict=True))
    assert len(pairs) == len(set(pairs)) > 0
    assert first.costs.sum() <= budget
    assert budget - first.costs.sum() < min(COSTS.values())  # another cheap one would fit
    assert not any(asked()[row, LEVELS.index(level)] for row, level in pairs)
    assert pairs == list(zip(again.indices.tolist(), again.levels, strict=True))
    assert first.mean.shape == first.std.shape == (len(pairs), len(objectives))


def test_what_is_not_sure_enough_to_meet_a_constraint_is_asked_at_no_level():
    X, limit = pool(), 38.0
    fitted, Y = models(X)
    rule = Constraint("abbe_number", high=limit, probability=0.8)
    feasibility = Feasibility([rule], [fitted[1]], Y[:, 1:])
    sure = np.flatnonzero(rule.chance(fitted[1].predict(X)) >= 0.8)
    free, held = ask((N,), budget=40.0), ask((N,), budget=40.0, feasibility=feasibility)
    assert set(held.indices) <= set(sure)
    assert not set(free.indices) <= set(sure)
    # The improvement is over the best that meets the constraint, times the probability of meeting it.
    with pytest.raises(InvalidInputError, match="nothing to improve on"):
        ask((N,), feasibility=Feasibility([Constraint("abbe_number", high=1.0)], [fitted[1]], Y[:, 1:]),
            reference_point=None)  # fmt: skip


def test_a_budget_that_buys_nothing_gives_nothing():
    assert len(ask(budget=0.5).indices) == 0
    assert len(ask(exclude=np.ones((POOL, 2), dtype=bool)).indices) == 0


def test_the_first_question_is_the_one_of_the_largest_expected_improvement_per_expected_cost():
    X = pool()
    fitted, Y = models(X)
    proposal = ask((N,), reference_point=None)
    best, rates = Y[:, 0].max(), {}
    for row in range(POOL):
        for level, name in enumerate(LEVELS):
            if asked()[row, level] or asked()[row, 1]:
                continue
            mean, covariance = fitted[0].joint(take(X, [row, row]), [name, "full"])
            s = abs(covariance[0, 1]) / np.sqrt(covariance[0, 0] + fitted[0].noise_std()[level] ** 2)
            gain = mean[1] - best
            improvement = gain * norm.cdf(gain / s) + s * norm.pdf(gain / s)
            rates[row, name] = improvement / (COSTS[name] + (10.0 * norm.cdf(gain / s) if level == 0 else 0.0))
    wanted = max(rates, key=rates.get)
    assert (proposal.indices[0], proposal.levels[0]) == wanted
    assert proposal.scores[0] == pytest.approx(rates[wanted] / Y[:, 0].std(), rel=1e-6)


def test_each_pick_is_that_of_models_conditioned_on_the_picks_before():
    X = pool()
    fitted, Y = models(X)
    batch = ask((N,), reference_point=None, budget=6.0, costs={"instant": 1.0, "full": 3.0})
    model, exclude = fitted[0], asked()
    spread, left = Y[:, 0].std(), 6.0
    for row, level, score in zip(batch.indices, batch.levels, batch.scores, strict=True):
        alone = propose_levels([model], X, Y[:, :1], [N], costs={"instant": 1.0, "full": 3.0},
                               budget=left, exclude=exclude)  # fmt: skip
        assert (alone.indices[0], alone.levels[0]) == (row, level)
        assert alone.scores[0] * Y[:, 0].std() == pytest.approx(score * spread, rel=1e-5)
        one = take(X, [row])
        believed = model.predict(one, [level]).mean
        model = model.condition(one, believed, level=[level])
        exclude[row, LEVELS.index(level)] = True
        exclude[row] |= level == "full"
        left -= {"instant": 1.0, "full": 3.0}[level]
        if level == "full":
            Y = np.vstack([Y, [believed[0], 0.0]])


def test_a_cheap_level_as_dear_as_the_target_or_without_relation_to_it_is_not_asked():
    assert set(ask((N,), reference_point=None, costs={"instant": 10.0, "full": 10.0}, budget=30.0).levels) == {"full"}
    X, rng = pool(), np.random.default_rng(0)
    rows, level = take(X, np.r_[0:40, 0:40]), np.repeat([0, 1], 40)
    y = np.concatenate([rng.normal(1.5, 0.1, 40), truth(take(X, slice(0, 40)), np.ones(40))[:, 0]])
    model = MultilevelGaussianProcess(LEVELS).fit(rows, y, level=level)
    exclude = np.zeros((POOL, 2), dtype=bool)
    exclude[:40] = True
    unrelated = propose_levels([model], X, y[40:, None], [N], costs={"instant": 2.0, "full": 10.0}, budget=10.0,
                               exclude=exclude)  # fmt: skip
    assert unrelated.levels == ("full",)


def test_a_row_whose_target_is_known_or_asked_is_not_asked_at_a_cheaper_level():
    mask = np.zeros((POOL, 2), dtype=bool)
    mask[:5, 1] = True
    batch = ask((N,), reference_point=None, budget=200.0, exclude=mask)
    assert not set(batch.indices.tolist()) & set(range(5))
    target = [row for row, level in zip(batch.indices, batch.levels, strict=True) if level == "full"]
    for row in target:
        levels = [level for r, level in zip(batch.indices, batch.levels, strict=True) if r == row]
        assert levels[-1] == "full"


def test_a_cheap_level_that_tells_nearly_all_is_asked_first():
    assert set(ask((N,), reference_point=None, budget=5.0).levels) == {"instant"}
    assert ask((N,), reference_point=None, costs={"instant": 0.01, "full": 10.0}, budget=11.0).levels[0] == "instant"


def test_what_is_pending_is_believed():
    X = pool()
    first = ask((N,), reference_point=None, budget=1.0)
    exclude = asked()
    exclude[first.indices[0], LEVELS.index(first.levels[0])] = True
    second = ask((N,), reference_point=None, budget=2.0)
    after = ask((N,), reference_point=None, budget=1.0, exclude=exclude,
                pending=(take(X, first.indices), list(first.levels)))  # fmt: skip
    assert (after.indices[0], after.levels[0]) == (second.indices[1], second.levels[1])


@pytest.mark.parametrize("unit", [2.0**-40, 2.0**40])
def test_picks_do_not_depend_on_the_unit(unit):
    X = pool()
    rows, level = stack(take(X, slice(0, 12)), take(X, slice(0, 5))), np.repeat([0, 1], [12, 5])
    y = truth(rows, level)[:, 0]
    plain, scaled = (
        propose_levels([MultilevelGaussianProcess(LEVELS).fit(rows, y * u, level=level)], X, y[12:, None] * u, [N],
                       costs=COSTS, budget=25.0, exclude=asked())
        for u in (1.0, unit)
    )  # fmt: skip
    np.testing.assert_array_equal(scaled.indices, plain.indices)
    np.testing.assert_array_equal(scaled.scores, plain.scores)
    assert scaled.levels == plain.levels


def test_the_probability_of_improvement_is_the_share_of_samples_that_improve():
    rng = np.random.default_rng(1)
    front, reference = np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 0.5]]), np.zeros(2)
    mean, std = rng.uniform(0, 3, (6, 2)), rng.uniform(0.2, 1, (6, 2))
    cells = free_cells(front, reference)
    samples = mean[:, None] + std[:, None] * rng.standard_normal((6, 20_000, 2))
    certain = np.zeros((20_000, 2))
    probability = improvement_probability(mean, std, cells)
    for i, row in enumerate(samples):
        improves = expected_hypervolume_improvement(row, certain, cells) > 0
        # Four standard errors of the share.
        assert probability[i] == pytest.approx(improves.mean(), abs=4 * 0.5 / np.sqrt(20_000))


def test_the_probability_of_improvement_of_a_range_is_that_of_lying_nearer():
    cells = free_cells(np.array([[-0.5]]), np.array([-0.5]))
    mean, std = np.array([[1.0], [4.0]]), np.array([[1.0], [2.0]])
    near = improvement_probability(mean, std, cells, {0: (2.0, 3.0)})
    np.testing.assert_allclose(
        near, norm.cdf((3.5 - mean[:, 0]) / std[:, 0]) - norm.cdf((1.5 - mean[:, 0]) / std[:, 0])
    )


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"costs": {"full": 1.0}}, ConfigurationError, "no cost of level 'instant'"),
        ({"costs": {"instant": 0.0, "full": 1.0}}, ConfigurationError, "must be positive"),
        ({"reference_point": None}, InvalidInputError, "nothing to improve on"),
        ({"exclude": np.zeros(POOL, dtype=bool)}, InvalidInputError, "mask of shape"),
    ],
)
def test_what_does_not_fit_is_refused(changes, error, message):
    with pytest.raises(error, match=message):
        ask(**changes)

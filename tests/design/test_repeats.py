"""Repeat or explore: exact where it can be, repeats where noise hides the best, and never without noise."""

from itertools import pairwise

import numpy as np
import pytest

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.design import Objective
from polyloop.design.acquisition import noise_from_repeats, propose_with_repeats, replicate_noise_std
from polyloop.design.acquisition.knowledge_gradient import expected_maximum_gain, moves
from polyloop.learn import GaussianProcess
from polyloop.learn.surrogate import take

N, V = Objective("refractive_index"), Objective("abbe_number", "minimize")
POOL = 40


def test_the_expected_maximum_of_lines_is_the_integral_over_the_normal_density():
    rng = np.random.default_rng(0)
    z = np.linspace(-9, 9, 200_001)
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    for _ in range(20):
        mean, slope = rng.normal(size=7), rng.normal(size=7) * rng.integers(0, 2, 7)
        best = (mean[:, None] + slope[:, None] * z).max(axis=0) - mean.max()
        assert expected_maximum_gain(mean, slope) == pytest.approx((best * density).sum() * (z[1] - z[0]), abs=1e-8)
    assert expected_maximum_gain(mean, np.ones(7)) == 0.0


def test_the_knowledge_gradient_is_the_mean_gain_over_sampled_observations():
    rng = np.random.default_rng(1)
    root = rng.normal(size=(6, 6))
    mean, covariance, noise = rng.normal(size=6), root @ root.T / 6, np.full(6, 0.5)
    moved = moves(covariance, noise, np.zeros(6))
    for row in range(6):
        answers = mean[row] + np.sqrt(covariance[row, row] + 0.5) * rng.standard_normal(40_000)
        gain = covariance[:, row] / (covariance[row, row] + 0.5)
        after = (mean[:, None] + gain[:, None] * (answers - mean[row])).max(axis=0)
        assert expected_maximum_gain(mean, moved[:, row]) == pytest.approx(
            after.mean() - mean.max(), abs=4 * after.std() / 200
        )


def test_a_row_without_variance_moves_nothing_nor_does_a_repeat_without_noise():
    never, once = np.zeros(2), np.ones(2)
    assert (moves(np.diag([0.0, 1.0]), np.zeros(2), never)[:, 0] == 0).all()
    covariance = np.array([[1.0, 0.5], [0.5, 1.0]])
    assert (moves(covariance, np.zeros(2), once) == 0).all()
    # Where noise hides more than the model leaves open, a repeat is an observation like any other.
    np.testing.assert_allclose(moves(covariance, np.full(2, 3.0), once), covariance / 2.0)


def test_the_noise_of_repeats_is_pooled_within_candidates():
    rng = np.random.default_rng(2)
    rows = np.repeat(np.arange(400), 3)
    values = 10.0 * rows + 0.7 * rng.standard_normal(1200)
    # 800 degrees of freedom: the standard error is 0.7 / sqrt(1600).
    assert replicate_noise_std(values, rows) == pytest.approx(0.7, abs=4 * 0.7 / 40)
    with pytest.raises(InvalidInputError, match="asked twice"):
        replicate_noise_std(np.arange(3.0), np.arange(3))


def test_noise_is_known_as_far_as_repeats_and_what_values_state_tell():
    values, rows = np.array([1.0, 3.0, 10.0, 10.5]), np.array([0, 0, 1, 2])
    nothing = noise_from_repeats(values[1:], rows[1:])
    assert np.isnan(nothing[0]) and nothing[1] == 0
    # (1 - 2)^2 + (3 - 2)^2 of one degree of freedom; with stated errors of 1 and 2, 2.5 of another.
    assert noise_from_repeats(values, rows) == (pytest.approx(np.sqrt(2.0)), 1)
    stated = np.array([1.0, 2.0, np.nan, np.nan])
    assert noise_from_repeats(values, rows, stated) == (pytest.approx(np.sqrt((2.0 + 2.5) / 2)), 2)
    # Sums of thirds are not exact; equal values are.
    assert noise_from_repeats(np.array([1 / 3] * 3), np.zeros(3, dtype=int), np.full(3, 9.0)) == (0.0, 2)


def campaign(seed, noise, repeats, steps=20, start=6):
    """Return the regret of the best posterior mean at the end, in units of the spread, and how many were repeats."""
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 3, POOL)[:, None]
    X = {"x": BlockValues(x, "physical")}
    waves = zip(rng.normal(size=3), (2, 3, 5), rng.uniform(0, 6, 3), strict=True)
    truth = sum(height * np.sin(k * x[:, 0] + phase) for height, k, phase in waves)
    truth = truth / truth.std()
    rows = [int(row) for row in rng.choice(POOL, start, replace=False)]
    y = [truth[row] + noise * rng.standard_normal() for row in rows]
    repeated = 0
    for step in range(steps):
        if step % 4 == 0:
            model = GaussianProcess().fit(take(X, rows), np.array(y), np.full(len(y), noise**2))
        else:
            model = model.condition(take(X, rows[-1:]), np.array(y[-1:]), np.array([noise**2]))
        counts = np.bincount(rows, minlength=POOL)
        proposal = propose_with_repeats(
            [model], X, [N], counts=counts, batch=1, noise_std=[noise], exclude=None if repeats else counts > 0
        )
        row = int(proposal.indices[0])
        repeated += bool(proposal.repeats[0])
        rows.append(row)
        y.append(truth[row] + noise * rng.standard_normal())
    model = GaussianProcess().fit(take(X, rows), np.array(y), np.full(len(y), noise**2))
    chosen = int(np.argmax(model.predict(X).mean))
    return truth.max() - truth[chosen], repeated


@pytest.mark.slow
def test_with_large_noise_it_repeats_and_ends_no_worse_than_without_repeats():
    free, never = (np.array([campaign(seed, 0.7, repeats) for seed in range(6)]) for repeats in (True, False))
    assert free[:, 1].mean() > 2
    assert (never[:, 1] == 0).all()
    difference = free[:, 0] - never[:, 0]
    assert difference.mean() <= 2 * difference.std(ddof=1) / np.sqrt(len(difference))


@pytest.mark.parametrize("seed", range(3))
def test_without_noise_it_never_repeats(seed):
    assert campaign(seed, 0.0, True)[1] == 0


def noisy_problem(noise=0.5):
    rng = np.random.default_rng(4)
    X = {"x": BlockValues(np.linspace(-2, 2, POOL)[:, None], "physical")}
    x, rows = X["x"].values[:, 0], np.arange(0, POOL, 2)
    Y = np.column_stack([np.sin(2 * x), x**2])[rows] + noise * rng.standard_normal((len(rows), 2))
    models = [GaussianProcess().fit(take(X, rows), Y[:, j], np.full(len(rows), noise**2)) for j in range(2)]
    return X, models, np.bincount(rows, minlength=POOL)


def test_a_batch_of_two_objectives_may_repeat_and_each_score_is_no_larger_than_the_first():
    X, models, asked = noisy_problem()
    batch = propose_with_repeats(models, X, [N, V], counts=asked, batch=4, noise_std=[0.5, 0.5],
                                 reference_point=(-2.0, 6.0))  # fmt: skip
    assert len(batch.indices) == 4
    assert (batch.scores > 0).all()
    assert batch.scores.argmax() == 0
    seen = asked.copy()
    for row, repeated in zip(batch.indices, batch.repeats, strict=True):
        assert repeated == (seen[row] > 0)
        seen[row] += 1


def test_dear_repeats_are_fewer():
    X, models, asked = noisy_problem()
    counts = []
    for cost in (0.1, 1.0, 100.0):
        batch = propose_with_repeats(models[:1], X, [N], counts=asked, batch=6, noise_std=[0.5], repeat_cost=cost)
        counts.append(int(batch.repeats.sum()))
    assert all(more >= fewer for more, fewer in pairwise(counts))
    assert counts[0] > counts[2]


def test_no_candidate_is_observed_more_often_than_may_be_and_a_batch_keeps_its_budget():
    X, models, asked = noisy_problem()
    free = propose_with_repeats(models[:1], X, [N], counts=asked, batch=12, noise_std=[0.5], repeat_cost=0.2)
    assert max(np.bincount(free.indices, minlength=POOL) + asked) > 2
    few = propose_with_repeats(models[:1], X, [N], counts=asked, batch=12, noise_std=[0.5], repeat_cost=0.2, most=2)
    assert max(np.bincount(few.indices, minlength=POOL) + asked) == 2
    costs = np.where(np.arange(POOL) < 20, 1.0, 3.0)
    paid = propose_with_repeats(
        models[:1], X, [N], counts=asked, batch=12, noise_std=[0.5], repeat_cost=0.2, costs=costs, budget=4.0
    )
    spent = (costs[paid.indices] * np.where(paid.repeats, 0.2, 1.0)).sum()
    assert len(paid.indices) and spent <= 4.0 + 1e-6
    assert 4.0 - spent < 3.0, "what is left buys nothing more"


def test_only_what_is_sure_to_meet_the_constraints_is_asked():
    X, models, asked = noisy_problem()
    sure = np.arange(5, 15)
    chance = np.linspace(0.1, 1.0, POOL)
    batch = propose_with_repeats(models[:1], X, [N], counts=asked, batch=4, noise_std=[0.5], sure=(sure, chance))
    assert set(batch.indices.tolist()) <= set(sure.tolist())
    nothing = propose_with_repeats(models[:1], X, [N], counts=asked, batch=4, sure=(sure[:0], chance))
    assert len(nothing.indices) == 0


def test_what_is_excluded_is_never_asked():
    X, models, asked = noisy_problem()
    exclude = np.ones(POOL, dtype=bool)
    exclude[[3, 30]] = False
    batch = propose_with_repeats(models[:1], X, [N], counts=asked, batch=5, exclude=exclude)
    assert set(batch.indices.tolist()) <= {3, 30}
    nothing = propose_with_repeats(models[:1], X, [N], counts=asked, batch=5, exclude=np.ones(POOL, dtype=bool))
    assert len(nothing.indices) == 0


@pytest.mark.parametrize("unit", [2.0**-40, 2.0**40])
def test_picks_do_not_depend_on_the_unit(unit):
    rng = np.random.default_rng(4)
    X = {"x": BlockValues(np.linspace(-2, 2, POOL)[:, None], "physical")}
    rows = np.arange(0, POOL, 2)
    y = np.sin(2 * X["x"].values[rows, 0]) + 0.5 * rng.standard_normal(len(rows))
    plain, scaled = (
        propose_with_repeats([GaussianProcess().fit(take(X, rows), y * u)], X, [N], batch=4,
                             counts=np.bincount(rows, minlength=POOL))
        for u in (1.0, unit)
    )  # fmt: skip
    np.testing.assert_array_equal(scaled.indices, plain.indices)
    np.testing.assert_array_equal(scaled.scores, plain.scores)


@pytest.mark.parametrize(
    ("objectives", "changes", "error", "message"),
    [
        ([N, V], {}, InvalidInputError, "reference point"),
        ([Objective("abbe_number", "range", 1, 2)], {}, ConfigurationError, "maximize or minimize"),
        ([N], {"counts": np.zeros(3)}, InvalidInputError, "40 numbers"),
        ([N], {"noise_std": [-1.0]}, InvalidInputError, "not negative"),
        ([N], {"repeat_cost": 0.0}, InvalidInputError, "must be positive"),
        ([], {}, ConfigurationError, "no objective"),
    ],
)
def test_what_does_not_fit_is_refused(objectives, changes, error, message):
    X, models, asked = noisy_problem()
    arguments = {"counts": asked, "batch": 2} | changes
    with pytest.raises(error, match=message):
        propose_with_repeats(models[: len(objectives)], X, objectives, **arguments)

"""Proposals: never twice, never the excluded, the same for the same seed, and clear about what does not fit."""

import numpy as np
import pytest
import torch

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.design import ACQUISITIONS, Objective, default_reference_point, propose
from polyloop.design.acquisition import expected_hypervolume_improvement, free_cells
from polyloop.design.acquisition.expected_hypervolume import expected_excess_in_range
from polyloop.design.acquisition.greedy import Believer, greedy_batch
from polyloop.design.acquisition.scores import Hypervolume, probability_in_target
from polyloop.design.objectives import utilities
from polyloop.design.pareto import reference_utilities
from polyloop.learn import make_surrogate
from polyloop.learn.surrogate import take

N, V, RHO = Objective("refractive_index"), Objective("abbe_number"), Objective("density")
POOL = 60


def truth(x):
    """Three smooth properties of two descriptors, in plausible ranges."""
    return np.column_stack(
        [1.5 + 0.1 * np.sin(3 * x[:, 0]), 40 + 10 * np.cos(2 * x[:, 1]) - 5 * x[:, 0], 1.1 + 0.2 * x[:, 0] * x[:, 1]]
    )


def blocks(rng, n):
    physical, counts = rng.uniform(-1, 1, (n, 2)), rng.integers(0, 4, (n, 12))
    return {"physical": BlockValues(physical, "physical"), "ecfp": BlockValues(counts, "counts")}


@pytest.fixture(scope="module")
def pool():
    rng = np.random.default_rng(0)
    return blocks(rng, POOL)


@pytest.fixture(scope="module")
def problem(pool):
    """Return what a campaign has after twelve evaluations: models, values, blocks and the mask."""
    labelled = np.arange(12)
    Y = truth(pool["physical"].values)[labelled]
    observed = take(pool, labelled)
    models = [make_surrogate().fit(observed, Y[:, j]) for j in range(3)]
    exclude = np.zeros(POOL, dtype=bool)
    exclude[labelled] = True
    return {"models": models, "Y": Y, "observed": observed, "exclude": exclude}


def ask(problem, pool, acquisition="ehvi", objectives=(N, V), seed=3, **changes):
    m = len(objectives)
    Y = problem["Y"][:, :m]
    arguments = {
        "batch": 4,
        "acquisition": acquisition,
        "exclude": problem["exclude"],
        "rng": np.random.default_rng(seed),
        "reference_point": default_reference_point(Y, objectives),
        "X_observed": problem["observed"],
    } | changes
    return propose(problem["models"][:m], pool, Y, list(objectives), **arguments)


def cases():
    for acquisition in ACQUISITIONS:
        for objectives in [(N,), (N, V), (N, V, RHO), (N, Objective("abbe_number", "minimize"))]:
            if acquisition != "ei" or len(objectives) == 1:
                # Three objectives by sampling take as long as all the others together.
                slow = acquisition == "qlognehvi" and len(objectives) == 3
                yield pytest.param(acquisition, objectives, marks=[pytest.mark.slow] if slow else [])


@pytest.mark.parametrize(("acquisition", "objectives"), list(cases()))
def test_a_batch_holds_new_allowed_rows_and_is_the_same_for_the_same_seed(problem, pool, acquisition, objectives):
    first = ask(problem, pool, acquisition, objectives)
    again = ask(problem, pool, acquisition, objectives)
    assert len(set(first.indices.tolist())) == 4
    assert not problem["exclude"][first.indices].any()
    assert first.mean.shape == first.std.shape == (4, len(objectives))
    assert not first.exhausted
    np.testing.assert_array_equal(first.indices, again.indices)
    np.testing.assert_array_equal(first.scores, again.scores)


@pytest.mark.parametrize("objectives", [(N,), (N, V)])
def test_sampling_acquisitions_depend_on_the_seed_alone_and_leave_pytorchs_generator_as_it_was(
    problem, pool, objectives
):
    batches = []
    for state in range(6):
        torch.manual_seed(state)
        before = torch.get_rng_state()
        batches.append(ask(problem, pool, "qlognehvi", objectives))
        assert torch.equal(torch.get_rng_state(), before)
    for other in batches[1:]:
        np.testing.assert_array_equal(other.indices, batches[0].indices)
        np.testing.assert_array_equal(other.scores, batches[0].scores)


@pytest.mark.parametrize("acquisition", [a for a in ACQUISITIONS if a != "ei"])
def test_a_pool_that_runs_out_gives_what_is_left_and_says_so(problem, pool, acquisition):
    exclude = np.ones(POOL, dtype=bool)
    exclude[[20, 40, 41]] = False
    last = ask(problem, pool, acquisition, batch=POOL, exclude=exclude)
    assert sorted(last.indices.tolist()) == [20, 40, 41]
    assert last.exhausted
    nothing = ask(problem, pool, acquisition, exclude=np.ones(POOL, dtype=bool))
    assert len(nothing.indices) == 0
    assert nothing.exhausted


def test_a_batch_of_the_pools_size_is_the_pool(problem, pool):
    everything = ask(problem, pool, batch=POOL, exclude=None)
    assert sorted(everything.indices.tolist()) == list(range(POOL))
    assert not everything.exhausted


@pytest.mark.parametrize("objectives", [(N, V), (N, V, RHO)])
def test_the_lazy_greedy_batch_is_the_one_of_conditioning_models_and_scoring_the_whole_pool(problem, pool, objectives):
    m = len(objectives)
    Y = problem["Y"][:, :m]
    lazy = ask(problem, pool, objectives=objectives, batch=6)
    reference = np.array(default_reference_point(Y, objectives))
    models, front, free = list(problem["models"][:m]), Y, np.flatnonzero(~problem["exclude"])
    spread = Y.std(axis=0)  # scores are in its units
    for pick, score in zip(lazy.indices, lazy.scores, strict=True):
        predictions = [model.predict(take(pool, free)) for model in models]
        mean, std = np.column_stack([p.mean for p in predictions]), np.column_stack([p.std for p in predictions])
        values = Hypervolume.over(front, reference)(mean, std) / spread.prod()
        assert free[np.argmax(values)] == pick
        assert score == pytest.approx(values.max(), rel=1e-6, abs=1e-12)
        believed = mean[free == pick][0]
        models = [model.condition(take(pool, [pick]), believed[j : j + 1]) for j, model in enumerate(models)]
        front, free = np.vstack([front, believed]), free[free != pick]


def test_small_blocks_of_lazy_rescoring_change_nothing(problem, pool):
    predictions = [model.predict(pool) for model in problem["models"][:2]]
    columns = [np.column_stack([getattr(p, a) for p in predictions]) for a in ("mean", "std", "noise_std")]
    believer = Believer(problem["models"][:2], pool, *columns, np.ones(2))
    score = Hypervolume.over(problem["Y"][:, :2], np.array([1.3, 20.0]))
    free = np.flatnonzero(~problem["exclude"])
    batches = [greedy_batch(score, believer, free, 8, block=block)[0].tolist() for block in (1, 3, 128)]
    assert batches[0] == batches[1] == batches[2]


def test_pending_polymers_are_believed(problem, pool):
    alone = ask(problem, pool, batch=2)
    exclude = problem["exclude"].copy()
    exclude[alone.indices[0]] = True
    after = ask(problem, pool, batch=1, exclude=exclude, X_pending=take(pool, alone.indices[:1]))
    assert after.indices[0] == alone.indices[1]
    assert after.scores[0] == pytest.approx(alone.scores[1], rel=1e-5)


def test_where_nothing_can_improve_the_batch_goes_to_the_uncertain(problem, pool):
    out_of_reach = (9.0, 900.0)
    batch = ask(problem, pool, reference_point=out_of_reach)
    assert (batch.scores == 0.0).all()
    np.testing.assert_array_equal(batch.indices, ask(problem, pool, "uncertainty").indices)


def test_minimising_prefers_small_values(problem, pool):
    up = ask(problem, pool, "ucb", (N,), batch=1, options={"beta": 0.0})
    down = ask(problem, pool, "ucb", (Objective("refractive_index", "minimize"),), batch=1, options={"beta": 0.0})
    free = np.flatnonzero(~problem["exclude"])
    mean = problem["models"][0].predict(take(pool, free)).mean
    assert up.indices[0] == free[mean.argmax()]
    assert down.indices[0] == free[mean.argmin()]


def test_random_picks_are_spread_over_the_whole_pool(problem, pool):
    seen = {int(i) for seed in range(200) for i in ask(problem, pool, "random", seed=seed).indices}
    assert seen == set(np.flatnonzero(~problem["exclude"]).tolist())


def test_ranges_work_with_pi_ehvi_and_qlognehvi(problem, pool):
    targets = (Objective("refractive_index", "range", low=1.52, high=1.56), Objective("abbe_number", "range", low=40))
    by_probability = ask(problem, pool, "pi", targets)
    best = np.zeros(2)
    chance = probability_in_target(by_probability.mean, by_probability.std, list(targets), best)
    np.testing.assert_allclose(by_probability.scores, chance)
    for acquisition in ("ehvi", "qlognehvi"):
        assert len(set(ask(problem, pool, acquisition, targets).indices.tolist())) == 4


@pytest.mark.parametrize("target", [V, Objective("abbe_number", "range", low=48)])
def test_a_large_pool_is_shortlisted_before_the_monte_carlo_batch(problem, target):
    rng = np.random.default_rng(8)
    large = blocks(rng, 400)
    exclude = np.zeros(400, dtype=bool)
    exclude[::3] = True
    batch = ask(problem, large, "qlognehvi", (N, target), batch=3, exclude=exclude)
    assert len(set(batch.indices.tolist())) == 3
    assert not exclude[batch.indices].any()
    # The picks are worth more than the pool's average by the closed form or by the nearness to the range.
    predicted = problem["models"][1].predict(large).mean
    assert target.utility(batch.mean[:, 1]).mean() > target.utility(predicted).mean()


@pytest.mark.parametrize("target", [(40.0, 44.0), (40.0, None), (None, 44.0), (43.9, 44.0)])
def test_the_closed_form_over_a_range_is_what_sampling_gives(target):
    rng = np.random.default_rng(9)
    wanted = [N, Objective("abbe_number", "range", *target)]
    mean, std = rng.normal([1.5, 42], [0.05, 6], (8, 2)), np.full((8, 2), [0.05, 3.0])
    front, reference = utilities(np.array([[1.5, 47.0], [1.55, 33.0], [1.45, 42.0]]), wanted), np.array([1.4, -20.0])
    cells = free_cells(front, reference)
    exact = expected_hypervolume_improvement(mean, std, cells, {1: wanted[1].ends})
    sampled = np.zeros(8)
    for normal in rng.standard_normal((20_000, 2)):
        u = utilities(mean + std * normal, wanted)[:, None, :]
        sampled += (np.clip(u, cells.lower, cells.upper) - cells.lower).prod(axis=2).sum(axis=1) / 20_000
    # 20,000 samples give about one percent.
    np.testing.assert_allclose(sampled, exact, rtol=0.05, atol=0.002)


def test_the_improvement_into_a_range_keeps_its_digits_on_either_side_of_it():
    low, high, edges = 40.0, 44.0, np.array([-1.0, 0.0, np.inf])
    below, above = (expected_excess_in_range(np.array([m]), np.ones(1), edges, low, high) for m in (12.0, 72.0))
    # Mirror images about the middle of the range, 27 standard deviations from where the excess begins.
    np.testing.assert_allclose(above, below, rtol=1e-12)
    assert 0 < below[0, 0] < 1e-150
    assert (below[0, 1:] == 0).all()
    certain = expected_excess_in_range(np.array([39.5, 42.0, 44.25, 60.0]), np.zeros(4), edges, low, high)
    np.testing.assert_allclose(certain[:, 0], [0.5, 1.0, 0.75, 0.0])


def test_a_greedy_batch_into_a_range_is_the_one_of_scoring_the_whole_pool_after_each_pick(problem, pool):
    objectives = (N, Objective("abbe_number", "range", 42, 46))
    batch = ask(problem, pool, objectives=objectives, batch=5)
    Y = problem["Y"][:, :2]
    reference = np.array(reference_utilities(default_reference_point(Y, objectives), objectives))
    models, front, free = list(problem["models"][:2]), utilities(Y, objectives), np.flatnonzero(~problem["exclude"])
    for pick in batch.indices:
        predictions = [model.predict(take(pool, free)) for model in models]
        mean, std = np.column_stack([p.mean for p in predictions]), np.column_stack([p.std for p in predictions])
        values = Hypervolume.over(front, reference, {1: (42.0, 46.0)})(mean, std)
        assert free[np.argmax(values)] == pick
        believed = mean[free == pick]
        models = [model.condition(take(pool, [pick]), believed[0, j : j + 1]) for j, model in enumerate(models)]
        front, free = np.vstack([front, utilities(believed, objectives)]), free[free != pick]


def test_probability_is_that_of_independent_normals():
    target = [Objective("refractive_index", "range", low=1.4, high=1.6), Objective("abbe_number")]
    mean, std = np.array([[1.5, 40.0]]), np.array([[0.1, 5.0]])
    # P(|z| < 1) = 0.6826894921 and P(z > 1) = 0.1586552539 of the standard normal.
    expected = 0.6826894921 * 0.1586552539
    assert probability_in_target(mean, std, target, np.array([0.0, 45.0]))[0] == pytest.approx(expected, rel=1e-9)


def test_missing_values_of_one_objective_are_no_obstacle(problem, pool):
    Y = problem["Y"][:, :2].copy()
    Y[3, 1] = np.nan
    batch = propose(
        problem["models"][:2], pool, Y, [N, V], batch=3, rng=np.random.default_rng(0), reference_point=(1.3, 20.0)
    )
    assert len(batch.indices) == 3


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"acquisition": "evhi"}, ConfigurationError, "Did you mean 'ehvi'"),
        ({"acquisition": "ei"}, ConfigurationError, "one objective"),
        ({"reference_point": None}, InvalidInputError, "reference_point"),
        ({"reference_point": (1.0,)}, InvalidInputError, "one finite number for each"),
        ({"acquisition": "qlognehvi", "X_observed": None}, InvalidInputError, "X_observed"),
        ({"batch": 0}, InvalidInputError, "at least 1"),
        ({"exclude": np.zeros(3, dtype=bool)}, InvalidInputError, "mask of 60"),
        ({"exclude": np.zeros(POOL)}, InvalidInputError, "mask of 60"),
        (
            {"acquisition": "ucb", "objectives": (N, Objective("abbe_number", "range", low=30))},
            ConfigurationError,
            "'pi' or 'qlognehvi'",
        ),
    ],
)
def test_what_does_not_fit_is_refused(problem, pool, changes, error, message):
    with pytest.raises(error, match=message):
        ask(problem, pool, **changes)


def test_models_and_objectives_go_in_pairs(problem, pool):
    with pytest.raises(InvalidInputError, match="1 models for 2 objectives"):
        propose(problem["models"][:1], pool, problem["Y"][:, :2], [N, V], batch=1, rng=np.random.default_rng(0),
                reference_point=(1.3, 20.0))  # fmt: skip


@pytest.mark.parametrize("name", ["random_forest", "ensemble"])
@pytest.mark.parametrize("acquisition", ["ehvi", "qlognehvi", "pi", "uncertainty"])
def test_other_surrogates_propose_too(problem, pool, name, acquisition):
    Y, observed = problem["Y"][:, :2], problem["observed"]
    models = [make_surrogate(name).fit(observed, Y[:, j]) for j in range(2)]
    batch = ask(problem | {"models": models}, pool, acquisition)
    assert len(set(batch.indices.tolist())) == 4

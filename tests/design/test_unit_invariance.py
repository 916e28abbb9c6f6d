"""Nothing depends on a property's unit: powers of two, exact in floating point, change no error and no pick."""

from functools import cache

import numpy as np
import pytest
from tests.surrogates import COLUMN_SURROGATES, quick_surrogate

from polyloop.campaign.metrics import has_stalled
from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.design import ACQUISITIONS, Objective, default_reference_point, objective_hypervolume, propose
from polyloop.learn import TrainingDomain, calibrate
from polyloop.learn.surrogate import take

N, V, RHO = Objective("refractive_index"), Objective("abbe_number"), Objective("density", "minimize")
SMALL, LARGE = 2.0**-40, 2.0**40
UNITS = [(SMALL, SMALL, SMALL), (LARGE, 1.0, SMALL)]
POOL, LABELLED = 90, 24
# Acquisitions see means and covariances: one surrogate of each way to make a covariance.
ACQUIRING = ("gp", "product_gp", "random_forest", "ensemble", "stack")


@cache
def pool():
    rng = np.random.default_rng(5)
    z, counts = rng.normal(size=(POOL, 4)), rng.poisson(0.5, (POOL, 20))
    X = {"physical": BlockValues(z * [1, 5, 0.1, 100], "physical"), "ecfp": BlockValues(counts, "counts")}
    Y = np.column_stack(
        [
            # The second is as small as thermal diffusivities in m2/s are.
            1.5 + 0.1 * np.sin(z[:, 0]) + 0.02 * counts[:, 0],
            1e-8 * (8 + z[:, 1] - counts[:, 1] + 0.3 * z[:, 0] ** 2),
            1100 + 80 * z[:, 2] + 30 * counts[:, 2],
        ]
    )
    return X, Y


@cache
def fitted(name, column, unit):
    X, Y = pool()
    return quick_surrogate(name).fit(take(X, slice(0, LABELLED)), Y[:LABELLED, column] * unit)


def in_unit(objective, unit):
    if objective.direction != "range":
        return objective
    ends = [None if end is None else end * unit for end in (objective.low, objective.high)]
    return Objective(objective.property, "range", *ends)


@pytest.mark.slow
@pytest.mark.parametrize("unit", [SMALL, LARGE])
@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("column", [0, 1, 2])
@pytest.mark.parametrize("name", COLUMN_SURROGATES)
def test_every_surrogate_errs_alike_in_every_unit(name, column, noisy, unit):
    X, Y = pool()
    y = Y[:, column]
    noise = np.full(POOL, (0.1 * y.std()) ** 2) if noisy else None
    found = []
    for factor in (1.0, unit):
        model = quick_surrogate(name).fit(X, y * factor, None if noise is None else noise * factor**2)
        refit = None if name == "gp" else lambda: quick_surrogate(name)
        known = None if noise is None else noise * factor**2
        rng = np.random.default_rng(0)
        found.append(calibrate(model, X, y * factor, known, make=refit, rng=rng))
    plain, scaled = found
    assert plain.r2 > 0.2, "the comparison is empty where nothing was learned"
    assert scaled.r2 == plain.r2
    assert scaled.rmse == plain.rmse * unit
    assert scaled.z_std == plain.z_std
    assert (scaled.coverage_50, scaled.coverage_90) == (plain.coverage_50, plain.coverage_90)


@pytest.mark.parametrize("name", COLUMN_SURROGATES)
def test_every_surrogate_predicts_conditions_and_samples_alike_in_every_unit(name):
    X, Y = pool()
    seen, new = take(X, slice(0, 40)), take(X, slice(40, 60))
    answers = []
    for unit in (1.0, SMALL, LARGE):
        model = quick_surrogate(name).fit(seen, Y[:40, 1] * unit)
        other = model.condition(take(X, [60, 61]), Y[60:62, 1] * unit)
        flags = TrainingDomain().fit(seen, Y[:40, 1] * unit).assess(new, model.predict(new))
        parts = [p for m in (model, other) for p in (m.predict(new).mean, m.predict(new).std, m.predict(new).noise_std)]
        drawn = model.sample(new, 3, np.random.default_rng(1)).ravel()
        roots = model.covariance(new, new).ravel() / unit
        answers.append((np.concatenate([*parts, drawn, roots]) / unit, flags.outside))
    for values, outside in answers[1:]:
        np.testing.assert_array_equal(values, answers[0][0])
        np.testing.assert_array_equal(outside, answers[0][1])


def test_the_forest_learns_values_of_the_size_of_thermal_diffusivities():
    X, Y = pool()
    model = quick_surrogate("random_forest").fit(X, Y[:, 1])
    assert (
        calibrate(model, X, Y[:, 1], make=lambda: quick_surrogate("random_forest"), rng=np.random.default_rng(0)).r2
        > 0.2
    )
    assert len(np.unique(model.predict(X).mean)) > POOL // 2


@pytest.mark.parametrize("name", COLUMN_SURROGATES)
@pytest.mark.parametrize("factor", [SMALL, 1e-9, 1e6])
def test_descriptors_in_a_small_or_large_unit_teach_as_much(name, factor):
    X, Y = pool()
    other = {"physical": BlockValues(X["physical"].values * factor, "physical"), "ecfp": X["ecfp"]}
    known, new = slice(0, 60), slice(60, 90)
    plain, scaled = (quick_surrogate(name).fit(take(B, known), Y[:60, 0]).predict(take(B, new)) for B in (X, other))
    np.testing.assert_allclose(scaled.mean, plain.mean, rtol=1e-3)


def questions():
    targets = (Objective("refractive_index", "range", 1.45, 1.5), Objective("abbe_number", "range", low=9e-8))
    for name in ACQUIRING:
        for acquisition in ACQUISITIONS:
            for objectives in [(N,), (N, V), (N, V, RHO), targets, (targets[0], V, RHO)]:
                is_range = any(objective.direction == "range" for objective in objectives)
                if (acquisition == "ei" and len(objectives) > 1) or (acquisition in ("ei", "ucb") and is_range):
                    continue
                # The slowest sees nothing of a surrogate but means and covariances, so that one is enough.
                if acquisition != "qlognehvi" or len(objectives) < 3 or (name == "gp" and not is_range):
                    yield name, acquisition, objectives


@pytest.mark.parametrize("units", UNITS)
@pytest.mark.parametrize(("name", "acquisition", "objectives"), list(questions()))
def test_every_acquisition_picks_alike_in_every_unit(name, acquisition, objectives, units):
    X, Y = pool()
    m, seen = len(objectives), take(X, slice(0, LABELLED))
    exclude = np.arange(POOL) < LABELLED
    answers = []
    for scale in (np.ones(m), np.array(units[:m])):
        values = Y[:LABELLED, :m] * scale
        wanted = [in_unit(objective, unit) for objective, unit in zip(objectives, scale, strict=True)]
        models = [fitted(name, j, float(scale[j])) for j in range(m)]
        reference = default_reference_point(values, wanted)
        pending = take(X, [80, 81])
        proposal = propose(
            models, X, values, wanted, batch=4, acquisition=acquisition, reference_point=reference, exclude=exclude,
            X_observed=seen, X_pending=pending, rng=np.random.default_rng(2),
        )  # fmt: skip
        answers.append((proposal.indices.tolist(), proposal.scores.tolist(), np.array(reference) / scale))
    assert answers[1][0] == answers[0][0]
    np.testing.assert_array_equal(answers[1][1], answers[0][1])
    np.testing.assert_array_equal(answers[1][2], answers[0][2])


@pytest.mark.parametrize("count", [1, 6])
@pytest.mark.parametrize("acquisition", ["ucb", "uncertainty", "ehvi", "pi"])
def test_values_that_do_not_vary_yet_are_judged_by_their_size_in_every_unit(acquisition, count):
    X, Y = pool()
    picks = []
    for scale in (np.ones(2), np.array([SMALL, LARGE])):
        values = np.tile(Y[:1, :2], (count, 1)) * scale
        models = [quick_surrogate("gp").fit(take(X, slice(0, count)), values[:, j]) for j in range(2)]
        reference = default_reference_point(values, [N, V])
        proposal = propose(
            models, X, values, [N, V], batch=3, acquisition=acquisition, reference_point=reference,
            exclude=np.arange(POOL) < count, rng=np.random.default_rng(2),
        )  # fmt: skip
        picks.append(proposal.indices.tolist())
    assert picks[0] == picks[1]


def test_uncertainty_without_any_value_yet_weighs_objectives_in_every_unit():
    X, Y = pool()
    picks = []
    for scale in (np.ones(2), np.array([SMALL, LARGE])):
        models = [quick_surrogate("gp").fit(take(X, slice(0, 20)), Y[:20, j] * scale[j]) for j in range(2)]
        nothing = np.zeros((0, 2))
        rng = np.random.default_rng(2)
        picks.append(propose(models, X, nothing, [N, V], batch=5, acquisition="uncertainty", rng=rng).indices.tolist())
    assert picks[0] == picks[1]


@pytest.mark.parametrize("units", UNITS)
@pytest.mark.parametrize("m", [1, 2, 3])
def test_hypervolumes_and_the_stall_rule_scale_with_the_unit(m, units):
    _, Y = pool()
    objectives, scale = [N, V, RHO][:m], np.array(units[:m])
    curves = []
    for factor in (np.ones(m), scale):
        values = Y[:, :m] * factor
        reference = default_reference_point(values[:10], objectives)
        curves.append(np.array([objective_hypervolume(values[:n], objectives, reference) for n in (10, 30, 60, 90)]))
    np.testing.assert_array_equal(curves[1], curves[0] * scale.prod())
    for tolerance in (0.0, 1e-3, 0.5):
        assert has_stalled(list(curves[1]), 2, tolerance) == has_stalled(list(curves[0]), 2, tolerance)


def test_a_batch_far_out_of_reach_still_ranks_the_pool_in_every_unit():
    X, Y = pool()
    seen = take(X, slice(0, LABELLED))
    orders = []
    for unit in (1.0, SMALL):
        values = Y[:LABELLED] * unit
        models = [quick_surrogate("gp").fit(seen, values[:, j]) for j in range(3)]
        # Improvements far in the tails, whose product in the property's own unit would be no number.
        reference = tuple(values.mean(axis=0) + np.array([1.0, 1.0, -1.0]) * 4 * values.std(axis=0))
        proposal = propose(models, X, values, [N, V, RHO], batch=4, reference_point=reference,
                           rng=np.random.default_rng(0))  # fmt: skip
        orders.append(proposal.indices.tolist())
        assert (proposal.scores > 0).all()
    assert orders[0] == orders[1]


def test_a_single_value_of_zero_has_no_size_and_is_no_obstacle():
    assert default_reference_point(np.zeros((3, 1)), [N]) == (-0.01,)
    inside = Objective("refractive_index", "range", 1.4 * SMALL, 1.6 * SMALL)
    assert default_reference_point(np.full((3, 1), 1.5 * SMALL), [inside])[0] == pytest.approx(0.002 * SMALL)
    with pytest.raises(InvalidInputError, match="no value"):
        default_reference_point(np.full((3, 1), np.nan), [N])

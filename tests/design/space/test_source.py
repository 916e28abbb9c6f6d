"""A space as a source of candidates: known optima are found, nothing is proposed twice, the same seed picks alike."""

import random

import numpy as np
import pytest
import torch

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.design import Objective, default_reference_point, propose
from polyloop.design.sources import CandidateSource, Observations, PoolSource
from polyloop.design.space import (
    Categorical,
    Condition,
    Continuous,
    Integer,
    Linear,
    Molecular,
    Ordinal,
    Space,
    SpaceSource,
)
from polyloop.learn import make_surrogate

X, Y = Continuous("x", -5, 10), Continuous("y", 0, 15)
LOW = [Objective("thermal_conductivity", "minimize")]


def branin(point):
    x, y = point["x"], point["y"]
    return (y - 5.1 * x**2 / (4 * np.pi**2) + 5 * x / np.pi - 6) ** 2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10


def campaign(space, function, *, objectives=None, start=6, cycles=10, batch=1, seed=0, surrogate="product_gp", **more):
    """Return the source, all texts in order and their values."""
    objectives = objectives or LOW
    rng, source = np.random.default_rng(seed), SpaceSource(space)
    texts = list(source.initial(start, rng=rng))
    reference = None
    for _ in range(cycles):
        values = _values(space, function, texts)
        reference = reference or default_reference_point(values, objectives)
        models = [make_surrogate(surrogate).fit(source.encode(texts), column) for column in values.T]
        suggestion = source.propose(
            models, Observations(tuple(texts), values), objectives, batch=batch, rng=rng, reference_point=reference,
            **more,
        )  # fmt: skip
        assert len(suggestion.texts) == batch
        texts += suggestion.texts
    assert len(set(texts)) == len(texts), "a point was proposed twice"
    assert all(space.contains(space.parse(text)) for text in texts)
    return suggestion, texts, _values(space, function, texts)


def _values(space, function, texts):
    return np.array([np.atleast_1d(function(space.parse(text))) for text in texts])


@pytest.mark.slow
def test_the_minimum_of_branin_is_found_by_derivatives():
    # 0.397887 at three points: Dixon & Szego (1978), Towards Global Optimisation 2.
    suggestion, _, values = campaign(Space((X, Y)), branin, cycles=18)
    assert suggestion.method == "qLogEI by derivatives"
    assert values.min() < 0.397887 + 0.15


@pytest.mark.slow
@pytest.mark.parametrize(
    ("constraint", "method", "best"),
    [
        # Least values inside, from a grid of 3,000 x 3,000 points: 0.3979, at (9.42, 2.47) and (-3.14, 12.27).
        (Condition("x * y >= 20"), "qLogEI by derivatives", 0.3979),
        (Condition(lambda point: point["x"] * point["y"] >= 20), "ehvi over points sampled", 0.3979),
    ],
)
def test_the_minimum_inside_a_condition_is_found(constraint, method, best):
    suggestion, _, values = campaign(Space((X, Y), (constraint,)), branin, cycles=18)
    assert suggestion.method == method
    assert values.min() < best + 0.4


@pytest.mark.slow
def test_the_optimum_on_the_bound_of_a_sum_is_found():
    # x + y is largest on the bound, and x y with it in the middle: x = y = 0.4, value 0.16.
    space = Space((Continuous("x", 0, 1), Continuous("y", 0, 1)), (Linear({"x": 1, "y": 1}, "<=", 0.8),))
    _, texts, values = campaign(
        space, lambda p: p["x"] * p["y"], objectives=[Objective("thermal_conductivity")], start=4, cycles=5
    )
    best = space.parse(texts[int(np.argmax(values))])
    assert values.max() == pytest.approx(0.16, abs=0.003)
    assert best["x"] + best["y"] == pytest.approx(0.8, abs=0.01)


@pytest.mark.slow
def test_a_mixture_stays_in_its_plane_and_finds_its_best():
    space = Space([Continuous(n, 0, 1) for n in "abc"], (Linear(dict.fromkeys("abc", 1.0), "==", 1),))
    _, _, values = campaign(
        space, lambda p: (p["a"] - 0.2) ** 2 + (p["b"] - 0.5) ** 2 + (p["c"] - 0.3) ** 2, start=5, cycles=8
    )
    assert values.min() < 0.005


@pytest.mark.slow
def test_numbers_steps_and_choices_are_optimised_together():
    # Least: choice b, n = 7, x = 0.3, value 0.
    space = Space((Continuous("x", 0, 1), Integer("n", 1, 12), Categorical("c", ("a", "b", "d"))))
    penalty = {"a": 0.5, "b": 0.0, "d": 1.0}

    def function(p):
        return (p["x"] - 0.3) ** 2 + ((p["n"] - 7) / 6) ** 2 + penalty[p["c"]]

    suggestion, texts, values = campaign(space, function, start=8, cycles=6, batch=2)
    best = space.parse(texts[int(np.argmin(values))])
    assert (best["c"], best["n"]) == ("b", 7)
    assert values.min() < 0.01
    assert suggestion.method == "qLogEI by derivatives"


@pytest.mark.slow
def test_a_condition_on_steps_and_numbers_is_kept():
    space = Space(
        (Continuous("x", 0, 10), Integer("n", 1, 12), Categorical("c", ("a", "b"))), (Condition("x * n < 30"),)
    )
    # x n is largest on the bound.
    _, _, values = campaign(
        space, lambda p: p["x"] * p["n"] - (p["c"] == "a"), objectives=[Objective("thermal_conductivity")], cycles=6
    )
    assert values.max() > 29


@pytest.mark.slow
def test_several_objectives_and_ranges_are_improved_together():
    space = Space((Continuous("x", 0, 1), Continuous("y", 0, 1)))
    objectives = [Objective("refractive_index"), Objective("density", "range", low=1.2, high=1.3)]

    def function(p):
        return np.array([1.4 + 0.3 * p["x"] - 0.1 * p["y"], 1.0 + 0.5 * p["x"] * p["y"]])

    suggestion, _, values = campaign(space, function, objectives=objectives, cycles=3, batch=2)
    inside = (values[:, 1] >= 1.2) & (values[:, 1] <= 1.3)
    # Largest index with a density of 1.2: x = 1, y = 0.4, index 1.66.
    assert suggestion.method == "qLogNEHVI by derivatives"
    assert values[inside, 0].max() > 1.64


TABLE = Space(
    (
        Molecular("solvent", {"DMF": "CN(C)C=O", "DMAc": "CC(=O)N(C)C", "toluene": "Cc1ccccc1", "MeCN": "CC#N"}),
        Categorical("base", ("KOAc", "CsOPiv", "K2CO3")),
        Ordinal("temperature", (90, 105, 120)),
    ),
    (Condition(lambda p: (p["solvent"], p["temperature"]) != ("MeCN", 120)),),
)


def yield_of(p):
    polar = {"DMF": 3.0, "DMAc": 3.2, "toluene": 0.5, "MeCN": 2.0}[p["solvent"]]
    return 10 * polar + {"KOAc": 0, "CsOPiv": 12, "K2CO3": 4}[p["base"]] + (p["temperature"] - 90) * (polar - 2) / 3


def test_a_space_of_choices_is_searched_whole_until_nothing_is_left():
    rng, source = np.random.default_rng(0), SpaceSource(TABLE)
    objective = [Objective("thermal_conductivity")]
    texts = list(source.initial(6, rng=rng))
    while True:
        values = _values(TABLE, yield_of, texts)
        model = make_surrogate("product_gp").fit(source.encode(texts), values[:, 0])
        suggestion = source.propose(
            [model], Observations(tuple(texts), values), objective, batch=5, rng=rng, reference_point=[0.0]
        )
        texts += suggestion.texts
        if suggestion.exhausted:
            break
    assert sorted(texts) == sorted(source.pool.texts)
    assert len(texts) == 4 * 3 * 3 - 3
    assert suggestion.method == "ehvi over all 33 candidates"


def test_a_search_of_all_combinations_is_that_of_a_pool():
    rng, source = np.random.default_rng(0), SpaceSource(TABLE)
    texts = source.initial(10, rng=rng)
    values, objective = _values(TABLE, yield_of, texts), [Objective("thermal_conductivity")]
    model = make_surrogate("gp").fit(source.encode(texts), values[:, 0])
    suggestion = source.propose(
        [model], Observations(texts, values), objective, batch=4, rng=rng, reference_point=[0.0],
        exclude=source.pool.texts[:5], acquisition="ei",
    )  # fmt: skip
    exclude = np.array([t in texts or t in source.pool.texts[:5] for t in source.pool.texts])
    expected = propose(
        [model], source.pool.blocks, values, objective, batch=4, rng=rng, acquisition="ei", exclude=exclude
    )
    assert suggestion.texts == tuple(source.pool.texts[i] for i in expected.indices)


@pytest.mark.slow
@pytest.mark.parametrize(
    "space",
    [
        Space((X, Y)),
        Space((X, Y, Categorical("c", tuple("abcdefghijklmnopqrstuvwxyz")))),
        Space((X, Y), (Condition("x * y >= 20"),)),
        Space((X, Y), (Condition(lambda p: p["x"] > 0),)),
    ],
    ids=["continuous", "many choices", "condition", "function"],
)
def test_the_same_generator_gives_the_same_picks_and_no_other_is_touched(space):
    torch.manual_seed(5)
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    before = (torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy())  # noqa: NPY002
    first, again = (campaign(space, branin, cycles=1, batch=2, seed=3)[1] for _ in range(2))
    assert first == again
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == random.getstate()
    np.testing.assert_array_equal(before[2], np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.slow
def test_any_surrogate_will_do_and_pending_points_are_left_alone():
    space, rng = Space((X, Y)), np.random.default_rng(0)
    source = SpaceSource(space)
    texts = source.initial(12, rng=rng)
    values = _values(space, branin, texts)
    for name, method in (("random_forest", "ehvi over points sampled"), ("product_gp", "qLogEI by derivatives")):
        model = make_surrogate(name).fit(source.encode(texts), values[:, 0])
        ask = {"batch": 1, "reference_point": [400.0]}
        first = source.propose([model], Observations(texts, values), LOW, rng=np.random.default_rng(1), **ask)
        other = source.propose(
            [model], Observations(texts, values, pending=first.texts), LOW, rng=np.random.default_rng(1), **ask
        )
        assert first.method == other.method == method
        assert set(first.texts).isdisjoint(other.texts)
        np.testing.assert_allclose(first.mean[0, 0], model.predict(source.encode(first.texts)).mean[0])


def test_a_point_is_proposed_again_only_where_that_is_asked_for():
    # Two variables of three values, the best one known and certain: with repeats it is free to come again.
    space = Space((Ordinal("x", (0, 1, 2)), Ordinal("y", (0, 1, 2))))
    texts = tuple(space.canonical(point) for point in space.points(space.combinations))
    values = _values(space, lambda p: p["x"] + p["y"], texts)
    model = make_surrogate("product_gp").fit(space.encode(space.points(space.combinations)), values[:, 0])
    ask = {"batch": 2, "reference_point": [0.0], "objectives": [Objective("density")]}
    once, repeated = SpaceSource(space), SpaceSource(space, allow_repeats=True)
    observations = Observations(texts, values)
    assert once.propose([model], observations, rng=np.random.default_rng(0), **ask).texts == ()
    again = repeated.propose([model], observations, rng=np.random.default_rng(0), **ask).texts
    assert len(set(again)) == 2
    assert set(again) <= set(texts)


def test_picks_do_not_depend_on_the_units_of_variables_and_property():
    kelvin = Space((Continuous("x", 268.0, 283.0), Y))
    plain = Space((X, Y))
    first = campaign(plain, branin, cycles=2)[1]
    moved = campaign(kelvin, lambda p: branin({"x": p["x"] - 273, "y": p["y"]}) * 1024, cycles=2)[1]
    a = np.array([[plain.parse(t)["x"] + 273, plain.parse(t)["y"]] for t in first])
    b = np.array([[kelvin.parse(t)["x"], kelvin.parse(t)["y"]] for t in moved])
    np.testing.assert_allclose(a, b, atol=0.02)


def test_sources_share_one_interface_and_refuse_what_they_cannot():
    source, rng = SpaceSource(Space((X, Y))), np.random.default_rng(0)
    pool = SpaceSource(TABLE).pool
    assert isinstance(source, CandidateSource)
    assert isinstance(pool, CandidateSource)
    assert len(pool.initial(4, rng=rng)) == 4
    texts = source.initial(4, rng=rng)
    assert set(source.initial(4, rng=rng, exclude=texts)).isdisjoint(texts)
    model = make_surrogate("product_gp").fit(source.encode(texts), np.arange(4.0))
    known = Observations(texts, np.arange(4.0)[:, None])
    with pytest.raises(ConfigurationError, match="needs a list"):
        source.initial(4, "diverse", rng=rng)
    with pytest.raises(InvalidInputError, match="proposes nothing"):
        source.propose([model], known, LOW, batch=0, rng=rng, reference_point=[9])
    with pytest.raises(InvalidInputError, match="one for each"):
        source.propose([], known, LOW, batch=1, rng=rng, reference_point=[9])
    with pytest.raises(InvalidInputError, match="No candidate has values"):
        nothing = Observations(texts, np.full((4, 1), np.nan))
        source.propose([model], nothing, LOW, batch=1, rng=rng, reference_point=[9])
    with pytest.raises(InvalidInputError, match="one row for each"):
        Observations(texts, np.zeros((3, 1)))
    with pytest.raises(InvalidInputError, match="no candidate"):
        pool.encode(["{}"])
    with pytest.raises(InvalidInputError, match="different"):
        PoolSource(("a", "a"), {"x": next(iter(pool.blocks.values()))[:2]})

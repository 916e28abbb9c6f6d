"""Choices among subjects: what models see of them, and how long lists are searched."""

from __future__ import annotations

import numpy as np
import pytest

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.design import Objective, default_reference_point
from polyloop.design.pool import Pool
from polyloop.design.sources import Observations
from polyloop.design.space import Continuous, Ordinal, Space, SpaceSource, SubjectChoice
from polyloop.design.space import neighbours as neighbourhood
from polyloop.design.space import structure_columns as columns_module
from polyloop.design.space.structure_columns import structure_columns
from polyloop.features import featurize
from polyloop.learn import make_surrogate
from polyloop.learn.kernels import minmax

UNITS = Pool.from_homopolymers(heavy_atoms=(2, 12)).texts[:60]


def squared_distances(points):
    return np.square(points[:, None] - points[None]).sum(axis=-1)


@pytest.fixture(scope="module")
def described():
    return featurize(UNITS, ["ecfp", "rdkit2d"]).described()


def test_columns_have_the_distances_of_the_descriptors_in_units_of_their_mean(described):
    pairs = np.triu_indices(len(UNITS), k=1)
    counts = described["ecfp"].values
    exact = (1 - minmax(counts, counts))[pairs]
    assert squared_distances(structure_columns(described["ecfp"]))[pairs] == pytest.approx(
        exact / exact.mean(), abs=1e-6
    )
    quantities = described["rdkit2d"].values
    varies = quantities.std(axis=0) > 1e-9
    z = quantities[:, varies] / quantities[:, varies].std(axis=0)
    exact = squared_distances(z)[pairs]
    columns = structure_columns(described["rdkit2d"])
    assert squared_distances(columns)[pairs] == pytest.approx(exact / exact.mean(), rel=1e-6)


def test_distances_of_landmarks_are_exact_and_others_no_larger(described, monkeypatch):
    counts = described["ecfp"].values
    exact = 1 - minmax(counts, counts)
    monkeypatch.setattr(columns_module, "_LANDMARKS", 30)
    columns = structure_columns(described["ecfp"])
    landmarks = np.linspace(0, 59, 30).round().astype(int)
    pairs = np.triu_indices(30, k=1)
    ratio = (squared_distances(columns[landmarks]) / np.where(exact == 0, 1, exact)[np.ix_(landmarks, landmarks)])[
        pairs
    ]
    assert ratio == pytest.approx(ratio[0], rel=1e-6)
    # What lies outside of the landmarks' span is lost, and with it distance.
    assert (squared_distances(columns) <= ratio[0] * exact + 1e-9).all()


def test_a_block_that_tells_nothing_apart_is_no_block_and_alone_is_refused(described):
    choice = SubjectChoice("polymer", UNITS)
    alike = BlockValues(np.ones((60, 4)), "physical")
    assert set(choice.described({"a": alike, "ecfp": described["ecfp"]}).columns) == {"polymer.ecfp"}
    with pytest.raises(InvalidInputError, match="No descriptor tells its polymers apart"):
        choice.described({"a": alike})
    with pytest.raises(InvalidInputError, match="finite row for each"):
        choice.described({"a": BlockValues(np.full((60, 4), np.nan), "physical")})


def test_models_see_each_block_and_the_text_of_a_point_holds_the_structure(described):
    choice = SubjectChoice("polymer", {f"P{place}": unit for place, unit in enumerate(UNITS)}).described(described)
    space = Space((choice, Ordinal("temperature", (300, 350, 400), "K")))
    points = [{"polymer": "P3", "temperature": 350}, {"polymer": UNITS[3], "temperature": 350}]
    blocks = space.encode(points)
    assert set(blocks) == {"polymer.ecfp", "polymer.rdkit2d", "temperature"}
    assert np.array_equal(blocks["polymer.ecfp"].values[0], blocks["polymer.ecfp"].values[1])
    text = space.canonical(points[0])
    assert space.parse(text) == points[0] and space.canonical(points[1]) == text and UNITS[3] in text
    assert space.format(points[1])["polymer"] == "P3"
    only = choice.only(["P5", "P3"])
    assert np.array_equal(only.columns["polymer.ecfp"][1], choice.columns["polymer.ecfp"][3])


@pytest.fixture
def long_list():
    rng = np.random.default_rng(5)
    labels = {f"S{place}": f"*{'C' * (place + 1)}*" for place in range(900)}  # never parsed
    numbers = rng.normal(size=(900, 3))
    choice = SubjectChoice.of_canonical("subject", labels).described({"numbers": BlockValues(numbers, "physical")})
    return choice, numbers, rng


def test_of_a_long_list_neighbours_are_the_most_alike_and_sweeps_are_all(long_list):
    choice, numbers, _ = long_list
    space = Space((choice, Continuous("temperature", 0, 100, "degC")))
    point = np.array([17.0, 0.5])
    rows = np.array(neighbourhood.neighbours(space, point))
    far = np.square((numbers - numbers[17]) / numbers.std(axis=0)).sum(axis=1)
    assert len(rows) == 64 and {int(row[0]) for row in rows} == set(np.argsort(far)[1:65].tolist())
    assert (rows[:, 1] == 0.5).all()
    assert sorted(neighbourhood.swept(space, point)[:, 0]) == list(range(900))


@pytest.mark.parametrize("surrogate", ["product_gp", "gp"])
def test_the_best_of_a_long_list_is_found_where_the_other_variable_is_a_continuum(long_list, surrogate):
    choice, numbers, rng = long_list
    space = Space((choice, Continuous("temperature", 0, 100, "degC")))
    source, objective = SpaceSource(space), [Objective("density")]

    def value(text):
        point = space.parse(text)
        x = numbers[int(point["subject"][1:])]
        return x[0] + 0.5 * x[1] - ((point["temperature"] - 60) / 50) ** 2

    texts = list(source.initial(40, rng=rng))
    Y = np.array([[value(text)] for text in texts])
    model = make_surrogate(surrogate).fit(source.encode(texts), Y[:, 0])
    best = numbers[:, 0] + 0.5 * numbers[:, 1]
    suggestion = source.propose([model], Observations(tuple(texts), Y), objective, batch=2, rng=rng,
                                reference_point=default_reference_point(Y, objective))  # fmt: skip
    picked = [int(space.parse(text)["subject"][1:]) for text in suggestion.texts]
    # Forty of nine hundred were seen; the picks are among the best one in a hundred of all.
    assert (best[picked] >= np.sort(best)[-9]).all() and not {*suggestion.texts} & {*texts}


def test_lists_too_wide_for_memory_are_searched_and_not_listed(monkeypatch, long_list):
    choice, _, _ = long_list
    source = SpaceSource(Space((choice, Ordinal("temperature", (300, 350, 400), "K"))))
    assert source.is_listed
    monkeypatch.setattr("polyloop.design.space.source._MOST_NUMBERS", 5_000)
    assert not source.is_listed

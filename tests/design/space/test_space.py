"""Spaces: points survive every form, samples keep the constraints, and units change nothing."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyloop.core import InvalidInputError
from polyloop.design.space import Categorical, Condition, Continuous, Integer, Linear, Molecular, Ordinal, Space

LIGANDS = {"PPh3": "c1ccccc1P(c1ccccc1)c1ccccc1", "PCy3": "C1CCCCC1P(C1CCCCC1)C1CCCCC1", "PMe3": "CP(C)C"}
MIXED = Space(
    (
        Continuous("temperature", 20, 120, "degC"),
        Continuous("loading", 0.01, 10, "%", log=True),
        Integer("equivalents", 1, 5),
        Ordinal("concentration", (0.057, 0.1, 0.153), "M"),
        Categorical("base", ("KOAc", "CsOPiv")),
        Molecular("ligand", LIGANDS),
    ),
    (Condition("temperature * equivalents < 400"), Linear({"temperature": 1, "equivalents": 10}, "<=", 150)),
)
MIXTURE = Space(
    [*(Continuous(name, 0, 1) for name in ("polymer", "filler", "oil")), Categorical("grade", ("A", "B"))],
    (Linear({"polymer": 1, "filler": 1, "oil": 1}, "==", 1), Linear({"filler": 1, "oil": -2}, "<=", 0)),
)
TABLE = Space((Categorical("base", ("a", "b", "c")), Ordinal("t", (90, 105, 120)), Molecular("ligand", LIGANDS)))


@pytest.mark.parametrize("space", [MIXED, MIXTURE, TABLE], ids=["mixed", "mixture", "table"])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_samples_keep_the_constraints_and_survive_text_and_cells(space, seed):
    points = space.sample(9, np.random.default_rng(seed))
    assert points == space.sample(9, np.random.default_rng(seed))
    texts = [space.canonical(point) for point in points]
    assert len(set(texts)) == 9
    for point, text in zip(points, texts, strict=True):
        assert space.contains(point)
        assert space.parse(text) == point
        assert space.canonical(space.parse(text)) == text
        assert space.read(space.format(point)) == point
    assert space.points(space.coordinates(points)) == points


def test_the_text_of_a_point_is_stable():
    point = {"base": "KOAc", "ligand": "PMe3", "temperature": 45.00000012, "loading": 0.1, "equivalents": 2.0,
             "concentration": 0.1}  # fmt: skip
    text = MIXED.canonical(point)
    assert text == (
        '{"base":"KOAc","concentration":0.1,"equivalents":2,"ligand":"CP(C)C","loading":0.1,"temperature":45}'
    )
    reordered = Space(MIXED.variables[::-1], MIXED.constraints)
    assert reordered.canonical(dict(reversed(list(point.items())))) == text
    assert MIXED.parse(text)["ligand"] == "PMe3"


def test_encodings_tell_points_apart_and_can_be_read_from_a_data_frame():
    points = TABLE.points(TABLE.combinations)
    blocks = TABLE.encode(points)
    together = np.round(np.hstack([block.values for block in blocks.values()]), 9)
    assert len(np.unique(together, axis=0)) == len(points) == 27
    framed = TABLE.encode(pd.DataFrame(points))
    for name, block in blocks.items():
        np.testing.assert_array_equal(framed[name].values, block.values)


def test_nothing_depends_on_the_unit_of_a_variable():
    # Kelvin against degC, and grams against kilograms: same coordinates, blocks and samples.
    a = Space((Continuous("t", 20, 120), Continuous("m", 1, 5)), (Linear({"t": 1, "m": 10}, "<=", 120),))
    b = Space((Continuous("t", 293, 393), Continuous("m", 1000, 5000)), (Linear({"t": 1, "m": 0.01}, "<=", 393),))
    pa, pb = (space.sample(20, np.random.default_rng(3)) for space in (a, b))
    np.testing.assert_allclose([p["t"] + 273 for p in pa], [p["t"] for p in pb], rtol=1e-5)
    np.testing.assert_allclose([p["m"] * 1000 for p in pa], [p["m"] for p in pb], rtol=1e-5)
    for name, block in a.encode(pa).items():
        np.testing.assert_allclose(block.values, b.encode(pb)[name].values, atol=1e-4)


def test_a_sample_fills_the_space_and_gives_each_level_its_share():
    points = Space(MIXED.variables).sample(256, np.random.default_rng(0))
    assert {name: sum(p["ligand"] == name for p in points) for name in LIGANDS} == pytest.approx(
        dict.fromkeys(LIGANDS, 256 / 3), abs=6
    )
    quarters = np.bincount((np.array([p["temperature"] for p in points]) - 20).astype(int) // 25, minlength=4)
    assert quarters[:4].min() >= 60  # 64 each; a random sample would differ by 7


def test_a_mixture_is_sampled_inside_its_plane():
    points = MIXTURE.sample(200, np.random.default_rng(1))
    shares = np.array([[p["polymer"], p["filler"], p["oil"]] for p in points])
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=4e-5)
    assert (shares[:, 1] <= 2 * shares[:, 2] + 1e-4).all()
    assert {p["grade"] for p in points} == {"A", "B"}


def test_a_space_that_holds_fewer_points_gives_them_all():
    assert len(TABLE.sample(100, np.random.default_rng(0))) == 27 == TABLE.n_combinations


def test_rare_points_are_found_or_the_lack_of_them_is_said():
    narrow = Space([Continuous(n, 0, 1) for n in "abcd"], (Linear(dict.fromkeys("abcd", 1.0), ">=", 3.9),))
    assert len(narrow.sample(20, np.random.default_rng(0))) == 20
    empty = Space((Continuous("a", 0, 1), Continuous("b", 0, 1)), (Condition("a * b > 2"),))
    with pytest.raises(InvalidInputError, match="0 keep the constraints"):
        empty.sample(3, np.random.default_rng(0))
    with pytest.raises(InvalidInputError, match="at least 1"):
        TABLE.sample(0, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        ({"base": "a", "t": 90}, "no value of 'ligand'"),
        ({"base": "a", "t": 90, "ligand": "PMe3", "tt": 1}, "no variable 'tt'"),
        ({"base": "d", "t": 90, "ligand": "PMe3"}, "no choice"),
    ],
)
def test_a_point_of_another_space_is_refused(point, reason):
    with pytest.raises(InvalidInputError, match=reason):
        TABLE.canonical(point)
    assert not TABLE.contains(point)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"base": null}', '{"base": {"a": 1}}', '{"t": true}', "[" * 5000])
def test_a_text_that_is_no_point_is_refused(text):
    with pytest.raises(InvalidInputError):
        TABLE.parse(text)


def test_a_broken_constraint_is_named():
    point = {**MIXED.sample(1, np.random.default_rng(0))[0], "temperature": 119.0, "equivalents": 5}
    with pytest.raises(InvalidInputError, match=r"breaks 'temperature \* equivalents < 400'"):
        MIXED.check(point)


def test_what_a_space_is_can_be_written_as_json():
    said = json.loads(json.dumps(MIXED.describe()))
    assert [v["kind"] for v in said["variables"]] == [
        "continuous", "continuous", "integer", "ordinal", "categorical", "molecular"
    ]  # fmt: skip
    assert said["constraints"] == ["temperature * equivalents < 400", "temperature + 10 equivalents <= 150"]

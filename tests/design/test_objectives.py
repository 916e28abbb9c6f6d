"""Objectives: what is maximized, and which specifications are refused."""

import numpy as np
import pytest
from pydantic import TypeAdapter

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.design import Objective
from polyloop.design.objectives import check_directions, utilities


def test_directions_turn_into_utilities():
    Y = np.array([[1.5, 30.0, 1.0], [1.6, 20.0, 1.5]])
    objectives = [
        Objective("refractive_index"),
        Objective("abbe_number", "minimize"),
        Objective("density", "range", low=1.1, high=1.3),
    ]
    np.testing.assert_allclose(utilities(Y, objectives), [[1.5, -30.0, -0.1], [1.6, -20.0, -0.2]])


def test_american_spelling_means_the_same():
    assert Objective("density", "maximise") == Objective("density", "maximize")


def test_it_is_read_from_plain_data_by_pydantic():
    adapter = TypeAdapter(Objective)
    data = {"property": "density", "direction": "range", "low": 1.0}
    assert adapter.validate_python(data) == Objective("density", "range", low=1.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"direction": "up"}, "no direction 'up'"),
        ({"direction": "maximize", "low": 1.0}, "do not go with"),
        ({"direction": "range"}, "needs 'low', 'high' or both"),
        ({"direction": "range", "low": 2.0, "high": 1.0}, "not below"),
        ({"direction": "range", "low": 1.0, "high": float("inf")}, "finite"),
    ],
)
def test_bad_specifications_are_refused(arguments, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        Objective("density", **arguments)
    assert caught.value.where == "objective density"


def test_an_unknown_property_names_the_nearest():
    with pytest.raises(InvalidInputError, match="refractive_index"):
        Objective("refractive_indx")


def test_a_range_is_no_direction():
    with pytest.raises(ConfigurationError, match="maximize or minimize"):
        check_directions([Objective("density", "range", low=1.0)])


def test_a_range_has_no_negative_reference():
    with pytest.raises(InvalidInputError, match="distance"):
        Objective("density", "range", low=1.0).reference_utility(-0.1)


def test_columns_must_match_objectives():
    with pytest.raises(InvalidInputError, match="one column for each"):
        utilities(np.ones((3, 2)), [Objective("density")])

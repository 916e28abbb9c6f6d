"""The empirical limit line: above every commercial polymer, least in area, and replaceable."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyloop.chem.library import OpticalPolymer, optical_polymers
from polyloop.chem.optical_limit import (
    LimitLine,
    default_limit,
    empirical_limit,
    is_beyond_limit,
    margin,
    margin_std,
    upper_envelope,
)
from polyloop.core import InvalidInputError


def sold(points):
    return [OpticalPolymer(f"p{i}", "", n, v, "", "") for i, (v, n) in enumerate(points)]


def test_no_commercial_polymer_is_beyond_the_limit_and_two_touch_it():
    margins = np.array([margin(row.refractive_index, row.abbe_number) for row in optical_polymers()])
    assert margins.max() < 1e-12
    assert np.sum(margins > -1e-9) >= 2


def test_the_line_falls_with_the_abbe_number():
    assert -0.02 < default_limit().slope < 0.0


@given(
    st.lists(
        st.tuples(st.integers(10, 95).map(float), st.integers(1300, 1800).map(lambda i: i / 1000)),
        min_size=2,
        max_size=20,
        unique_by=lambda p: p[0],
    )
)
def test_the_line_lies_on_or_above_all_points_with_the_least_area(points):
    line = upper_envelope(sold(points))
    v, n = np.array(points).T
    assert np.all(line(v) >= n - 1e-9)
    # The least value at the middle over all lines above the points, found by brute force over their slopes.
    middle = 0.5 * (v.min() + v.max())
    slopes = [(n[i] - n[j]) / (v[i] - v[j]) for i in range(len(v)) for j in range(i)]
    least = min(np.max(n + slope * (middle - v)) for slope in slopes)
    assert float(line(middle)) == pytest.approx(least, abs=1e-9)


def test_a_line_of_ones_own_replaces_the_tables():
    assert float(empirical_limit(40.0, slope=-0.005, intercept=1.8)) == pytest.approx(1.6)
    assert is_beyond_limit(1.61, 40.0, slope=-0.005, intercept=1.8)
    assert not is_beyond_limit(1.59, 40.0, slope=-0.005, intercept=1.8)


@pytest.mark.parametrize(
    ("n_std", "v_std", "beyond"),
    [
        (0.0, 0.0, True),
        (0.02, 0.0, True),
        (0.04, 0.0, False),
        (0.0, 5.0, True),
        (0.0, 7.0, False),
        (0.025, 4.0, False),  # neither alone is as much as the distance, 0.03
        (np.nan, np.nan, True),
    ],
)
def test_beyond_is_what_lies_above_by_more_than_its_error_bar(n_std, v_std, beyond):
    own = {"slope": -0.005, "intercept": 1.8}
    assert bool(is_beyond_limit(1.63, 40.0, n_std, v_std, **own)) is beyond
    assert float(margin_std(n_std, v_std, **own)) == pytest.approx(
        np.hypot(np.nan_to_num(n_std), 0.005 * np.nan_to_num(v_std))
    )


def test_no_error_bar_brings_what_lies_below_beyond_the_limit():
    assert not is_beyond_limit(1.59, 40.0, 0.5, 50.0, slope=-0.005, intercept=1.8)


def test_shapes_broadcast_and_nan_is_not_beyond():
    beyond = is_beyond_limit(np.array([2.0, 1.3, np.nan]), np.array([[30.0], [60.0]]))
    assert beyond.tolist() == [[True, False, False], [True, False, False]]


@pytest.mark.parametrize(
    ("call", "where"),
    [
        (lambda: empirical_limit(30.0, slope=-0.01), "intercept"),
        (lambda: margin(1.5, 30.0, intercept=1.9), "slope"),
        (lambda: LimitLine(float("nan"), 1.9), "slope"),
        (lambda: LimitLine(-0.01, float("inf")), "intercept"),
        (lambda: upper_envelope(sold([(30.0, 1.6)])), "optical polymers"),
        (lambda: upper_envelope(sold([(30.0, 1.6), (30.0, 1.5)])), "optical polymers"),
    ],
)
def test_bad_input_says_where(call, where):
    with pytest.raises(InvalidInputError) as caught:
        call()
    assert caught.value.where == where and caught.value.hint

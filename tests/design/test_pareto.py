"""Fronts and hypervolumes: against brute force, worked examples and their invariances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from polyloop.core import InvalidInputError
from polyloop.design import Objective, default_reference_point, hypervolume, non_dominated, objective_hypervolume

# Small integers, so that ties and copies are common.
points = st.integers(1, 4).flatmap(
    lambda m: arrays(float, st.tuples(st.integers(1, 12), st.just(m)), elements=st.integers(0, 4).map(float))
)
N, V = Objective("refractive_index"), Objective("abbe_number")


@given(points)
def test_the_front_is_what_the_definition_says(U):
    dominated = [any((v >= u).all() and (v > u).any() for v in U) for u in U]
    np.testing.assert_array_equal(non_dominated(U), ~np.array(dominated))


@given(points)
def test_hypervolume_counts_the_unit_cells_that_are_dominated(U):
    # Points are integers in 0..4, so the volume above 0 is a number of unit cells.
    m = U.shape[1]
    cells = np.stack(np.meshgrid(*[np.arange(1, 5)] * m, indexing="ij"), -1).reshape(-1, m)
    covered = (U[None] >= cells[:, None]).all(2).any(1).sum()
    assert hypervolume(U, np.zeros(m)) == pytest.approx(covered, rel=1e-12)


@given(points)
def test_dominated_points_add_nothing(U):
    reference = np.full(U.shape[1], -0.5)
    assert hypervolume(U[non_dominated(U)], reference) == pytest.approx(hypervolume(U, reference), rel=1e-12)


def test_a_worked_example():
    # Three steps above (0, 0): 1 x 3 + (2 - 1) x 2 + (3 - 2) x 1 = 6.
    assert hypervolume(np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]]), np.zeros(2)) == 6.0


def test_rows_with_missing_values_are_left_out():
    U = np.array([[1.0, np.nan], [1.0, 1.0], [np.inf, 0.0]])
    assert non_dominated(U).tolist() == [False, True, False]
    assert hypervolume(U, np.zeros(2)) == 1.0


def test_minimising_is_maximising_the_negative():
    Y = np.array([[1.5, 30.0], [1.6, 20.0], [1.4, 50.0]])
    falling = [Objective("refractive_index", "minimize"), V]
    mirrored = np.column_stack([-Y[:, 0], Y[:, 1]])
    assert objective_hypervolume(Y, falling, (1.7, 10.0)) == pytest.approx(
        hypervolume(mirrored, np.array([-1.7, 10.0]))
    )


def test_the_default_reference_is_a_tenth_of_the_spread_below_the_worst():
    Y = np.array([[1.4, 60.0], [1.6, 20.0], [np.nan, 40.0]])
    assert default_reference_point(Y, [N, V]) == pytest.approx((1.38, 16.0))
    assert default_reference_point(Y, [Objective("refractive_index", "minimize"), V]) == pytest.approx((1.62, 16.0))


def test_the_default_reference_of_a_range_is_a_distance_to_it():
    Y = np.array([[1.4], [1.6], [1.5]])
    target = Objective("refractive_index", "range", low=1.55)
    (distance,) = default_reference_point(Y, [target])
    # Distances are 0.15, 0 and 0.05.
    assert distance == pytest.approx(0.165)
    assert objective_hypervolume(Y, [target], (distance,)) == pytest.approx(0.165)


@pytest.mark.parametrize("Y", [[[1.5, 30.0]], [[1.5, 30.0], [1.5, 30.0]]])
def test_equal_values_still_give_a_reference_below_them(Y):
    assert (np.array(default_reference_point(np.array(Y), [N, V])) < Y[0]).all()


def test_no_value_at_all_is_refused_by_name():
    with pytest.raises(InvalidInputError, match="abbe_number"):
        default_reference_point(np.array([[1.5, np.nan]]), [N, V])


@pytest.mark.parametrize("reference", [np.zeros(3), np.array([0.0, np.nan])])
def test_a_reference_that_does_not_fit_is_refused(reference):
    with pytest.raises(InvalidInputError, match="reference point"):
        hypervolume(np.ones((2, 2)), reference)
    with pytest.raises(InvalidInputError, match="reference point"):
        objective_hypervolume(np.ones((2, 2)), [N, V], reference)

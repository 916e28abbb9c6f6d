"""Kernels per block: equal to their definitions, whatever the trick that makes them fast."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.learn.kernels import PhysicalGeometry, Term, default_terms, matern52, minmax, rbf, squared_distances

counts = st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 8)).flatmap(
    lambda s: st.tuples(
        arrays(np.int64, (s[0], s[2]), elements=st.integers(0, 5)),
        arrays(np.int64, (s[1], s[2]), elements=st.integers(0, 5)),
    )
)


def by_definition(A, B):
    smaller = np.minimum(A[:, None], B[None]).sum(-1)
    larger = np.maximum(A[:, None], B[None]).sum(-1)
    return np.where(larger > 0, smaller / np.where(larger > 0, larger, 1), 1.0)


@given(counts)
def test_minmax_is_its_definition(pair):
    np.testing.assert_allclose(minmax(*pair), by_definition(*pair), rtol=1e-14)


def test_minmax_takes_any_non_negative_number_and_large_counts():
    rng = np.random.default_rng(0)
    A, B = rng.random((5, 7)), rng.random((4, 7))
    np.testing.assert_allclose(minmax(A, B), by_definition(A, B), rtol=1e-14)
    A, B = rng.integers(0, 1000, (5, 7)), rng.integers(0, 1000, (4, 7))
    np.testing.assert_allclose(minmax(A, B), by_definition(A, B), rtol=1e-14)


def test_minmax_takes_shares_of_counts_against_whole_ones():
    A = np.array([[0.5, 1.5, 2.25, 0.0], [3.0, 0.25, 0.0, 7.75]])
    B = np.array([[0, 2, 2, 1], [4, 0, 1, 3]])
    np.testing.assert_allclose(minmax(A, B), by_definition(A, B), rtol=1e-14)


def test_minmax_is_positive_semidefinite_with_a_unit_diagonal():
    A = np.random.default_rng(1).poisson(0.3, (40, 60))
    matrix = minmax(A, A)
    np.testing.assert_array_equal(np.diag(matrix), 1.0)
    assert np.linalg.eigvalsh(matrix).min() > -1e-12


def test_minmax_refuses_negative_numbers():
    with pytest.raises(InvalidInputError, match="not negative"):
        minmax(np.array([[-1]]), np.array([[1]]))


def test_stationary_kernels_at_known_distances():
    # Matern-5/2 at r = 1: (1 + sqrt 5 + 5/3) exp(-sqrt 5) = 0.5239941088; RBF: exp(-1/2) = 0.6065306597.
    assert matern52(np.array([[1.0]]))[0, 0] == pytest.approx(0.5239941088, rel=1e-9)
    assert rbf(np.array([[1.0]]))[0, 0] == pytest.approx(0.6065306597, rel=1e-9)
    assert matern52(np.zeros((1, 1)))[0, 0] == rbf(np.zeros((1, 1)))[0, 0] == 1.0


def test_squared_distances_are_never_negative():
    rows = np.random.default_rng(2).random((30, 5)) + 1e6
    squares = (rows**2).sum(1)
    assert squared_distances(rows @ rows.T, squares, squares).min() == 0.0


def test_scales_come_from_the_training_rows_and_do_not_depend_on_units():
    rows = np.random.default_rng(3).random((20, 3))
    plain, scaled = (
        PhysicalGeometry.fit(BlockValues(rows * unit, "physical")) for unit in (1.0, np.array([1.0, 1e3, 1e-6]))
    )
    np.testing.assert_allclose(plain.encode(rows), scaled.encode(rows * np.array([1.0, 1e3, 1e-6])))
    assert plain.median_square == pytest.approx(scaled.median_square)


def test_densities_are_compared_raw():
    geometry = PhysicalGeometry.fit(BlockValues(np.random.default_rng(4).random((20, 3)) * [1, 100, 1], "densities"))
    np.testing.assert_array_equal(geometry.scale, 1.0)


def test_default_terms_and_their_replacement():
    X = {"forcefield": BlockValues(np.zeros((2, 3)), "densities"), "ecfp": BlockValues(np.zeros((2, 4)), "counts")}
    assert default_terms(X) == (Term("ecfp", "minmax"), Term("forcefield", "matern52"), Term("forcefield", "linear"))
    assert default_terms(X, {"forcefield": ("rbf",)}) == (Term("ecfp", "minmax"), Term("forcefield", "rbf"))


@pytest.mark.parametrize(
    ("kernels", "message"),
    [({"rdkit2d": ("rbf",)}, "no block here"), ({"ecfp": ("tanimoto",)}, "no kernel"), ({"ecfp": ()}, "at least one")],
)
def test_kernels_that_do_not_fit_are_refused(kernels, message):
    with pytest.raises(InvalidInputError, match=message):
        default_terms({"ecfp": BlockValues(np.zeros((2, 4)), "counts")}, kernels)

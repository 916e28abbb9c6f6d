"""Initial designs: different rows, spread over the pool, the same for the same seed."""

import numpy as np
import pytest

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.design import initial_design


@pytest.fixture(scope="module")
def pool():
    """Return five far clusters of very unequal size, and a fingerprint that does not tell them apart."""
    rng = np.random.default_rng(0)
    sizes = [400, 60, 20, 10, 10]
    centers = 20 * np.array([[0, 0], [1, 0], [0, 1], [1, 1], [2, 2]])
    rows = np.concatenate([c + rng.standard_normal((s, 2)) for c, s in zip(centers, sizes, strict=True)])
    return {"physical": BlockValues(rows, "physical"), "ecfp": BlockValues(np.tile([3, 0, 1], (500, 1)), "counts")}


def clusters(rows, pool):
    return {tuple(c) for c in np.rint(pool["physical"].values[rows] / 20).astype(int).tolist()}


@pytest.mark.parametrize("method", ["diverse", "random"])
def test_rows_are_different_and_allowed_and_the_same_for_the_same_seed(pool, method):
    exclude = np.zeros(500, dtype=bool)
    exclude[::2] = True
    first = initial_design(pool, 30, method, rng=np.random.default_rng(1), exclude=exclude)
    again = initial_design(pool, 30, method, rng=np.random.default_rng(1), exclude=exclude)
    np.testing.assert_array_equal(first, again)
    assert len(set(first.tolist())) == 30
    assert not exclude[first].any()


def test_a_diverse_design_visits_every_cluster(pool):
    for seed in range(5):
        assert len(clusters(initial_design(pool, 10, rng=np.random.default_rng(seed)), pool)) == 5


@pytest.mark.parametrize("method", ["diverse", "random"])
def test_a_pool_that_is_too_small_is_taken_whole(pool, method):
    small = {name: block[:6] for name, block in pool.items()}
    assert sorted(initial_design(small, 10, method, rng=np.random.default_rng(0)).tolist()) == list(range(6))


def test_copies_of_one_polymer_are_no_obstacle():
    pool = {"physical": BlockValues(np.ones((20, 3)), "physical"), "ecfp": BlockValues(np.zeros((20, 4)), "counts")}
    assert len(set(initial_design(pool, 8, rng=np.random.default_rng(0)).tolist())) == 8


def test_what_does_not_fit_is_refused(pool):
    rng = np.random.default_rng(0)
    with pytest.raises(ConfigurationError, match="Did you mean 'diverse'"):
        initial_design(pool, 3, "divers", rng=rng)
    with pytest.raises(InvalidInputError, match="at least 1"):
        initial_design(pool, 0, rng=rng)
    with pytest.raises(InvalidInputError, match="mask of 500"):
        initial_design(pool, 3, rng=rng, exclude=np.zeros(4, dtype=bool))

"""Every registered surrogate can be kept as arrays and made from them again."""

from __future__ import annotations

import io

import numpy as np
import pytest
from tests.surrogates import COLUMN_SURROGATES, quick_surrogate

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.learn.state import RestorableSurrogate
from polyloop.learn.surrogate import take


def rows(n: int = 60) -> tuple[dict[str, BlockValues], np.ndarray]:
    rng = np.random.default_rng(3)
    X = {
        "physical": BlockValues(rng.normal(size=(n, 4)) * [1, 5, 0.1, 100], "physical"),
        "a/fingerprint": BlockValues(rng.poisson(0.5, (n, 20)), "counts"),
    }
    values = X["physical"].values
    return X, 3 + values[:, 0] * 0.2 + np.sin(values[:, 1] / 5) + 0.1 * rng.standard_normal(n)


def through_a_file(state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Write and read as a model's folder does; an object would need pickle, and is refused."""
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **state)
    stream.seek(0)
    with np.load(stream, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


@pytest.mark.parametrize("name", COLUMN_SURROGATES)
def test_a_surrogate_made_from_its_arrays_predicts_the_same_to_the_last_digits(name: str) -> None:
    X, y = rows()
    seen, new = take(X, slice(0, 45)), take(X, slice(45, 60))
    model = quick_surrogate(name).fit(seen, y[:45], np.full(45, 1e-3))
    assert isinstance(model, RestorableSurrogate)
    again = quick_surrogate(name).restore(through_a_file(model.state()))
    for one, other in zip(both(model, new), both(again, new), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-11, atol=1e-13)
    with pytest.raises(InvalidInputError, match="is missing"):
        again.predict({"physical": new["physical"]})


def both(model, X):
    """What a model says of rows, and what it says once it has seen two of them."""
    later = model.condition(take(X, [0, 1]), np.array([3.0, 4.0]))
    for one in (model, later):
        found = one.predict(X)
        yield from (found.mean, found.std, found.noise_std, one.covariance(X, X))


@pytest.mark.parametrize("name", COLUMN_SURROGATES)
def test_what_has_learnt_nothing_cannot_be_kept_and_what_is_damaged_is_not_read(name: str) -> None:
    with pytest.raises(InvalidInputError, match="not been fitted"):
        quick_surrogate(name).state()
    X, y = rows(12)
    state = quick_surrogate(name).fit(X, y).state()
    state.pop("scale")
    with pytest.raises(KeyError):
        quick_surrogate(name).restore(state)

"""A surrogate of an invariant: exact where the physics is, with errors, samples and updates in the property's unit."""

from __future__ import annotations

import numpy as np
import pytest

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.core.invariant import Invariant
from polyloop.learn import GaussianProcess, Surrogate
from polyloop.learn.invariant_choice import choose_invariant
from polyloop.learn.invariant_target import InvariantTarget
from polyloop.learn.surrogate import take

PACKING = Invariant("packing fraction", "identity", {"vdw_volume": 1, "molar_mass": -1}, 0.602214)
LOG = Invariant("logarithm", "log", {})


def made(n: int = 60, seed: int = 0) -> tuple[dict[str, BlockValues], np.ndarray]:
    """Densities that are a packing fraction, linear in one descriptor, times mass per volume, which is not."""
    rng = np.random.default_rng(seed)
    x, volume = rng.uniform(size=(n, 2)), rng.uniform(40, 200, size=n)
    mass = volume * rng.uniform(0.8, 2.5, size=n)
    density = (0.62 + 0.04 * x[:, 0]) * mass / volume / 0.602214
    factors = np.column_stack([mass, volume, np.full(n, 10.0), volume / 4])
    # The descriptors see mass per volume only through a bend: what extrapolates has to know it.
    seen = np.column_stack([x, np.tanh(mass / volume)])
    return {"x": BlockValues(seen, "physical"), "factors": BlockValues(factors, "physical")}, density


def test_it_is_a_surrogate() -> None:
    assert isinstance(InvariantTarget(GaussianProcess, PACKING), Surrogate)


def test_it_extrapolates_where_the_plain_model_does_not() -> None:
    X, y = made()
    order = np.argsort(y)
    low, rest = order[:30], order[30:]
    learnt = InvariantTarget(GaussianProcess, PACKING).fit(take(X, low), y[low])
    plain = GaussianProcess().fit({"x": X["x"][low]}, y[low])
    error = np.sqrt(np.mean((learnt.predict(take(X, rest)).mean - y[rest]) ** 2))
    other = np.sqrt(np.mean((plain.predict({"x": X["x"][rest]}).mean - y[rest]) ** 2))
    assert error < 0.01 * y.std() and error < 0.05 * other


def test_the_choice_is_made_inside_the_data_and_sees_when_an_invariant_is_none() -> None:
    X, y = made()
    found = choose_invariant(X, y, None, PACKING)
    assert found["invariant"] < 0.1 * found["value"]
    rng = np.random.default_rng(1)
    shuffled = {**X, "factors": X["factors"][rng.permutation(len(y))]}
    found = choose_invariant(shuffled, y, None, PACKING)
    assert found["value"] < found["invariant"]


def test_known_noise_reaches_the_model_in_its_own_unit() -> None:
    X, y = made(40)
    noisy = InvariantTarget(GaussianProcess, LOG).fit(X, y, (0.1 * y) ** 2)
    assert noisy.predict(X).noise_std == pytest.approx(0.1 * noisy.predict(X).mean, rel=0.3)


def test_covariances_samples_and_updates_are_in_the_property_s_unit() -> None:
    X, y = made(40)
    model = InvariantTarget(GaussianProcess, PACKING).fit(take(X, np.arange(30)), y[:30])
    rest = take(X, np.arange(30, 40))
    mean, covariance = model.joint(rest)
    prediction = model.predict(rest)
    np.testing.assert_allclose(mean, prediction.mean)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), prediction.std, rtol=1e-3, atol=1e-6)
    samples = model.sample(rest, 4000, np.random.default_rng(0))
    np.testing.assert_allclose(samples.mean(axis=0), prediction.mean, atol=5 * float(prediction.std.max()) / 60 + 1e-9)
    after = model.condition(take(rest, np.arange(5)), y[30:35])
    assert (after.predict(take(rest, np.arange(5))).std <= prediction.std[:5] + 1e-9).all()


def test_what_cannot_be_transformed_or_lacks_its_factors_is_refused() -> None:
    X, y = made(20)
    with pytest.raises(InvalidInputError, match="positive"):
        InvariantTarget(GaussianProcess, LOG).fit(X, y - 10.0)
    with pytest.raises(InvalidInputError, match="'factors'"):
        InvariantTarget(GaussianProcess, PACKING).fit({"x": X["x"]}, y)
    with pytest.raises(InvalidInputError, match="not been fitted"):
        InvariantTarget(GaussianProcess, PACKING).predict(X)


def test_a_power_of_two_as_another_unit_changes_no_bit() -> None:
    X, y = made(30)
    one = InvariantTarget(GaussianProcess, PACKING).fit(X, y).predict(X).mean
    other = InvariantTarget(GaussianProcess, PACKING).fit(X, 1024 * y).predict(X).mean
    np.testing.assert_array_equal(1024 * one, other)


def test_the_linear_term_is_centred_on_the_training_rows() -> None:
    """Centred elsewhere, a linear model of a narrow range extrapolates with the wrong sign."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(200, 3)) + 50.0
    y = X @ np.array([1.0, -2.0, 0.5])
    low = np.argsort(y)[:60]
    rest = np.setdiff1d(np.arange(200), low)
    model = GaussianProcess({"x": ("linear",)}).fit({"x": BlockValues(X[low], "physical")}, y[low])
    predicted = model.predict({"x": BlockValues(X[rest], "physical")}).mean
    assert np.sqrt(np.mean((predicted - y[rest]) ** 2)) < 0.05 * y.std()

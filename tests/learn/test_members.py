"""Random forest and ridge ensemble: the same interface, spread as uncertainty, and a linear update."""

import numpy as np
import pytest
from tests.surrogates import COLUMN_SURROGATES, quick_surrogate

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.learn import GaussianProcess, RandomForest, RidgeEnsemble, Surrogate, make_surrogate
from polyloop.learn.members import Conditioned
from polyloop.learn.surrogate import take

NAMES = [name for name in COLUMN_SURROGATES if name != "product_gp"]


def make(n, seed=0, noise=0.0):
    rng = np.random.default_rng(seed)
    X = {
        "physical": BlockValues(rng.normal(size=(n, 4)) * [1, 5, 0.1, 100], "physical"),
        "ecfp": BlockValues(rng.poisson(0.5, (n, 30)), "counts"),
    }
    y = 50 + X["physical"].values[:, 0] + 2 * X["physical"].values[:, 1] + 3 * X["ecfp"].values[:, 0]
    return X, y + noise * rng.standard_normal(n)


@pytest.mark.parametrize("name", NAMES)
def test_every_surrogate_answers_the_whole_interface(name):
    (X, y), (X_new, y_new) = make(80), make(40, seed=1)
    model = quick_surrogate(name).fit(X, y)
    assert isinstance(model, Surrogate)
    prediction = model.predict(X_new)
    assert 1 - np.mean((prediction.mean - y_new) ** 2) / y_new.var() > (0.5 if name == "lightgbm" else 0.7), (
        "boosting learns slopes slowly from 80 rows"
    )
    mean, covariance = model.joint(X_new)
    np.testing.assert_allclose(mean, prediction.mean)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), prediction.std, rtol=1e-5)
    np.testing.assert_allclose(model.covariance(take(X_new, slice(5)), X_new), covariance[:5], atol=1e-3)
    assert model.sample(X_new, 7, np.random.default_rng(0)).shape == (7, 40)
    again = quick_surrogate(name).fit(X, y).predict(X_new)
    np.testing.assert_array_equal(again.mean, prediction.mean)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", ["one point", "two points", "equal values", "duplicates"])
def test_little_or_degenerate_data_still_gives_finite_predictions(name, case):
    X, y = make(10)
    rows = {"one point": [0], "two points": [0, 1], "equal values": range(10), "duplicates": [0] * 10}[case]
    X, y = take(X, list(rows)), y[list(rows)]
    if case == "equal values":
        y = np.full(10, 0.0)
    prediction = quick_surrogate(name).fit(X, y).predict(make(20, seed=1)[0])
    assert np.isfinite(prediction.mean).all()
    assert (prediction.std > 0).all()
    assert np.isfinite(prediction.noise_std).all()


@pytest.mark.parametrize("name", NAMES)
def test_conditioning_draws_the_prediction_to_the_value_and_shrinks_the_std(name):
    (X, y), (X_new, _) = make(40), make(10, seed=1)
    model = quick_surrogate(name).fit(X, y)
    before = model.predict(X_new)
    pulled = model.condition(take(X_new, [0]), before.mean[:1] + 5 * before.std[:1])
    after = pulled.predict(X_new)
    assert after.mean[0] > before.mean[0]
    assert after.std[0] < before.std[0]
    twice = pulled.condition(take(X_new, [1]), before.mean[1:2]).predict(X_new)
    assert (twice.std <= after.std * (1 + 1e-9)).all()


def test_the_general_update_of_a_gp_is_its_own():
    (X, y), (X_more, y_more), (X_new, _) = make(30), make(3, seed=1), make(6, seed=2)
    model = GaussianProcess().fit(X, y)
    general, own = Conditioned(model, X_more, y_more), model.condition(X_more, y_more)
    np.testing.assert_allclose(general.predict(X_new).mean, own.predict(X_new).mean, rtol=1e-6)
    np.testing.assert_allclose(general.predict(X_new).std, own.predict(X_new).std, rtol=1e-4)
    np.testing.assert_allclose(general.joint(X_new)[1], own.joint(X_new)[1], rtol=1e-3, atol=1e-6)
    again = general.condition(X_new, own.predict(X_new).mean)
    assert again.sample(X_new, 3, np.random.default_rng(0)).shape == (3, 6)
    with pytest.raises(InvalidInputError, match="cannot be fitted"):
        general.fit(X, y)


def test_the_ridge_ensemble_extrapolates_and_the_forest_does_not():
    x = np.linspace(0, 1, 40)[:, None]
    far = {"physical": BlockValues([[3.0]], "physical")}
    line = 7 * x[:, 0] + 2
    assert RidgeEnsemble().fit({"physical": BlockValues(x, "physical")}, line).predict(far).mean[0] == pytest.approx(
        23.0, rel=0.05
    )
    assert RandomForest().fit({"physical": BlockValues(x, "physical")}, line).predict(far).mean[0] <= 9.0


def test_out_of_bag_errors_show_the_noise():
    X, y = make(300, noise=4.0)
    assert RidgeEnsemble().fit(X, y).predict(X).noise_std[0] == pytest.approx(4.0, rel=0.2)


def test_known_noise_is_the_least_that_is_reported():
    X, y = make(30)
    for model in (RandomForest(), RidgeEnsemble()):
        assert model.fit(X, y, np.full(30, 9.0)).predict(X).noise_std[0] >= 3.0


def test_a_model_of_one_member_is_refused():
    with pytest.raises(InvalidInputError, match="no spread"):
        RandomForest(1)
    with pytest.raises(InvalidInputError, match="no spread"):
        RidgeEnsemble(1)
    with pytest.raises(InvalidInputError, match="Call fit"):
        RandomForest().predict({"physical": BlockValues([[0.0]], "physical")})


def test_names_and_options_that_do_not_exist_name_the_nearest():
    with pytest.raises(ConfigurationError, match="Did you mean 'random_forest'"):
        make_surrogate("randomforest")
    with pytest.raises(ConfigurationError, match="Known: gp"):
        make_surrogate("xyz")
    with pytest.raises(ConfigurationError, match="Did you mean 'n_trees'"):
        make_surrogate("random_forest", n_tree=3)
    assert isinstance(make_surrogate("gp", ard=True), GaussianProcess)

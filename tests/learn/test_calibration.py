"""Calibration on held-out points, and the flags of the training domain."""

import numpy as np
import pytest

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.learn import Prediction, TrainingDomain, calibrate, make_surrogate
from polyloop.learn.calibration import held_out, summarise


def make(n, seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    X = {
        "physical": BlockValues(rng.normal(size=(n, 3)), "physical"),
        "ecfp": BlockValues(rng.poisson(0.5, (n, 20)), "counts"),
    }
    return X, 50 + 10 * X["physical"].values[:, 0] + noise * rng.standard_normal(n)


def test_a_calibrated_prediction_is_found_calibrated():
    rng = np.random.default_rng(0)
    n = 20_000
    mean, std, noise = rng.normal(size=n), rng.uniform(0.5, 2, n), np.full(n, 1.0)
    y = mean + np.hypot(std, noise) * rng.standard_normal(n)
    result = summarise(Prediction(mean, std, noise), y, "test set")
    # Binomial error of 20,000 draws is at most 0.0036.
    assert result.coverage_50 == pytest.approx(0.50, abs=0.015)
    assert result.coverage_90 == pytest.approx(0.90, abs=0.01)
    assert result.coverage_95 == pytest.approx(0.95, abs=0.01)
    assert result.z_std == pytest.approx(1.0, abs=0.02)


def test_the_figures_of_a_worked_example():
    y = np.array([1.0, 3.0])
    result = summarise(Prediction(np.array([2.0, 2.0]), np.array([1.0, 1.0]), np.zeros(2)), y, "test set")
    assert (result.n, result.rmse, result.r2, result.z_std) == (2, 1.0, 0.0, 1.0)
    # Errors of one standard deviation: outside the 50 % interval (0.674), inside the 90 % one (1.645).
    assert (result.coverage_50, result.coverage_90) == (0.0, 1.0)
    assert result.nlpd == pytest.approx(0.5 + 0.5 * np.log(2 * np.pi))
    assert result.to_dict()["method"] == "test set"


def test_overconfidence_shows():
    rng = np.random.default_rng(1)
    prediction = Prediction(np.zeros(2000), np.full(2000, 0.5), np.zeros(2000))
    result = summarise(prediction, rng.standard_normal(2000), "test set")
    assert result.z_std > 1.8
    assert result.coverage_90 < 0.7


def test_equal_values_have_no_r2():
    result = summarise(Prediction(np.ones(3), np.zeros(3), np.zeros(3)), np.ones(3), "test set")
    assert np.isnan(result.r2)
    assert np.isfinite(result.nlpd)


def test_a_gp_is_calibrated_in_closed_form_and_others_by_folds():
    X, y = make(60)
    closed = calibrate(make_surrogate("gp").fit(X, y), X, y)
    assert (closed.method, closed.n) == ("leave-one-out", 60)
    assert closed.r2 > 0.9

    def fresh():
        return make_surrogate("ensemble")

    folds = calibrate(fresh().fit(X, y), X, y, make=fresh, rng=np.random.default_rng(0))
    assert (folds.method, folds.n) == ("k-fold", 60)
    assert folds.r2 > 0.9


def test_folds_never_see_the_point_that_they_predict():
    X, y = make(20, noise=0.0)
    y[4] = 1e6

    def fresh():
        return make_surrogate("random_forest", n_trees=5)

    prediction, _ = held_out(fresh(), X, y, make=fresh, folds=20, rng=np.random.default_rng(0))
    assert prediction.mean[4] < 100


def test_calibration_without_enough_is_refused():
    X, y = make(10)
    with pytest.raises(InvalidInputError, match="at least two"):
        held_out(make_surrogate().fit({k: v[:1] for k, v in X.items()}, y[:1]), {k: v[:1] for k, v in X.items()}, y[:1])
    with pytest.raises(InvalidInputError, match="K-fold"):
        held_out(make_surrogate("ensemble").fit(X, y), X, y)


def test_predictions_outside_the_domain_are_flagged_with_reasons():
    X, y = make(100)
    model, domain = make_surrogate().fit(X, y), TrainingDomain().fit(X, y)
    inside = domain.assess(X, model.predict(X))
    assert inside.outside.mean() < 0.1
    strange = {
        "physical": BlockValues([[30.0, 0, 0], [0.0, 0, 0]], "physical"),
        "ecfp": BlockValues([[0] * 10 + [9] * 10, X["ecfp"].values[0]], "counts"),
    }
    report = domain.assess(strange, model.predict(strange))
    assert report.outside.tolist() == [True, False]
    assert any("beyond the range" in reason for reason in report.reasons(0))
    assert any("farther from every training polymer" in reason for reason in report.reasons(0))
    assert report.reasons(1) == ()


def test_a_model_that_knows_nothing_there_is_flagged():
    X, y = make(30)
    domain = TrainingDomain().fit(X, y)
    ignorant = Prediction(np.full(1, y.mean()), np.full(1, y.std()), np.zeros(1))
    report = domain.assess({k: v[:1] for k, v in X.items()}, ignorant)
    assert report.flags["uncertain"].tolist() == [True]
    assert report.flags["far"].tolist() == [False]


def test_one_training_point_has_a_domain_too():
    X, y = make(1)
    prediction = Prediction(y.repeat(5), np.ones(5), np.ones(5))
    assert TrainingDomain().fit(X, y).assess(make(5, seed=1)[0], prediction).outside.all()

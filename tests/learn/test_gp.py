"""The Gaussian process: equal to the textbook, robust with little data, exact when conditioned."""

import numpy as np
import pytest

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.learn import GaussianProcess
from polyloop.learn.calibration import summarise
from polyloop.learn.surrogate import stack, take


def make(n, seed=0, noise=0.0):
    """Return blocks and values of n polymers: a smooth function of two of four columns and of a count."""
    rng = np.random.default_rng(seed)
    X = {
        "physical": BlockValues(rng.normal(size=(n, 4)) * [1, 5, 0.1, 100], "physical"),
        "ecfp": BlockValues(rng.poisson(0.5, (n, 30)), "counts"),
    }
    y = 50 + 10 * np.sin(X["physical"].values[:, 0]) + X["physical"].values[:, 1] + 4 * X["ecfp"].values[:, 0]
    return X, y + noise * rng.standard_normal(n)


def dense(model, X_train, y, X_new, known=0.0):
    """Return mean and covariance by eqs. 2.23 and 2.24 of Rasmussen & Williams (2006), element by element."""
    p, sum_ = model.hyperparameters, model._fitted.covariance
    geometry = sum_.geometries["physical"]

    def k(A, B):
        za, zb = geometry.encode(A["physical"].values), geometry.encode(B["physical"].values)
        out = np.ones((len(za), len(zb)))
        for i in range(len(za)):
            for j in range(len(zb)):
                a, b = A["ecfp"].values[i], B["ecfp"].values[j]
                out[i, j] += p.variances[0] * np.minimum(a, b).sum() / max(np.maximum(a, b).sum(), 1)
                scaled = (za[i] - zb[j]) / p.length_scales[1]
                r = np.sqrt(5 * (scaled @ scaled) / geometry.median_square)
                out[i, j] += p.variances[1] * (1 + r + r**2 / 3) * np.exp(-r)
                out[i, j] += p.variances[2] * (za[i] @ zb[j]) / geometry.mean_square
        return out

    center, unit = y.mean(), y.std()
    noisy = k(X_train, X_train) + np.eye(len(y)) * p.noise + np.diag(np.broadcast_to(known / unit**2, len(y)))
    cross = k(X_new, X_train)
    mean = center + unit * cross @ np.linalg.solve(noisy, (y - center) / unit)
    return mean, unit**2 * (k(X_new, X_new) - cross @ np.linalg.solve(noisy, cross.T))


@pytest.mark.parametrize("ard", [False, True])
def test_predictions_are_those_of_the_textbook(ard):
    (X, y), (X_new, _) = make(25), make(6, seed=1)
    known = np.linspace(0, 4, 25)
    model = GaussianProcess(ard=ard).fit(X, y, known)
    mean, covariance = dense(model, X, y, X_new, known)
    prediction = model.predict(X_new)
    np.testing.assert_allclose(prediction.mean, mean, rtol=1e-8)
    np.testing.assert_allclose(prediction.std, np.sqrt(np.diag(covariance)), rtol=1e-6)
    joint_mean, joint = model.joint(X_new)
    np.testing.assert_allclose(joint_mean, mean, rtol=1e-8)
    np.testing.assert_allclose(joint, covariance, rtol=1e-6, atol=1e-8)


def test_hyperparameters_are_at_a_maximum_of_likelihood_times_prior():
    from polyloop.learn.hyperparameters import LENGTH_MEDIAN, LENGTH_SIGMA, NOISE_MEDIAN, NOISE_SIGMA, VARIANCE_SIGMA

    X, y = make(30, noise=1.0)
    model = GaussianProcess().fit(X, y)
    p = model.hyperparameters
    terms = model._fitted.covariance.term_data(X)
    z = (y - y.mean()) / y.std()

    def log_posterior(shift):
        v, (length,) = np.array(p.variances) * np.exp(shift[:3]), p.length_scales[1] * np.exp(shift[3])
        noise = p.noise * np.exp(shift[4])
        r = np.sqrt(5 * terms[1].matrix) / length
        matern = (1 + r + r**2 / 3) * np.exp(-r)
        K = 1 + v[0] * terms[0].matrix + v[1] * matern + v[2] * terms[2].matrix + noise * np.eye(30)
        likelihood = -0.5 * z @ np.linalg.solve(K, z) - 0.5 * np.linalg.slogdet(K)[1]

        def log_normal(x, median, sigma):
            return -np.log(x) - 0.5 * (np.log(x / median) / sigma) ** 2

        return (
            likelihood + sum(log_normal(x, 1 / 3, VARIANCE_SIGMA) for x in v)
            + log_normal(length, LENGTH_MEDIAN, LENGTH_SIGMA) + log_normal(noise, NOISE_MEDIAN, NOISE_SIGMA)
        )  # fmt: skip

    best = log_posterior(np.zeros(5))
    for direction in np.vstack([np.eye(5), -np.eye(5)]):
        assert log_posterior(0.05 * direction) < best + 1e-6


@pytest.mark.parametrize("noise", [None, np.array([0.5, 2.0])])
def test_conditioning_is_a_refit_with_the_same_hyperparameters(noise):
    (X, y), (X_more, y_more), (X_new, _) = make(20), make(2, seed=1), make(5, seed=2)
    model = GaussianProcess().fit(X, y, np.full(20, 0.3))
    conditioned = model.condition(X_more, y_more, noise)
    both = stack(X, X_more)
    known = np.concatenate([np.full(20, 0.3), [0.3, 0.3] if noise is None else noise])

    refit = GaussianProcess()
    from polyloop.learn.gp import _solve

    p = model._fitted
    values = p.scale.standardise(np.concatenate([y, y_more]))
    refit._posterior = _solve(p.covariance, both, values, p.scale.variances(known), p.scale)
    np.testing.assert_allclose(conditioned.predict(X_new).mean, refit.predict(X_new).mean, rtol=1e-10)
    np.testing.assert_allclose(conditioned.predict(X_new).std, refit.predict(X_new).std, rtol=1e-8)
    # And the original has not changed.
    assert len(model._fitted.y) == 20


def test_conditioning_on_the_mean_moves_no_mean_and_lowers_every_std():
    (X, y), (X_new, _) = make(20), make(30, seed=1)
    model = GaussianProcess().fit(X, y)
    before = model.predict(X_new)
    after = model.condition(take(X_new, [0, 1]), before.mean[:2]).predict(X_new)
    np.testing.assert_allclose(after.mean, before.mean, rtol=1e-9)
    assert (after.std <= before.std * (1 + 1e-9)).all()


def test_leave_one_out_is_leaving_one_out():
    X, y = make(15, noise=1.0)
    model = GaussianProcess().fit(X, y)
    closed = model.leave_one_out()
    p = model._fitted
    from polyloop.learn.gp import _solve

    for i in (0, 7, 14):
        rest = np.arange(15) != i
        one_less = GaussianProcess()
        one_less._posterior = _solve(p.covariance, take(X, rest), p.y[rest], p.known_noise[rest], p.scale)
        prediction = one_less.predict(take(X, [i]))
        assert closed.mean[i] == pytest.approx(prediction.mean[0], rel=1e-8)
        assert closed.std[i] == pytest.approx(prediction.std[0], rel=1e-6)
    by_groups = model.leave_one_out(np.repeat(np.arange(5), 3))
    rest = np.arange(15) // 3 != 2
    one_less = GaussianProcess()
    one_less._posterior = _solve(p.covariance, take(X, rest), p.y[rest], p.known_noise[rest], p.scale)
    prediction = one_less.predict(take(X, [6, 7, 8]))
    np.testing.assert_allclose(by_groups.mean[6:9], prediction.mean, rtol=1e-8)
    np.testing.assert_allclose(by_groups.std[6:9], prediction.std, rtol=1e-6)


@pytest.mark.parametrize(
    "case", ["one point", "two points", "equal values", "duplicates", "equal descriptors", "outlier", "huge values"]
)
def test_little_or_degenerate_data_still_gives_finite_predictions(case):
    X, y = make(10)
    if case == "one point":
        X, y = take(X, [0]), y[:1]
    elif case == "two points":
        X, y = take(X, [0, 1]), y[:2]
    elif case == "equal values":
        y = np.full(10, 1.5)
    elif case == "duplicates":
        X, y = take(X, [0] * 5 + [1] * 5), np.repeat(y[:2], 5)
    elif case == "equal descriptors":
        X = take(X, [0] * 10)
    elif case == "outlier":
        y[3] = 1e6
    else:
        y = y * 1e9
    X_new, _ = make(20, seed=5)
    prediction = GaussianProcess().fit(X, y).predict(X_new)
    assert np.isfinite(prediction.mean).all()
    assert (prediction.std > 0).all()
    assert (prediction.noise_std > 0).all()


def test_zero_known_noise_and_unknown_known_noise_are_the_same():
    X, y = make(12)
    nothing, missing = (GaussianProcess().fit(X, y, noise) for noise in (None, np.full(12, np.nan)))
    np.testing.assert_array_equal(nothing.predict(X).mean, missing.predict(X).mean)


def test_model_and_observation_noise_are_kept_apart():
    X, y = make(150, noise=3.0)
    # Without the fingerprints, whose kernel is nearly white on random counts and takes noise for signal.
    X, y = {"physical": X["physical"]}, y - 4 * X["ecfp"].values[:, 0]
    prediction = GaussianProcess().fit(X, y).predict(X)
    assert prediction.noise_std[0] == pytest.approx(3.0, rel=0.25)
    assert prediction.std.mean() < 2.5
    np.testing.assert_allclose(prediction.predictive_std, np.sqrt(prediction.std**2 + prediction.noise_std**2))


def test_the_linear_term_extrapolates():
    x = np.linspace(0, 1, 20)[:, None]
    model = GaussianProcess().fit({"physical": BlockValues(x, "physical")}, 7 * x[:, 0] + 2)
    assert model.predict({"physical": BlockValues([[3.0]], "physical")}).mean[0] == pytest.approx(23.0, rel=0.02)


def test_the_unit_of_the_property_only_scales_the_prediction():
    (X, y), (X_new, _) = make(25), make(5, seed=1)
    plain, scaled = GaussianProcess().fit(X, y).predict(X_new), GaussianProcess().fit(X, y * 1e-4).predict(X_new)
    np.testing.assert_allclose(scaled.mean, plain.mean * 1e-4, rtol=1e-5)
    np.testing.assert_allclose(scaled.std, plain.std * 1e-4, rtol=1e-4)


def test_samples_have_the_posterior_mean_and_covariance():
    (X, y), (X_new, _) = make(15), make(3, seed=1)
    model = GaussianProcess().fit(X, y)
    samples = model.sample(X_new, 20_000, np.random.default_rng(0))
    mean, covariance = model.joint(X_new)
    error = np.sqrt(np.diag(covariance) / 20_000)
    assert (np.abs(samples.mean(0) - mean) < 5 * error).all()
    np.testing.assert_allclose(np.cov(samples.T), covariance, atol=0.05 * np.diag(covariance).max())


def test_the_fit_is_the_same_each_time_and_chunks_do_not_matter():
    X, y = make(20)
    X_new, _ = make(40_000, seed=1)
    model, again = GaussianProcess().fit(X, y), GaussianProcess().fit(X, y)
    assert model.hyperparameters.variances == again.hyperparameters.variances
    whole, part = model.predict(X_new), model.predict(take(X_new, slice(39_990, None)))
    np.testing.assert_allclose(whole.mean[-10:], part.mean, rtol=1e-9)


def test_a_search_on_some_of_many_rows_finds_nearly_the_same_and_all_rows_teach():
    (X, y), (X_new, y_new) = make(300, noise=1.0), make(300, seed=1, noise=0.0)
    every, some = GaussianProcess().fit(X, y), GaussianProcess(search_rows=150).fit(X, y)
    fewer = GaussianProcess().fit(take(X, slice(150)), y[:150])
    assert some.hyperparameters != every.hyperparameters
    errors = [float(np.sqrt(np.mean((model.predict(X_new).mean - y_new) ** 2))) for model in (every, some, fewer)]
    assert errors[0] < errors[1] < errors[2]


def test_intervals_of_a_well_specified_problem_cover():
    (X, y), (X_new, y_new) = make(150, noise=2.0), make(400, seed=1, noise=2.0)
    calibration = summarise(GaussianProcess().fit(X, y).predict(X_new), y_new, "test set")
    # Binomial error of 400 draws is 0.015 at 90 %; the model only approximates this function.
    assert 0.84 < calibration.coverage_90 < 0.96
    assert calibration.r2 > 0.8


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda X, y: (X, y[:-1]), "one value for each"),
        (lambda X, y: (X, np.where(np.arange(len(y)) == 3, np.nan, y)), "Value 3 is not finite"),
        (
            lambda X, y: (
                X | {"physical": BlockValues(np.where(np.arange(40).reshape(10, 4) == 9, np.inf, 1.0), "physical")},
                y,
            ),
            "Row 2 holds",
        ),
        (lambda X, y: (X | {"ecfp": X["ecfp"][:3]}, y), "differ in their number of rows"),
        (lambda X, y: (X | {"ecfp": BlockValues(np.zeros(10), "counts")}, y), "not \\(n, d\\)"),
        (lambda X, y: ({}, y), "no descriptor blocks"),
    ],
)
def test_bad_input_is_refused_with_its_place(spoil, message):
    with pytest.raises(InvalidInputError, match=message):
        GaussianProcess().fit(*spoil(*make(10)))


def test_negative_noise_is_refused():
    X, y = make(10)
    with pytest.raises(InvalidInputError, match="not negative"):
        GaussianProcess().fit(X, y, np.full(10, -1.0))


def test_prediction_on_other_blocks_is_refused():
    X, y = make(10)
    model = GaussianProcess().fit(X, y)
    with pytest.raises(InvalidInputError, match="'ecfp' is missing"):
        model.predict({"physical": X["physical"]})
    with pytest.raises(InvalidInputError, match="fitted on 4"):
        model.predict(X | {"physical": BlockValues(np.zeros((10, 3)), "physical")})
    with pytest.raises(InvalidInputError, match="Call fit"):
        GaussianProcess().predict(X)

"""The process over levels: equal to the textbook, one level is a plain process, and cheap values teach the target."""

import numpy as np
import pytest

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.learn import GaussianProcess, MultilevelGaussianProcess
from polyloop.learn.surrogate import stack, take

LEVELS = ["instant", "quick", "full"]


def rows(n, seed):
    rng = np.random.default_rng(seed)
    return {
        "physical": BlockValues(rng.normal(size=(n, 3)) * [1, 5, 0.1], "physical"),
        "ecfp": BlockValues(rng.poisson(0.5, (n, 12)), "counts"),
    }


def truth(X, level):
    """A wavy property; each cheaper level is a multiple of it, less something smooth."""
    z, counts = X["physical"].values, X["ecfp"].values
    value = 50 + 10 * np.sin(2 * z[:, 0]) + z[:, 1] + 2 * counts[:, 0]
    return np.where(level == 2, value, 0.8 * value + 5 + np.where(level == 1, 0.5, 1.0) * 3 * z[:, 0])


def make(counts=(25, 10, 5), seed=0):
    level = np.repeat(np.arange(3), counts)
    X = rows(len(level), seed)
    return X, truth(X, level), level


def dense(model, X, y, level, X_new, level_new, known):
    """Return mean and covariance of the pairs by Kennedy & O'Hagan (2000), pair by pair."""
    p = model.hyperparameters
    components = model._fitted.covariance.components
    geometry = components[0].geometries["physical"]

    def component(s, a, b):
        h = p.components[s]
        za, zb = geometry.encode(a[0]), geometry.encode(b[0])
        scaled = (za - zb) / h.length_scales[1]
        r = np.sqrt(5 * (scaled @ scaled) / geometry.median_square)
        total = h.variances[0] * np.minimum(a[1], b[1]).sum() / max(np.maximum(a[1], b[1]).sum(), 1)
        total += h.variances[1] * (1 + r + r**2 / 3) * np.exp(-r) + h.variances[2] * (za @ zb) / geometry.mean_square
        return total + (1.0 if s == 0 else 0.25)

    def k(a, la, b, lb):
        total = 0.0
        for s in range(min(la, lb) + 1):
            total += np.prod(p.ratios[s:la]) * np.prod(p.ratios[s:lb]) * component(s, a, b)
        return total

    def matrix(A, la, B, lb):
        pairs = [[(b["physical"].values[i], b["ecfp"].values[i]) for i in range(len(b["ecfp"]))] for b in (A, B)]
        return np.array([[k(a, i, b, j) for b, j in zip(pairs[1], lb, strict=True)]
                         for a, i in zip(pairs[0], la, strict=True)])  # fmt: skip

    largest = y[level == np.bincount(level).argmax()]
    offset, unit = largest.mean(), largest.std()
    noisy = matrix(X, level, X, level) + np.diag(p.noise[level] + known / unit**2)
    cross = matrix(X_new, level_new, X, level)
    mean = offset + unit * cross @ np.linalg.solve(noisy, (y - offset) / unit)
    covariance = matrix(X_new, level_new, X_new, level_new) - cross @ np.linalg.solve(noisy, cross.T)
    return mean, unit**2 * covariance


def test_predictions_are_those_of_the_textbook_at_every_level():
    X, y, level = make()
    shuffled = np.random.default_rng(4).permutation(len(y))
    X, y, level = take(X, shuffled), y[shuffled], level[shuffled]
    known, X_new, new = np.linspace(0, 4, len(y)), rows(9, 1), np.array([0, 1, 2] * 3)
    model = MultilevelGaussianProcess(LEVELS).fit(X, y, known, level=level)
    mean, covariance = dense(model, X, y, level, X_new, new, known)
    prediction = model.predict(X_new, new)
    np.testing.assert_allclose(prediction.mean, mean, rtol=1e-8)
    np.testing.assert_allclose(prediction.std, np.sqrt(np.diag(covariance)), rtol=1e-6)
    joint_mean, joint = model.joint(X_new, new)
    np.testing.assert_allclose(joint_mean, mean, rtol=1e-8)
    np.testing.assert_allclose(joint, covariance, rtol=1e-6, atol=1e-7)
    cross = model.covariance(take(X_new, [0, 1]), take(X_new, [5]), ["instant", "quick"], "full")
    np.testing.assert_allclose(cross[:, 0], covariance[:2, 5], rtol=1e-6, atol=1e-7)
    every = model.covariance_with(X_new, X_new, new)
    np.testing.assert_allclose(every[np.arange(9), new], covariance, rtol=1e-6, atol=1e-7)
    own = np.diagonal(model.predict_all_levels(X_new)[1], axis1=1, axis2=2)
    np.testing.assert_allclose(own[np.arange(9), new], np.diag(covariance), rtol=1e-6)


def test_the_fit_reports_the_likelihood_of_the_covariance_that_it_predicts_with():
    X, y, level = make()
    model = MultilevelGaussianProcess(LEVELS).fit(X, y, level=level)
    p, posterior = model.hyperparameters, model._fitted
    half = np.linalg.solve(posterior.cholesky, posterior.y)
    likelihood = -0.5 * half @ half - np.log(np.diag(posterior.cholesky)).sum() - 0.5 * len(y) * np.log(2 * np.pi)
    prior = -0.5 * sum(((ratio - 1.0) / 0.5) ** 2 for ratio in p.ratios)
    for s, component in enumerate(p.components):
        medians = np.full(3, (1.0 if s == 0 else 0.25) / 3)
        prior -= 0.5 * (np.log(np.array(component.variances) / medians) ** 2).sum()
        length, noise = np.log(component.length_scales[1][0]), np.log(component.noise)
        prior -= 0.5 * (length - np.log(2.0)) ** 2 + 0.5 * (noise + 4.0) ** 2
        prior -= np.log(component.variances).sum() + length + noise
    assert p.log_likelihood == pytest.approx(likelihood + prior, rel=1e-9)
    start = MultilevelGaussianProcess(LEVELS, optimise=False).fit(X, y, level=level)._fitted
    half = np.linalg.solve(start.cholesky, start.y)
    before = -0.5 * half @ half - np.log(np.diag(start.cholesky)).sum() - 0.5 * len(y) * np.log(2 * np.pi)
    assert p.log_likelihood > before + 1.0


def test_one_level_is_a_plain_gaussian_process():
    X, y, _ = make((0, 0, 30))
    X_new = rows(8, 2)
    plain, one = GaussianProcess().fit(X, y), MultilevelGaussianProcess(["full"]).fit(X, y)
    for a, b in zip(vars(plain.predict(X_new)).values(), vars(one.predict(X_new)).values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3)
    fixed, other = GaussianProcess(optimise=False), MultilevelGaussianProcess(["full"], optimise=False)
    np.testing.assert_allclose(fixed.fit(X, y).predict(X_new).std, other.fit(X, y).predict(X_new).std, rtol=1e-9)


def test_cheap_values_improve_the_prediction_of_the_target():
    X, X_new = rows(60, 7), rows(200, 8)
    target = truth(X_new, np.full(200, 2))
    few = take(X, slice(0, 8))
    y = np.concatenate([truth(X, np.zeros(60)), truth(few, np.full(8, 2))])
    alone = GaussianProcess().fit(few, y[60:])
    model = MultilevelGaussianProcess(["instant", "full"]).fit(stack(X, few), y, level=["instant"] * 60 + ["full"] * 8)
    error = [np.sqrt(np.mean((m.predict(X_new).mean - target) ** 2)) for m in (alone, model)]
    assert error[1] < 0.6 * error[0]
    z = (target - model.predict(X_new).mean) / model.predict(X_new).predictive_std
    assert 0.4 < np.sqrt(np.mean(z**2)) < 1.8  # neither blind nor overconfident


def test_a_proxy_of_the_opposite_sign_in_another_unit_teaches_as_well():
    X, X_new = rows(60, 7), rows(200, 8)
    target = truth(X_new, np.full(200, 2))
    few = take(X, slice(0, 10))
    y = np.concatenate([-1e-9 * truth(X, np.zeros(60)), truth(few, np.full(10, 2))])
    alone = GaussianProcess().fit(few, y[60:])
    model = MultilevelGaussianProcess(["proxy", "full"], one_unit=False)
    model.fit(stack(X, few), y, level=["proxy"] * 60 + ["full"] * 10)
    error = [np.sqrt(np.mean((m.predict(X_new).mean - target) ** 2)) for m in (alone, model)]
    assert model.hyperparameters.ratios[0] < -0.5
    assert error[1] < 0.7 * error[0]


def test_conditioning_is_fitting_with_the_same_hyper_parameters():
    X, y, level = make()
    model = MultilevelGaussianProcess(LEVELS, optimise=False)
    part, X_new = slice(0, 30), rows(5, 3)
    partial = MultilevelGaussianProcess(LEVELS, optimise=False).fit(take(X, part), y[part], level=level[part])
    later = partial.condition(take(X, slice(30, 40)), y[30:], level=level[30:])
    # Same scales: those of the 25 values of the first level, and of the first thirty rows.
    p = later._fitted
    all_at_once = model.fit(X, y, level=level)._fitted
    assert len(p.y) == len(all_at_once.y)
    mean, covariance = partial.joint(stack(X_new, take(X, slice(30, 40))), np.concatenate([np.full(5, 2), level[30:]]))
    noise = partial.noise_std()[level[30:]] ** 2
    gain = covariance[:5, 5:] @ np.linalg.inv(covariance[5:, 5:] + np.diag(noise))
    np.testing.assert_allclose(later.predict(X_new).mean, mean[:5] + gain @ (y[30:] - mean[5:]), rtol=1e-8)
    expected = np.diag(covariance[:5, :5] - gain @ covariance[5:, :5])
    np.testing.assert_allclose(later.predict(X_new).std ** 2, expected, rtol=1e-6)


@pytest.mark.parametrize("counts", [(12, 0, 0), (12, 0, 1), (0, 0, 3), (1, 0, 0), (0, 5, 1), (9, 1, 1)])
def test_levels_with_few_or_no_values_are_predicted_with_more_uncertainty_than_those_with_many(counts):
    X, y, level = make(counts)
    model = MultilevelGaussianProcess(LEVELS).fit(X, y, level=level)
    mean, covariance = model.predict_all_levels(rows(20, 9))
    assert np.isfinite(mean).all()
    std = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    assert (std > 0).all()
    if counts[0] > counts[2]:
        assert std[:, 2].mean() > std[:, 0].mean()
    assert np.isfinite(model.predict(take(X, [0])).predictive_std).all()


@pytest.mark.parametrize("unit", [2.0**-40, 2.0**40])
def test_nothing_depends_on_the_unit(unit):
    X, y, level = make()
    noise = np.full(len(y), 2.0)
    plain, scaled = (
        MultilevelGaussianProcess(LEVELS).fit(X, y * u, noise * u * u, level=level).predict_all_levels(rows(6, 1))
        for u in (1.0, unit)
    )
    np.testing.assert_array_equal(scaled[0], plain[0] * unit)
    np.testing.assert_array_equal(scaled[1], plain[1] * unit * unit)


def test_constant_values_and_copies_are_fine():
    X = stack(rows(4, 0), rows(4, 0))
    model = MultilevelGaussianProcess(["a", "b"]).fit(X, np.full(8, 3.0), level=["a"] * 4 + ["b"] * 4)
    np.testing.assert_allclose(model.predict(rows(3, 1)).mean, 3.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"level": "fulll"}, "Did you mean 'full'"),
        ({"level": ["full"]}, "one for each"),
        ({"level": np.full(40, 3)}, "0 to 2"),
    ],
)
def test_a_level_that_does_not_fit_is_refused(arguments, message):
    X, y, _ = make()
    with pytest.raises(InvalidInputError, match=message):
        MultilevelGaussianProcess(LEVELS).fit(X, y, **arguments)


def test_what_cannot_be_answered_is_refused():
    X, y, level = make((5, 0, 5))
    with pytest.raises(InvalidInputError, match="'quick' has no value"):
        MultilevelGaussianProcess(LEVELS, one_unit=False).fit(X, y, level=level)
    with pytest.raises(InvalidInputError, match="different levels"):
        MultilevelGaussianProcess(["a", "a"])
    with pytest.raises(InvalidInputError, match="has not been fitted"):
        MultilevelGaussianProcess(["a"]).predict(X)

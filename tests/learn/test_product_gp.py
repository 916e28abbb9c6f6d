"""The product Gaussian process: blocks interact, its likelihood is the textbook's, its derivatives are right."""

import numpy as np
import pytest
import torch
from scipy.stats import lognorm, multivariate_normal

from polyloop.core.descriptors import BlockValues
from polyloop.learn import GaussianProcess, ProductGaussianProcess
from polyloop.learn.product_covariance import BlockMetric
from polyloop.learn.product_hyperparameters import NOISE_FLOOR


def blocks(u, v, choice):
    return {
        "u": BlockValues(np.asarray(u, dtype=float)[:, None], "densities"),
        "v": BlockValues(np.asarray(v, dtype=float)[:, None], "densities"),
        "choice": BlockValues(np.eye(3)[np.asarray(choice)], "categorical"),
    }


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    u, v, choice = 2.4 * rng.random(40), 2.4 * rng.random(40), rng.integers(3, size=40)
    return blocks(u, v, choice), np.array([1.0, -1.0, 0.2])[choice] * (u - 1.2) * (v - 1.2)


def test_what_depends_on_another_variable_is_learnt_where_a_sum_over_blocks_cannot(data):
    # The value is a pure interaction: any sum of functions of one variable predicts its mean.
    X, y = data
    rng = np.random.default_rng(1)
    u, v, choice = 2.4 * rng.random(200), 2.4 * rng.random(200), rng.integers(3, size=200)
    truth = np.array([1.0, -1.0, 0.2])[choice] * (u - 1.2) * (v - 1.2)
    errors = {}
    for model in (ProductGaussianProcess(), GaussianProcess()):
        mean = model.fit(X, y).predict(blocks(u, v, choice)).mean
        errors[type(model)] = np.sqrt(((mean - truth) ** 2).mean()) / truth.std()
    assert errors[ProductGaussianProcess] < 0.5
    assert errors[GaussianProcess] > 0.8


def test_the_fit_maximizes_the_textbook_likelihood_times_the_priors(data):
    # Rebuilt in NumPy and SciPy from the definition: normal density of the values, log-normal densities of the rest.
    X, y = data
    p = ProductGaussianProcess().fit(X, y).hyperparameters
    z = (y - y.mean()) / y.std()

    def objective(lengths, joint, main, noise):
        squared = []
        for name, m in zip(sorted(X), lengths, strict=True):
            a = X[name].values
            distance = ((a[:, None] - a[None]) ** 2).sum(-1) / (2 if name == "choice" else 1)
            squared.append(distance / m**2)

        def matern(s):
            r = np.sqrt(5 * s)
            return (1 + r + r**2 / 3) * np.exp(-r)

        K = joint * matern(np.mean(squared, axis=0)) + main * np.mean([matern(s) for s in squared], axis=0) + 1.0
        value = multivariate_normal(np.zeros(len(z)), K + (noise + NOISE_FLOOR) * np.eye(len(z))).logpdf(z)
        priors = [(length, 2.0) for length in lengths] + [(joint, 0.5), (main, 0.5), (noise, np.exp(-4))]
        return value + sum(lognorm(1.0, scale=median).logpdf(x) for x, median in priors)

    fitted = (np.array(p.length_scales), p.joint_variance, p.main_variance, p.noise - NOISE_FLOOR)
    best = objective(*fitted)
    constant = 0.5 * len(z) * np.log(2 * np.pi) + 0.5 * 6 * np.log(2 * np.pi)  # six log-normal densities of sigma 1
    assert p.log_likelihood == pytest.approx(best + constant, abs=1e-6)
    for factor in (0.97, 1.03):
        assert objective(fitted[0] * factor, *fitted[1:]) < best
        assert objective(fitted[0], fitted[1] * factor, *fitted[2:]) < best
        assert objective(*fitted[:3], fitted[3] * factor) < best


def test_tensors_have_the_same_posterior_and_right_derivatives(data):
    X, y = data
    model = ProductGaussianProcess().fit(X, y)
    at = blocks([0.3, 1.9], [2.0, 0.4], [1, 2])
    mean, covariance = model.joint(at)
    values = {name: torch.from_numpy(block.values.astype(float)) for name, block in at.items()}
    values["u"].requires_grad_()
    tensor_mean, tensor_covariance = model.joint_tensors({name: value[None] for name, value in values.items()})
    np.testing.assert_allclose(tensor_mean[0].detach().numpy(), mean, rtol=1e-9)
    np.testing.assert_allclose(tensor_covariance[0].detach().numpy(), covariance, atol=1e-10)
    tensor_mean.sum().backward()
    step = 1e-5
    for row in range(2):
        shifted = [model.predict(blocks(*_moved(row, s), [1, 2])).mean.sum() for s in (step, -step)]
        assert values["u"].grad[row, 0].item() == pytest.approx((shifted[0] - shifted[1]) / (2 * step), rel=1e-4)


def _moved(row, step):
    u = [0.3, 1.9]
    u[row] += step
    return u, [2.0, 0.4]


@pytest.mark.parametrize("kind", ["counts", "bits", "categorical", "densities", "physical"])
def test_every_kind_of_block_gives_distances_that_a_covariance_may_be_made_of(kind):
    rng = np.random.default_rng(2)
    values = {"counts": rng.poisson(1.0, (30, 12)), "bits": rng.integers(2, size=(30, 12)),
              "categorical": np.eye(5)[rng.integers(5, size=30)]}.get(kind, rng.normal(size=(30, 4)))  # fmt: skip
    block = BlockValues(values, kind)
    tensor = torch.from_numpy(np.asarray(values, dtype=float))
    squared = BlockMetric.fit(block)(tensor, tensor).numpy()
    np.testing.assert_allclose(np.diag(squared), 0, atol=1e-12)
    centered = np.eye(30) - 1 / 30
    assert np.linalg.eigvalsh(-centered @ squared @ centered).min() > -1e-9  # Euclidean (Schoenberg 1935)


def test_conditioning_is_fitting_with_the_same_hyperparameters(data):
    X, y = data
    first = {name: block[:30] for name, block in X.items()}
    rest = {name: block[30:] for name, block in X.items()}
    model = ProductGaussianProcess(optimise=False).fit(first, y[:30])
    conditioned = model.condition(rest, y[30:])
    assert conditioned.hyperparameters == model.hyperparameters
    halves = [({name: block[rows] for name, block in X.items()}, y[rows]) for rows in (slice(30, 36), slice(36, 40))]
    stepwise = model.condition(*halves[0]).condition(*halves[1])
    np.testing.assert_allclose(stepwise.predict(X).mean, conditioned.predict(X).mean, atol=1e-10)
    before, after = (((m.predict(rest).mean - y[30:]) ** 2).mean() for m in (model, conditioned))
    assert after < before
    assert (conditioned.predict(X).std < model.predict(X).std).all()

"""Hyper-parameters of the sum kernel: their priors, and their fit by marginal likelihood in GPyTorch."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gpytorch
import numpy as np
import torch
from gpytorch.constraints import GreaterThan, Positive
from gpytorch.priors import LogNormalPrior
from linear_operator.utils.errors import NanError, NotPSDError
from linear_operator.utils.warnings import NumericalWarning
from scipy.optimize import minimize

from polyloop.learn.covariance import CONSTANT_VARIANCE, HyperParameters, TermData
from polyloop.learn.surrogate import Array

__all__ = ["correlation", "fit_hyperparameters", "one_thread", "prior_medians"]

# Values are standardised and distances are in units of the training rows' median distance, so one set of priors
# serves all properties and blocks. They are stated here and were not tuned on any benchmark.
NOISE_MEDIAN, NOISE_SIGMA = np.exp(-4.0), 1.0  # variance; BoTorch's default prior since 0.12
NOISE_FLOOR = 1e-5  # keeps the Cholesky factor well conditioned; a standard deviation of 0.3 % of the spread
LENGTH_MEDIAN, LENGTH_SIGMA = 2.0, 1.0  # long for many columns, as in doi:10.48550/arXiv.2402.02229
VARIANCE_SIGMA = 1.0  # the medians of the terms' variances sum to 1


def prior_medians(terms: list[TermData]) -> HyperParameters:
    """Return the hyper-parameters before any data: the medians of their priors."""
    lengths = tuple(np.full(t.length_count, LENGTH_MEDIAN) for t in terms)
    shares = tuple(1.0 / len(terms) if data.share is None else data.share for data in terms)
    return HyperParameters(shares, lengths, float(NOISE_MEDIAN))


class SumKernel(gpytorch.kernels.Kernel):  # type: ignore[misc]
    """Sum of terms over precomputed matrices; its inputs are row numbers of shape (n, 1)."""

    def __init__(self, terms: list[TermData], known_noise: Array) -> None:
        super().__init__()
        self.terms = terms
        # The mean's prior and the known noise are parts of the training covariance that nothing scales.
        fixed = CONSTANT_VARIANCE + np.diag(known_noise)
        self.register_buffer("fixed", torch.from_numpy(fixed))
        for i, data in enumerate(terms):
            self.register_buffer(f"matrix_{i}", torch.from_numpy(np.ascontiguousarray(data.matrix)))
            if data.rows is not None:
                self.register_buffer(f"rows_{i}", torch.from_numpy(np.ascontiguousarray(data.rows)))
            if data.factor is not None:
                self.register_buffer(f"factor_{i}", torch.from_numpy(np.ascontiguousarray(data.factor)))
        start = prior_medians(terms)
        medians = {"variances": np.array(start.variances), "lengths": np.concatenate(start.length_scales)}
        for name, values in medians.items():
            if len(values):
                self._register(name, torch.from_numpy(values))

    def _register(self, name: str, start: torch.Tensor) -> None:
        sigma = VARIANCE_SIGMA if name == "variances" else LENGTH_SIGMA
        self.register_parameter(f"raw_{name}", torch.nn.Parameter(torch.zeros_like(start)))
        self.register_constraint(f"raw_{name}", Positive(transform=torch.exp, inv_transform=torch.log))
        with torch.no_grad():
            getattr(self, f"raw_{name}").copy_(start.log())
        prior = LogNormalPrior(start.log(), torch.full_like(start, sigma))
        self.register_prior(f"{name}_prior", prior, lambda kernel: getattr(kernel, f"raw_{name}").exp())

    def forward(self, x1: torch.Tensor, x2: torch.Tensor, diag: bool = False, **_: Any) -> torch.Tensor:
        """Return the covariance of rows x1 and x2."""
        variances = self.raw_variances.exp()
        total = self.fixed
        offset = 0
        for i, data in enumerate(self.terms):
            matrix = getattr(self, f"matrix_{i}")
            if data.length_count:
                lengths = self.raw_lengths[offset : offset + data.length_count].exp()
                offset += data.length_count
                if data.rows is None:
                    matrix = matrix / lengths.square()
                else:
                    scaled = getattr(self, f"rows_{i}") / lengths
                    squares = scaled.square().sum(-1)
                    matrix = (squares[:, None] + squares[None, :] - 2 * scaled @ scaled.T).clamp_min(0.0)
                matrix = correlation(matrix, data.term.kind)
            if data.factor is not None:
                matrix = matrix * getattr(self, f"factor_{i}")
            total = total + variances[i] * matrix
        first, second = x1[..., 0].long(), x2[..., 0].long()
        chosen: torch.Tensor = total[first, second] if diag else total[first][:, second]
        return chosen


def correlation(squared: torch.Tensor, kind: str) -> torch.Tensor:
    """Return the correlation of squared scaled distances for a stationary kind of kernel, of the same shape."""
    if kind == "rbf":
        return torch.exp(-0.5 * squared)
    # The square root has no derivative at 0; Matern-5/2 has, and 1e-20 is far below its rounding.
    r = (5.0 * squared + 1e-20).sqrt()
    return (1.0 + r + r.square() / 3.0) * torch.exp(-r)


class _Model(gpytorch.models.ExactGP):  # type: ignore[misc]
    def __init__(self, x: torch.Tensor, y: torch.Tensor, likelihood: Any, kernel: SumKernel) -> None:
        super().__init__(x, y, likelihood)
        self.mean_module = gpytorch.means.ZeroMean()
        self.covar_module = kernel

    def forward(self, x: torch.Tensor) -> Any:
        return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))


def fit_hyperparameters(
    terms: list[TermData], y: Array, known_noise: Array, max_iterations: int = 75
) -> HyperParameters:
    """Maximize the log marginal likelihood plus log prior, from the prior medians, by L-BFGS.

    Parameters
    ----------
    y
        Standardised values, shape (n,).
    known_noise
        Known noise variances in standardised units, shape (n,).
    """
    n = len(y)
    x = torch.arange(n, dtype=torch.double)[:, None]
    target = torch.from_numpy(np.ascontiguousarray(y))
    kernel = SumKernel(terms, known_noise)
    likelihood = gpytorch.likelihoods.GaussianLikelihood(
        noise_prior=LogNormalPrior(float(np.log(NOISE_MEDIAN)), NOISE_SIGMA),
        noise_constraint=GreaterThan(NOISE_FLOOR, initial_value=float(NOISE_MEDIAN)),
    ).double()
    model = _Model(x, target, likelihood, kernel).train()
    objective = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
    with one_thread():
        best, vector = _maximize(objective, model, x, target, max_iterations)
    torch.nn.utils.vector_to_parameters(torch.from_numpy(vector), model.parameters())
    return _read(kernel, float(likelihood.noise.item()), best * n)


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep PyTorch to one thread inside a `with` statement."""
    # Matrices of a few hundred rows gain nothing from threads, and sums in one order give the same fit on any machine.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _maximize(objective: Any, model: Any, x: torch.Tensor, y: torch.Tensor, iterations: int) -> tuple[float, Array]:
    parameters = [p for p in model.parameters() if p.requires_grad]
    start = torch.nn.utils.parameters_to_vector(parameters).detach().numpy().copy()
    best: list[Any] = [-np.inf, start]

    def loss(vector: Array) -> tuple[float, Array]:
        torch.nn.utils.vector_to_parameters(torch.from_numpy(vector.copy()), parameters)
        model.zero_grad()
        try:
            value = objective(model(x), y)
        except (NanError, NotPSDError):
            # A step too far: the line search then shortens it.
            return 1e10, np.zeros_like(vector)
        value.backward()
        gradient = torch.cat([p.grad.reshape(-1) for p in parameters]).numpy().copy()
        if not (np.isfinite(value.item()) and np.isfinite(gradient).all()):
            return 1e10, np.zeros_like(vector)
        if value.item() > best[0]:
            best[:] = [value.item(), vector.copy()]
        return -value.item(), -gradient

    settings = gpytorch.settings
    with (
        warnings.catch_warnings(),
        settings.fast_computations(covar_root_decomposition=False, log_prob=False, solves=False),
        settings.max_cholesky_size(100_000),
        settings.lazily_evaluate_kernels(False),
    ):
        # GPyTorch warns when it adds jitter, which the noise floor makes harmless.
        warnings.simplefilter("ignore", NumericalWarning)
        minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations})
    return best[0], best[1]


def _read(kernel: SumKernel, noise: float, log_likelihood: float) -> HyperParameters:
    variances = tuple(float(v) for v in kernel.raw_variances.detach().exp())
    lengths, offset = [], 0
    for data in kernel.terms:
        if data.length_count:
            part = kernel.raw_lengths.detach()[offset : offset + data.length_count].exp().numpy().copy()
        else:
            part = np.zeros(0)
        lengths.append(part)
        offset += data.length_count
    return HyperParameters(variances, tuple(lengths), noise, log_likelihood)

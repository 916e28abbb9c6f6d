"""Fit of the hyper-parameters of a property at several levels, by marginal likelihood times priors."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize

from polyloop.learn.autoregression import DIFFERENCE_VARIANCE, LevelHyperParameters
from polyloop.learn.covariance import CONSTANT_VARIANCE, HyperParameters, TermData
from polyloop.learn.hyperparameters import (
    LENGTH_SIGMA,
    NOISE_FLOOR,
    NOISE_SIGMA,
    VARIANCE_SIGMA,
    correlation,
    one_thread,
    prior_medians,
)
from polyloop.learn.surrogate import Array

__all__ = ["fit_level_hyperparameters", "level_prior_medians"]

# A level in its own right is a copy of the cheaper one; half of it more or less is usual, the other sign is not.
RATIO_MEAN, RATIO_SIGMA = 1.0, 0.5
_TOO_FAR = 1e10


def level_prior_medians(terms: list[TermData], n_levels: int) -> LevelHyperParameters:
    """Return the hyper-parameters before any data."""
    first = prior_medians(terms)
    shares = tuple(DIFFERENCE_VARIANCE * variance for variance in first.variances)
    difference = HyperParameters(shares, first.length_scales, first.noise)
    return LevelHyperParameters((first, *[difference] * (n_levels - 1)), np.full(n_levels - 1, RATIO_MEAN))


class _Likelihood:
    """Log marginal likelihood plus log prior of n values, rows sorted by level, as a function of one vector."""

    def __init__(self, terms: list[TermData], y: Array, levels: NDArray[np.intp], known_noise: Array, n_levels: int):
        self.terms, self.n_levels, self.n = terms, n_levels, len(y)
        self.n_lengths = sum(data.length_count for data in terms)
        self.y, self.known = torch.from_numpy(y), torch.from_numpy(known_noise)
        self.levels = torch.from_numpy(levels.astype(np.int64))
        self.first = [int(np.searchsorted(levels, s)) for s in range(n_levels)]
        self.matrices = [torch.from_numpy(np.ascontiguousarray(data.matrix)) for data in terms]
        medians = level_prior_medians(terms, n_levels)
        self.median, self.sigma = self._vector(medians), self._sigmas()

    def _vector(self, parameters: LevelHyperParameters) -> Array:
        parts = []
        for component in parameters.components:
            parts += [np.log(component.variances), np.log(np.concatenate(component.length_scales))]
        return np.concatenate([*parts, np.log(parameters.noise), parameters.ratios])

    def _sigmas(self) -> Array:
        one = [VARIANCE_SIGMA] * len(self.terms) + [LENGTH_SIGMA] * self.n_lengths
        return np.array(one * self.n_levels + [NOISE_SIGMA] * self.n_levels + [RATIO_SIGMA] * (self.n_levels - 1))

    def _split(self, vector: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        size = self.n_levels * (len(self.terms) + self.n_lengths)
        kernel = vector[:size].reshape(self.n_levels, -1)
        return kernel, vector[size : size + self.n_levels], vector[size + self.n_levels :]

    def _component(self, kernel: torch.Tensor, first: int) -> torch.Tensor:
        variances, lengths = kernel[: len(self.terms)].exp(), kernel[len(self.terms) :].exp()
        total = torch.zeros((self.n - first, self.n - first), dtype=torch.double)
        used = 0
        for i, (data, whole) in enumerate(zip(self.terms, self.matrices, strict=True)):
            matrix = whole[first:, first:]
            if data.length_count:
                matrix = correlation(matrix / lengths[used].square(), data.term.kind)
                used += 1
            total = total + variances[i] * matrix
        return total

    def covariance(self, vector: torch.Tensor) -> torch.Tensor:
        """Return the covariance of the values with their noise, shape (n, n)."""
        kernel, noise, ratios = self._split(vector)
        diagonal = noise.exp().clamp_min(NOISE_FLOOR)[self.levels] + self.known
        total = torch.diag(diagonal)
        for s, first in enumerate(self.first):
            if first == self.n:
                continue
            weight = [torch.ones((), dtype=torch.double)]
            for level in range(s + 1, self.n_levels):
                weight.append(weight[-1] * ratios[level - 1])
            column = torch.stack(weight)[self.levels[first:] - s]
            constant = DIFFERENCE_VARIANCE if s else CONSTANT_VARIANCE
            part = torch.outer(column, column) * (self._component(kernel[s], first) + constant)
            total = total + torch.nn.functional.pad(part, (first, 0, first, 0))
        return total

    def value(self, vector: torch.Tensor) -> torch.Tensor:
        """Return the log marginal likelihood plus the log prior, without constants of the latter."""
        factor, failed = torch.linalg.cholesky_ex(self.covariance(vector))
        if failed:
            # A step too far: the line search then shortens it.
            return vector.sum() * torch.nan
        half = torch.linalg.solve_triangular(factor, self.y[:, None], upper=False)[:, 0]
        likelihood = -0.5 * half.square().sum() - factor.diagonal().log().sum() - 0.5 * self.n * np.log(2 * np.pi)
        z = (vector - torch.from_numpy(self.median)) / torch.from_numpy(self.sigma)
        # Densities of the positive parameters themselves, as in the fit of one level: each log-normal brings 1 / value.
        positive = vector[: len(vector) - (self.n_levels - 1)]
        value: torch.Tensor = likelihood - 0.5 * z.square().sum() - positive.sum()
        return value

    def parameters(self, vector: Array, value: float) -> LevelHyperParameters:
        """Read a vector."""
        kernel, noise, ratios = (part.numpy() for part in self._split(torch.from_numpy(vector.copy())))
        components = []
        for s in range(self.n_levels):
            variances, lengths = np.exp(kernel[s, : len(self.terms)]), np.exp(kernel[s, len(self.terms) :])
            places = np.cumsum([0, *[data.length_count for data in self.terms]])
            scales = tuple(lengths[a:b].copy() for a, b in pairwise(places))
            components.append(
                HyperParameters(tuple(map(float, variances)), scales, max(float(np.exp(noise[s])), NOISE_FLOOR))
            )
        return LevelHyperParameters(tuple(components), ratios.copy(), value)


def fit_level_hyperparameters(
    terms: list[TermData],
    y: Array,
    levels: NDArray[np.intp],
    known_noise: Array,
    n_levels: int,
    max_iterations: int = 75,
) -> LevelHyperParameters:
    """Maximize the log marginal likelihood plus log prior, from the prior medians, by L-BFGS.

    A level without values keeps the medians of its own parameters.

    Parameters
    ----------
    terms
        At the n rows, sorted by level; without ARD.
    y, known_noise
        Standardised values and known noise variances, shape (n,).
    levels
        Level of each value, ascending, shape (n,).
    """
    likelihood = _Likelihood(terms, y, levels, known_noise, n_levels)
    best: list[tuple[float, Array]] = [(-np.inf, likelihood.median)]

    def loss(vector: Array) -> tuple[float, Array]:
        x = torch.from_numpy(vector.copy()).requires_grad_()
        value = likelihood.value(x)
        (gradient,) = torch.autograd.grad(value, x)
        if not (torch.isfinite(value) and torch.isfinite(gradient).all()):
            return _TOO_FAR, np.zeros_like(vector)
        if value.item() > best[0][0]:
            best[0] = value.item(), vector.copy()
        return -value.item(), -gradient.numpy()

    with one_thread():
        minimize(loss, likelihood.median, jac=True, method="L-BFGS-B", options={"maxiter": max_iterations})
    value, vector = best[0]
    return likelihood.parameters(vector, value)

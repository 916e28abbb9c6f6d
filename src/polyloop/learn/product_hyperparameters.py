"""Hyper-parameters of the product covariance: their priors, and their fit by marginal likelihood."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy.optimize import minimize

from polyloop.learn.hyperparameters import (
    LENGTH_MEDIAN,
    LENGTH_SIGMA,
    NOISE_FLOOR,
    NOISE_MEDIAN,
    NOISE_SIGMA,
    VARIANCE_SIGMA,
)
from polyloop.learn.product_covariance import ProductParameters, covariance
from polyloop.learn.surrogate import Array

__all__ = ["fit_product", "product_medians"]


def product_medians(n_blocks: int) -> ProductParameters:
    """Return the hyper-parameters before any data: the medians of their priors, which are those of the sum kernel."""
    return ProductParameters((LENGTH_MEDIAN,) * n_blocks, 0.5, 0.5, float(NOISE_MEDIAN))


def fit_product(
    squared: Sequence[torch.Tensor], y: Array, known_noise: Array, max_iterations: int = 75
) -> ProductParameters:
    """Maximize the log marginal likelihood plus log prior, from the prior medians, by L-BFGS.

    Parameters
    ----------
    squared
        Squared distances of the training rows by block, each of shape (n, n).
    y
        Standardised values, shape (n,).
    known_noise
        Known noise variances in standardised units, shape (n,).
    """
    blocks, target = len(squared), torch.from_numpy(np.ascontiguousarray(y))
    known = torch.from_numpy(np.ascontiguousarray(known_noise))
    median = torch.tensor([LENGTH_MEDIAN] * blocks + [0.5, 0.5, NOISE_MEDIAN], dtype=torch.double).log()
    sigma = torch.tensor([LENGTH_SIGMA] * blocks + [VARIANCE_SIGMA] * 2 + [NOISE_SIGMA], dtype=torch.double)

    def negative(vector: Array) -> tuple[float, Array]:
        logs = torch.from_numpy(vector.copy()).requires_grad_()
        values = logs.exp()
        matrix = covariance(squared, values[:blocks], values[blocks], values[blocks + 1])
        matrix = matrix + torch.diag(values[-1] + NOISE_FLOOR + known)
        factor, failed = torch.linalg.cholesky_ex(matrix)
        if failed:
            # A step too far: the line search then shortens it.
            return 1e10, np.zeros_like(vector)
        half = torch.linalg.solve_triangular(factor, target[:, None], upper=False)
        loss = 0.5 * half.square().sum() + factor.diagonal().log().sum()
        # Log-normal densities of the parameters themselves, hence the sum of the logarithms.
        loss = loss + (0.5 * ((logs - median) / sigma).square() + logs).sum()
        loss.backward()
        gradient = np.zeros_like(vector) if logs.grad is None else logs.grad.numpy().copy()
        if not (np.isfinite(loss.item()) and np.isfinite(gradient).all()):
            return 1e10, np.zeros_like(vector)
        return float(loss.item()), gradient

    # Within e^(+-8) of the medians, beyond which the priors leave nothing: no overflow can then happen.
    start = median.numpy()
    bounds = list(zip(start - 8.0, start + 8.0, strict=True))
    best = minimize(negative, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": max_iterations})
    values = np.exp(best.x)
    lengths = tuple(float(value) for value in values[:blocks])
    return ProductParameters(
        lengths, float(values[blocks]), float(values[blocks + 1]), float(values[-1]) + NOISE_FLOOR, -float(best.fun)
    )

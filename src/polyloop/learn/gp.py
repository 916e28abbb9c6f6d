"""Exact Gaussian process whose covariance is a sum over descriptor blocks, with fast prediction over large pools."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from polyloop.core import InvalidInputError
from polyloop.core.options import Option
from polyloop.learn.covariance import HyperParameters, SumCovariance, Training
from polyloop.learn.kernels import default_terms
from polyloop.learn.members import draw
from polyloop.learn.standardisation import Standardisation
from polyloop.learn.state import State, blocks_of_state, part_of, prefixed, state_of_blocks
from polyloop.learn.surrogate import (
    Array,
    Blocks,
    Prediction,
    check_blocks,
    check_targets,
    chunks,
    column_blocks,
    row_count,
    stack,
    take,
)

__all__ = ["GaussianProcess"]


@dataclass(frozen=True)
class _Posterior:
    """Everything that a prediction needs; all but `scale` is standardised."""

    covariance: SumCovariance
    training: Training
    rows: Blocks
    y: Array
    known_noise: Array
    scale: Standardisation
    cholesky: Array
    weights: Array


class GaussianProcess:
    """Exact GP: MinMax on occurrences such as fingerprints, Matern-5/2 and a linear term on quantities, summed.

    The linear term is what extrapolates beyond the range of the training values. Hyper-parameters maximize the
    marginal likelihood times priors that make sense with ten points (`learn.hyperparameters`), found with GPyTorch.

    Parameters
    ----------
    kernels
        Kinds of kernel for a block ("minmax", "matern52", "rbf", "linear"), in place of the defaults.
    ard
        One length scale per column of a physical block. Costly and, with some hundred columns, worse.
    optimise
        False keeps the prior medians.
    parameters
        Hyper-parameters of an earlier fit on the same values, in place of a new search.
    search_rows
        Where there are more rows, hyper-parameters are found with so many of them, drawn at random by a fixed seed:
        a search takes a hundred times as long as what follows, and its time grows with the cube of the rows.

    Examples
    --------
    >>> import numpy as np
    >>> from polyloop.core.descriptors import BlockValues
    >>> x = np.linspace(0, 1, 8)[:, None]
    >>> model = GaussianProcess().fit({"x": BlockValues(x, "physical")}, 3 * x[:, 0])
    >>> round(float(model.predict({"x": BlockValues([[1.5]], "physical")}).mean[0]), 1)
    4.5
    """

    options: ClassVar[tuple[Option, ...]] = (
        Option("ard", bool, False, "One length scale per descriptor."),
        Option(
            "kernels", dict, {}, "Kinds of kernel per block instead of the defaults, e.g. forcefield = ['rbf'].",
            keys_are_blocks=True,
        ),
    )  # fmt: skip

    def __init__(
        self,
        kernels: Mapping[str, tuple[str, ...]] | None = None,
        *,
        ard: bool = False,
        optimise: bool = True,
        parameters: HyperParameters | None = None,
        search_rows: int = 1500,
    ) -> None:
        self.kernels = dict(kernels or {})
        self.ard = ard
        self.optimise = optimise
        self.parameters = parameters
        self.search_rows = search_rows
        self._posterior: _Posterior | None = None

    def fit(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Self:
        """Learn from n polymers; constant values, duplicates and a single point are all fine."""
        from polyloop.learn.hyperparameters import fit_hyperparameters, prior_medians

        n = check_blocks(X)
        X = column_blocks(X)
        y, noise = check_targets(n, y, noise_variance)
        scale = Standardisation.of(y)
        standardised, known = scale.standardise(y), scale.variances(noise)
        geometry = self._geometry(X)
        rows = _searched(n, self.search_rows)
        # One distinct value or point says nothing about hyper-parameters: the prior's medians then stand.
        if self.parameters is not None:
            parameters = self.parameters
        elif self.optimise and n > 1 and np.ptp(y[rows]) > 0:
            parameters = fit_hyperparameters(geometry.term_data(take(X, rows)), standardised[rows], known[rows])
        else:
            parameters = prior_medians(geometry.term_data(take(X, rows)))
        self._posterior = _solve(geometry.with_parameters(parameters), dict(X), standardised, known, scale)
        return self

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the training rows, their values, scales and hyper-parameters."""
        p = self._fitted
        return {
            "scale": np.array([p.scale.offset, p.scale.unit]),
            "y": p.y,
            "known_noise": p.known_noise,
            **prefixed("rows", state_of_blocks(p.rows)),
            **prefixed("covariance", p.covariance.state()),
        }

    def restore(self, state: State) -> Self:
        """Take what `state` returned, in the place of `fit`."""
        X = blocks_of_state(part_of(state, "rows"))
        terms = default_terms(X, self.kernels)
        covariance = SumCovariance.of_state(part_of(state, "covariance"), X, terms, ard=self.ard)
        scale = Standardisation(*map(float, state["scale"]))
        self._posterior = _solve(covariance, X, state["y"], state["known_noise"], scale)
        return self

    def _geometry(self, X: Blocks) -> SumCovariance:
        """Return the covariance with the scales of the training rows, its hyper-parameters not yet set."""
        return SumCovariance.fit(X, default_terms(X, self.kernels), ard=self.ard)

    @property
    def hyperparameters(self) -> HyperParameters:
        """The fitted hyper-parameters, in standardised units."""
        return self._fitted.covariance.parameters

    @property
    def _fitted(self) -> _Posterior:
        if self._posterior is None:
            raise InvalidInputError("The model has not been fitted.", hint="Call fit(X, y) first.")
        return self._posterior

    @property
    def _noise(self) -> float:
        # A new point is as noisy as the model infers, plus what is known of the old ones on average.
        return self.hyperparameters.noise + float(self._fitted.known_noise.mean())

    def predict(self, X: Blocks) -> Prediction:
        """Predict n rows; memory beyond the answer stays under some 200 MB whatever n is."""
        p = self._fitted
        n = check_blocks(X, p.covariance.widths)
        mean, variance = np.empty(n), np.empty(n)
        for rows in chunks(n, _chunk(len(p.y))):
            cross, prior = p.covariance.cross(take(X, rows), p.training)
            mean[rows] = cross @ p.weights
            half = solve_triangular(p.cholesky, cross.T, lower=True, overwrite_b=True, check_finite=False)
            variance[rows] = prior - np.einsum("ij,ij->j", half, half)
        std = np.sqrt(np.maximum(variance, 0.0))
        return p.scale.prediction(mean, std, np.full(n, np.sqrt(self._noise)))

    def covariance(self, X_a: Blocks, X_b: Blocks) -> Array:
        """Return the posterior covariance of the noise-free property, shape (n_a, n_b)."""
        p = self._fitted
        prior, _ = p.covariance.cross(X_a, p.covariance.training(X_b))
        half_a, half_b = self._whitened(X_a), self._whitened(X_b)
        return p.scale.covariance(prior - half_a.T @ half_b)

    def _whitened(self, X: Blocks) -> Array:
        p = self._fitted
        cross, _ = p.covariance.cross(X, p.training)
        half: Array = solve_triangular(p.cholesky, cross.T, lower=True, overwrite_b=True, check_finite=False)
        return half

    def joint(self, X: Blocks) -> tuple[Array, Array]:
        """Return the posterior mean (n,) and covariance (n, n) of the noise-free property."""
        covariance = self.covariance(X, X)
        return self.predict(X).mean, (covariance + covariance.T) / 2

    def condition(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Self:
        """Return the GP that has also seen (X, y): hyper-parameters, scales and standardisation stay.

        Without `noise_variance` the new values are as noisy as `predict` says, that is with the old ones' mean.
        """
        p = self._fitted
        n = check_blocks(X, p.covariance.widths)
        y, noise = check_targets(n, y, noise_variance)
        noise = np.full(n, p.known_noise.mean()) if noise_variance is None else p.scale.variances(noise)
        rows = stack(p.rows, X)
        standardised = np.concatenate([p.y, p.scale.standardise(y)])
        known = np.concatenate([p.known_noise, noise])
        other = copy(self)
        other._posterior = _solve(p.covariance, rows, standardised, known, p.scale)
        return other

    def sample(self, X: Blocks, n: int, rng: np.random.Generator) -> Array:
        """Draw n functions from the posterior at X, shape (n, rows of X)."""
        mean, covariance = self.joint(X)
        return draw(mean, covariance, n, rng)

    def leave_one_out(self, groups: NDArray[np.intp] | None = None) -> Prediction:
        """Predict each training point from all others, hyper-parameters fixed, in closed form.

        Points of one of the `groups` (n,), such as repeats, are left out together.

        Reference: Rasmussen & Williams (2006), eqs. 5.10 to 5.12, ISBN 0-262-18253-X; for groups the same with blocks
        of the inverse in place of its diagonal.
        """
        p = self._fitted
        if groups is not None and len(np.unique(groups)) < len(p.y):
            return self._leave_groups_out(groups)
        inverse_half = solve_triangular(p.cholesky, np.eye(len(p.y)), lower=True)
        precision = np.einsum("ij,ij->j", inverse_half, inverse_half)
        mean = p.y - p.weights / precision
        noise = self.hyperparameters.noise + p.known_noise
        std = np.sqrt(np.maximum(1.0 / precision - noise, 0.0))
        return p.scale.prediction(mean, std, np.sqrt(noise))

    def _leave_groups_out(self, groups: NDArray[np.intp]) -> Prediction:
        p = self._fitted
        inverse_half = solve_triangular(p.cholesky, np.eye(len(p.y)), lower=True)
        mean, variance = np.empty(len(p.y)), np.empty(len(p.y))
        for group in np.unique(groups):
            rows = np.flatnonzero(groups == group)
            covariance = np.linalg.inv(inverse_half[:, rows].T @ inverse_half[:, rows])
            mean[rows] = p.y[rows] - covariance @ p.weights[rows]
            variance[rows] = np.diag(covariance)
        noise = self.hyperparameters.noise + p.known_noise
        return p.scale.prediction(mean, np.sqrt(np.maximum(variance - noise, 0.0)), np.sqrt(noise))


def _chunk(n_train: int) -> int:
    # About 16 MB a matrix: large enough for BLAS, small enough to stay near the caches.
    return int(np.clip(2_000_000 // max(1, n_train), 256, 16_384))


def _searched(n: int, most: int) -> NDArray[np.intp]:
    """Return the rows that hyper-parameters are found with."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, most, replace=False))


def _solve(covariance: SumCovariance, X: Blocks, y: Array, known: Array, scale: Standardisation) -> _Posterior:
    training = covariance.training(X)
    matrix, _ = covariance.cross(X, training)
    matrix = (matrix + matrix.T) / 2
    matrix[np.diag_indices(row_count(X))] += covariance.parameters.noise + known
    factor = np.asfortranarray(cholesky(matrix, lower=True))
    half = solve_triangular(factor, y, lower=True)
    weights = solve_triangular(factor, half, lower=True, trans="T")
    return _Posterior(covariance, training, X, y, known, scale, factor, weights)

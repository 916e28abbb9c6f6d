"""Exact Gaussian process of one property at several levels of accuracy, from cheap estimates to the wanted value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from polyloop.core import InvalidInputError
from polyloop.core.names import did_you_mean
from polyloop.learn.autoregression import AutoregressiveCovariance, LevelHyperParameters, LevelTraining
from polyloop.learn.covariance import SumCovariance
from polyloop.learn.kernels import default_terms
from polyloop.learn.members import draw
from polyloop.learn.standardisation import Standardisation
from polyloop.learn.surrogate import (
    Array,
    Blocks,
    Prediction,
    check_blocks,
    check_targets,
    chunks,
    column_blocks,
    stack,
    take,
)

__all__ = ["Levels", "MultilevelGaussianProcess"]

Indices = NDArray[np.intp]
Levels = str | Sequence[str] | Indices | None
"""Level of each row: a name for all, a name or place for each, or None for the target, the last."""


@dataclass(frozen=True)
class _Posterior:
    """Everything that a prediction needs; all but `offset` and `unit` (L,) is standardised."""

    covariance: AutoregressiveCovariance
    parameters: LevelHyperParameters
    training: LevelTraining
    rows: Blocks
    levels: Indices
    y: Array
    known_noise: Array
    offset: Array
    unit: Array
    widths: Mapping[str, int]
    cholesky: Array
    weights: Array


class MultilevelGaussianProcess:
    """Autoregressive GP over levels: each is a multiple of the cheaper one plus a difference of its own.

    Every component is a sum of kernels over blocks as in `GaussianProcess`. Rows may be known at any levels, in any
    number. As a `Surrogate` it speaks of the target, the last level, unless a level is named.

    Parameters
    ----------
    levels
        Names, from the cheapest to the target; at least one.
    kernels
        Kinds of kernel for a block, in place of the defaults.
    one_unit
        True where all levels are in one unit: they then share a scale, and a level with few values borrows it. False
        for a proxy in a unit of its own, which needs a value at every level.
    optimise
        False keeps the prior medians.

    References
    ----------
    Kennedy & O'Hagan (2000), doi:10.1093/biomet/87.1.1.

    Examples
    --------
    >>> import numpy as np
    >>> from polyloop.core.descriptors import BlockValues
    >>> x = np.linspace(0, 3, 13)[:, None]
    >>> X = {"x": BlockValues(np.vstack([x, x[::6]]), "physical")}
    >>> y = np.concatenate([np.sin(2 * x[:, 0]), np.sin(2 * x[::6, 0]) + 0.5])
    >>> model = MultilevelGaussianProcess(["instant", "full"]).fit(X, y, level=["instant"] * 13 + ["full"] * 3)
    >>> round(float(model.predict({"x": BlockValues([[0.75]], "physical")}).mean[0]), 1)
    1.5
    """

    def __init__(
        self,
        levels: Sequence[str],
        kernels: Mapping[str, tuple[str, ...]] | None = None,
        *,
        one_unit: bool = True,
        optimise: bool = True,
    ) -> None:
        if isinstance(levels, str) or not levels or len(set(levels)) != len(levels):
            raise InvalidInputError(f"{levels!r} must name different levels, from the cheapest to the target.")
        self.levels = tuple(levels)
        self.kernels = dict(kernels or {})
        self.one_unit = one_unit
        self.optimise = optimise
        self._posterior: _Posterior | None = None

    def fit(self, X: Blocks, y: Array, noise_variance: Array | None = None, *, level: Levels = None) -> Self:
        """Learn from n (row, level) pairs; `noise_variance` (n,) is known, NaN or 0 where it is not.

        Raises
        ------
        InvalidInputError
            If shapes do not fit, a level is unknown, or one in a unit of its own has no value.
        """
        from polyloop.learn.autoregression_fit import fit_level_hyperparameters, level_prior_medians

        n = check_blocks(X)
        X = column_blocks(X)
        y, noise = check_targets(n, y, noise_variance)
        levels = self.places(level, n)
        # Sorted by level, so that the pairs that hold a component are the last ones.
        order = np.argsort(levels, kind="stable")
        rows, y, noise, levels = take(X, order), y[order], noise[order], levels[order]
        offset, unit = self._scales(y, levels)
        standardised, known = (y - offset[levels]) / unit[levels], noise / unit[levels] / unit[levels]
        geometry = SumCovariance.fit(rows, default_terms(rows, self.kernels))
        terms = geometry.term_data(rows)
        if self.optimise and n > 1 and np.ptp(y) > 0:
            parameters = fit_level_hyperparameters(terms, standardised, levels, known, len(self.levels))
        else:
            parameters = level_prior_medians(terms, len(self.levels))
        covariance = AutoregressiveCovariance.make(geometry, parameters)
        self._posterior = _solve(
            covariance, parameters, rows, levels, standardised, known, (offset, unit), geometry.widths
        )
        return self

    def places(self, level: Levels, n: int) -> Indices:
        """Return the place of each of n rows' level among `levels`, shape (n,).

        Raises
        ------
        InvalidInputError
            If a level is unknown, or there is not one for each row.
        """
        if level is None:
            return np.full(n, len(self.levels) - 1, dtype=np.intp)
        if isinstance(level, str):
            level = [level] * n
        if len(level) != n:
            raise InvalidInputError(f"{len(level)} levels for {n} rows; one for each.", where="level")
        if isinstance(level, np.ndarray) and level.dtype.kind in "iu":
            if n and not 0 <= level.min() <= level.max() < len(self.levels):
                raise InvalidInputError(f"Places of levels must lie in 0 to {len(self.levels) - 1}.", where="level")
            return level.astype(np.intp)
        known = {name: place for place, name in enumerate(self.levels)}
        unknown = next((name for name in level if name not in known), None)
        if unknown is not None:
            hint = did_you_mean(str(unknown), self.levels)
            raise InvalidInputError(f"There is no level {str(unknown)!r}.", where="level", hint=hint)
        return np.array([known[str(name)] for name in level], dtype=np.intp)

    def _scales(self, y: Array, levels: Indices) -> tuple[Array, Array]:
        counts = np.bincount(levels, minlength=len(self.levels))
        if self.one_unit:
            # The scale of the best known level: the spread of a few chosen values says little.
            largest = len(counts) - 1 - int(np.argmax(counts[::-1]))
            scale = Standardisation.of(y[levels == largest])
            return np.full(len(counts), scale.offset), np.full(len(counts), scale.unit)
        if (counts == 0).any():
            raise InvalidInputError(
                f"Level {self.levels[int(np.argmin(counts))]!r} has no value, and its unit is unknown.",
                hint="Give one value at least, or use one_unit=True where all levels share a unit.",
            )
        scales = [Standardisation.of(y[levels == place]) for place in range(len(counts))]
        return np.array([scale.offset for scale in scales]), np.array([scale.unit for scale in scales])

    @property
    def hyperparameters(self) -> LevelHyperParameters:
        """The hyper-parameters in use, in standardised units."""
        return self._fitted.parameters

    @property
    def _fitted(self) -> _Posterior:
        if self._posterior is None:
            raise InvalidInputError("The model has not been fitted.", hint="Call fit(X, y, level=...) first.")
        return self._posterior

    def noise_std(self) -> Array:
        """Standard deviation of a new observation about the true value at each level, shape (L,)."""
        p = self._fitted
        # As noisy as the model infers, plus what is known of the level's old values on average.
        std: Array = np.sqrt(p.parameters.noise + _mean_of_level(p)) * p.unit
        return std

    def predict(self, X: Blocks, level: Levels = None) -> Prediction:
        """Predict n (row, level) pairs in chunks of bounded memory."""
        p = self._fitted
        n = check_blocks(X, p.widths)
        levels = self.places(level, n)
        mean, covariance = self.predict_all_levels(X)
        rows = np.arange(n)
        std = np.sqrt(np.maximum(covariance[rows, levels, levels], 0.0))
        return Prediction(mean[rows, levels], std, self.noise_std()[levels])

    def predict_all_levels(self, X: Blocks) -> tuple[Array, Array]:
        """Return the mean (n, L) and the covariance of each row's levels with one another (n, L, L)."""
        p = self._fitted
        n, n_levels = check_blocks(X, p.widths), len(self.levels)
        mean, covariance = np.empty((n, n_levels)), np.empty((n, n_levels, n_levels))
        for rows in chunks(n, int(np.clip(2_000_000 // (len(p.y) * n_levels), 64, 16_384))):
            part = take(X, rows)
            cross = p.covariance.cross_at_all_levels(part, p.training)
            mean[rows] = (cross @ p.weights).T
            half = np.stack([_whiten(p.cholesky, of_level) for of_level in cross])
            covariance[rows] = p.covariance.prior(part) - np.einsum("lki,mki->ilm", half, half)
        return p.offset + p.unit * mean, covariance * p.unit[:, None] * p.unit

    def covariance(self, X_a: Blocks, X_b: Blocks, level_a: Levels = None, level_b: Levels = None) -> Array:
        """Return the posterior covariance of the noise-free pairs, shape (n_a, n_b)."""
        p = self._fitted
        n_a, n_b = check_blocks(X_a, p.widths), check_blocks(X_b, p.widths)
        a, b = self.places(level_a, n_a), self.places(level_b, n_b)
        prior = p.covariance.cross(X_a, a, p.covariance.training(X_b, b))
        half_a = _whiten(p.cholesky, p.covariance.cross(X_a, a, p.training))
        half_b = _whiten(p.cholesky, p.covariance.cross(X_b, b, p.training))
        covariance: Array = (prior - half_a.T @ half_b) * p.unit[a][:, None] * p.unit[b]
        return covariance

    def covariance_with(self, X: Blocks, X_b: Blocks, level_b: Levels = None) -> Array:
        """Return the posterior covariance of n_a rows at every level with n_b pairs, shape (n_a, L, n_b)."""
        p = self._fitted
        n_b = check_blocks(X_b, p.widths)
        b = self.places(level_b, n_b)
        half_b = _whiten(p.cholesky, p.covariance.cross(X_b, b, p.training))
        partners = p.covariance.training(X_b, b)
        result = np.empty((check_blocks(X, p.widths), len(self.levels), n_b))
        for rows in chunks(len(result), int(np.clip(2_000_000 // (len(p.y) * len(self.levels)), 64, 16_384))):
            part = take(X, rows)
            prior = p.covariance.cross_at_all_levels(part, partners)
            for level, cross in enumerate(p.covariance.cross_at_all_levels(part, p.training)):
                explained = _whiten(p.cholesky, cross).T @ half_b
                result[rows, level] = (prior[level] - explained) * p.unit[level] * p.unit[b]
        return result

    def joint(self, X: Blocks, level: Levels = None) -> tuple[Array, Array]:
        """Return the posterior mean (n,) and covariance (n, n) of the noise-free pairs."""
        covariance = self.covariance(X, X, level, level)
        return self.predict(X, level).mean, (covariance + covariance.T) / 2

    def condition(
        self, X: Blocks, y: Array, noise_variance: Array | None = None, *, level: Levels = None
    ) -> MultilevelGaussianProcess:
        """Return the GP that has also seen these pairs: hyper-parameters, scales and standardisation stay.

        Without `noise_variance` the new values are as noisy as `predict` says.
        """
        p = self._fitted
        n = check_blocks(X, p.widths)
        y, noise = check_targets(n, y, noise_variance)
        new = self.places(level, n)
        noise = _mean_of_level(p)[new] if noise_variance is None else noise / p.unit[new] / p.unit[new]
        levels, known = np.concatenate([p.levels, new]), np.concatenate([p.known_noise, noise])
        standardised = np.concatenate([p.y, (y - p.offset[new]) / p.unit[new]])
        other = MultilevelGaussianProcess(self.levels, self.kernels, one_unit=self.one_unit, optimise=self.optimise)
        scale = (p.offset, p.unit)
        other._posterior = _solve(
            p.covariance, p.parameters, stack(p.rows, X), levels, standardised, known, scale, p.widths
        )
        return other

    def sample(self, X: Blocks, n: int, rng: np.random.Generator, level: Levels = None) -> Array:
        """Draw n functions from the posterior at the pairs, shape (n, rows of X)."""
        mean, covariance = self.joint(X, level)
        return draw(mean, covariance, n, rng)


def _mean_of_level(p: _Posterior) -> Array:
    """Return the mean known noise variance of each level, standardised, shape (L,)."""
    counts = np.bincount(p.levels, minlength=len(p.unit))
    mean: Array = np.bincount(p.levels, p.known_noise, minlength=len(p.unit)) / np.maximum(counts, 1)
    return mean


def _whiten(factor: Array, cross: Array) -> Array:
    half: Array = solve_triangular(factor, cross.T, lower=True, check_finite=False)
    return half


def _solve(
    covariance: AutoregressiveCovariance,
    parameters: LevelHyperParameters,
    X: Blocks,
    levels: Indices,
    y: Array,
    known: Array,
    scale: tuple[Array, Array],
    widths: Mapping[str, int],
) -> _Posterior:
    training = covariance.training(X, levels)
    matrix = covariance.cross(X, levels, training)
    matrix = (matrix + matrix.T) / 2
    matrix[np.diag_indices(len(y))] += parameters.noise[levels] + known
    factor = np.asfortranarray(cholesky(matrix, lower=True))
    weights = solve_triangular(factor, solve_triangular(factor, y, lower=True), lower=True, trans="T")
    return _Posterior(covariance, parameters, training, X, levels, y, known, *scale, widths, factor, weights)

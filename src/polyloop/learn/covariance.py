"""The sum covariance over descriptor blocks: its scales, its value between rows, and its parts for the fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from polyloop.learn.kernels import CountRows, PhysicalGeometry, Term, matern52, rbf, squared_distances
from polyloop.learn.state import State, part_of, prefixed
from polyloop.learn.surrogate import Array, Blocks, row_count

__all__ = ["CONSTANT_VARIANCE", "HyperParameters", "SumCovariance", "TermData", "Training"]

CONSTANT_VARIANCE = 1.0  # prior variance of the mean, in units of the observed variance


@dataclass(frozen=True)
class HyperParameters:
    """Hyper-parameters in standardised units.

    Parameters
    ----------
    variances
        One signal variance per term.
    length_scales
        Per term: shape (1,) or, with ARD, (d,), in units of the median distance; empty for terms without one.
    noise
        Variance of the observation noise beyond what is known.
    log_likelihood
        Log marginal likelihood plus log prior; NaN where nothing was fitted.
    """

    variances: tuple[float, ...]
    length_scales: tuple[Array, ...]
    noise: float
    log_likelihood: float = float("nan")

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the hyper-parameters as arrays."""
        return {
            "variances": np.array(self.variances),
            "noise": np.array([self.noise, self.log_likelihood]),
            **{f"lengths{i}": lengths for i, lengths in enumerate(self.length_scales)},
        }

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Take what `state` returned."""
        variances = tuple(map(float, state["variances"]))
        lengths = tuple(state[f"lengths{i}"] for i in range(len(variances)))
        return cls(variances, lengths, *map(float, state["noise"]))


@dataclass(frozen=True)
class TermData:
    """What one term needs at n training rows: its matrix, or with ARD the rows themselves.

    Parameters
    ----------
    matrix
        Shape (n, n): the correlation (minmax, linear), or the squared distance in units of the median one.
    rows
        Shape (n, d), z in units of the median distance, with ARD; otherwise None.
    factor
        Shape (n, n), what the correlation is multiplied by; None for 1.
    share
        Prior median of the variance; None for an equal part of 1.
    """

    term: Term
    matrix: Array
    rows: Array | None = None
    factor: Array | None = None
    share: float | None = None

    @property
    def length_count(self) -> int:
        """Number of length scales."""
        if not self.term.is_stationary:
            return 0
        return 1 if self.rows is None else self.rows.shape[1]


@dataclass(frozen=True)
class Training:
    """Rows that others are compared with: encoded physical blocks with their squared norms, and counts."""

    encoded: Mapping[str, tuple[Array, Array]]
    counts: Mapping[str, CountRows]
    n: int


@dataclass(frozen=True)
class SumCovariance:
    """Sum of terms over blocks, in standardised units, plus a constant: the prior variance of the mean.

    Parameters
    ----------
    terms
        The summands.
    geometries
        Scales of each physical block.
    widths
        Columns of each block.
    ard
        One length scale per column.
    hyperparameters
        None until `with_parameters`.
    """

    terms: tuple[Term, ...]
    geometries: Mapping[str, PhysicalGeometry]
    widths: Mapping[str, int]
    ard: bool = False
    hyperparameters: HyperParameters | None = None

    @classmethod
    def fit(cls, X: Blocks, terms: tuple[Term, ...], *, ard: bool = False) -> Self:
        """Take the scales of the physical blocks from the training rows."""
        physical = sorted({t.block for t in terms if t.kind != "minmax"})
        used = sorted({t.block for t in terms})
        geometries = {name: PhysicalGeometry.fit(X[name]) for name in physical}
        return cls(terms, geometries, {name: X[name].width for name in used}, ard)

    def with_parameters(self, parameters: HyperParameters) -> SumCovariance:
        """Return the same covariance with these hyper-parameters."""
        return replace(self, hyperparameters=parameters)

    @property
    def parameters(self) -> HyperParameters:
        """The hyper-parameters."""
        if self.hyperparameters is None:
            raise RuntimeError("A covariance without hyper-parameters was evaluated.")
        return self.hyperparameters

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the scales and hyper-parameters as arrays."""
        arrays: dict[str, NDArray[Any]] = {}
        for name, geometry in self.geometries.items():
            arrays |= prefixed(f"scales/{name}", geometry.state())
        return {**arrays, **prefixed("parameters", self.parameters.state())}

    @classmethod
    def of_state(cls, state: State, X: Blocks, terms: tuple[Term, ...], *, ard: bool = False) -> Self:
        """Take what `state` returned, for the same blocks and terms."""
        physical = sorted({t.block for t in terms if t.kind != "minmax"})
        geometries = {name: PhysicalGeometry.of_state(part_of(state, f"scales/{name}")) for name in physical}
        widths = {name: X[name].width for name in sorted({t.block for t in terms})}
        return cls(terms, geometries, widths, ard, HyperParameters.of_state(part_of(state, "parameters")))

    def training(self, X: Blocks) -> Training:
        """Encode rows once, to compare many others with them."""
        encoded = {}
        for name, geometry in self.geometries.items():
            z = geometry.encode(X[name].values)
            encoded[name] = (z, np.einsum("ij,ij->i", z, z))
        counts = {t.block: CountRows(X[t.block].values) for t in self.terms if t.kind == "minmax"}
        return Training(encoded, counts, row_count(X))

    def term_data(self, X: Blocks) -> list[TermData]:
        """Return what the fit of hyper-parameters needs of each term at the training rows."""
        training = self.training(X)
        data = []
        for term in self.terms:
            if term.kind == "minmax":
                data.append(TermData(term, training.counts[term.block].kernel(X[term.block].values)))
                continue
            z, squares = training.encoded[term.block]
            geometry = self.geometries[term.block]
            if term.kind == "linear":
                data.append(TermData(term, z @ z.T / geometry.mean_square))
            elif self.ard:
                data.append(TermData(term, np.zeros((0, 0)), z / np.sqrt(geometry.median_square)))
            else:
                data.append(TermData(term, squared_distances(z @ z.T, squares, squares, 1 / geometry.median_square)))
        return data

    def cross(self, X: Blocks, training: Training) -> tuple[Array, Array]:
        """Return the covariance of X with the training rows (n, n_train), and the prior variance of X (n,)."""
        n = row_count(X)
        total = np.full((n, training.n), CONSTANT_VARIANCE)
        diagonal = np.full(n, CONSTANT_VARIANCE)
        for block in self.widths:
            terms = [(i, t) for i, t in enumerate(self.terms) if t.block == block]
            if block in self.geometries:
                self._add_physical(X[block].values, block, terms, training, total, diagonal)
            for i, term in terms:
                if term.kind == "minmax":
                    variance = self.parameters.variances[i]
                    total += variance * training.counts[block].kernel(X[block].values)
                    diagonal += variance
        return total, diagonal

    def _add_physical(
        self,
        rows: NDArray[Any],
        block: str,
        terms: list[tuple[int, Term]],
        training: Training,
        total: Array,
        diagonal: Array,
    ) -> None:
        geometry = self.geometries[block]
        z = geometry.encode(rows)
        squares = np.einsum("ij,ij->i", z, z)
        z_train, squares_train = training.encoded[block]
        # Without ARD one matrix product serves the distance and the linear term.
        gram = z @ z_train.T
        for i, term in terms:
            variance = self.parameters.variances[i]
            if term.kind == "linear":
                total += gram * (variance / geometry.mean_square)
                diagonal += squares * (variance / geometry.mean_square)
            elif term.is_stationary:
                total += variance * self._stationary(i, term, z, z_train, gram, squares, squares_train)
                diagonal += variance

    def _stationary(
        self,
        i: int,
        term: Term,
        z: Array,
        z_train: Array,
        gram: Array,
        squares: Array,
        squares_train: Array,
    ) -> Array:
        lengths = self.parameters.length_scales[i]
        median = self.geometries[term.block].median_square
        if len(lengths) > 1:
            z, z_train = z / lengths, z_train / lengths
            gram = z @ z_train.T
            squares, squares_train = np.einsum("ij,ij->i", z, z), np.einsum("ij,ij->i", z_train, z_train)
            factor = 1.0 / median
        else:
            factor = 1.0 / (median * float(lengths[0]) ** 2)
        squared = squared_distances(gram, squares, squares_train, factor)
        return matern52(squared, out=squared) if term.kind == "matern52" else rbf(squared, out=squared)

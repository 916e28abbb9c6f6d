"""Statistics of correlated samples: how many independent ones there are, where equilibrium starts, errors of means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from polyloop.core import InvalidInputError
from polyloop.simulate.estimate import Estimate

__all__ = [
    "Equilibration",
    "Mean",
    "as_series",
    "block_bootstrap",
    "block_means",
    "combine_replicas",
    "covariance_of_means",
    "detect_equilibration",
    "function_of_means",
    "mean_with_error",
    "spread_over_members",
    "statistical_inefficiency",
]

Floats = NDArray[np.float64]

# Below this an autocorrelation function means nothing.
MINIMUM_SAMPLES = 10
# A block of this many correlation lengths misses about a tenth of the variance (1/(2 * 5)).
BLOCK_LENGTHS = 5.0
MINIMUM_BLOCKS = 8


@dataclass(frozen=True)
class Equilibration:
    """The sample from which a series is stationary, its statistical inefficiency from there, and what remains."""

    start: int
    inefficiency: float
    n_effective: float


@dataclass(frozen=True)
class Mean:
    """A mean, its standard error with the correlation counted, and the effective number of samples."""

    value: float
    std: float
    n_effective: float

    def estimate(self, name: str, std_of: str, factor: float = 1.0) -> Estimate:
        """Return it as an `Estimate` of the property `name`, times `factor`."""
        n = max(1, round(self.n_effective))
        return Estimate(name, self.value * factor, self.std * abs(factor), std_of, n)


def as_series(series: object, name: str = "The series") -> Floats:
    """Return float samples, time along the last axis, or say why they are none.

    Raises
    ------
    InvalidInputError
        For fewer than ten samples, or samples that are not finite.
    """
    samples = np.asarray(series, dtype=np.float64)
    if samples.ndim == 0 or samples.shape[-1] < MINIMUM_SAMPLES:
        count = samples.shape[-1] if samples.ndim else 1
        raise InvalidInputError(
            f"{name} has {count} samples; an error bar needs at least {MINIMUM_SAMPLES}.",
            hint="Sample more often or run longer.",
        )
    if not np.isfinite(samples).all():
        first = int(np.argwhere(~np.isfinite(samples))[0][-1])
        raise InvalidInputError(f"{name} holds a number that is not finite, first at sample {first}.")
    return samples


def statistical_inefficiency(series: object) -> Floats:
    """Return g = 1 + 2 sum C(t), by which the number of samples exceeds that of independent ones.

    The sum ends by Geyer's initial monotone sequence: sums of neighbouring correlations are positive and decreasing
    for a reversible process, and what comes after the first negative one is noise. Correlations about the sample's own
    mean fall short by g/n each; over a window of W lags to both sides this is mended by the factor 1 + (2 W + 1)/n.

    Parameters
    ----------
    series
        Shape (..., n), time along the last axis.

    Returns
    -------
    numpy.ndarray
        Shape (...), from 1 to n; n for a series that never changes, which is one sample.

    Raises
    ------
    InvalidInputError
        For fewer than ten samples, or samples that are not finite.

    References
    ----------
    doi:10.1214/ss/1177011137 (Geyer 1992); doi:10.1016/S0010-4655(03)00467-3 (Wolff 2004, the factor)
    """
    samples = as_series(series)
    n = samples.shape[-1]
    deviation = samples - samples.mean(axis=-1, keepdims=True)
    variance = np.mean(deviation**2, axis=-1)
    constant = variance <= (1e-12 * np.abs(samples).max(axis=-1)) ** 2
    spectrum = np.abs(fft.rfft(deviation, fft.next_fast_len(2 * n, real=True), axis=-1)) ** 2
    covariance = fft.irfft(spectrum, fft.next_fast_len(2 * n, real=True), axis=-1)[..., : n - n % 2] / n
    correlation = covariance / np.where(constant, 1.0, variance)[..., None]
    pairs = correlation.reshape(*correlation.shape[:-1], -1, 2).sum(axis=-1)
    positive = np.logical_and.accumulate(pairs > 0.0, axis=-1)
    total = np.where(positive, np.minimum.accumulate(pairs, axis=-1), 0.0).sum(axis=-1)
    window = 4 * positive.sum(axis=-1) - 1
    g = (2.0 * total - 1.0) * (1.0 + window / n)
    return np.where(constant, float(n), np.clip(g, 1.0, n))


def mean_with_error(series: object) -> Mean:
    """Return the mean of one series, shape (n,), with its standard error."""
    samples = as_series(series)
    g = float(statistical_inefficiency(samples))
    n_effective = len(samples) / g
    return Mean(float(samples.mean()), _error(float(samples.var()), n_effective), n_effective)


def _error(variance: float, n_effective: float) -> float:
    # The variance about the sample's own mean falls short by the factor 1 - 1/n_effective.
    return float(np.sqrt(variance / max(n_effective - 1.0, 0.5)))


def detect_equilibration(series: object, candidates: int = 100) -> Equilibration:
    """Return the start that leaves the most effective samples.

    Parameters
    ----------
    series
        Shape (n,).
    candidates
        How many evenly spread starts are tried.

    References
    ----------
    doi:10.1021/acs.jctc.5b00784 (Chodera 2016)
    """
    samples = as_series(series)
    last = max(len(samples) - max(MINIMUM_SAMPLES, len(samples) // 20), 1)
    starts = np.unique(np.linspace(0, last - 1, min(candidates, last)).astype(int))
    inefficiency = np.array([float(statistical_inefficiency(samples[start:])) for start in starts])
    effective = (len(samples) - starts) / inefficiency
    best = int(np.argmax(effective))
    return Equilibration(int(starts[best]), float(inefficiency[best]), float(effective[best]))


def block_means(series: object, n_blocks: int) -> Floats:
    """Return means of equal consecutive blocks, (..., n) -> (..., n_blocks); a remainder at the start is left out."""
    samples = np.asarray(series, dtype=np.float64)
    length = samples.shape[-1] // n_blocks
    if length < 1:
        raise InvalidInputError(f"{samples.shape[-1]} samples cannot be cut into {n_blocks} blocks.")
    kept = samples[..., samples.shape[-1] - n_blocks * length :]
    means: Floats = kept.reshape(*samples.shape[:-1], n_blocks, length).mean(axis=-1)
    return means


def covariance_of_means(columns: Floats) -> Floats:
    """Return the covariance matrix of the means of correlated columns, (k, n) -> (k, k).

    Cross terms by polarization: var(x + y) - var(x - y) = 4 cov(x, y) of columns scaled to unit variance.
    """
    samples = as_series(columns)
    scale = samples.std(axis=-1)
    safe = np.where(scale > 0.0, scale, 1.0)
    unit = (samples - samples.mean(axis=-1, keepdims=True)) / safe[:, None]
    count = len(unit)
    result = np.empty((count, count))
    for row in range(count):
        both = np.stack([unit[row] + unit, unit[row] - unit])
        n_effective = samples.shape[-1] / statistical_inefficiency(both)
        plus, minus = both.var(axis=-1) / np.maximum(n_effective - 1.0, 0.5)
        result[row] = (plus - minus) / 4.0 * scale[row] * scale
    return (result + result.T) / 2.0


def function_of_means(function: Callable[[Floats], Floats], means: Floats, influence: Floats) -> list[Mean]:
    """Return functions of averages with the standard errors of correlated samples, by linearization.

    Parameters
    ----------
    function
        Maps (k,) averages to (m,) values.
    means
        The averages, shape (k,).
    influence
        What each sample adds to each average, zero on average, shape (k, n): x - <x> for an average, and
        (x - <x>)(y - <y>) - cov(x, y) for a covariance.
    """
    scale = np.maximum(np.abs(means), 1e-300)
    # Central differences: the step is small against any statistical error and large against rounding.
    step = 1e-5 * scale
    jacobian = np.stack(
        [(function(means + d) - function(means - d)) / (2.0 * d[i]) for i, d in enumerate(np.diag(step))], axis=1
    )
    values, series = function(means), jacobian @ influence
    n_effective = influence.shape[-1] / statistical_inefficiency(series)
    return [
        Mean(float(value), _error(float(variance), float(n)), float(n))
        for value, variance, n in zip(values, series.var(axis=-1), n_effective, strict=True)
    ]


def block_bootstrap(
    columns: Floats, estimator: Callable[[Floats], Floats], rng: np.random.Generator, draws: int = 200
) -> Floats:
    """Return `estimator` of samples drawn anew in circular blocks of five correlation lengths.

    Parameters
    ----------
    columns
        Shape (k, n); one block takes the same times of all columns.
    estimator
        Maps (k, n) to any shape (...).

    Returns
    -------
    numpy.ndarray
        Shape (draws, ...); its standard deviation over the draws is the standard error.

    References
    ----------
    Circular block bootstrap: Politis and Romano, in Exploring the Limits of Bootstrap (1992).
    """
    samples = as_series(columns)
    n = samples.shape[-1]
    length = int(np.ceil(BLOCK_LENGTHS * float(np.max(statistical_inefficiency(samples)))))
    length = max(1, min(length, n // MINIMUM_BLOCKS))
    starts = rng.integers(0, n, size=(draws, -(-n // length)))
    times = ((starts[..., None] + np.arange(length)) % n).reshape(draws, -1)[:, :n]
    return np.stack([np.asarray(estimator(samples[:, row])) for row in times])


def spread_over_members(values: Floats, stds: Floats | None = None) -> tuple[float, float]:
    """Return the mean over independent members and its standard error, shapes (m,).

    The error is the larger of what the members' own errors say and what their scatter says: with few members either
    alone is too small half of the time.
    """
    count = len(values)
    within = 0.0 if stds is None else float(np.mean(np.square(stds)))
    between = float(np.var(values, ddof=1)) if count > 1 else 0.0
    return float(np.mean(values)), float(np.sqrt(max(within, between) / count))


def combine_replicas(estimates: Sequence[Estimate], *, shared_error: bool = False) -> Estimate:
    """Return one estimate, the plain mean, from those of independent replicas.

    Its error is the larger of what the replicas say of themselves and of what their scatter says. What they say of
    themselves falls with the root of their number, unless it is an error of the model that all of them share.

    Parameters
    ----------
    shared_error
        Whether the errors stated by the replicas hold one that is the same in all, such as that of a fitted scale.

    Raises
    ------
    InvalidInputError
        For no estimates, or estimates of different properties.
    """
    names = {estimate.property for estimate in estimates}
    if len(names) != 1:
        raise InvalidInputError(f"Replicas of one property are combined, not of {sorted(names) or 'none'}.")
    first, count = estimates[0], len(estimates)
    if count == 1:
        return first
    values = np.array([estimate.value for estimate in estimates])
    stated = [estimate.std for estimate in estimates if estimate.std is not None]
    if len(stated) < count:
        value, std = spread_over_members(values)
        std_of = f"scatter of {count} replicas"
    else:
        # A shared error is made up for its division by the root of the number.
        value, std = spread_over_members(values, np.array(stated) * (np.sqrt(count) if shared_error else 1.0))
        std_of = f"{count} replicas, not below {'what all share: ' if shared_error else ''}{first.std_of}"
    return Estimate(first.property, value, std, std_of, sum(estimate.n for estimate in estimates))

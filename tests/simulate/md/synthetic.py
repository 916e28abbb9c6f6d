"""Series and chains whose statistics are known exactly."""

import numpy as np
from scipy.signal import lfilter


def correlated(rng: np.random.Generator, shape: tuple[int, ...], phi: float) -> np.ndarray:
    """First-order autoregressive series of unit variance along the last axis, in their stationary state.

    C(t) = phi^t, so the statistical inefficiency is (1 + phi)/(1 - phi).
    """
    noise = rng.standard_normal(shape)
    start = noise[..., :1]
    rest, _ = lfilter([np.sqrt(1 - phi**2)], [1, -phi], noise[..., 1:], axis=-1, zi=phi * start)
    return np.concatenate([start, rest], axis=-1)


def freely_jointed(rng: np.random.Generator, chains: int, segments: int, length: float) -> np.ndarray:
    """Freely jointed chains, shape (chains, segments + 1, 3): <R2> = N b2, <Rg2> = N b2 / 6 (N + 2)/(N + 1)."""
    steps = rng.standard_normal((chains, segments, 3))
    steps *= length / np.linalg.norm(steps, axis=-1, keepdims=True)
    return np.concatenate([np.zeros((chains, 1, 3)), np.cumsum(steps, axis=1)], axis=1)


def coverage(values: np.ndarray, stds: np.ndarray, truth: float, times: float = 1.0) -> float:
    """Share of the values that lie within `times` standard errors of the truth."""
    return float(np.mean(np.abs(np.asarray(values) - truth) <= times * np.asarray(stds)))


def fractional_walk(rng: np.random.Generator, frames: int, shape: tuple[int, ...], exponent: float) -> np.ndarray:
    """Fractional Brownian walks, (frames, *shape): the squared displacement along each is t^exponent.

    Exact, by circulant embedding of the steps' correlation (Davies and Harte 1987, doi:10.1093/biomet/74.1.95).
    """
    lags = np.arange(frames + 1.0)
    correlation = 0.5 * (np.abs(lags - 1) ** exponent - 2 * lags**exponent + (lags + 1) ** exponent)
    spectrum = np.fft.fft(np.concatenate([correlation, correlation[-2:0:-1]])).real
    size = len(spectrum)
    noise = rng.standard_normal((size, *shape)) + 1j * rng.standard_normal((size, *shape))
    weights = np.sqrt(np.maximum(spectrum, 0.0) / size).reshape(-1, *[1] * len(shape))
    return np.fft.fft(weights * noise, axis=0).real[:frames].cumsum(axis=0)

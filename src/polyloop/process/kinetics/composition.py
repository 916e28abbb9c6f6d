"""Composition of a copolymer from that of the monomers: terminal and penultimate models, and their errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyloop.core import InvalidInputError

__all__ = [
    "PenultimateRatios",
    "check_ratios",
    "composition_interval",
    "copolymer_composition",
    "mean_propagation",
    "penultimate_composition",
    "terminal_composition",
    "transition_matrix",
]

Array = NDArray[np.float64]


def check_ratios(*ratios: float) -> None:
    """Refuse reactivity ratios that are no finite numbers from 0 on.

    Raises
    ------
    InvalidInputError
        If one is negative or not finite.
    """
    for value in ratios:
        if not np.isfinite(value) or value < 0:
            raise InvalidInputError(
                f"{value:g} is no reactivity ratio.", where="reactivity ratios",
                hint="They are quotients of rate coefficients: 0 or more.",
            )  # fmt: skip


def _feed(f1: ArrayLike) -> Array:
    feed = np.asarray(f1, dtype=float)
    if feed.size and not (np.isfinite(feed).all() and feed.min() >= 0 and feed.max() <= 1):
        raise InvalidInputError("A mole fraction lies between 0 and 1.", where="feed")
    return feed


def copolymer_composition(f1: ArrayLike, r1: ArrayLike, r2: ArrayLike) -> Array:
    """Return the mole fraction of monomer 1 in the copolymer that forms at a mole fraction f1 of monomers (terminal).

    F1 = (r1 f1² + f1 f2) / (r1 f1² + 2 f1 f2 + r2 f2²); arrays are broadcast. Where no monomer can add (both ratios 0
    and one monomer alone) it is the limit, f1.

    References
    ----------
    Mayo & Lewis (1944), doi:10.1021/ja01237a052.
    """
    f1 = _feed(f1)
    a, b = np.asarray(r1, dtype=float), np.asarray(r2, dtype=float)
    f2 = 1.0 - f1
    top, bottom = a * f1**2 + f1 * f2, a * f1**2 + 2 * f1 * f2 + b * f2**2
    return np.divide(top, bottom, out=np.broadcast_to(f1, bottom.shape).copy(), where=bottom > 0)


def transition_matrix(f: ArrayLike, r: ArrayLike) -> Array:
    """Return P[i, j], the probability that a chain end of monomer i adds monomer j (terminal model).

    Parameters
    ----------
    f
        Mole fractions of n monomers, shape (n,).
    r
        Reactivity ratios, shape (n, n): r[i, j] = k_ii / k_ij, above 0; the diagonal is 1.
    """
    fractions, ratios = np.asarray(f, dtype=float), np.asarray(r, dtype=float)
    rates: Array = fractions[None, :] / ratios
    total = rates.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(rates, total, out=np.eye(len(fractions)), where=total > 0))


def _stationary(P: Array) -> Array:
    """Return the shares p with p P = p and sum 1, shape (n,)."""
    n = len(P)
    system = np.vstack([P.T - np.eye(n), np.ones(n)])
    shares, *_ = np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)
    shares = np.clip(shares, 0.0, None)
    result: Array = shares / shares.sum()
    return result


def terminal_composition(f: ArrayLike, r: ArrayLike) -> Array:
    """Return the mole fractions of n monomers in the copolymer that forms, shape (n,) (terminal model).

    Reference: Walling & Briggs (1945), doi:10.1021/ja01226a026, as the stationary state of the chain of additions.
    """
    fractions = np.asarray(f, dtype=float)
    if len(fractions) == 1:
        return np.ones(1)
    present = fractions > 0
    result = np.zeros(len(fractions))
    if present.sum() == 1:
        result[present] = 1.0
        return result
    P = transition_matrix(fractions[present], np.asarray(r, dtype=float)[np.ix_(present, present)])
    result[present] = _stationary(P)
    return result


def radical_shares(f: ArrayLike, k: ArrayLike) -> Array:
    """Return the shares of chain ends by their last monomer, shape (n,), for k[i, j] of end i with monomer j.

    Each kind of end forms as fast as it is turned into others: the long-chain limit.
    """
    fractions, coefficients = np.asarray(f, dtype=float), np.asarray(k, dtype=float)
    flow = coefficients * fractions[None, :]
    np.fill_diagonal(flow, 0.0)
    n = len(fractions)
    balance = flow.T - np.diag(flow.sum(axis=1))
    scale = max(float(np.abs(balance).max()), 1e-300)
    system = np.vstack([balance / scale, np.ones(n)])
    shares, *_ = np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)
    shares = np.clip(shares, 0.0, None)
    result: Array = shares / shares.sum()
    return result


def mean_propagation(f1: ArrayLike, r1: float, r2: float, k11: float, k22: float) -> Array:
    """Return the mean coefficient of propagation in L/(mol s) of the terminal model, as of f1.

    Reference: Fukuda et al. (1985), doi:10.1021/ma00143a007, eq. 1.
    """
    f1 = _feed(f1)
    f2 = 1.0 - f1
    top = r1 * f1**2 + 2 * f1 * f2 + r2 * f2**2
    result: Array = top / (r1 * f1 / k11 + r2 * f2 / k22)
    return result


@dataclass(frozen=True)
class PenultimateRatios:
    """Ratios of the penultimate model; with r11 = r21, r22 = r12 and s = 1 it is the terminal one.

    Parameters
    ----------
    r11, r21
        k_111 / k_112 and k_211 / k_212.
    r22, r12
        k_222 / k_221 and k_122 / k_121.
    s1, s2
        k_211 / k_111 and k_122 / k_222.
    """

    r11: float
    r21: float
    r22: float
    r12: float
    s1: float = 1.0
    s2: float = 1.0

    def __post_init__(self) -> None:
        check_ratios(self.r11, self.r21, self.r22, self.r12, self.s1, self.s2)

    @classmethod
    def implicit(cls, r1: float, r2: float, s1: float, s2: float) -> PenultimateRatios:
        """Return the implicit penultimate model: composition as in the terminal one, rates not.

        Reference: Fukuda, Ma, Inagaki (1987), doi:10.1002/marc.1987.030081005.
        """
        return cls(r1, r1, r2, r2, s1, s2)

    def effective(self, f1: ArrayLike) -> tuple[Array, Array]:
        """Return the ratios r1, r2 that put into the terminal model's equation give this one's composition."""
        f1 = _feed(f1)
        f2 = 1.0 - f1
        r1 = self.r21 * (f1 * self.r11 + f2) / (f1 * self.r21 + f2)
        r2 = self.r12 * (f2 * self.r22 + f1) / (f2 * self.r12 + f1)
        return r1, r2

    def mean_propagation(self, f1: ArrayLike, k111: float, k222: float) -> Array:
        """Return the mean coefficient of propagation in L/(mol s)."""
        f1 = _feed(f1)
        f2 = 1.0 - f1
        r1, r2 = self.effective(f1)
        k1 = k111 * (self.r11 * f1 + f2) / (self.r11 * f1 + f2 / self.s1)
        k2 = k222 * (self.r22 * f2 + f1) / (self.r22 * f2 + f1 / self.s2)
        top = r1 * f1**2 + 2 * f1 * f2 + r2 * f2**2
        result: Array = top / (r1 * f1 / k1 + r2 * f2 / k2)
        return result


def penultimate_composition(f1: ArrayLike, ratios: PenultimateRatios) -> Array:
    """Return the mole fraction of monomer 1 in the copolymer that forms (penultimate model).

    Reference: Merz, Alfrey, Goldfinger (1946), doi:10.1002/pol.1946.120010202.
    """
    r1, r2 = ratios.effective(f1)
    return copolymer_composition(f1, r1, r2)


def composition_interval(
    f1: ArrayLike, log10_r: tuple[float, float], covariance: ArrayLike, *, level: float = 0.95, points: int = 21
) -> tuple[Array, Array, Array]:
    """Return mean, low and high of F1 where the logarithms of both ratios are uncertain, each of the shape of f1.

    Normal errors of log10 r are carried through exactly, by a grid of equally likely points in each direction of their
    covariance (2, 2): F1 is bounded, so that a linear law of errors would leave it.
    """
    from scipy.stats import norm

    f1 = _feed(f1)
    quantiles = norm.ppf((np.arange(points) + 0.5) / points)
    first, second = (grid.ravel() for grid in np.meshgrid(quantiles, quantiles))
    values, vectors = np.linalg.eigh(np.asarray(covariance, dtype=float))
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    logs = np.asarray(log10_r)[:, None] + root @ np.stack([first, second])
    shape = (-1, *([1] * f1.ndim))
    F1 = copolymer_composition(f1[None], (10.0 ** logs[0]).reshape(shape), (10.0 ** logs[1]).reshape(shape))
    tail = (1.0 - level) / 2
    low, high = np.quantile(F1, [tail, 1.0 - tail], axis=0)
    return F1.mean(axis=0), low, high

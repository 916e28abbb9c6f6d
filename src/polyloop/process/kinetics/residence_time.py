"""Residence times in flow reactors: densities E(t), and times that stand for equal shares of the flow."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln
from scipy.stats import gamma, invgauss

from polyloop.core import InvalidInputError
from polyloop.core.names import did_you_mean

__all__ = ["FLOWS", "equal_shares", "residence_time_density"]

Array = NDArray[np.float64]

FLOWS = {
    "plug": "all stay equally long",
    "cstr": "one stirred tank",
    "tanks": "stirred tanks in series",
    "dispersion": "plug flow with axial dispersion",
    "laminar": "laminar flow in a tube without diffusion",
}
_PLUG_WIDTH = 1e-12


def residence_time_density(flow: str, time: ArrayLike, mean: float, *, tanks: int = 1, peclet: float = 100.0) -> Array:
    """Return E(t) in 1/(unit of time), of the shape of `time`.

    Parameters
    ----------
    flow
        One of `FLOWS` but plug, whose density is no function.
    mean
        Mean residence time, in the unit of `time`.
    tanks
        Number of tanks in series.
    peclet
        v L / D of the dispersed flow. Its law is that of first passage, whose mean is `mean` and whose variance is
        2 mean² / peclet.

    Raises
    ------
    InvalidInputError
        If the flow is unknown, or a number is none.

    References
    ----------
    Levenspiel, Chemical Reaction Engineering, 3rd ed. (1999), chapters 13 to 15, ISBN 0-471-25424-X.
    """
    check_flow(flow, mean, tanks, peclet)
    t = np.asarray(time, dtype=float)
    if flow == "plug":
        raise InvalidInputError("Plug flow has one residence time and no density.", where="flow")
    if flow == "laminar":
        return np.where(t >= mean / 2, 0.5 * mean**2 / np.maximum(t, mean / 4) ** 3, 0.0)
    if flow == "dispersion":
        density: Array = invgauss.pdf(t, 2.0 / peclet, scale=mean * peclet / 2.0)
        return density
    n = 1 if flow == "cstr" else tanks
    logs = n * np.log(n / mean) + (n - 1) * np.log(np.maximum(t, 1e-300)) - n * t / mean - gammaln(n)
    result: Array = np.where(t >= 0, np.exp(logs), 0.0)
    return result


def equal_shares(flow: str, mean: float, n: int, *, tanks: int = 1, peclet: float = 100.0) -> Array:
    """Return the residence times in the middle of `n` equal shares of the flow, shape (n,), increasing."""
    check_flow(flow, mean, tanks, peclet)
    shares = (np.arange(n) + 0.5) / n
    if flow == "plug":
        return np.full(n, float(mean)) * (1 + _PLUG_WIDTH * shares)
    if flow == "laminar":
        return mean / (2.0 * np.sqrt(1.0 - shares))
    if flow == "dispersion":
        times: Array = invgauss.ppf(shares, 2.0 / peclet, scale=mean * peclet / 2.0)
        return times
    k = 1 if flow == "cstr" else tanks
    result: Array = gamma.ppf(shares, k, scale=mean / k)
    return result


def check_flow(flow: str, mean: float, tanks: int, peclet: float) -> None:
    """Raise where there is no such flow."""
    if flow not in FLOWS:
        raise InvalidInputError(f"There is no flow {flow!r}.", where="flow", hint=did_you_mean(flow, tuple(FLOWS)))
    if not (np.isfinite(mean) and mean > 0):
        raise InvalidInputError(f"{mean:g} is no residence time.", where="residence time", hint="Give one above 0.")
    if not 1 <= tanks <= 1000:
        raise InvalidInputError(f"{tanks} tanks are none.", where="tanks", hint="From 1 to 1000.")
    if not (np.isfinite(peclet) and peclet > 0):
        raise InvalidInputError(f"{peclet:g} is no Peclet number.", where="peclet", hint="Give one above 0.")

"""Drift of the composition with conversion in a batch, whatever the rates: terminal and penultimate models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp

from polyloop.core import InvalidInputError
from polyloop.process.kinetics.composition import (
    PenultimateRatios,
    check_ratios,
    copolymer_composition,
    penultimate_composition,
)

__all__ = ["Drift", "composition_drift"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Drift:
    """Composition against molar conversion, shape (n,) each, by mole fraction of monomer 1.

    Parameters
    ----------
    conversion
        Share of all monomer that has reacted.
    monomer
        f1 of what is left.
    forming, mean
        F1 of what forms at this moment, and of all that has formed.
    """

    conversion: Array
    monomer: Array
    forming: Array
    mean: Array


def composition_drift(
    feed: float, ratios: tuple[float, float] | PenultimateRatios, conversion: ArrayLike | None = None
) -> Drift:
    """Return the drift from a feed by df1/dx = (f1 - F1)/(1 - x), to 1e-9.

    Parameters
    ----------
    conversion
        Increasing, from 0 on and below 1; 0 to 0.99 where left out.

    Raises
    ------
    InvalidInputError
        If feed, ratios or conversions are none.

    References
    ----------
    Skeist (1946), doi:10.1021/ja01213a031.
    """
    wanted = np.linspace(0.0, 0.99, 100) if conversion is None else np.atleast_1d(np.asarray(conversion, dtype=float))
    if not wanted.size or wanted[0] < 0 or wanted[-1] >= 1 or (np.diff(wanted) < 0).any():
        raise InvalidInputError("Conversions increase from 0 on, and stay below 1.", where="conversion")
    if not 0 <= feed <= 1:
        raise InvalidInputError(f"{feed:g} is no mole fraction.", where="feed")
    forms = _composition(ratios)
    # In t = -ln(1 - x), where the law has no singularity at full conversion.
    span = -np.log1p(-wanted)
    if span[-1] > 0:
        solved = solve_ivp(
            lambda _, f: f - forms(np.clip(f, 0.0, 1.0)), (0.0, span[-1]), [feed], t_eval=span,
            method="LSODA", rtol=1e-10, atol=1e-12,
        )  # fmt: skip
        monomer = np.clip(solved.y[0], 0.0, 1.0)
    else:
        monomer = np.full(len(wanted), float(feed))
    forming = forms(monomer)
    mean = np.divide(feed - (1 - wanted) * monomer, wanted, out=forming.copy(), where=wanted > 1e-9)
    return Drift(wanted, monomer, forming, np.clip(mean, 0.0, 1.0))


def _composition(ratios: tuple[float, float] | PenultimateRatios) -> Callable[[Array], Array]:
    if isinstance(ratios, PenultimateRatios):
        return lambda f: penultimate_composition(f, ratios)
    check_ratios(*ratios)
    return lambda f: copolymer_composition(f, *ratios)

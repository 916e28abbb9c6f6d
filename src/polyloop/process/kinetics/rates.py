"""Rates of a radical copolymerisation at one moment, with all coefficients at one temperature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyloop.core import InvalidInputError
from polyloop.process.kinetics.composition import radical_shares
from polyloop.process.kinetics.rate_coefficients import Initiator, Monomer

__all__ = ["GelEffect", "Kinetics"]

Array = NDArray[np.float64]

# A ratio of 0 stands for one that is too small to measure.
_SMALLEST_RATIO = 1e-4
_LOWEST, _HIGHEST = 200.0, 600.0  # K


@dataclass(frozen=True)
class GelEffect:
    """k_t falls with conversion x as exp(-2 (b x + c x² + d x³)).

    Reference: Hui & Hamielec (1972), doi:10.1002/app.1972.070160319, for styrene in bulk.
    """

    b: float
    c: float
    d: float

    @classmethod
    def styrene(cls, temperature: float) -> GelEffect:
        """Return that of styrene in bulk at a temperature in K (fitted between 373 and 473 K)."""
        return cls(2.57 - 5.05e-3 * temperature, 9.56 - 1.76e-2 * temperature, -3.03 + 7.85e-3 * temperature)

    def factor(self, conversion: float) -> float:
        """Return k_t over its value at no conversion."""
        x = min(max(conversion, 0.0), 1.0)
        return float(np.exp(-2.0 * (self.b * x + self.c * x**2 + self.d * x**3)))


@dataclass(frozen=True)
class Kinetics:
    """All coefficients at one temperature, n monomers.

    Parameters
    ----------
    k_p
        Of each monomer's own chain ends with itself in L/(mol s), shape (n,).
    ratios
        r[i, j] = k_ii / k_ij, shape (n, n).
    k_t
        Of two ends of each kind in L/(mol s), shape (n,): radicals vanish at k_t [R]². Unlike ends meet at the
        geometric mean.
    combination
        Share of termination by combination, shape (n,).
    k_d, efficiency
        Decay of the initiator in 1/s, and the share of its radicals that start chains.
    gel_effect
        None where k_t stays as it is.
    """

    k_p: Array
    ratios: Array
    k_t: Array
    combination: Array
    k_d: float
    efficiency: float
    gel_effect: GelEffect | None = None

    def __post_init__(self) -> None:
        n = len(self.k_p)
        if self.ratios.shape != (n, n) or len(self.k_t) != n or len(self.combination) != n:
            raise InvalidInputError(f"{n} monomers need {n} x {n} reactivity ratios.", where="kinetics")
        if not np.isfinite(self.ratios).all() or (self.ratios < 0).any():
            raise InvalidInputError(
                "A reactivity ratio is 0 or more.",
                where="reactivity ratios",
                hint="Give r1 and r2 as k_11/k_12, k_22/k_21.",
            )
        object.__setattr__(self, "ratios", np.maximum(self.ratios, _SMALLEST_RATIO))

    @classmethod
    def at(
        cls,
        temperature: float,
        monomers: Sequence[Monomer],
        ratios: ArrayLike,
        initiator: Initiator,
        gel_effect: GelEffect | None = None,
    ) -> Kinetics:
        """Return the coefficients at a temperature in K.

        Raises
        ------
        InvalidInputError
            If the temperature is below 200 or above 600 K, or the ratios are not as many as the monomers ask for.
        """
        if not _LOWEST <= temperature <= _HIGHEST:
            raise InvalidInputError(
                f"{temperature:g} K is no temperature of a radical polymerisation.", where="temperature",
                hint="Temperatures of kinetics are in K; in files and commands they are in degC.",
            )  # fmt: skip
        return cls(
            np.array([one.propagation.at(temperature) for one in monomers]),
            np.atleast_2d(np.asarray(ratios, dtype=float)),
            np.array([one.termination.at(temperature) for one in monomers]),
            np.array([one.combination for one in monomers]),
            initiator.decay.at(temperature),
            initiator.efficiency,
            gel_effect,
        )

    def scaled(self, name: str, place: tuple[int, ...], factor: float) -> Kinetics:
        """Return the same with one coefficient multiplied."""
        value = getattr(self, name)
        if place:
            value = np.array(value)
            value[place] *= factor
        else:
            value = value * factor
        return replace(self, **{name: value})

    def shares(self, monomer: Array) -> Array:
        """Return the shares of chain ends by their last monomer, shape (n,), at concentrations (n,)."""
        n = len(monomer)
        if n == 1:
            return np.ones(1)
        k = self.k_p[:, None] / self.ratios
        if n == 2:
            first, second = k[1, 0] * monomer[0], k[0, 1] * monomer[1]
            total = first + second
            return np.array([first, second]) / total if total > 0 else np.full(2, 0.5)
        total = monomer.sum()
        return radical_shares(monomer / total, k) if total > 0 else np.full(n, 1.0 / n)

    def rates(self, monomer: Array, initiator: float, conversion: float) -> tuple[Array, float, float]:
        """Return what vanishes and what forms, in mol/(L s).

        Parameters
        ----------
        monomer
            Concentrations in mol/L, shape (n,).
        initiator
            In mol/L.
        conversion
            Share of the monomer that has reacted, which a gel effect asks for.

        Returns
        -------
        tuple
            Consumption of each monomer (n,), decay of the initiator, formation of dead chains. Radicals are stationary.
        """
        monomer = np.maximum(monomer, 0.0)
        initiator = max(initiator, 0.0)
        ends = self.shares(monomer)
        k_t = float((ends @ np.sqrt(self.k_t)) ** 2)
        if self.gel_effect is not None:
            k_t *= self.gel_effect.factor(conversion)
        started = 2.0 * self.efficiency * self.k_d * initiator
        radicals = np.sqrt(started / k_t)
        consumed: Array = radicals * (ends @ (self.k_p[:, None] / self.ratios)) * monomer
        return consumed, self.k_d * initiator, started * (1.0 - 0.5 * float(ends @ self.combination))

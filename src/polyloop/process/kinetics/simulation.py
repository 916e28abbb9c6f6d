"""A reaction as people describe it, simulated with the error bars that its coefficients leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.process.kinetics.rate_coefficients import Initiator, Monomer
from polyloop.process.kinetics.rates import GelEffect, Kinetics
from polyloop.process.kinetics.reactors import Charge, Course, Feed, Outlet, batch, flow_reactor, semi_batch

__all__ = ["Reaction", "WithError", "with_errors"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class WithError:
    """Numbers and their standard deviations, of one shape."""

    value: Array
    std: Array


@dataclass(frozen=True)
class Reaction:
    """What reacts, at which temperature, and what is known of it.

    Parameters
    ----------
    monomers
        n of them.
    charge
        Concentrations at the start, or at the inlet.
    initiator
        Which one.
    temperature
        In K.
    ratios
        r[i, j] = k_ii / k_ij, shape (n, n), with 1 on the diagonal.
    log10_ratio_std
        Standard deviations of their decadic logarithms, shape (n, n).
    gel_effect
        None: k_t stays as it is.
    feed
        Of a semi-batch.
    """

    monomers: tuple[Monomer, ...]
    charge: Charge
    initiator: Initiator
    temperature: float
    ratios: Array
    log10_ratio_std: Array
    gel_effect: GelEffect | None = None
    feed: Feed | None = None

    def __post_init__(self) -> None:
        n = len(self.monomers)
        if len(self.charge.monomers) != n:
            raise InvalidInputError(
                f"There are {n} monomers and {len(self.charge.monomers)} concentrations.", where="concentrations"
            )
        if self.feed is not None and len(self.feed.charge.monomers) != n:
            raise InvalidInputError(f"The feed names not {n} concentrations.", where="feed")

    @property
    def kinetics(self) -> Kinetics:
        """Its coefficients at its temperature."""
        return Kinetics.at(self.temperature, self.monomers, self.ratios, self.initiator, self.gel_effect)

    def course(self, time: Array, kinetics: Kinetics | None = None) -> Course:
        """Return the batch, or semi-batch, at times in s."""
        known = kinetics or self.kinetics
        if self.feed is None:
            return batch(known, self.charge, time)
        return semi_batch(known, self.charge, self.feed, time)

    def outlet(
        self, residence_time: float, flow: str, *, tanks: int = 1, peclet: float = 100.0,
        kinetics: Kinetics | None = None,
    ) -> Outlet:  # fmt: skip
        """Return what leaves a flow reactor after a mean residence time in s."""
        return flow_reactor(kinetics or self.kinetics, self.charge, residence_time, flow, tanks=tanks, peclet=peclet)

    @property
    def errors(self) -> tuple[tuple[str, tuple[int, ...], float], ...]:
        """Coefficients with an error: their name in `Kinetics`, their place, and the deviation of their log10."""
        known: list[tuple[str, tuple[int, ...], float]] = [("k_d", (), self.initiator.decay.log10_std)]
        for place, monomer in enumerate(self.monomers):
            known.append(("k_p", (place,), monomer.propagation.log10_std))
            known.append(("k_t", (place,), monomer.termination.log10_std))
        n = len(self.monomers)
        known += [("ratios", (i, j), float(self.log10_ratio_std[i, j])) for i in range(n) for j in range(n) if i != j]
        return tuple(row for row in known if row[2] > 0)


def with_errors(reaction: Reaction, numbers: Callable[[Kinetics], Array]) -> WithError:
    """Return what `numbers` makes of the kinetics, with the error that all coefficients leave, of one shape.

    Each coefficient is moved by a standard deviation of its logarithm either way, and half the differences are added in
    squares: errors of the coefficients are taken as independent, and the law as linear in their logarithms.
    """
    kinetics = reaction.kinetics
    value = np.asarray(numbers(kinetics), dtype=float)
    squares = np.zeros_like(value)
    for name, place, std in reaction.errors:
        up, down = (numbers(kinetics.scaled(name, place, 10.0 ** (sign * std))) for sign in (1.0, -1.0))
        squares += ((np.asarray(up) - np.asarray(down)) / 2.0) ** 2
    return WithError(value, np.sqrt(squares))

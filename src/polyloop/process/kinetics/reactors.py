"""Batch, semi-batch and flow reactors of constant temperature and density."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp

from polyloop.core import EvaluationError, FailureCode, InvalidInputError
from polyloop.process.kinetics.rates import Kinetics
from polyloop.process.kinetics.residence_time import check_flow, equal_shares

__all__ = ["Charge", "Course", "Feed", "Outlet", "batch", "flow_reactor", "semi_batch"]

Array = NDArray[np.float64]

_RTOL, _ATOL = 1e-9, 1e-13
# A tank has forgotten how it started after this many residence times: exp(-30) is 1e-13.
_SETTLED = 30.0
_SHARES = 200


@dataclass(frozen=True)
class Charge:
    """What is put in: concentrations in mol/L of n monomers, shape (n,), and of the initiator."""

    monomers: Array
    initiator: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "monomers", np.atleast_1d(np.asarray(self.monomers, dtype=float)))
        values = np.append(self.monomers, self.initiator)
        if not np.isfinite(values).all() or values.min() < 0 or self.monomers.sum() <= 0:
            raise InvalidInputError(
                "Concentrations are 0 or more, and some monomer is there.", where="concentrations", hint="In mol/L."
            )
        if self.monomers.sum() > 60.0:
            raise InvalidInputError(
                f"{self.monomers.sum():g} mol/L of monomer is more than any liquid holds.", where="concentrations",
                hint="Bulk styrene has 8.7 mol/L.",
            )  # fmt: skip


@dataclass(frozen=True)
class Feed:
    """What flows in while a semi-batch runs.

    Parameters
    ----------
    charge
        Concentrations in what flows in.
    volume
        In L for each L at the start, evenly over `duration`.
    duration
        In s.
    """

    charge: Charge
    volume: float
    duration: float

    def __post_init__(self) -> None:
        if not (self.volume > 0 and self.duration > 0 and np.isfinite([self.volume, self.duration]).all()):
            raise InvalidInputError("A feed has a volume and a duration above 0.", where="feed")


@dataclass(frozen=True)
class Course:
    """A reactor against time, m moments and n monomers.

    Parameters
    ----------
    time
        In s, shape (m,).
    volume
        Over that at the start, shape (m,).
    amounts
        Monomers left in mol for each L at the start, shape (m, n).
    fed
        Monomers put in so far, likewise.
    initiator, chains
        Initiator left, and dead chains made, in mol for each L at the start, shape (m,).
    """

    time: Array
    volume: Array
    amounts: Array
    fed: Array
    initiator: Array
    chains: Array

    @property
    def conversion(self) -> Array:
        """Share of the monomer that was put in so far which has reacted, shape (m,)."""
        fed = self.fed.sum(axis=1)
        return np.asarray(np.divide(fed - self.amounts.sum(axis=1), fed, out=np.zeros_like(fed), where=fed > 0))

    @property
    def monomer_composition(self) -> Array:
        """Mole fractions of what is left, shape (m, n); of nothing left those of what was put in."""
        left = self.amounts.sum(axis=1, keepdims=True)
        fed = self.fed / self.fed.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(self.amounts, left, out=fed, where=left > 1e-12))

    @property
    def composition(self) -> Array:
        """Mole fractions in all copolymer made so far, shape (m, n); nan before there is any."""
        made = self.fed - self.amounts
        total = made.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(made, total, out=np.full_like(made, np.nan), where=total > 1e-12))

    @property
    def degree_of_polymerization(self) -> Array:
        """Monomers for each dead chain, shape (m,); nan before there is any."""
        made = (self.fed - self.amounts).sum(axis=1)
        return np.asarray(np.divide(made, self.chains, out=np.full_like(made, np.nan), where=self.chains > 1e-15))


@dataclass(frozen=True)
class Outlet:
    """What leaves a flow reactor in the steady state: as in `Course`, one moment."""

    conversion: float
    composition: Array
    monomers: Array
    initiator: float
    degree_of_polymerization: float

    @classmethod
    def of(cls, inlet: Charge, monomers: Array, initiator: float, chains: float) -> Outlet:
        """Take it from the concentrations in mol/L that leave."""
        made = inlet.monomers - monomers
        total = float(made.sum())
        return cls(
            total / float(inlet.monomers.sum()),
            made / total if total > 1e-12 else np.full(len(made), np.nan),
            monomers,
            initiator,
            total / chains if chains > 1e-15 else float("nan"),
        )


def batch(kinetics: Kinetics, charge: Charge, time: ArrayLike) -> Course:
    """Return a batch at times in s, from 0 on and increasing.

    Raises
    ------
    InvalidInputError
        If the times are none.
    EvaluationError
        If the equations cannot be solved.
    """
    return _course(kinetics, charge, None, time)


def semi_batch(kinetics: Kinetics, charge: Charge, feed: Feed, time: ArrayLike) -> Course:
    """Return a semi-batch at times in s; volumes add."""
    return _course(kinetics, charge, feed, time)


def _course(kinetics: Kinetics, charge: Charge, feed: Feed | None, time: ArrayLike) -> Course:
    wanted = np.atleast_1d(np.asarray(time, dtype=float))
    if not wanted.size or not np.isfinite(wanted).all() or wanted[0] < 0 or (np.diff(wanted) < 0).any():
        raise InvalidInputError("Times increase from 0 on.", where="time", hint="In s.")
    n = len(charge.monomers)
    state = np.concatenate([charge.monomers, [charge.initiator, 0.0]])
    # The feed ends at a moment where the law changes, so it is solved in two parts.
    parts = [(0.0, wanted[-1], False)]
    if feed is not None:
        end = min(feed.duration, wanted[-1])
        parts = [(0.0, end, True), (end, wanted[-1], False)]
    states = np.empty((len(wanted), n + 2))
    for begin, end, flows in parts:
        inside = (wanted >= begin) & (wanted <= end)
        grid = np.unique(np.concatenate([[begin], wanted[inside], [end]]))
        solved = _solved(kinetics, charge, feed, state, grid, flows)
        states[inside] = solved[np.searchsorted(grid, wanted[inside])]
        state = solved[-1]
    poured = np.zeros_like(wanted) if feed is None else feed.volume * np.minimum(wanted / feed.duration, 1.0)
    fed = np.tile(charge.monomers, (len(wanted), 1))
    if feed is not None:
        fed = fed + poured[:, None] * feed.charge.monomers
    return Course(wanted, 1.0 + poured, np.maximum(states[:, :n], 0.0), fed, states[:, n], states[:, n + 1])


def _solved(kinetics: Kinetics, charge: Charge, feed: Feed | None, state: Array, grid: Array, flows: bool) -> Array:
    n = len(charge.monomers)
    if grid[-1] <= grid[0]:
        return np.tile(state, (len(grid), 1))
    flow = feed.volume / feed.duration if feed is not None and flows else 0.0
    source = np.zeros(n + 2)
    if feed is not None and flows:
        source[:n], source[n] = flow * feed.charge.monomers, flow * feed.charge.initiator

    def change(t: float, y: Array) -> Array:
        poured = 0.0 if feed is None else feed.volume * min(t / feed.duration, 1.0)
        volume = 1.0 + poured
        total = charge.monomers.sum() + (0.0 if feed is None else poured * feed.charge.monomers.sum())
        consumed, decayed, chains = kinetics.rates(y[:n] / volume, y[n] / volume, 1.0 - y[:n].sum() / total)
        return np.asarray(source + volume * np.concatenate([-consumed, [-decayed, chains]]))

    return _integrate(change, state, grid)


def _integrate(change: object, state: Array, grid: Array) -> Array:
    solved = solve_ivp(change, (grid[0], grid[-1]), state, t_eval=grid, method="LSODA", rtol=_RTOL, atol=_ATOL)
    if not solved.success or not np.isfinite(solved.y).all():
        raise EvaluationError(
            FailureCode.EVALUATOR, "kinetics", f"The equations of the reactor cannot be solved: {solved.message}",
            hint="Check the rate coefficients; a shorter time helps where the reaction runs away.",
        )  # fmt: skip
    result: Array = solved.y.T
    return result


def flow_reactor(
    kinetics: Kinetics, inlet: Charge, residence_time: float, flow: str = "plug", *, tanks: int = 1,
    peclet: float = 100.0,
) -> Outlet:  # fmt: skip
    """Return what leaves a flow reactor in the steady state.

    Parameters
    ----------
    residence_time
        Mean, in s.
    flow
        plug; cstr and tanks, mixed to the molecule; dispersion and laminar, whose elements do not mix: the mean of
        batches over the residence times.
    tanks, peclet
        As in `residence_time_density`.

    Raises
    ------
    InvalidInputError
        If the flow is unknown or a number is none.
    """
    check_flow(flow, residence_time, tanks, peclet)
    n = len(inlet.monomers)
    if flow in ("cstr", "tanks"):
        count = 1 if flow == "cstr" else tanks
        state = np.concatenate([inlet.monomers, [inlet.initiator, 0.0]])
        for _ in range(count):
            state = _tank(kinetics, inlet, state, residence_time / count)
        return Outlet.of(inlet, state[:n], float(state[n]), float(state[n + 1]))
    if flow == "plug":
        course = batch(kinetics, inlet, [residence_time])
    else:
        course = batch(kinetics, inlet, equal_shares(flow, residence_time, _SHARES, peclet=peclet))
    return Outlet.of(inlet, course.amounts.mean(axis=0), float(course.initiator.mean()), float(course.chains.mean()))


def _tank(kinetics: Kinetics, inlet: Charge, entering: Array, residence_time: float) -> Array:
    """Return the steady state of one stirred tank, found as it is in a plant: by running it from its filling."""
    n = len(inlet.monomers)
    total = inlet.monomers.sum()

    def change(_: float, y: Array) -> Array:
        consumed, decayed, chains = kinetics.rates(y[:n], y[n], 1.0 - y[:n].sum() / total)
        return np.asarray((entering - y) / residence_time + np.concatenate([-consumed, [-decayed, chains]]))

    settled: Array = _integrate(change, entering, np.array([0.0, _SETTLED * residence_time]))[-1]
    return settled

"""How a sinusoidal temperature profile decays: the profile of frames, and diffusivity and heat capacity from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import OptimizeResult, least_squares
from scipy.stats import chi2

from polyloop.chem.topology import Cell, Topology
from polyloop.core import InvalidInputError
from polyloop.simulate.md.analysis.statistics import spread_over_members
from polyloop.simulate.md.analysis.units import BOLTZMANN, KCAL_PER_KINETIC_UNIT

__all__ = ["Decay", "RigidGroups", "fit_decay", "kicked", "profile_amplitudes"]

Floats = NDArray[np.float64]

_ROUNDS = 6  # of fitting with the noise that the last fit tells
_MINIMUM_BINS = 8
# What is known beforehand. Sound: its speed in angstrom/ps, and its damping by its frequency.
_SOUND, _DAMPING = 17.0, 0.25
# Errors of that knowledge: of the logarithms of amplitude and rate, about which nearly nothing is known; of the share
# of sound, c_p / c_v - 1, about zero; and of the logarithms of sound's damping and frequency.
_KNOWN_STDS = np.array([5.0, 5.0, 0.5, 0.7, 0.4])


@dataclass(frozen=True, eq=False)
class RigidGroups:
    """Atoms that rigid bonds hold together: a carrier with its hydrogens, or an atom alone.

    Parameters
    ----------
    group
        Number of each atom's group, (n,).
    freedom
        Degrees of freedom of each group, (g,).
    masses
        Of each atom, g/mol, (n,).
    """

    group: NDArray[np.int64]
    freedom: Floats
    masses: Floats

    @classmethod
    def of(cls, topology: Topology, constrain_hydrogens: bool) -> RigidGroups:
        """Return the groups of molecules whose hydrogens have their natural mass."""
        owner = np.arange(topology.n_atoms)
        if constrain_hydrogens:
            hydrogen = topology.numbers[topology.bonds] == 1
            bonds = np.where(hydrogen[:, :1], topology.bonds[:, ::-1], topology.bonds)[hydrogen.any(axis=1)]
            owner[bonds[:, 1]] = bonds[:, 0]
        _, group, counts = np.unique(owner, return_inverse=True, return_counts=True)
        # Every atom of a group but its carrier is held by one bond.
        freedom: Floats = 2.0 * counts.astype(np.float64) + 1.0
        return cls(group, freedom, topology.masses)

    def total(self, values: Floats) -> Floats:
        """Sum over the atoms of each group, (n,) -> (g,)."""
        summed: Floats = np.bincount(self.group, values, minlength=len(self.freedom)).astype(np.float64)
        return summed

    def places(self, positions: Floats) -> Floats:
        """Centre of mass of each group along one axis, (n,) -> (g,)."""
        return self.total(self.masses * positions) / self.total(self.masses)

    def kinetic(self, velocities: Floats) -> Floats:
        """Kinetic energy of each group in kcal/mol, from velocities in angstrom/ps, (n, 3) -> (g,)."""
        return 0.5 * KCAL_PER_KINETIC_UNIT * self.total(self.masses * (velocities**2).sum(axis=1))


def kicked(cell: Cell, groups: RigidGroups, amplitude: float) -> tuple[Cell, float]:
    """Multiply velocities by sqrt(1 + amplitude cos(2 pi x / L)), x along the first edge L.

    Atoms of a rigid group are multiplied by the same number, so that rigid bonds stay as they are.

    Returns
    -------
    cell
        Without momentum of the whole.
    heat
        sum dK cos(2 pi x / L) in kcal/mol: the energy that the mode was given.

    Raises
    ------
    InvalidInputError
        For a cell without velocities, or an amplitude not between -1 and 1.
    """
    if cell.velocities is None or not -1.0 < amplitude < 1.0:
        raise InvalidInputError("A kick needs velocities, and an amplitude between -1 and 1.")
    wave = np.cos(2.0 * np.pi * groups.places(cell.positions[:, 0]) / cell.box[0])
    velocities = cell.velocities * np.sqrt(1.0 + amplitude * wave)[groups.group, None]
    velocities = velocities - groups.masses @ velocities / groups.masses.sum()
    heat = float(wave @ (groups.kinetic(velocities) - groups.kinetic(cell.velocities)))
    return Cell(cell.topology, cell.positions, cell.box, velocities), heat


def profile_amplitudes(
    frames: NDArray[np.float32], velocities: NDArray[np.float32], length: float, groups: RigidGroups
) -> Floats:
    """Return amplitudes in K of cos and sin of 2 pi x / L in the kinetic temperature, (f, n, 3) -> (f, 2).

    Of each frame T(x) = T0 + A cos + B sin by least squares over the groups, weighted with their degrees of freedom:
    fluctuations of the density leave no trace.
    """
    found = []
    for positions, moving in zip(frames.astype(np.float64), velocities.astype(np.float64), strict=True):
        phase = 2.0 * np.pi * groups.places(positions[:, 0]) / length
        shapes = np.stack([np.ones_like(phase), np.cos(phase), np.sin(phase)])
        normal = (shapes * groups.freedom) @ shapes.T
        found.append(np.linalg.solve(normal, shapes @ (2.0 * groups.kinetic(moving) / BOLTZMANN))[1:])
    return np.array(found).reshape(-1, 2)


@dataclass(frozen=True)
class Decay:
    """An exponential decay of a temperature mode.

    Parameters
    ----------
    rate
        1/ps.
    heat_capacity
        Of the whole cell, kcal/(mol K): twice the heat that the mode was given by its amplitude, carried back to the
        kick.
    relative_covariance
        Of the logarithms of heat capacity and rate, (2, 2).
    signal
        Amplitude where the fit begins, by its standard error.
    chi_squared, freedom
        Of the fit.
    control
        Amplitude of the sine, fitted with the same decay, by its standard error; noise is within some three.
    sound
        Amplitude of sound by that of heat, both carried back to the kick; c_p / c_v - 1 in a liquid.
    pairs
        How many pairs of runs were averaged.
    """

    rate: float
    heat_capacity: float
    relative_covariance: tuple[tuple[float, float], tuple[float, float]]
    signal: float
    chi_squared: float
    freedom: float
    control: float
    sound: float
    pairs: int

    @property
    def chance(self) -> float:
        """Probability of so large a chi squared if the decay is exponential."""
        return float(chi2.sf(self.chi_squared, self.freedom))

    def relative_std(self, of_heat_capacity: float, of_rate: float) -> float:
        """Relative standard error of heat_capacity^p rate^q."""
        powers = np.array([of_heat_capacity, of_rate])
        return float(np.sqrt(powers @ np.array(self.relative_covariance) @ powers))


def fit_decay(
    times: Floats,
    amplitudes: Floats,
    heats: Sequence[float],
    *,
    start: float,
    bin_width: float,
    temperature: float,
    length: float,
) -> Decay:
    """Fit A0 [exp(-rate t) + b exp(-damping t) cos(omega t)], heat and sound, to the mode that kicks have left.

    Both runs of a pair begin from one state, so half their difference holds none of that state's own fluctuation, and
    its noise grows from nothing. In equilibrium the mode is correlated over time as it answers a kick, times
    k T^2 / heat, which fixes the noise of heat and sound; what is faster is white, with the variance that is seen
    between neighbouring bins. The fit is by generalised least squares with this covariance. What is known of sound
    beforehand is weak, but keeps one that is too faint to be seen from doing harm.

    Parameters
    ----------
    times
        ps after the kick, evenly spaced, (f,).
    amplitudes
        Cosine and sine in K of each pair and sign (+, -), (p, 2, 2, f).
    heats
        Half the difference of the heats of each pair, kcal/mol.
    start
        In ps: until then kinetic and potential energy share the heat.
    bin_width
        In ps: frames are averaged over it.
    temperature
        In K.
    length
        Of the wave, angstrom.

    Raises
    ------
    InvalidInputError
        Where fewer than eight bins are left.

    References
    ----------
    doi:10.1063/1.4815945 (Lampin et al. 2013); doi:10.1103/PhysRevMaterials.1.060802 (Puligheddu et al. 2017)
    """
    middle, binned = _bins(times, amplitudes, start, bin_width)
    half = 0.5 * (binned[:, 0] - binned[:, 1]) / np.asarray(heats, dtype=np.float64)[:, None, None]  # (p, 2, b)
    mean: Floats = half.mean(axis=0)
    pairs, noise = len(half), 0.5 * BOLTZMANN * temperature**2 / float(np.mean(heats)) ** 2
    first = max(float(mean[0, 0]), 1e-3 * float(np.ptp(mean[0])) + 1e-12)
    omega = np.log(2.0 * np.pi * _SOUND / length)
    known = np.array([np.log(first), -np.log(middle[-1]), 0.0, omega + np.log(_DAMPING), omega])
    guesses = [known + np.array([0.0, 0.0, 0.1, shift, shift]) for shift in (0.0, -0.5, 0.5)]
    for _ in range(_ROUNDS):
        root = np.linalg.cholesky(_covariance(middle, half, guesses[0], noise) / pairs).astype(np.float64)
        found = min((_fitted(middle, mean[0], root, guess, known) for guess in guesses), key=lambda one: one.cost)
        guesses = [found.x]
    return _decay(middle, half, mean, root, found)


def _decay(times: Floats, half: Floats, mean: Floats, root: Floats, found: OptimizeResult) -> Decay:
    """What a fit tells, with errors widened where the fit or the scatter between pairs asks for it."""
    covariance = np.linalg.inv(found.jac.T @ found.jac).astype(np.float64)
    slopes = -found.jac[: len(times)]
    model, rate = _model(found.x, times), float(np.exp(found.x[1]))
    residual = _white(root, mean[0] - model)
    # Sound that prior knowledge fixes takes no degree of freedom from the data.
    chi_squared = float(residual @ residual)
    freedom = len(times) - float(np.trace(covariance @ slopes.T @ slopes))
    steps = (covariance @ slopes.T @ _white(root, (half[:, 0] - model).T))[:2]
    two = _widened(covariance[:2, :2] * max(1.0, chi_squared / freedom), steps)
    # The heat capacity is twice the inverse of the response.
    turned = two * np.array([[1.0, -1.0], [-1.0, 1.0]])
    early = np.array([1.0, -rate * times[0]])
    white = _white(root, np.exp(-rate * times))
    return Decay(
        rate=rate,
        heat_capacity=float(2.0 * np.exp(-found.x[0])),
        relative_covariance=(
            (float(turned[0, 0]), float(turned[0, 1])), (float(turned[1, 0]), float(turned[1, 1])),
        ),
        signal=float(1.0 / np.sqrt(early @ two @ early)),
        chi_squared=chi_squared,
        freedom=freedom,
        control=float(white @ _white(root, mean[1]) / np.sqrt(white @ white)),
        sound=float(found.x[2]),
        pairs=len(half),
    )  # fmt: skip


def _bins(times: Floats, amplitudes: Floats, start: float, width: float) -> tuple[Floats, Floats]:
    """Average over whole bins after `start`: their middles (b,), and (p, 2, 2, f) -> (p, 2, 2, b)."""
    spacing = (times[-1] - times[0]) / (len(times) - 1)
    each = max(1, round(width / spacing))
    first = int(np.searchsorted(times, start))
    count = (len(times) - first) // each
    if count < _MINIMUM_BINS:
        raise InvalidInputError(f"{count} bins of {width:g} ps are too few for a decay.", hint="Run longer.")
    kept = slice(first, first + count * each)
    shape = (*amplitudes.shape[:-1], count, each)
    return times[kept].reshape(count, each).mean(axis=1), amplitudes[..., kept].reshape(shape).mean(axis=-1)


def _model(guess: Floats, lag: Floats, together: Floats | float | None = None) -> Floats:
    """The answer after a kick; with `together`, damped over other times than the phase of sound runs."""
    amplitude, rate, damping, omega = np.exp(guess[[0, 1, 3, 4]])
    share = guess[2]
    damped = lag if together is None else together
    answer: Floats = amplitude * (np.exp(-rate * damped) + share * np.exp(-damping * damped) * np.cos(omega * lag))
    return answer


def _covariance(times: Floats, half: Floats, guess: Floats, noise: float) -> Floats:
    """Covariance of one pair's half difference over its heat, which is nothing at the kick."""
    apart, together = np.abs(times[:, None] - times), times[:, None] + times
    grown = noise * (_model(guess, apart) - _model(guess, apart, together))
    residual = half - np.stack([_model(guess, times), np.zeros_like(times)])
    ends = noise * _model(guess, np.array([0.0, times[1] - times[0]]))
    white = 0.5 * float(np.mean(np.diff(residual, axis=-1) ** 2)) - float(ends[0] - ends[1])
    # Never below a hundredth: the matrix must stay well away from singular.
    covariance: Floats = grown + np.eye(len(times)) * max(white, 0.01 * float(ends[0]))
    return covariance


def _fitted(times: Floats, cosine: Floats, root: Floats, guess: Floats, known: Floats) -> OptimizeResult:
    def residual(parameters: Floats) -> Floats:
        return np.concatenate([_white(root, cosine - _model(parameters, times)), (parameters - known) / _KNOWN_STDS])

    # At faster rates nothing would be left where the fit begins, and at slower ones nothing is lost where it ends.
    low = np.array([known[0] - 14.0, -np.log(100.0 * times[-1]), 0.0, *(known[3:] - 3.0)])
    high = np.array([known[0] + 14.0, np.log(8.0 / times[0]), 3.0, *(known[3:] + 3.0)])
    return least_squares(residual, np.clip(guess, low + 1e-9, high - 1e-9), bounds=(low, high))


def _widened(covariance: Floats, steps: Floats) -> Floats:
    """Scale a covariance so that heat capacity times rate scatters no more from pair to pair than it says.

    `steps` are the pairs' deviations in the logarithms of amplitude and rate, (2, p).
    """
    conducted = steps[1] - steps[0]
    stated = float(covariance[0, 0] + covariance[1, 1] - 2.0 * covariance[0, 1])
    count = len(conducted)
    _, std = spread_over_members(conducted, np.full(count, np.sqrt(stated * count)))
    return covariance * max(1.0, std**2 / stated)


def _white(root: Floats, values: Floats) -> Floats:
    whitened: Floats = solve_triangular(root, values, lower=True)
    return whitened

"""How a sinusoidal temperature profile decays: the profile of frames, and diffusivity and heat capacity from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import least_squares
from scipy.stats import chi2

from polyloop.chem.topology import Cell, Topology
from polyloop.core import InvalidInputError
from polyloop.simulate.md.analysis.statistics import spread_over_members
from polyloop.simulate.md.analysis.units import BOLTZMANN, KCAL_PER_KINETIC_UNIT

__all__ = ["Decay", "RigidGroups", "fit_decay", "kicked", "profile_amplitudes"]

Floats = NDArray[np.float64]

_ROUNDS = 6  # of fitting with the noise that the last fit tells
_MINIMUM_BINS = 8


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
    pairs
        How many pairs of runs were averaged.
    """

    rate: float
    heat_capacity: float
    relative_covariance: tuple[tuple[float, float], tuple[float, float]]
    signal: float
    chi_squared: float
    freedom: int
    control: float
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
    times: Floats, amplitudes: Floats, heats: Sequence[float], *, start: float, bin_width: float, temperature: float
) -> Decay:
    """Fit A0 exp(-rate t) to the mode that kicks of both signs have left.

    Both runs of a pair begin from one state, so half their difference holds none of that state's own fluctuation, and
    its noise grows from nothing: for the slow part it is that of an Ornstein-Uhlenbeck process, whose variance
    k T^2 A0 / heat the theory of fluctuations fixes, for the fast part white, with the variance that is seen between
    neighbouring bins. The fit is by generalised least squares with this covariance.

    Parameters
    ----------
    times
        ps after the kick, evenly spaced, (f,).
    amplitudes
        Cosine and sine in K of each pair and sign (+, -), (p, 2, 2, f).
    heats
        Half the difference of the heats of each pair, kcal/mol.
    start
        In ps: until then kinetic and potential energy share the heat and sound dies away.
    bin_width
        In ps: frames are averaged over it.
    temperature
        In K.

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
    cosine, sine = mean
    pairs, heat = len(half), float(np.mean(heats))
    guess: Floats = np.array([np.log(max(float(cosine[0]), 1e-3 * float(np.ptp(cosine)) + 1e-12)), -np.log(middle[-1])])
    for _ in range(_ROUNDS):
        slow = 0.5 * BOLTZMANN * temperature**2 * np.exp(guess[0]) / heat**2
        root = np.linalg.cholesky(_covariance(middle, half, guess, slow) / pairs).astype(np.float64)
        guess = _fitted(middle, cosine, root, guess)
    shape: Floats = np.exp(-np.exp(guess[1]) * middle)
    model: Floats = np.exp(guess[0]) * shape
    # Derivatives by the logarithms of amplitude and rate, and residuals, in units of the noise.
    slopes = _white(root, np.stack([model, -np.exp(guess[1]) * middle * model], axis=1))
    covariance = np.linalg.inv(slopes.T @ slopes).astype(np.float64)
    residual = _white(root, cosine - model)
    steps = covariance @ slopes.T @ _white(root, (half[:, 0] - model).T)
    chi_squared, freedom = float(residual @ residual), len(middle) - 2
    covariance = _widened(covariance * max(1.0, chi_squared / freedom), steps)
    # The heat capacity is twice the inverse of the response.
    turned = covariance * np.array([[1.0, -1.0], [-1.0, 1.0]])
    early = np.array([1.0, -np.exp(guess[1]) * middle[0]])
    white = _white(root, shape)
    return Decay(
        rate=float(np.exp(guess[1])),
        heat_capacity=float(2.0 * np.exp(-guess[0])),
        relative_covariance=(
            (float(turned[0, 0]), float(turned[0, 1])), (float(turned[1, 0]), float(turned[1, 1])),
        ),
        signal=float(1.0 / np.sqrt(early @ covariance @ early)),
        chi_squared=chi_squared,
        freedom=freedom,
        control=float(white @ _white(root, sine) / np.sqrt(white @ white)),
        pairs=pairs,
    )  # fmt: skip


def _bins(times: Floats, amplitudes: Floats, start: float, width: float) -> tuple[Floats, Floats]:
    """Average over whole bins after `start`: their middles (b,), and (p, 2, 2, f) -> (p, 2, 2, b)."""
    spacing = (times[-1] - times[0]) / (len(times) - 1)
    each = max(1, round(width / spacing))
    first = int(np.searchsorted(times, start))
    count = (len(times) - first) // each
    if count < _MINIMUM_BINS:
        raise InvalidInputError(f"{count} bins of {width:g} ps are too few for a decay.", mend="Run longer.")
    kept = slice(first, first + count * each)
    shape = (*amplitudes.shape[:-1], count, each)
    return times[kept].reshape(count, each).mean(axis=1), amplitudes[..., kept].reshape(shape).mean(axis=-1)


def _covariance(times: Floats, half: Floats, guess: Floats, slow: float) -> Floats:
    """Covariance of one pair's half difference over its heat, whose slow part ends at the variance `slow`."""
    rate = np.exp(guess[1])
    apart, together = np.abs(times[:, None] - times), times[:, None] + times
    ornstein = slow * (np.exp(-rate * apart) - np.exp(-rate * together))
    residual = half - np.stack([np.exp(guess[0] - rate * times), np.zeros_like(times)])
    steps = np.diff(residual, axis=-1)
    drift = slow * (1.0 - np.exp(-rate * (times[1] - times[0])))
    fast = 0.5 * float(np.mean(steps**2)) - drift
    # Never below a hundredth: the matrix must stay well away from singular.
    white: Floats = ornstein + np.eye(len(times)) * max(fast, 0.01 * slow)
    return white


def _fitted(times: Floats, cosine: Floats, root: Floats, guess: Floats) -> Floats:
    def residual(logarithms: Floats) -> Floats:
        return _white(root, cosine - np.exp(logarithms[0] - np.exp(logarithms[1]) * times))

    # At faster rates nothing would be left where the fit begins, and at slower ones nothing is lost where it ends.
    low = np.array([guess[0] - 14.0, -np.log(100.0 * times[-1])])
    high = np.array([guess[0] + 14.0, np.log(8.0 / times[0])])
    found: Floats = least_squares(residual, np.clip(guess, low, high), bounds=(low, high)).x
    return found


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

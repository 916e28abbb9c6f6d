"""Thermal conductivity from a steady heat flow between two slabs, with tests that the profile is linear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.core import EvaluationError, FailureCode, InvalidInputError
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis.statistics import Mean, as_series, block_means, function_of_means
from polyloop.simulate.md.analysis.units import WATT_PER_M_K

__all__ = ["HeatFlow", "conductivity_parts", "heat_flow", "thermal_diffusivity"]

Floats = NDArray[np.float64]

# RadonPy's thresholds: of the mean profile, of a block's profile, and the share of blocks that must pass.
_MEAN_LINEAR = 0.98
_BLOCK_LINEAR = 0.95
_SHARE_LINEAR = 2.0 / 3.0


@dataclass(frozen=True)
class HeatFlow:
    """A steady flow of heat.

    Parameters
    ----------
    conductivity
        W/(m K).
    gradients
        Of the temperature in the two halves, K/angstrom, both towards the hot slab.
    linearity
        R2 of the mean profile in each half.
    linear_share
        Share of the blocks of time whose profiles are linear in both halves.
    asymmetry
        Difference of the two gradients in its standard errors.
    """

    conductivity: Mean
    gradients: tuple[float, float]
    linearity: tuple[float, float]
    linear_share: float
    asymmetry: float

    @property
    def is_linear(self) -> bool:
        """Whether the mean profile and enough blocks are linear in both halves."""
        return min(self.linearity) >= _MEAN_LINEAR and self.linear_share >= _SHARE_LINEAR

    def estimate(self) -> Estimate:
        """Return the thermal conductivity.

        Raises
        ------
        EvaluationError
            NOT_EQUILIBRATED where the profile is not linear, with the figures.
        """
        if not self.is_linear:
            raise EvaluationError(
                FailureCode.NOT_EQUILIBRATED,
                "thermal conductivity",
                f"The temperature profile is not linear: R2 {self.linearity[0]:.3f} and {self.linearity[1]:.3f} of "
                f"{_MEAN_LINEAR}, {self.linear_share:.0%} of the blocks linear of {_SHARE_LINEAR:.0%}.",
                hint="Run longer, leave more of the start out, or exchange less energy.",
            )
        return self.conductivity.estimate("thermal_conductivity", "time, with its correlation counted, and both halves")


def heat_flow(
    temperatures: Floats,
    exchanged: Floats,
    times: Floats,
    *,
    length: float,
    area: float,
    cold: int = 0,
    hot: int | None = None,
    blocks: int = 10,
) -> HeatFlow:
    """Analyse slabs of a periodic cell through which energy is driven from a hot to a cold slab, half to each side.

    lambda = (dQ/dt) / (2 A) / |dT/dx|, with the mean gradient of both halves, the slabs of exchange left out. Serves
    reverse non-equilibrium dynamics (velocities are exchanged) and heat exchange (eHEX) alike.

    Parameters
    ----------
    temperatures
        Of s slabs of equal width, (t, s), K, in the steady state: leave the start out.
    exchanged
        Energy moved so far, (t,), kcal/mol.
    times
        (t,), ps, equally spaced.
    length, area
        Of the cell along the flow, angstrom, and across it, angstrom2.
    cold, hot
        Slabs of exchange, half the cell apart; hot is cold + s/2 unless told.
    blocks
        Blocks of time whose profiles are tested one by one.

    Raises
    ------
    InvalidInputError
        For shapes that do not fit, an odd number of slabs or fewer than 8, or no energy exchanged.

    References
    ----------
    doi:10.1063/1.473271 (Mueller-Plathe 1997); doi:10.1063/1.4931597 (Wirnsberger, Frenkel and Dellago 2015)
    """
    profile = as_series(np.asarray(temperatures, dtype=np.float64).T, "The profile")
    slabs = len(profile)
    if slabs % 2 or slabs < 8 or not len(times) == len(exchanged) == profile.shape[1]:
        raise InvalidInputError(
            f"Temperatures {profile.T.shape}, energies {np.shape(exchanged)} and times {np.shape(times)} do not fit: "
            "one row for each time, and an even number of slabs, 8 or more."
        )
    half = slabs // 2
    if hot is not None and (hot - cold) % slabs != half:
        raise InvalidInputError(f"Slabs {cold} and {hot} of {slabs} are not half the cell apart.")
    # From the cold slab on: the first half rises to the hot slab, the second, read backwards, does as well.
    turned = np.roll(profile, -cold, axis=0)
    sides = np.stack([turned[1:half], turned[:half:-1]])
    x = np.arange(1, half, dtype=np.float64) * (length / slabs)
    weights = (x - x.mean()) / np.sum((x - x.mean()) ** 2)
    slopes = np.tensordot(weights, sides, axes=(0, 1))
    power = np.gradient(np.asarray(exchanged, dtype=np.float64), np.asarray(times, dtype=np.float64))
    if not power.mean() > 0.0:
        raise InvalidInputError("No energy went from the cold to the hot slab.", hint="Give it with a positive sign.")
    series = np.stack([power, *slopes])
    means = series.mean(axis=1)
    conductivity, difference = function_of_means(
        lambda m: np.array([WATT_PER_M_K * m[0] / (area * (m[1] + m[2])), m[1] - m[2]]), means, series - means[:, None]
    )
    by_block = _linearity(block_means(sides, blocks), x)
    mean_linearity = _linearity(sides.mean(axis=2, keepdims=True), x)[:, 0]
    return HeatFlow(
        conductivity,
        (float(means[1]), float(means[2])),
        (float(mean_linearity[0]), float(mean_linearity[1])),
        float(np.mean((by_block >= _BLOCK_LINEAR).all(axis=0))),
        abs(difference.value) / difference.std if difference.std > 0.0 else 0.0,
    )


def _linearity(sides: Floats, x: Floats) -> Floats:
    """R2 of straight lines through profiles, (2, slabs, b) -> (2, b); a profile that falls counts as not linear."""
    centred = sides - sides.mean(axis=1, keepdims=True)
    offset = x - x.mean()
    along = np.einsum("k,skb->sb", offset, centred)
    total = np.maximum(np.sum(centred**2, axis=1), 1e-300)
    squared: Floats = np.where(along > 0.0, along**2 / (np.sum(offset**2) * total), 0.0)
    return squared


def conductivity_parts(conductivity: Estimate, fluxes: Mapping[str, Floats]) -> dict[str, Mean]:
    """Return the parts of the conductivity that go by each term of the heat flux, W/(m K), adding up to it.

    Parameters
    ----------
    fluxes
        Series of each term's flux along the gradient, (t,), in any one unit: kinetic, potential, bond, ...

    References
    ----------
    doi:10.1103/PhysRevE.99.051301 (Surblys et al. 2019)
    """
    names = tuple(fluxes)
    series = as_series(np.stack([np.asarray(fluxes[name]) for name in names]), "The heat flux")
    means = series.mean(axis=1)
    if means.sum() == 0.0:
        raise InvalidInputError("The terms of the heat flux add up to nothing.")
    parts = function_of_means(lambda m: conductivity.value * m / m.sum(), means, series - means[:, None])
    relative = (conductivity.std or 0.0) / conductivity.value
    return {
        name: Mean(part.value, float(np.hypot(part.std, part.value * relative)), part.n_effective)
        for name, part in zip(names, parts, strict=True)
    }


def thermal_diffusivity(conductivity: Estimate, density: Estimate, heat_capacity: Estimate) -> Estimate:
    """Return lambda / (rho c_p) in m2/s.

    A conductivity of classical dynamics carries the classical heat capacity in it; give the classical c_p, so that the
    excess cancels.
    """
    value = conductivity.value / (density.value * 1e3 * heat_capacity.value)
    relative = [(part.std or 0.0) / part.value for part in (conductivity, density, heat_capacity)]
    std_of = f"conductivity, density and {heat_capacity.property}, propagated"
    return Estimate("thermal_diffusivity", value, value * float(np.linalg.norm(relative)), std_of, conductivity.n)

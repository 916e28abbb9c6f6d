"""Cohesive energy density and solubility parameter from the cell's energy and that of its molecules alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis.statistics import Mean, as_series, function_of_means
from polyloop.simulate.md.analysis.units import GPA_PER_ENERGY_DENSITY

__all__ = ["cohesive_energy_density", "solubility_parameter"]


def cohesive_energy_density(potential_energy: object, volume: object, isolated: Sequence[Mean]) -> Estimate:
    """Return (sum of the isolated molecules' energies - energy of the cell) / volume in MPa.

    Parameters
    ----------
    potential_energy, volume
        Of the cell, kcal/mol and angstrom3, (n,), in equilibrium.
    isolated
        Mean potential energy in kcal/mol of each molecule without the others: of the cell's own conformations, or of
        chains run in vacuo, which contract and then give a smaller value.

    References
    ----------
    Barton, CRC Handbook of Solubility Parameters, 2nd ed., doi:10.1201/9781315140575
    """
    if not isolated:
        raise InvalidInputError("Cohesion is against isolated molecules; there are none.")
    columns = np.stack([as_series(potential_energy, "The energy"), as_series(volume, "The volume")])
    alone, alone_std = sum(one.value for one in isolated), float(np.linalg.norm([one.std for one in isolated]))
    means = columns.mean(axis=1)
    factor = GPA_PER_ENERGY_DENSITY * 1e3
    (found,) = function_of_means(
        lambda m: np.array([(alone - m[0]) / m[1] * factor]), means, columns - means[:, None]
    )  # fmt: skip
    std = float(np.hypot(found.std, alone_std / means[1] * factor))
    return Mean(found.value, std, found.n_effective).estimate("cohesive_energy_density", "time, cell and molecules")


def solubility_parameter(cohesion: Estimate) -> Estimate:
    """Return Hildebrand's solubility parameter in MPa^0.5, the root of the cohesive energy density in MPa.

    Raises
    ------
    InvalidInputError
        Where the density is not positive: the molecules do not hold together.
    """
    if not cohesion.value > 0.0:
        raise InvalidInputError(f"A cohesive energy density of {cohesion.value:g} MPa has no root.")
    root = float(np.sqrt(cohesion.value))
    return Estimate("solubility_parameter", root, (cohesion.std or 0.0) / (2.0 * root), cohesion.std_of, cohesion.n)

"""From a sample to the estimates that a recipe promises."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Chain, Polymer
from polyloop.core import Conditions
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.recipes import Recipe
from polyloop.simulate.md.sampling import Sample

__all__ = ["PROPERTIES", "estimate_properties"]

PROPERTIES = (
    "density", "refractive_index", "volume_expansion", "linear_expansion", "classical_heat_capacity_cp",
    "classical_heat_capacity_cv", "isothermal_compressibility", "bulk_modulus", "isentropic_compressibility",
    "isentropic_bulk_modulus", "radius_of_gyration", "end_to_end_distance", "nematic_order",
)  # fmt: skip


def estimate_properties(
    recipe: Recipe, polymer: Polymer, chains: Sequence[Chain], taken: Sample, conditions: Conditions, seed: int
) -> tuple[Estimate, ...]:
    """Return one estimate for each of `PROPERTIES`.

    Errors are those of one cell over time, with the correlation counted; that another cell would scatter more, only
    replicas (seeds) can tell.

    Raises
    ------
    EvaluationError, InvalidInputError
        Where the sample is too short for an estimator, or the polarizability cannot be had.
    """
    from polyloop.simulate.md import analysis

    topology = taken.cell.topology
    density = analysis.density(taken.samples["density"])
    fluctuations = analysis.fluctuation_properties(
        taken.samples["volume"], taken.samples["potential_energy"], temperature=conditions.temperature,
        pressure=conditions.pressure, mass=float(topology.masses.sum()),
        freedom=analysis.degrees_of_freedom(topology, recipe.production.constrain_hydrogens),
    )  # fmt: skip
    ends, directors = _backbone(chains)
    index = _refractive_index(polymer, density, seed)
    found = [
        density, index, *fluctuations.values(),
        analysis.radius_of_gyration(taken.frames, topology.masses, topology.molecule),
        analysis.end_to_end_distance(taken.frames, ends),
        analysis.nematic_order(taken.frames, directors),
    ]  # fmt: skip
    by_name = {estimate.property: estimate for estimate in found}
    return tuple(by_name[name] for name in PROPERTIES)


def _backbone(chains: Sequence[Chain]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """End atoms of each chain, (m, 2), and directors, from each unit's head to the next one's, (b, 2)."""
    ends, directors, offset = [], [], 0
    for chain in chains:
        joints = chain.joints + offset
        ends.append((joints[0, 0], joints[-1, 1]))
        directors.append(np.column_stack([joints[:-1, 1], joints[1:, 1]]))
        offset += chain.n_atoms
    return np.array(ends), np.concatenate(directors)


def _refractive_index(polymer: Polymer, density: Estimate, seed: int) -> Estimate:
    """Lorentz-Lorenz from the simulated density and the corrected DFT-D4 polarizability of the repeat unit."""
    from polyloop.simulate.instant import additive_correction, d_line_polarizability
    from polyloop.simulate.lorentz_lorenz import refractive_index

    polarizability, relative = d_line_polarizability(polymer, seed)
    index = refractive_index(polarizability, density.value, polymer.molar_mass)
    slope = (index**2 + 2.0) * (index**2 - 1.0) / (6.0 * index)  # dn / d ln(alpha rho)
    std = slope * float(np.hypot(relative, (density.std or 0.0) / density.value))
    std_of = f"{additive_correction().name} and the density, in quadrature"
    return Estimate("refractive_index", index, std, std_of, density.n)

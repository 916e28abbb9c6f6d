"""From a sample to the estimates that a recipe promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Chain, Copolymer, Polymer
from polyloop.core import Conditions
from polyloop.engines.dynamics.stages import Engine, Stage
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.protocols.recipes import Recipe
from polyloop.simulate.md.run.isolated import energy_apart, isolated_energies
from polyloop.simulate.md.run.sampling import Sample

__all__ = ["PROPERTIES", "SALTED_PROPERTIES", "SHARED_ERRORS", "cohesion_of", "estimate_properties"]

PROPERTIES = (
    "density", "refractive_index", "volume_expansion", "linear_expansion", "heat_capacity_cp", "heat_capacity_cv",
    "classical_heat_capacity_cp", "classical_heat_capacity_cv", "isothermal_compressibility", "bulk_modulus",
    "isentropic_compressibility", "isentropic_bulk_modulus", "cohesive_energy_density", "solubility_parameter",
    "fractional_free_volume", "radius_of_gyration", "end_to_end_distance", "nematic_order",
    "static_dielectric_constant", "dielectric_constant",
)  # fmt: skip
# What dissolved ions leave sound: alone they are no reference state of cohesion, a charged molecule has no dipole, and
# their polarizability and their radius in a polymer are not known here.
SALTED_PROPERTIES = (
    "density", "volume_expansion", "linear_expansion", "heat_capacity_cp", "heat_capacity_cv",
    "classical_heat_capacity_cp", "classical_heat_capacity_cv", "isothermal_compressibility", "bulk_modulus",
    "isentropic_compressibility", "isentropic_bulk_modulus", "radius_of_gyration", "end_to_end_distance",
    "nematic_order",
)  # fmt: skip
# Mostly the error of the polarizability's fitted correction.
SHARED_ERRORS = ("refractive_index", "dielectric_constant")
# Conformations change slowly, so that a few frames say as much as all.
_FEW = 20


def estimate_properties(
    recipe: Recipe,
    polymer: Polymer | Copolymer,
    chains: Sequence[Chain],
    taken: Sample,
    conditions: Conditions,
    seed: int,
    engine: Engine,
) -> tuple[Estimate, ...]:
    """Return one estimate for each of `PROPERTIES`, or of `SALTED_PROPERTIES` where there are ions beside the chains.

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
    fluctuations = _fluctuations(recipe, taken, conditions)
    ends, directors = _backbone(chains)
    of_chains = slice(sum(chain.n_atoms for chain in chains))
    common = [
        density, *fluctuations, analysis.end_to_end_distance(taken.frames, ends),
        analysis.radius_of_gyration(
            taken.frames[:, of_chains], topology.masses[of_chains], topology.molecule[of_chains]
        ),
        analysis.nematic_order(taken.frames, directors),
    ]  # fmt: skip
    if of_chains.stop < topology.n_atoms:
        by_name = {estimate.property: estimate for estimate in common}
        return tuple(by_name[name] for name in SALTED_PROPERTIES)
    index = _refractive_index(polymer, chains, density, seed)
    dipoles = analysis.dipole_series(taken.frames, topology.charges, topology.molecule)
    static = analysis.static_dielectric_constant(dipoles, taken.frame_boxes.prod(axis=1), conditions.temperature)
    cohesion = cohesion_of(taken, engine, recipe.production)
    few = slice(None, None, max(1, len(taken.frames) // _FEW))
    found = [
        *common, index, cohesion, analysis.solubility_parameter(cohesion),
        analysis.fractional_free_volume(
            taken.frames[few], taken.frame_boxes[few], analysis.van_der_waals_radii(topology.numbers)
        ),
        static, analysis.dielectric_constant(static, index),
    ]  # fmt: skip
    by_name = {estimate.property: estimate for estimate in found}
    return tuple(by_name[name] for name in PROPERTIES)


def _fluctuations(recipe: Recipe, taken: Sample, conditions: Conditions) -> list[Estimate]:
    """What fluctuations tell, classical and with the quantum correction of the vibrational spectrum."""
    from polyloop.simulate.md import analysis

    topology, stage = taken.cell.topology, recipe.vibrations
    mass = float(topology.masses.sum())
    freedom = analysis.degrees_of_freedom(topology, recipe.production.constrain_hydrogens)
    classical = analysis.fluctuation_properties(
        taken.samples["volume"], taken.samples["potential_energy"], temperature=conditions.temperature,
        pressure=conditions.pressure, mass=mass, freedom=freedom,
    )  # fmt: skip
    spectrum = analysis.vibrational_spectrum(taken.vibrations.frames, stage.frame_interval, topology.masses)
    correction = analysis.quantum_correction(spectrum, conditions.temperature, freedom, mass)
    return [*classical.values(), *analysis.quantum_heat_capacities(classical, correction).values()]


def cohesion_of(taken: Sample, engine: Engine, stage: Stage) -> Estimate:
    """Cohesive energy density against the cell's own chains, each alone in the conformations that it has there.

    Bonds, angles and dihedrals are the same in the cell and alone, so that only the rest is compared; an engine whose
    energy has no such parts is asked for the energy of the chains apart.
    """
    from polyloop.simulate.md import analysis

    topology, potential = taken.cell.topology, taken.samples["potential_energy"]
    few = [frame.astype(np.float64) for frame in taken.frames[:: max(1, len(taken.frames) // _FEW)]]
    if engine.capabilities.energy_terms:
        alone = np.array([isolated_energies(topology, frame) for frame in few])
        potential = potential - sum(taken.samples[name] for name in ("bond", "angle", "dihedral", "improper"))
    else:
        alone = np.array([[energy_apart(engine, stage, topology, frame)] for frame in few])
    return analysis.cohesive_energy_density(
        potential, taken.samples["volume"], [analysis.mean_with_error(series) for series in alone.T]
    )


def _backbone(chains: Sequence[Chain]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """End atoms of each chain, (m, 2), and directors, from each unit's head to the next one's, (b, 2)."""
    ends, directors, offset = [], [], 0
    for chain in chains:
        joints = chain.joints + offset
        ends.append((joints[0, 0], joints[-1, 1]))
        directors.append(np.column_stack([joints[:-1, 1], joints[1:, 1]]))
        offset += chain.n_atoms
    return np.array(ends), np.concatenate(directors)


def _refractive_index(polymer: Polymer | Copolymer, chains: Sequence[Chain], density: Estimate, seed: int) -> Estimate:
    """Lorentz-Lorenz from the simulated density and the corrected DFT-D4 polarizability of the repeat units."""
    from polyloop.simulate.optics.instant import additive_correction, d_line_polarizability
    from polyloop.simulate.optics.lorentz_lorenz import refractive_index

    if isinstance(polymer, Copolymer):
        polarizability, relative, mass = _of_units(chains, seed)
    else:
        (polarizability, relative), mass = d_line_polarizability(polymer, seed), polymer.molar_mass
    index = refractive_index(polarizability, density.value, mass)
    slope = (index**2 + 2.0) * (index**2 - 1.0) / (6.0 * index)  # dn / d ln(alpha rho)
    std = slope * float(np.hypot(relative, (density.std or 0.0) / density.value))
    std_of = f"{additive_correction().name} and the density, in quadrature"
    return Estimate("refractive_index", index, std, std_of, density.n)


def _of_units(chains: Sequence[Chain], seed: int) -> tuple[float, float, float]:
    """Polarizability, its relative error and molar mass of the mean unit, over all units that the chains hold.

    The correction errs alike for all units, so its errors add up linearly (`simulate.optics.mixing` says why).
    """
    from polyloop.simulate.optics.instant import d_line_polarizability

    counts: Counter[Polymer] = Counter()
    for chain in chains:
        numbers = np.bincount(chain.sequence, minlength=len(chain.units)).tolist()
        for unit, number in zip(chain.units, numbers, strict=True):
            counts[unit.polymer] += number
    total = sum(counts.values())
    mean = std = mass = 0.0
    for polymer, number in counts.items():
        # As the instant protocol sees a homopolymer: by its canonical unit, maybe a part of the one in the chain.
        canonical = polymer.standardized()
        value, relative = d_line_polarizability(canonical, seed)
        share = number / total * polymer.heavy_atoms / canonical.heavy_atoms
        mean, std, mass = mean + share * value, std + share * value * relative, mass + share * canonical.molar_mass
    return mean, std / mean, mass

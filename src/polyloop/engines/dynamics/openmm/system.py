"""Topology to OpenMM system: each energy term in a force group of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.topology import Topology
from polyloop.core.constants import CALORIE
from polyloop.engines.dynamics.openmm.platforms import load_openmm
from polyloop.engines.dynamics.stages import Stage
from polyloop.engines.dynamics.validation import effective_masses

__all__ = ["ANGSTROM", "BONDED", "GROUPS", "KCAL", "SOFTNESS", "build_system", "rigid_bonds"]

Floats = NDArray[np.float64]

# OpenMM counts in nm and kJ/mol.
ANGSTROM = 0.1
KCAL = CALORIE  # kJ

BONDED = ("bond", "angle", "dihedral", "improper")
# Force group of each term; `nonbonded` is Lennard-Jones and Coulomb in one force, as runs have them.
GROUPS = {name: group for group, name in enumerate((*BONDED, "nonbonded", "lennard_jones", "coulomb"))}
# Name of the context parameter of the soft repulsion: 1 lets atoms pass through each other, 0 is Lennard-Jones.
SOFTNESS = "softness"
# Relative error of particle-mesh Ewald forces: OpenMM's default for runs, and what 1e-5 of an energy term asks for.
_EWALD_RUN, _EWALD_EXACT = 5e-4, 1e-6


def rigid_bonds(topology: Topology) -> NDArray[np.bool_]:
    """Return which bonds constraints hold: those to hydrogen; shape (b,)."""
    is_rigid: NDArray[np.bool_] = (topology.numbers[topology.bonds] == 1).any(axis=1)
    return is_rigid


def build_system(
    topology: Topology,
    box: Floats,
    stage: Stage,
    cutoff: float,
    *,
    constrained: bool = False,
    split: bool = False,
    soft: bool = False,
) -> Any:
    """Return an `openmm.System` with the interactions of `stage`.

    Parameters
    ----------
    box
        Edges in angstrom, shape (3,).
    cutoff
        In angstrom; at most half the shortest edge.
    constrained
        Whether bonds to hydrogen are rigid (their harmonic terms are then left out).
    split
        Whether Lennard-Jones and Coulomb are forces of their own, at high accuracy: for energies, not for runs.
    soft
        Whether a soft repulsion, which `SOFTNESS` steers, takes the place of both: for pulling atoms apart.
    """
    openmm = load_openmm()
    system = openmm.System()
    for mass in effective_masses(topology, stage.hydrogen_mass).tolist():
        system.addParticle(mass)
    system.setDefaultPeriodicBoxVectors(*np.diag(box * ANGSTROM))
    rigid = rigid_bonds(topology) & constrained
    for (i, j), r0 in zip(topology.bonds[rigid].tolist(), (topology.bond_r0[rigid] * ANGSTROM).tolist(), strict=True):
        system.addConstraint(i, j, r0)
    bonded = (_bonds(openmm, topology, ~rigid), _angles(openmm, topology), *_torsions(openmm, topology))
    for name, force in zip(BONDED, bonded, strict=True):
        _add(system, force, name)
    full, zero = stage.nonbonded == "full", np.zeros(topology.n_atoms)
    if soft:
        _add(system, _soft_repulsion(openmm, topology, cutoff), "nonbonded")
    elif split:
        _add(system, _nonbonded(openmm, topology, cutoff, zero, tail=full), "lennard_jones")
        bare = _nonbonded(openmm, topology, cutoff, topology.charges, tail=False, depth=0.0, accuracy=_EWALD_EXACT)
        _add(system, bare, "coulomb", wanted=full)
    else:
        charges = topology.charges if full else zero
        _add(system, _nonbonded(openmm, topology, cutoff, charges, tail=full), "nonbonded")
    return system


def _add(system: Any, force: Any, name: str, wanted: bool = True) -> None:
    if wanted:
        force.setName(name)
        force.setForceGroup(GROUPS[name])
        system.addForce(force)


def _bonds(openmm: Any, topology: Topology, kept: NDArray[np.bool_]) -> Any:
    force = openmm.HarmonicBondForce()
    # OpenMM writes 1/2 k x^2 where the topology writes k x^2.
    stiffness = 2 * topology.bond_k[kept] * KCAL / ANGSTROM**2
    for (i, j), r0, k in _rows(topology.bonds[kept], topology.bond_r0[kept] * ANGSTROM, stiffness):
        force.addBond(i, j, r0, k)
    return force


def _angles(openmm: Any, topology: Topology) -> Any:
    force = openmm.HarmonicAngleForce()
    theta0 = np.radians(topology.angle_theta0)
    for (i, j, k), angle, stiffness in _rows(topology.angles, theta0, 2 * topology.angle_k * KCAL):
        force.addAngle(i, j, k, angle, stiffness)
    return force


def _torsions(openmm: Any, topology: Topology) -> tuple[Any, Any]:
    proper, improper = openmm.PeriodicTorsionForce(), openmm.PeriodicTorsionForce()
    atoms, phase = topology.dihedrals[topology.term_dihedral], np.radians(topology.term_phase)
    for (i, j, k, m), n, angle, height in _rows(atoms, topology.term_n, phase, topology.term_k * KCAL):
        proper.addTorsion(i, j, k, m, n, angle, height)
    # -cos(n phi) is cos(n phi - 180 degrees).
    phase = np.where(topology.improper_sign > 0, 0.0, np.pi)
    for (i, j, k, m), n, angle, height in _rows(
        topology.impropers, topology.improper_n, phase, topology.improper_k * KCAL
    ):
        improper.addTorsion(i, j, k, m, n, angle, height)
    return proper, improper


def _nonbonded(
    openmm: Any,
    topology: Topology,
    cutoff: float,
    charges: Floats,
    *,
    tail: bool,
    depth: float = 1.0,
    accuracy: float = _EWALD_RUN,
) -> Any:
    """Return Lennard-Jones, its wells `depth` times as deep, and Coulomb between `charges`."""
    force = openmm.NonbondedForce()
    # Without charges the mesh would compute zeros.
    force.setNonbondedMethod(openmm.NonbondedForce.PME if charges.any() else openmm.NonbondedForce.CutoffPeriodic)
    force.setEwaldErrorTolerance(accuracy)
    force.setCutoffDistance(cutoff * ANGSTROM)
    force.setUseDispersionCorrection(tail)
    sigma, epsilon = topology.sigma * ANGSTROM, depth * topology.epsilon * KCAL
    for charge, size, well in zip(charges.tolist(), sigma.tolist(), epsilon.tolist(), strict=True):
        force.addParticle(charge, size, well)
    for i, j in topology.excluded.tolist():
        force.addException(i, j, 0.0, 1.0, 0.0)
    first, second = topology.pairs_14.T
    product = topology.COULOMB_14 * charges[first] * charges[second]
    size = 0.5 * (sigma[first] + sigma[second])
    well = topology.LENNARD_JONES_14 * np.sqrt(epsilon[first] * epsilon[second])
    for (i, j), *parameters in _rows(topology.pairs_14, product, size, well):
        force.addException(i, j, *parameters)
    return force


def _soft_repulsion(openmm: Any, topology: Topology, cutoff: float) -> Any:
    """Return the repulsive half of Lennard-Jones, made finite at zero distance (doi:10.1016/0009-2614(94)00397-1)."""
    force = openmm.CustomNonbondedForce(
        "step(2 - s - x6) * epsilon * (4 * (1 / (s + x6)^2 - 1 / (s + x6)) + 1);"
        f"x6 = (r / sigma)^6; s = {SOFTNESS}; sigma = 0.5 * (sigma1 + sigma2); epsilon = sqrt(epsilon1 * epsilon2)"
    )
    force.addGlobalParameter(SOFTNESS, 0.5)
    force.addPerParticleParameter("sigma")
    force.addPerParticleParameter("epsilon")
    force.setNonbondedMethod(openmm.CustomNonbondedForce.CutoffPeriodic)
    force.setCutoffDistance(min(cutoff, 2 ** (1 / 6) * float(topology.sigma.max())) * ANGSTROM)
    for parameters in zip((topology.sigma * ANGSTROM).tolist(), (topology.epsilon * KCAL).tolist(), strict=True):
        force.addParticle(parameters)
    for i, j in np.concatenate([topology.excluded, topology.pairs_14]).tolist():
        force.addExclusion(i, j)
    return force


def _rows(atoms: NDArray[np.int64], *columns: NDArray[Any]) -> Any:
    return zip(atoms.tolist(), *(column.tolist() for column in columns), strict=True)

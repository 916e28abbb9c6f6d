"""Minimize a cell: first softly where atoms overlap, then on the true energy."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.dynamics.openmm.guard import Unstable
from polyloop.engines.dynamics.openmm.platforms import load_openmm, platform_properties
from polyloop.engines.dynamics.openmm.simulation import CUTOFF_SHARE, energy_row, state_of
from polyloop.engines.dynamics.openmm.sitting import Sitting, words_of_openmm
from polyloop.engines.dynamics.openmm.snapshot import Snapshot
from polyloop.engines.dynamics.openmm.system import ANGSTROM, KCAL, SOFTNESS, build_system

__all__ = ["relax", "run_minimization"]

Floats = NDArray[np.float64]

TOLERANCE = 10.0  # kJ/(mol nm), root mean square: OpenMM's own, far below thermal forces
# Iterations between two looks at signals and clock (some seconds for 10,000 atoms on one core), and rounds at most.
_ROUND, _MOST_ROUNDS = 50, 100
# kcal/mol per atom that a round must gain to be worth another.
_LEAST_GAIN = 1e-4
# kcal/(mol angstrom): no atom of a sane cell feels more, and single precision still holds it.
_OVERLAP_FORCE = 1e4
# Softness goes down by steps, while the energy of coincidence rises from 8 to 10,000 well depths.
_SOFTNESS = (0.5, 0.1, 0.02)
_SOFT_ITERATIONS = 200
# angstrom: atoms that coincide have no direction to part in until they are moved.
_JITTER = 0.02


def run_minimization(sitting: Sitting, start: Snapshot) -> Snapshot:
    """Go to a local minimum from `start`; the one row of the samples is the state there.

    Raises
    ------
    EvaluationError
        BLOWN_UP where no finite energy is found; EVALUATOR for OpenMM's other errors.
    """
    began = saved = time.monotonic()
    try:
        with words_of_openmm(sitting.stage.name):
            context = relax(sitting, start)
            energy, force, _ = _energy_and_force(context)
            step = start.step
            while step < _MOST_ROUNDS and force > TOLERANCE:
                load_openmm().LocalEnergyMinimizer.minimize(context, TOLERANCE, _ROUND)
                step, before = step + 1, energy
                energy, force, _ = _energy_and_force(context)
                if not np.isfinite(energy):
                    raise Unstable("the potential energy is not a number")
                asked = sitting.interruption.asked is not None
                if asked or time.monotonic() - saved > sitting.checkpoint_seconds:
                    sitting.files.checkpoint(_snapshot(context, start, step, began))
                    saved = time.monotonic()
                sitting.interruption.pass_on()
                if before - energy < _LEAST_GAIN * sitting.topology.n_atoms:
                    break
            row = energy_row(context, sitting.topology, time=0.0, temperature=0.0, kinetic_energy=0.0)
            return _snapshot(context, start, step, began, row[None, :])
    except Unstable as fault:
        raise EvaluationError(
            FailureCode.BLOWN_UP,
            sitting.stage.name,
            f"The minimization found no finite energy: {fault}.",
            hint="Look at the cell: its box, its bonds, atoms far from their molecule.",
        ) from fault


def relax(sitting: Sitting, start: Snapshot) -> Any:
    """Return an `openmm.Context` of the true energy at `start`, after a soft minimization if atoms overlap there."""
    context = _context(sitting, start.box, soft=False)
    context.setPositions(start.positions * ANGSTROM)
    energy, _, largest = _energy_and_force(context)
    if not (np.isfinite(energy) and largest < _OVERLAP_FORCE):
        soft = _context(sitting, start.box, soft=True)
        noise = np.random.default_rng(sitting.seed).normal(scale=_JITTER, size=start.positions.shape)
        soft.setPositions((start.positions + noise) * ANGSTROM)
        for softness in _SOFTNESS:
            soft.setParameter(SOFTNESS, softness)
            load_openmm().LocalEnergyMinimizer.minimize(soft, TOLERANCE, _SOFT_ITERATIONS)
            sitting.interruption.pass_on()
        context.setPositions(soft.getState(getPositions=True).getPositions(asNumpy=True))
    return context


def _context(sitting: Sitting, box: Floats, *, soft: bool) -> Any:
    openmm = load_openmm()
    cutoff = min(sitting.stage.cutoff, CUTOFF_SHARE * float(box.min()))
    system = build_system(sitting.topology, box, sitting.stage, cutoff, soft=soft)
    name, threads, device = sitting.platform
    return openmm.Context(
        system,
        openmm.VerletIntegrator(0.001),
        openmm.Platform.getPlatformByName(name),
        platform_properties(name, threads, device),
    )


def _energy_and_force(context: Any) -> tuple[float, float, float]:
    """Return the energy in kcal/mol, and of forces the root mean square in kJ/(mol nm), the largest in kcal/(mol A)."""
    state = context.getState(getEnergy=True, getForces=True)
    forces = np.asarray(state.getForces(asNumpy=True)._value)
    # Overlaps overflow here, which is what is looked for.
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(np.sqrt(np.mean(forces**2)))
        largest = float(np.linalg.norm(forces, axis=1).max()) * ANGSTROM / KCAL
    return state.getPotentialEnergy()._value / KCAL, mean, largest


def _snapshot(context: Any, start: Snapshot, step: int, began: float, rows: Floats | None = None) -> Snapshot:
    positions, _, box = state_of(context)
    return Snapshot(
        step=step,
        positions=positions,
        velocities=start.velocities,
        box=box,
        samples=start.samples if rows is None else rows,
        wall_time=start.wall_time + time.monotonic() - began,
    )

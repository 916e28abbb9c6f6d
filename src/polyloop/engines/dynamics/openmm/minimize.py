"""Minimize a cell: first softly where atoms overlap, then on the true energy."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.dynamics.openmm.guard import Unstable
from polyloop.engines.dynamics.openmm.platforms import load_openmm, platform_properties
from polyloop.engines.dynamics.openmm.run import OpenMMRun, words_of_openmm
from polyloop.engines.dynamics.openmm.simulation import CUTOFF_SHARE, energy_row, state_of
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


def run_minimization(work: OpenMMRun, start: Snapshot) -> Snapshot:
    """Go to a local minimum from `start`; the one row of the samples is the state there.

    Raises
    ------
    EvaluationError
        BLOWN_UP where no finite energy is found; EVALUATOR for OpenMM's other errors.
    """
    saved = time.monotonic()
    try:
        with words_of_openmm(work.stage.name):
            context = relax(work, start)
            energy, force, _ = _energy_and_force(context)
            step = start.step
            while step < _MOST_ROUNDS and force > TOLERANCE:
                load_openmm().LocalEnergyMinimizer.minimize(context, TOLERANCE, _ROUND)
                step, before = step + 1, energy
                energy, force, _ = _energy_and_force(context)
                if not np.isfinite(energy):
                    raise Unstable("the potential energy is not a number")
                asked = work.interruption.asked is not None
                if asked or time.monotonic() - saved > work.checkpoint_seconds:
                    now = time.monotonic()
                    work.directory.save(_snapshot(context, start, step).to_bytes(), now - saved)
                    saved = now
                work.interruption.pass_on()
                if before - energy < _LEAST_GAIN * work.cell.topology.n_atoms:
                    break
            row = energy_row(context, work.cell.topology, time=0.0, temperature=0.0, kinetic_energy=0.0)
            work.directory.add_time(time.monotonic() - saved)
            return _snapshot(context, start, step, row[None, :])
    except Unstable as fault:
        raise EvaluationError(
            FailureCode.BLOWN_UP,
            work.stage.name,
            f"The minimization found no finite energy: {fault}.",
            hint="Look at the cell: its box, its bonds, atoms far from their molecule.",
        ) from fault


def relax(work: OpenMMRun, start: Snapshot) -> Any:
    """Return an `openmm.Context` of the true energy at `start`, after a soft minimization if atoms overlap there."""
    context = _context(work, start.box, soft=False)
    context.setPositions(start.positions * ANGSTROM)
    energy, _, largest = _energy_and_force(context)
    if not (np.isfinite(energy) and largest < _OVERLAP_FORCE):
        soft = _context(work, start.box, soft=True)
        noise = np.random.default_rng(work.seed).normal(scale=_JITTER, size=start.positions.shape)
        soft.setPositions((start.positions + noise) * ANGSTROM)
        for softness in _SOFTNESS:
            soft.setParameter(SOFTNESS, softness)
            load_openmm().LocalEnergyMinimizer.minimize(soft, TOLERANCE, _SOFT_ITERATIONS)
            work.interruption.pass_on()
        context.setPositions(soft.getState(getPositions=True).getPositions(asNumpy=True))
    return context


def _context(work: OpenMMRun, box: Floats, *, soft: bool) -> Any:
    openmm = load_openmm()
    cutoff = min(work.stage.cutoff, CUTOFF_SHARE * float(box.min()))
    system = build_system(work.cell.topology, box, work.stage, cutoff, soft=soft)
    name, threads, device = work.platform
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


def _snapshot(context: Any, start: Snapshot, step: int, rows: Floats | None = None) -> Snapshot:
    positions, _, box = state_of(context)
    return Snapshot(
        step=step,
        positions=positions,
        velocities=start.velocities,
        box=box,
        samples=start.samples if rows is None else rows,
    )

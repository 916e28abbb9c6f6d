"""Relax a structure, cell and atoms, by a universal potential, and stop with a word where it explodes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import EvaluationError, FailureCode
from polyloop.core.optional import require
from polyloop.crystal.elements import ELEMENTS
from polyloop.crystal.structures.structure import CrystalStructure, pair_distances, shortest_distance
from polyloop.engines.potentials.registry import calculator_of

__all__ = ["RelaxationLimits", "RelaxedStructure", "check_overlap", "energy_of", "relax"]

_STAGE = "relaxation"
_LONGEST_STEP = 0.2  # angstrom
# First guess of the curvature in eV/angstrom2; with 30 eight crystals took a third fewer steps than with ASE's 70.
_STIFFNESS = 30.0


@dataclass(frozen=True)
class RelaxationLimits:
    """When a relaxation is done, and when it has gone wrong.

    Parameters
    ----------
    force
        Done when no force on an atom, nor its counterpart for the cell, exceeds it, eV/angstrom.
    steps
        Most steps; what is not done by then is returned as it is, `converged` false.
    volume_ratio
        Most that the volume may grow or shrink by, from the start.
    distance
        Shortest that two atoms may come together on the way, angstrom.
    overlap
        Least that the distance of two atoms may be at the end, over the sum of their covalent radii
        (doi:10.1039/b801115j). The least in 15,631 crystals of the Materials Project is 0.65; a potential has never
        seen less, and what it says there means nothing.
    largest_force
        Force at which a start is hopeless, eV/angstrom.
    """

    force: float = 0.05
    steps: int = 250
    volume_ratio: float = 2.5
    distance: float = 0.6
    overlap: float = 0.6
    largest_force: float = 500.0


@dataclass(frozen=True)
class RelaxedStructure:
    """What a relaxation ended on.

    Parameters
    ----------
    energy
        Total energy of the cell in eV, as the potential counts it.
    start_energy
        The same before the first step.
    steps
        Steps taken.
    converged
        Whether the forces fell below the limit.
    """

    structure: CrystalStructure
    energy: float
    start_energy: float
    steps: int
    converged: bool


def energy_of(structure: CrystalStructure, potential: str = "chgnet") -> float:
    """Return the energy of the cell in eV as a potential counts it, without moving an atom.

    Raises
    ------
    EvaluationError
        ELEMENT if the potential does not know one, GEOMETRY if its energy is not finite.
    """
    atoms = _atoms(structure, potential)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        energy = float(_asked(atoms.get_potential_energy, structure, potential))
    if not np.isfinite(energy):
        raise EvaluationError(FailureCode.GEOMETRY, _STAGE, f"{potential} gives no finite energy for this structure.")
    return energy


def relax(
    structure: CrystalStructure, potential: str = "chgnet", limits: RelaxationLimits | None = None
) -> RelaxedStructure:
    """Relax cell and atoms until the forces are small.

    The cell is deformed by the exponential of a strain and moved with the atoms by L-BFGS
    (doi:10.1007/BF01589116); where that leaves its limits, once more by FIRE (doi:10.1103/PhysRevLett.97.170201), which
    takes three times as many steps and is harder to upset.

    Raises
    ------
    EvaluationError
        BLOWN_UP if forces, volume or a distance leave their limits both times, or atoms overlap at the end; ELEMENT for
        an element that the potential does not know.
    """
    limits = limits or RelaxationLimits()
    try:
        return _relax(structure, potential, limits, "LBFGS", {"alpha": _STIFFNESS})
    except EvaluationError as error:
        if error.failure.code is not FailureCode.BLOWN_UP:
            raise
    return _relax(structure, potential, limits, "FIRE", {"dt": 0.1})


def _relax(
    structure: CrystalStructure, potential: str, limits: RelaxationLimits, method: str, options: dict[str, float]
) -> RelaxedStructure:
    filters = require("ase.filters", extra="crystal")
    optimizers = require("ase.optimize", extra="crystal")
    atoms = _atoms(structure, potential)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start_energy = float(_asked(atoms.get_potential_energy, structure, potential))
        moved = filters.FrechetCellFilter(atoms)
        optimizer = getattr(optimizers, method)(moved, logfile=None, maxstep=_LONGEST_STEP, **options)
        turns, converged = 0, False
        for is_done in optimizer.irun(fmax=limits.force, steps=limits.steps):
            _guard(atoms, structure, limits, turns)
            converged, turns = bool(is_done), turns + 1
        energy = float(atoms.get_potential_energy())
    relaxed = _structure_of(atoms)
    check_overlap(relaxed, limits.overlap)
    return RelaxedStructure(relaxed, energy, start_energy, max(turns - 1, 0), converged)


def check_overlap(structure: CrystalStructure, least: float = RelaxationLimits.overlap) -> None:
    """Refuse a structure two of whose atoms are nearer than `least` times the sum of their covalent radii.

    Raises
    ------
    EvaluationError
        BLOWN_UP, with the elements and their distance.
    """
    radii = require("ase.data", extra="crystal").covalent_radii[structure.numbers]
    distances = pair_distances(structure.lattice, structure.fractional)
    ratios = distances / (radii[:, None] + radii[None, :])
    first, second = np.unravel_index(int(ratios.argmin()), ratios.shape)
    if ratios[first, second] < least:
        raise EvaluationError(
            FailureCode.BLOWN_UP, _STAGE,
            f"{structure.symbols[first]} and {structure.symbols[second]} are {distances[first, second]:.2f} angstrom "
            f"apart, {ratios[first, second]:.2f} of the sum of their covalent radii.",
            hint="Atoms have merged, and no energy of this structure means anything; begin from another one.",
        )  # fmt: skip


def _guard(atoms: Any, start: CrystalStructure, limits: RelaxationLimits, step: int) -> None:
    force = float(np.linalg.norm(atoms.get_forces(), axis=1).max())
    ratio = float(atoms.get_volume()) / start.volume
    reason = ""
    if not np.isfinite(force) or force > limits.largest_force:
        reason = f"A force of {force:.3g} eV/angstrom"
    elif not 1.0 / limits.volume_ratio <= ratio <= limits.volume_ratio:
        reason = f"A volume of {ratio:.2f} times that at the start"
    else:
        closest = shortest_distance(np.array(atoms.cell), np.array(atoms.get_scaled_positions()))
        if closest < limits.distance:
            reason = f"Two atoms {closest:.2f} angstrom apart"
    if reason:
        raise EvaluationError(
            FailureCode.BLOWN_UP, _STAGE, f"{reason} after {step} steps: the structure falls apart or collapses.",
            hint="Begin from another volume or structure; the guess is too far from a crystal of this composition.",
        )  # fmt: skip


def _asked(question: Any, structure: CrystalStructure, potential: str) -> Any:
    try:
        return question()
    except (KeyError, IndexError, ValueError, RuntimeError) as error:
        raise EvaluationError(
            FailureCode.ELEMENT, _STAGE,
            f"{potential} cannot compute {structure.composition}: {type(error).__name__}: {str(error)[:200]}",
            hint="It may not know one of the elements; take another potential.",
        ) from error  # fmt: skip


def _atoms(structure: CrystalStructure, potential: str) -> Any:
    ase = require("ase", extra="crystal")
    atoms = ase.Atoms(
        numbers=structure.numbers, scaled_positions=structure.fractional, cell=structure.lattice, pbc=True
    )
    atoms.calc = calculator_of(potential)
    return atoms


def _structure_of(atoms: Any) -> CrystalStructure:
    lattice: NDArray[np.float64] = np.array(atoms.cell)
    symbols = tuple(ELEMENTS[number - 1] for number in atoms.numbers)
    return CrystalStructure(lattice, np.array(atoms.get_scaled_positions()), symbols)

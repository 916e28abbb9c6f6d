"""What all engines of molecular dynamics ask of a run before it starts, and what it is known by."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.topology import Cell, Topology
from polyloop.core import EvaluationError, FailureCode, InvalidInputError
from polyloop.engines.dynamics.stages import Stage

__all__ = ["blown_up", "check_cell", "check_stage", "effective_masses", "run_key"]

Floats = NDArray[np.float64]

_FORMAT = 1


def run_key(cell: Cell, stage: Stage, seed: int) -> str:
    """Return the sha256 of all that a run's answer depends on: cell, stage and seed."""
    digest = hashlib.sha256(json.dumps([_FORMAT, asdict(stage), seed, cell.topology.type_names]).encode())
    arrays = [getattr(cell.topology, f.name) for f in fields(cell.topology) if f.name != "type_names"]
    velocities = np.zeros((0, 3)) if cell.velocities is None else cell.velocities
    for array in (*arrays, cell.positions, cell.box, velocities):
        digest.update(str((array.shape, array.dtype.kind)).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def effective_masses(topology: Topology, hydrogen_mass: float) -> Floats:
    """Return masses in g/mol, shape (n,), with hydrogens made as heavy as `hydrogen_mass` at their carriers' cost.

    Raises
    ------
    InvalidInputError
        If a carrier would be left without mass.
    """
    is_hydrogen = topology.numbers[topology.bonds] == 1
    to_hydrogen = is_hydrogen[:, 0] != is_hydrogen[:, 1]
    ordered = np.where(is_hydrogen[:, :1], topology.bonds, topology.bonds[:, ::-1])[to_hydrogen]
    hydrogens, carriers = ordered[:, 0], ordered[:, 1]
    masses = topology.masses.copy()
    gain = np.maximum(0.0, hydrogen_mass - masses[hydrogens])
    masses[hydrogens] += gain
    np.subtract.at(masses, carriers, gain)
    if (masses <= 0).any():
        raise InvalidInputError(
            f"A hydrogen mass of {hydrogen_mass} g/mol leaves atom {int(np.argmin(masses))} without mass.",
            hint="Use about 3 g/mol.",
        )
    return masses


def check_cell(cell: Cell, stage: Stage) -> None:
    """Refuse a malformed `cell`.

    Raises
    ------
    InvalidInputError
        Where its arrays are not of one size, or the box is empty.
    EvaluationError
        BLOWN_UP where a number of it is not finite.
    """
    shape = (cell.topology.n_atoms, 3)
    shapes = {"positions": cell.positions.shape} | ({} if cell.velocities is None else {"v": cell.velocities.shape})
    if any(found != shape for found in shapes.values()) or cell.box.shape != (3,) or not (cell.box > 0).all():
        raise InvalidInputError(
            f"A cell of {shape[0]} atoms needs positions and velocities of shape {shape} and a box of three positive "
            f"edges, not {shapes} and {cell.box.tolist()}.",
            where=f"stage {stage.name}",
        )
    for name, values in (
        ("position", cell.positions),
        ("velocity", cell.velocities),
        ("charge", cell.topology.charges),
    ):
        if values is not None and not np.isfinite(values).all():
            atom = int(np.argwhere(~np.isfinite(values))[0, 0])
            raise EvaluationError(
                FailureCode.BLOWN_UP, stage.name, f"The {name} of atom {atom} is not a finite number from the start."
            )


def check_stage(stage: Stage) -> None:
    """Refuse a stage of dynamics that contradicts itself.

    Raises
    ------
    InvalidInputError
        Naming the field.
    """
    faults = {
        "duration": stage.duration > 0,
        "timestep": stage.timestep > 0,
        "sample_interval": stage.sample_interval > 0,
        "frame_interval": stage.frame_interval >= 0,
        "thermostat_time": stage.thermostat_time > 0,
        "cutoff": stage.cutoff > 0,
        "temperature": all(end > 0 for end in stage.temperature),
        "pressure": all(np.isfinite(stage.pressure)),
        "density (with nvt, and without strain_rate)": stage.density is None
        or (stage.density > 0 and stage.ensemble == "nvt" and stage.strain_rate == 0),
        "strain_rate (with nvt or npt, and more than -1 in all)": stage.strain_rate == 0
        or (stage.ensemble in ("nvt", "npt") and stage.strain_rate * stage.duration > -1),
    }
    for name, holds in faults.items():
        if not holds:
            raise InvalidInputError(f"Stage {stage.name!r}: {name} is out of range.", where=f"stage {stage.name}")


def blown_up(stage: Stage, fault: str) -> EvaluationError:
    """A failure of code BLOWN_UP after the second try: what is wrong, and what to look at."""
    how, hint = "The minimization found no finite energy", "Look at the cell: its box, its bonds, stray atoms."
    if stage.ensemble != "minimize":
        how = f"The simulation blew up twice, the second time with {stage.timestep / 2:g} fs"
        hint = "Minimize the cell first, look for pierced rings and overlaps, or take a smaller timestep."
    return EvaluationError(FailureCode.BLOWN_UP, stage.name, f"{how}: {fault}.", hint=hint)

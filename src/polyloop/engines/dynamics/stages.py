"""The contract of molecular-dynamics engines: a stage, what it yields, and what an engine offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.topology import Cell
from polyloop.engines.dynamics.capabilities import Capabilities, Device

__all__ = ["ENERGY_TERMS", "SAMPLED", "Energies", "Engine", "Progress", "Stage", "StageResult"]

Floats = NDArray[np.float64]

ENERGY_TERMS = ("bond", "angle", "dihedral", "improper", "lennard_jones", "coulomb")
# Columns of every stage's samples; energies in kcal/mol of the whole cell.
SAMPLED = {
    "time": "ps, from the start of the stage",
    "temperature": "K",
    "potential_energy": "kcal/mol",
    "kinetic_energy": "kcal/mol",
    "pressure": "atm; NaN where the engine does not give it",
    "volume": "angstrom3",
    "density": "g/cm3",
    "box_x": "angstrom",
    "box_y": "angstrom",
    "box_z": "angstrom",
}


@dataclass(frozen=True)
class Stage:
    """One step of a protocol.

    Parameters
    ----------
    ensemble
        `minimize` (then only `name`, `nonbonded` and `cutoff` count), `nve`, `nvt`, or `npt` (isotropic).
    duration
        In ps.
    timestep
        In fs.
    temperature
        In K, at the start and at the end; between them it is ramped linearly.
    pressure
        In atm, at the start and at the end, for `npt`.
    thermostat_time, barostat_time
        Relaxation times in ps.
    density
        In g/cm3: `nvt` deforms the box at a constant rate so that it ends at this density. None: it stays.
    strain_rate
        In 1/ps: engineering strain rate along x, in `nvt` or (with y and z held at `pressure`) in `npt`. 0: none.
    constrain_hydrogens
        Whether bonds to hydrogen are rigid.
    hydrogen_mass
        In g/mol: mass of a hydrogen, what exceeds its own is taken from the atom that carries it.
    nonbonded
        `full`: Lennard-Jones with tail correction and particle-mesh Coulomb. `short`: no Coulomb and Lennard-Jones
        cut at `cutoff`, for the packing of loose cells.
    cutoff
        In angstrom. An engine shortens it where half the box is shorter.
    sample_interval, frame_interval
        In ps: between rows of the samples, and between frames of the trajectory (0: none kept).
    new_velocities
        Whether velocities are drawn anew from the seed at the start.
    velocities
        Whether frames carry velocities too.
    """

    name: str
    ensemble: Literal["minimize", "nve", "nvt", "npt"]
    duration: float = 0.0
    timestep: float = 1.0
    temperature: tuple[float, float] = (300.0, 300.0)
    pressure: tuple[float, float] = (1.0, 1.0)
    thermostat_time: float = 0.1
    barostat_time: float = 1.0
    density: float | None = None
    strain_rate: float = 0.0
    constrain_hydrogens: bool = True
    hydrogen_mass: float = 1.008
    nonbonded: Literal["full", "short"] = "full"
    cutoff: float = 10.0
    sample_interval: float = 1.0
    frame_interval: float = 0.0
    new_velocities: bool = False
    velocities: bool = False


@dataclass(frozen=True, eq=False)
class Energies:
    """Energy terms (`ENERGY_TERMS`) in kcal/mol and forces in kcal/(mol angstrom), shape (n, 3), of one cell."""

    terms: Mapping[str, float]
    forces: Floats

    @property
    def total(self) -> float:
        """Sum of the terms in kcal/mol."""
        return sum(self.terms.values())


@dataclass(frozen=True, eq=False)
class StageResult:
    """What a stage yields.

    Parameters
    ----------
    cell
        The last state, with velocities.
    samples
        Columns of `SAMPLED`, each of shape (n_samples,), and such others as the engine gives (energy terms).
    frames, frame_boxes, frame_times
        Trajectory: (f, n, 3) in angstrom, molecules whole and never wrapped; (f, 3) in angstrom; (f,) in ps.
    wall_time
        In s, summed over all sittings.
    frame_velocities
        (f, n, 3) in angstrom/ps where the stage asks for velocities, else (0, n, 3).
    """

    cell: Cell
    samples: Mapping[str, Floats]
    frames: NDArray[np.float32]
    frame_boxes: Floats
    frame_times: Floats
    wall_time: float
    frame_velocities: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0, 3), dtype=np.float32))


# Called with the stage's name, the ps done and the ps in all.
Progress = Callable[[str, float, float], None]


class Engine(Protocol):
    """A molecular-dynamics program.

    `name` is the one under which it is registered; `processes` is how many processes of its own compute a stage, each
    with its own memory (0: it computes in this one).
    """

    name: str
    capabilities: Capabilities
    processes: int

    @classmethod
    def works_on(cls, device: Device) -> bool:
        """Whether it is installed, starts, and finds such a device; without computing anything."""

    @classmethod
    def for_machine(cls, n_cores: int, worker: int = 0) -> Self:
        """Return the engine as it is best on this machine: on so many cores, as one of several workers, from 0 on."""

    def version(self) -> str:
        """Return the program's version; raises `MissingDependencyError` where it is not installed."""

    def energies(self, cell: Cell, stage: Stage) -> Energies:
        """Return energy terms and forces of `cell` as it stands, with the interactions of `stage`."""

    def run(
        self, cell: Cell, stage: Stage, directory: Path, seed: int = 0, progress: Progress | None = None
    ) -> StageResult:
        """Run `stage` in `directory`, which belongs to it alone; the same call goes on with what is found there.

        A finished stage is read back, not run again. One that was killed goes on from its last checkpoint, at most
        five minutes back. SIGTERM and SIGINT end with a checkpoint, and are passed on.

        Raises
        ------
        EvaluationError
            `BLOWN_UP` with the figures (NaN, energy, bond length) after one more try from the last good checkpoint
            with half the timestep; `EVALUATOR` where the program fails otherwise, with its own words;
            `CHECKPOINT` where the directory holds another run or damaged files that cannot be rebuilt; `DISK` where it
            cannot be written.
        MissingDependencyError
            Where the program is not installed.
        """

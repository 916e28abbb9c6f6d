"""GROMACS as an engine of stages."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from polyloop.chem.formats import gromacs_topology
from polyloop.chem.topology import Cell, Topology
from polyloop.core import EvaluationError, FailureCode, MissingDependencyError, write_atomically
from polyloop.engines.dynamics.capabilities import Capabilities, Device
from polyloop.engines.dynamics.gromacs.output import g96, read_energies, read_g96, read_trr, sample_columns
from polyloop.engines.dynamics.gromacs.parameters import Steps, energy_parameters, stage_parameters
from polyloop.engines.dynamics.gromacs.program import INSTALL, Program, last_words
from polyloop.engines.dynamics.gromacs.run import FINAL, GromacsRun, is_unstable
from polyloop.engines.dynamics.gromacs.wrapping import followed, whole
from polyloop.engines.dynamics.processes import CONSOLE
from polyloop.engines.dynamics.program_engine import ProgramEngine
from polyloop.engines.dynamics.stage_run import StageRun
from polyloop.engines.dynamics.stages import ENERGY_TERMS, Energies, Stage, StageResult
from polyloop.engines.dynamics.validation import blown_up

__all__ = ["GromacsEngine"]

Floats = NDArray[np.float64]
# Angstrom: no two atoms of a sane cell are so near.
_COINCIDENT = 0.3


class GromacsEngine(ProgramEngine):
    """Molecular dynamics with GROMACS (doi:10.1016/j.softx.2015.06.001) as a program beside us: an `Engine`.

    Leap-frog with stochastic velocity rescaling (doi:10.1063/1.2408420) in `nvt` and `npt`, in `npt` also stochastic
    cell rescaling (doi:10.1063/5.0020514); LINCS for bonds to hydrogen, particle-mesh Coulomb. In the mixed precision
    of usual builds, energies are right to some 1e-5. No uniaxial strain, no ramps of pressure.

    Parameters
    ----------
    threads
        OpenMP threads.
    checkpoint_minutes
        Wall time between checkpoints: what a killed run loses at most.
    program
        Where `gmx` is; None: on PATH.

    Raises
    ------
    ConfigurationError
        For settings out of range.
    """

    name = "gromacs"
    capabilities = Capabilities(
        "GROMACS", INSTALL, precision="mixed", preference={"cpu": 10}, strain=False, pressure_ramp=False
    )
    # Besides what it writes anyway, the states before a constraint failed.
    passing = ("run-*.tpr", "run-*.trr", "run-*.edr", "run-*.cpt", "*.mdout*", "step*.pdb")
    final = FINAL

    def __init__(self, threads: int = 1, checkpoint_minutes: float = 2.0, program: Path | None = None) -> None:
        super().__init__(threads, checkpoint_minutes=checkpoint_minutes)
        self.program = Program(program, threads)

    @classmethod
    def works_on(cls, device: Device) -> bool:
        """Whether it is there, starts, and is new enough: distributions still bring older ones."""
        try:
            return device == "cpu" and bool(Program().version())
        except (MissingDependencyError, EvaluationError):
            return False

    @classmethod
    def for_machine(cls, n_cores: int, worker: int = 0) -> Self:
        """Return it with one thread for each core."""
        del worker
        return cls(threads=n_cores)

    def version(self) -> str:
        """Return GROMACS's version; raises `MissingDependencyError` where it is not installed."""
        return self.program.version()

    def start_energies(self, cell: Cell, stage: Stage, folder: Path) -> subprocess.Popen[bytes]:
        """Start GROMACS on a run of no steps."""
        cell = replace(cell, topology=_interacting(cell.topology, stage))
        still = replace(cell, velocities=np.zeros_like(cell.positions))
        write_atomically(folder / "cell.g96", g96(still))
        write_atomically(folder / "cell.top", gromacs_topology(cell.topology))
        write_atomically(folder / "energy.mdp", energy_parameters(cell, stage))
        self._compile("energy", folder, stage)
        return self.program.simulate(["-s", "energy.tpr", "-deffnm", "energy", "-c", FINAL], folder)

    def read_energies(self, cell: Cell, folder: Path) -> Energies:
        """Return energies from the energy file and forces from the trajectory."""
        columns = sample_columns(read_energies(self.program, folder, "energy"), cell)
        forces = read_trr(folder / "energy.trr", cell.topology.n_atoms).forces[0].astype(np.float64)
        return Energies({term: float(columns[term][0]) for term in ENERGY_TERMS}, forces)

    def last_words(self, folder: Path, stem: str) -> str:
        """Return GROMACS's error, or else the end of what it said."""
        return last_words((folder / CONSOLE).read_text(errors="replace"))

    def is_unstable(self, words: str) -> bool:
        """Tell whether `words` speak of a simulation that blew up."""
        return is_unstable(words)

    def write_inputs(self, work: StageRun) -> None:
        """Write topology and state."""
        cell, stage, directory = work.cell, work.stage, work.directory
        directory.write("cell.top", gromacs_topology(_interacting(work.weighted.topology, stage)))
        directory.write("cell.g96", g96(_parted(cell, work.seed) if stage.ensemble == "minimize" else cell))

    def program_run(self, work: StageRun) -> GromacsRun:
        """Return a sitting that goes on from the newest checkpoint; the second try is from the stage's start."""
        directory, stage, divisor = work.directory, work.stage, work.directory.state.divisor
        stem = f"run-{divisor}"
        checkpoint = directory.newest()
        resume = None
        if checkpoint is not None and checkpoint.divisor == divisor:
            resume = f"{stem}.resume.cpt"
            directory.write(resume, (directory.path / checkpoint.file).read_bytes())
        directory.begin_sitting()
        charged = replace(work.cell, topology=_interacting(work.cell.topology, stage))
        directory.write(f"{stem}.mdp", stage_parameters(charged, stage, divisor, work.seed, self.program.threads))
        self._compile(stem, directory.path, stage)
        return GromacsRun(work, self.checkpoint_minutes, self.program, stem, resume)

    def _compile(self, stem: str, folder: Path, stage: Stage) -> None:
        """Let `gmx grompp` make a run input of parameters, topology and state."""
        # It warns of names that the coordinates lack, and of what a glass would never mind.
        files = ["-f", f"{stem}.mdp", "-p", "cell.top", "-c", "cell.g96", "-o", f"{stem}.tpr", "-po", f"{stem}.mdout"]
        code, said = self.program.call(["grompp", *files, "-maxwarn", "9"], folder)
        if code != 0 or not (folder / f"{stem}.tpr").exists():
            raise EvaluationError(FailureCode.EVALUATOR, stage.name, f"GROMACS: {last_words(said)}")

    def collect(self, work: StageRun) -> StageResult:
        """Read the last state, the trajectory and the energies of the last try."""
        cell, stage, folder = work.cell, work.stage, work.directory
        topology, stem = cell.topology, f"run-{folder.state.divisor}"
        try:
            positions, velocities, box = read_g96(folder.path / FINAL, topology.n_atoms)
            trajectory = read_trr(folder.path / f"{stem}.trr", topology.n_atoms)
        except (OSError, ValueError) as error:
            raise folder.error(f"{FINAL} or {stem}.trr in {folder.path} is damaged: {error}.", "Run again.") from error
        samples = sample_columns(read_energies(self.program, folder.path, stem), cell)
        if stage.ensemble == "minimize":
            samples = {name: column[-1:] for name, column in samples.items()}
            if not np.isfinite(samples["potential_energy"]).all():
                raise blown_up(stage, "the potential energy is nan")
            samples |= {name: np.zeros(1) for name in ("time", "temperature", "kinetic_energy")}
            due, times, frame_velocities = np.zeros(0, dtype=np.int64), np.zeros(0), trajectory.velocities[:0]
        else:
            steps = Steps.of(stage, folder.state.divisor, topology.n_atoms)
            done = round(float(samples["time"][-1]) * 1000.0 / steps.timestep)
            if done < steps.total:
                raise folder.error(f"{stem} in {folder.path} ended at step {done} of {steps.total}.", "Run again.")
            rows, moments = _due(samples["time"], steps.sample * steps.timestep / 1000.0)
            samples = {name: column[rows] for name, column in samples.items()} | {"time": moments}
            due, times = _due(trajectory.times, steps.frame * steps.timestep / 1000.0)
            frame_velocities = trajectory.velocities[due] if stage.velocities else trajectory.velocities[:0]
        boxes = trajectory.boxes[due]
        frames = followed(topology, whole(topology, trajectory.positions[due], boxes), boxes, cell.positions, cell.box)
        before = (frames[-1], boxes[-1]) if len(frames) else (cell.positions, cell.box)
        positions = followed(topology, whole(topology, positions[None], box[None]), box[None], *before)[0]
        return StageResult(
            cell=Cell(topology, positions, box, cell.velocities if stage.ensemble == "minimize" else velocities),
            samples=samples,
            frames=frames.astype(np.float32),
            frame_boxes=boxes,
            frame_times=times,
            wall_time=folder.state.wall_time,
            frame_velocities=frame_velocities,
        )


def _interacting(topology: Topology, stage: Stage) -> Topology:
    """The topology without charges where the stage knows no Coulomb interaction."""
    return topology if stage.nonbonded == "full" else topology.with_charges(np.zeros(topology.n_atoms))


def _parted(cell: Cell, seed: int) -> Cell:
    """Move atoms that all but coincide, whose forces single precision cannot hold, by some tenths of an angstrom."""
    rng, positions = np.random.default_rng(seed), cell.positions.copy()

    def coinciding() -> NDArray[np.int64]:
        wrapped = positions % cell.box
        # A tiny negative number ends on the far edge, which the tree refuses.
        tree = KDTree(np.where(wrapped < cell.box, wrapped, 0.0), boxsize=cell.box)
        found: NDArray[np.int64] = tree.query_pairs(_COINCIDENT, output_type="ndarray")
        return found

    while len(pairs := coinciding()):
        atoms = np.unique(pairs)
        positions[atoms] += rng.normal(scale=_COINCIDENT, size=(len(atoms), 3))
    return replace(cell, positions=positions)


def _due(times: Floats, interval: float) -> tuple[NDArray[np.int64], Floats]:
    """Rows whose time is a multiple of `interval`, each once and without the start, and their times."""
    if not interval or not len(times):
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    count = np.round(times / interval)
    is_due = (count > 0) & (np.abs(times / interval - count) < 1e-3)
    found, first = np.unique(count[is_due], return_index=True)
    return np.nonzero(is_due)[0][first], found * interval

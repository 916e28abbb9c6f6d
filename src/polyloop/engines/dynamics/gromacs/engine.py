"""GROMACS as an engine of stages."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from polyloop.chem.formats import gromacs_topology
from polyloop.chem.topology import Cell, Topology
from polyloop.core import ConfigurationError, EvaluationError, FailureCode, write_atomically
from polyloop.engines.dynamics.gromacs.output import g96, read_energies, read_g96, read_trr, sample_columns
from polyloop.engines.dynamics.gromacs.parameters import Steps, energy_parameters, stage_parameters
from polyloop.engines.dynamics.gromacs.program import CONSOLE, Program, last_words
from polyloop.engines.dynamics.gromacs.sitting import FINAL, Sitting, is_unstable
from polyloop.engines.dynamics.gromacs.wrapping import followed, whole
from polyloop.engines.dynamics.interruption import Interruption
from polyloop.engines.dynamics.processes import end_group
from polyloop.engines.dynamics.run_directory import RunDirectory
from polyloop.engines.dynamics.stages import ENERGY_TERMS, Energies, Progress, Stage, StageResult
from polyloop.engines.dynamics.supervise import sit_until_done
from polyloop.engines.dynamics.validation import blown_up, check_cell, check_stage, effective_masses, run_key

__all__ = ["GromacsEngine", "is_foreign"]

Floats = NDArray[np.float64]
# Angstrom: no two atoms of a sane cell are so near.
_COINCIDENT = 0.3
# Besides what it writes anyway, the states before a constraint failed.
_PASSING = ("run-*.tpr", "run-*.trr", "run-*.edr", "run-*.cpt", "*.mdout*", "step*.pdb")


class GromacsEngine:
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

    def __init__(self, threads: int = 1, checkpoint_minutes: float = 2.0, program: Path | None = None) -> None:
        if threads < 1 or not 0 <= checkpoint_minutes <= 5:
            raise ConfigurationError(
                f"threads = {threads}, checkpoint_minutes = {checkpoint_minutes}: out of range.",
                hint="Take at least one thread, and 0 to 5 minutes.",
            )
        self.program = Program(program, threads)
        self.checkpoint_minutes = checkpoint_minutes

    def version(self) -> str:
        """Return GROMACS's version; raises `MissingDependencyError` where it is not installed."""
        return self.program.version()

    def energies(self, cell: Cell, stage: Stage) -> Energies:
        """Return energy terms and forces of `cell` as it stands, all bonds included.

        Raises
        ------
        InvalidInputError
            Where `cell` is malformed.
        EvaluationError
            EVALUATOR where GROMACS fails, with its own words.
        """
        check_cell(cell, stage)
        cell = replace(cell, topology=_interacting(cell.topology, stage))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            still = replace(cell, velocities=np.zeros_like(cell.positions))
            write_atomically(folder / "cell.g96", g96(still))
            write_atomically(folder / "cell.top", gromacs_topology(cell.topology))
            write_atomically(folder / "run-1.mdp", energy_parameters(cell, stage))
            self._compile("run-1", folder, stage)
            process = self.program.simulate(["-s", "run-1.tpr", "-deffnm", "run-1", "-c", FINAL], folder)
            try:
                process.wait()
            finally:
                end_group(process.pid)
            if process.returncode != 0:
                words = last_words((folder / CONSOLE).read_text(errors="replace"))
                raise EvaluationError(FailureCode.EVALUATOR, stage.name, f"GROMACS: {words}")
            columns = sample_columns(read_energies(self.program, folder, "run-1"), cell)
            forces = read_trr(folder / "run-1.trr", cell.topology.n_atoms).forces[0].astype(np.float64)
        return Energies({term: float(columns[term][0]) for term in ENERGY_TERMS}, forces)

    def run(
        self, cell: Cell, stage: Stage, directory: Path, seed: int = 0, progress: Progress | None = None
    ) -> StageResult:
        """Run `stage` in `directory`; see `Engine.run`. The second try after a blow-up is from the stage's start."""
        check_cell(cell, stage)
        if stage.ensemble != "minimize":
            check_stage(stage)
        folder = RunDirectory(Path(directory), f"{self.name} {run_key(cell, stage, seed)}", stage.name, _PASSING)
        if (done := folder.result(cell)) is not None:
            return done
        stage_parameters(cell, stage)  # refuses what GROMACS does not know, before anything is written
        with Interruption() as interruption:
            folder.open()
            heavy = replace(cell.topology, masses=effective_masses(cell.topology, stage.hydrogen_mass))
            folder.write("cell.top", gromacs_topology(_interacting(heavy, stage)))
            folder.write("cell.g96", g96(_parted(cell, seed) if stage.ensemble == "minimize" else cell))
            sitting = Sitting(
                self.program, stage, folder, interruption, self.checkpoint_minutes, progress, cell.topology.n_atoms
            )
            sit_until_done(
                lambda: self._sit(cell, stage, sitting, seed),
                folder,
                stage,
                program="GROMACS",
                is_unstable=is_unstable,
            )
            result = self._collect(cell, stage, folder)
            folder.finish(result)
        return result

    def _sit(self, cell: Cell, stage: Stage, sitting: Sitting, seed: int) -> str | None:
        folder, divisor = sitting.directory, sitting.directory.state.divisor
        stem = f"run-{divisor}"
        checkpoint = folder.newest()
        resume = None
        if checkpoint is not None and checkpoint.divisor == divisor:
            resume = f"{stem}.resume.cpt"
            folder.write(resume, (folder.path / checkpoint.file).read_bytes())
        folder.begin_sitting()
        charged = replace(cell, topology=_interacting(cell.topology, stage))
        folder.write(f"{stem}.mdp", stage_parameters(charged, stage, divisor, seed, self.program.threads))
        self._compile(stem, folder.path, stage)
        fault = sitting.run(stem, resume)
        if fault is not None and resume and is_foreign(fault):
            raise folder.error(f"GROMACS cannot go on in {folder.path}: {fault}.", "The stage must be run anew.")
        return fault

    def _compile(self, stem: str, folder: Path, stage: Stage) -> None:
        """Let `gmx grompp` make a run input of parameters, topology and state."""
        # It warns of names that the coordinates lack, and of what a glass would never mind.
        files = ["-f", f"{stem}.mdp", "-p", "cell.top", "-c", "cell.g96", "-o", f"{stem}.tpr", "-po", f"{stem}.mdout"]
        code, said = self.program.call(["grompp", *files, "-maxwarn", "9"], folder)
        if code != 0 or not (folder / f"{stem}.tpr").exists():
            raise EvaluationError(FailureCode.EVALUATOR, stage.name, f"GROMACS: {last_words(said)}")

    def _collect(self, cell: Cell, stage: Stage, folder: RunDirectory) -> StageResult:
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


def is_foreign(fault: str) -> bool:
    """Tell whether `fault` says that a checkpoint or the files that belong to it are not as they were.

    Of a file that it cannot write, a checkpoint among them, GROMACS says that the disk may be full.
    """
    said = fault.lower()
    return "disk space" not in said and any(word in said for word in ("checkpoint", "checksum", "append"))


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

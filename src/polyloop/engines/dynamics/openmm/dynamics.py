"""Run a stage of molecular dynamics: the loop, its checkpoints, and a second try after a blow-up."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.dynamics.openmm.guard import Guard, Unstable
from polyloop.engines.dynamics.openmm.run import OpenMMRun, words_of_openmm
from polyloop.engines.dynamics.openmm.schedule import Schedule
from polyloop.engines.dynamics.openmm.simulation import Simulation
from polyloop.engines.dynamics.openmm.snapshot import COLUMNS, Snapshot

__all__ = ["run_dynamics"]

# Wall time in s between two looks at the state: what a blow-up or a signal waits at most.
_LOOK = 1.0


def _simulate(work: OpenMMRun, schedule: Schedule, snapshot: Snapshot) -> Simulation:
    return Simulation(
        work.cell.topology,
        work.stage,
        snapshot.positions,
        snapshot.velocities if len(snapshot.velocities) else None,
        snapshot.box,
        platform=work.platform,
        substeps=work.directory.state.divisor,
        sample_steps=schedule.sample_steps,
        # Going on from a checkpoint must not repeat the noise that came before it.
        seed=int(np.random.SeedSequence([work.seed, snapshot.step, work.directory.state.divisor]).generate_state(1)[0]),
    )


def run_dynamics(work: OpenMMRun, schedule: Schedule, start: Snapshot) -> Snapshot:
    """Integrate from `start` to the end of the stage.

    Raises
    ------
    EvaluationError
        BLOWN_UP after a second try with half the timestep; EVALUATOR for OpenMM's other errors.
    """
    good = start

    def keep(snapshot: Snapshot, seconds: float) -> None:
        nonlocal good
        work.directory.save(snapshot.to_bytes(), seconds)
        good = snapshot

    while True:
        integration = _Integration(work, schedule, good)
        try:
            return integration.run(keep)
        except Unstable as fault:
            if work.directory.state.divisor > 1:
                raise _blown_up(schedule, good, str(fault)) from fault
            # Written, so that a kill does not grant a third try.
            work.directory.halve_timestep()
        finally:
            work.directory.add_time(integration.uncounted())


class _Integration:
    """One try at a stage, from a snapshot on."""

    def __init__(self, work: OpenMMRun, schedule: Schedule, start: Snapshot) -> None:
        self.work, self.schedule, self.start = work, schedule, start
        self.step, self.pace = start.step, 10.0
        self.counted = self.looked = self.saved = time.monotonic()
        self.look = min(_LOOK, work.checkpoint_seconds)
        self.rows, self.frames = list(start.samples), list(start.frames)
        self.frame_boxes, self.frame_times = list(start.frame_boxes), list(start.frame_times)
        self.frame_velocities = list(start.frame_velocities)
        with words_of_openmm(work.stage.name):
            self.simulation = _simulate(work, schedule, start)
        self.guard = Guard(work.cell.topology, self.simulation.degrees)
        # At constant energy nothing holds the temperature at what the stage says.
        hot = self.simulation.temperature(self.simulation.state()[1]) if work.stage.ensemble == "nve" else 0.0
        self.least_target = hot

    def run(self, keep: Callable[[Snapshot, float], None]) -> Snapshot:
        """Integrate to the end, and hand a snapshot to `keep` whenever one is due."""
        with words_of_openmm(self.work.stage.name):
            while self.step < self.schedule.n_steps:
                self._advance()
                is_time = time.monotonic() - self.looked > self.look
                sampling, framing = self.schedule.samples_at(self.step), self.schedule.frames_at(self.step)
                is_last = self.step == self.schedule.n_steps
                if is_time or sampling or framing or is_last:
                    self._look(sampling, framing)
                if is_time and not is_last:
                    self._stand(keep)
        self._tell()
        return self._snapshot()

    def _advance(self) -> None:
        schedule, simulation = self.schedule, self.simulation
        target = min(schedule.next_event(self.step), self.step + max(1, int(self.pace * self.look)))
        simulation.set_conditions(schedule.temperature(self.step), schedule.pressure(self.step))
        before = time.monotonic()
        simulation.step(target - self.step)
        self.pace = (target - self.step) / max(time.monotonic() - before, 1e-6)
        self.step = target
        if schedule.is_deforming:
            simulation.deform(schedule.box(target, simulation.box()))
        if simulation.has_outgrown():
            self.simulation = _simulate(self.work, schedule, self._snapshot())

    def _look(self, sampling: bool, framing: bool) -> None:
        """Check the state, and note what is due of samples and frames."""
        positions, velocities, box = self.simulation.state()
        now, target = self.schedule.time(self.step), max(self.schedule.temperature(self.step), self.least_target)
        self.guard.check_state(positions, self.simulation.temperature(velocities), target)
        if sampling:
            row = self.simulation.sample(now)
            self.guard.check_energy(row[COLUMNS.index("potential_energy")], target)
            self.rows.append(row)
        if framing:
            self.frames.append(positions.astype(np.float32))
            self.frame_boxes.append(box)
            self.frame_times.append(now)
            if self.work.stage.velocities:
                self.frame_velocities.append(velocities.astype(np.float32))

    def _stand(self, keep: Callable[[Snapshot, float], None]) -> None:
        """Save if it is time or the end is asked for, and tell how far it is."""
        self.looked = time.monotonic()
        asked = self.work.interruption.asked is not None
        if asked or self.looked - self.saved > self.work.checkpoint_seconds:
            keep(self._snapshot(), self.uncounted())
            self.saved = self.looked
        self.work.interruption.pass_on()
        self._tell()

    def _tell(self) -> None:
        self.work.tell(self.schedule.time(self.step))

    def uncounted(self) -> float:
        """Return the wall time in s since the last call."""
        before, self.counted = self.counted, time.monotonic()
        return self.counted - before

    def _snapshot(self) -> Snapshot:
        positions, velocities, box = self.simulation.state()
        return Snapshot(
            step=self.step,
            positions=positions,
            velocities=velocities,
            box=box,
            samples=np.array(self.rows).reshape(-1, len(COLUMNS)),
            frames=np.array(self.frames, dtype=np.float32).reshape(-1, len(positions), 3),
            frame_boxes=np.array(self.frame_boxes).reshape(-1, 3),
            frame_times=np.array(self.frame_times),
            frame_velocities=np.array(self.frame_velocities, dtype=np.float32).reshape(-1, len(positions), 3),
        )


def _blown_up(schedule: Schedule, good: Snapshot, figures: str) -> EvaluationError:
    stage = schedule.stage
    return EvaluationError(
        FailureCode.BLOWN_UP,
        stage.name,
        f"The simulation blew up twice, the second time with {stage.timestep / 2:g} fs, after "
        f"{schedule.time(good.step):g} ps: {figures}.",
        hint="Minimize the cell first, look for pierced rings and overlaps, or take a smaller timestep.",
    )

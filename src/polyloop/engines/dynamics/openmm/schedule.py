"""Schedule of a stage: what holds at each step, and at which steps something is due."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.topology import Cell
from polyloop.engines.dynamics.stages import Stage
from polyloop.engines.dynamics.validation import check_stage

__all__ = ["Schedule"]

Floats = NDArray[np.float64]

# Ramps move in this many steps at least; a cooling by 300 K then moves by 0.3 K.
_RAMP_STEPS = 1000
# Largest relative change of an edge in one go; neighbours move by less than 0.001 angstrom, far below thermal motion.
_STRAIN_STEP = 1e-4
# A barostat's ten trials shrink an edge by 3 % at most, which the cut-off must leave room for.
_BOX_STEPS = 250


@dataclass(frozen=True, eq=False)
class Schedule:
    """What a stage asks for at each of its steps; `start` and `end` are the box in angstrom, shape (3,)."""

    stage: Stage
    start: Floats
    end: Floats
    n_steps: int

    @classmethod
    def of(cls, cell: Cell, stage: Stage) -> Schedule:
        """Lay out `stage` for `cell`.

        Raises
        ------
        InvalidInputError
            Where the stage contradicts itself.
        """
        check_stage(stage)
        end = cell.box.copy()
        if stage.density is not None:
            end = cell.box * (cell.density / stage.density) ** (1 / 3)
        elif stage.strain_rate:
            end[0] *= 1 + stage.strain_rate * stage.duration
        n_steps = max(1, round(stage.duration / (stage.timestep * 1e-3)))
        return cls(stage, cell.box, end, n_steps)

    @property
    def is_deforming(self) -> bool:
        """Whether the box is deformed by the stage, apart from a barostat."""
        return self.stage.density is not None or self.stage.strain_rate != 0

    def time(self, step: int) -> float:
        """In ps."""
        return step * self.stage.timestep * 1e-3

    def temperature(self, step: int) -> float:
        """In K."""
        return _between(self.stage.temperature, step / self.n_steps)

    def pressure(self, step: int) -> float:
        """In atm."""
        return _between(self.stage.pressure, step / self.n_steps)

    def box(self, step: int, box: Floats) -> Floats:
        """Return the deformed box in angstrom; edges that the stage leaves alone are those of `box`."""
        now = self.start + (self.end - self.start) * (step / self.n_steps)
        return np.where(self.start == self.end, box, now)

    def samples_at(self, step: int) -> bool:
        """Whether a row of the samples is due."""
        return step % self.sample_steps == 0

    def frames_at(self, step: int) -> bool:
        """Whether a frame is due."""
        return self.stage.frame_interval > 0 and step % self._steps(self.stage.frame_interval) == 0

    def next_event(self, step: int) -> int:
        """Return the first step after `step` at which anything is due."""
        intervals = [self.sample_steps]
        if self.stage.frame_interval > 0:
            intervals.append(self._steps(self.stage.frame_interval))
        if len({*self.stage.temperature}) > 1 or len({*self.stage.pressure}) > 1:
            intervals.append(max(1, self.n_steps // _RAMP_STEPS))
        if self.is_deforming:
            rate = np.abs(self.end - self.start).max() / np.minimum(self.start, self.end).min() / self.n_steps
            intervals.append(int(np.clip(_STRAIN_STEP / max(rate, 1e-12), 1, 100)))
        if self.stage.ensemble == "npt":
            intervals.append(_BOX_STEPS)
        return min(self.n_steps, *(step - step % interval + interval for interval in intervals))

    @property
    def sample_steps(self) -> int:
        """Steps between two rows of the samples; a stage shorter than its interval has one at its end."""
        return min(self.n_steps, self._steps(self.stage.sample_interval))

    def _steps(self, interval: float) -> int:
        return max(1, round(interval / (self.stage.timestep * 1e-3)))


def _between(ends: tuple[float, float], fraction: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * fraction

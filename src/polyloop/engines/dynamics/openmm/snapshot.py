"""Snapshot: all that a stage has yielded so far, enough to go on from, and as bytes."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.topology import Cell, Topology
from polyloop.engines.dynamics.stages import SAMPLED, StageResult

__all__ = ["COLUMNS", "Snapshot"]

Floats = NDArray[np.float64]

# Columns of the samples: those that all engines give, then energy terms in kcal/mol and the pressure along each axis
# in atm, which is computed in `nvt` and under strain.
COLUMNS = (
    *SAMPLED, "bond", "angle", "dihedral", "improper", "nonbonded", "pressure_x", "pressure_y", "pressure_z",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Snapshot:
    """State of a stage after `step` steps, and what it has yielded until then.

    Parameters
    ----------
    step
        Steps of the stage's timestep done.
    positions, velocities, box
        In angstrom and angstrom/ps, shapes (n, 3), (n, 3), (3,); velocities have shape (0, 3) where there are none yet.
    samples
        (n_samples, len(COLUMNS)).
    frames, frame_boxes, frame_times, frame_velocities
        As in `StageResult`.
    """

    step: int
    positions: Floats
    velocities: Floats
    box: Floats
    samples: Floats = field(default_factory=lambda: np.zeros((0, len(COLUMNS))))
    frames: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0, 3), dtype=np.float32))
    frame_boxes: Floats = field(default_factory=lambda: np.zeros((0, 3)))
    frame_times: Floats = field(default_factory=lambda: np.zeros(0))
    frame_velocities: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0, 3), dtype=np.float32))

    def result(self, topology: Topology, wall_time: float) -> StageResult:
        """Return it as what a finished stage yields."""
        return StageResult(
            cell=Cell(topology, self.positions, self.box, self.velocities if len(self.velocities) else None),
            samples=dict(zip(COLUMNS, self.samples.T.copy(), strict=True)),
            frames=self.frames.reshape(-1, topology.n_atoms, 3),
            frame_boxes=self.frame_boxes,
            frame_times=self.frame_times,
            wall_time=wall_time,
            frame_velocities=self.frame_velocities.reshape(-1, topology.n_atoms, 3),
        )

    def to_bytes(self) -> bytes:
        """Return it as an npz archive."""
        buffer = io.BytesIO()
        np.savez(buffer, **{f.name: np.asarray(getattr(self, f.name)) for f in fields(self)})  # type: ignore[arg-type]
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Snapshot:
        """Read what `to_bytes` gave, known to be whole."""
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {f.name: archive[f.name] for f in fields(cls)}
        return cls(**{**arrays, "step": int(arrays["step"])})

"""Snapshot: all that a stage has yielded so far, enough to go on from; and the files that keep it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.topology import Cell, Topology
from polyloop.core import EvaluationError, FailureCode, write_atomically
from polyloop.engines.dynamics.stages import SAMPLED, StageResult

__all__ = ["COLUMNS", "Snapshot", "StageFiles"]

Floats = NDArray[np.float64]

# Columns of the samples: those that all engines give, then energy terms in kcal/mol and the pressure along each axis
# in atm, which is computed in `nvt` and under strain.
COLUMNS = (
    *SAMPLED, "bond", "angle", "dihedral", "improper", "nonbonded", "pressure_x", "pressure_y", "pressure_z",
)  # fmt: skip
_DIGEST = hashlib.sha256().digest_size


@dataclass(frozen=True, eq=False)
class Snapshot:
    """State of a stage after `step` steps, and what it has yielded until then.

    Parameters
    ----------
    step
        Steps of the stage's timestep done.
    substeps
        Into how many each of them is cut: 1, or 2 after the stage blew up once.
    positions, velocities, box
        In angstrom and angstrom/ps, shapes (n, 3), (n, 3), (3,); velocities have shape (0, 3) where there are none yet.
    samples
        (n_samples, len(COLUMNS)).
    frames, frame_boxes, frame_times, frame_velocities
        As in `StageResult`.
    wall_time
        In s.
    """

    step: int
    positions: Floats
    velocities: Floats
    box: Floats
    substeps: int = 1
    wall_time: float = 0.0
    samples: Floats = field(default_factory=lambda: np.zeros((0, len(COLUMNS))))
    frames: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0, 3), dtype=np.float32))
    frame_boxes: Floats = field(default_factory=lambda: np.zeros((0, 3)))
    frame_times: Floats = field(default_factory=lambda: np.zeros(0))
    frame_velocities: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0, 3), dtype=np.float32))

    def result(self, topology: Topology) -> StageResult:
        """Return it as what a finished stage yields."""
        return StageResult(
            cell=Cell(topology, self.positions, self.box, self.velocities if len(self.velocities) else None),
            samples=dict(zip(COLUMNS, self.samples.T.copy(), strict=True)),
            frames=self.frames.reshape(-1, topology.n_atoms, 3),
            frame_boxes=self.frame_boxes,
            frame_times=self.frame_times,
            wall_time=self.wall_time,
            frame_velocities=self.frame_velocities.reshape(-1, topology.n_atoms, 3),
        )


class StageFiles:
    """The files of one run in its directory: two generations of checkpoints, then the result.

    Each is an npz archive followed by the sha256 of its bytes, and is written atomically.
    """

    def __init__(self, directory: Path, key: str, stage: str) -> None:
        self.key, self.stage = key, stage
        self._result = directory / "result.npz"
        self._checkpoints = (directory / "checkpoint.npz", directory / "checkpoint.previous.npz")

    def result(self) -> Snapshot | None:
        """Return the finished run, or None where there is none.

        Raises
        ------
        EvaluationError
            CHECKPOINT where it is another run's.
        """
        return self._read(self._result) if self._result.exists() else None

    def latest(self) -> Snapshot | None:
        """Return the newest checkpoint that is whole, or None where there is no file at all.

        Raises
        ------
        EvaluationError
            CHECKPOINT where it is another run's, or where there are files but none is whole.
        """
        present = [path for path in (self._result, *self._checkpoints) if path.exists()]
        for path in present:
            found = self._read(path)
            if found is not None:
                return found
        if present:
            names = " and ".join(path.name for path in present)
            raise self._error(f"{names} in {present[0].parent}: damaged.", "Delete them to run the stage anew.")
        return None

    def checkpoint(self, snapshot: Snapshot) -> None:
        """Write a checkpoint; the last one becomes the previous one once the new one is safe on the disk."""
        newest, previous = self._checkpoints
        fresh = newest.with_name("checkpoint.new.npz")
        self._write(fresh, snapshot)
        if newest.exists():
            newest.replace(previous)
        fresh.replace(newest)

    def finish(self, snapshot: Snapshot) -> None:
        """Write the result; the checkpoints go."""
        self._write(self._result, snapshot)
        # Those too that a kill left half written.
        for pattern in ("checkpoint*.npz", ".checkpoint*"):
            for path in self._result.parent.glob(pattern):
                path.unlink()

    def _write(self, path: Path, snapshot: Snapshot) -> None:
        buffer = io.BytesIO()
        arrays: Mapping[str, NDArray[np.generic]] = {
            f.name: np.asarray(getattr(snapshot, f.name)) for f in fields(snapshot)
        }
        np.savez(buffer, key=np.array(self.key), **arrays)  # type: ignore[arg-type]
        data = buffer.getvalue()
        try:
            write_atomically(path, data + hashlib.sha256(data).digest())
        except OSError as error:
            raise EvaluationError(
                FailureCode.DISK,
                self.stage,
                f"{path.name} could not be written to {path.parent}: {error.strerror or error}.",
                hint="Free the disk or mend the folder, and run again: it goes on from the checkpoint before.",
            ) from error

    def _read(self, path: Path) -> Snapshot | None:
        """Return what `path` holds, or None where it is damaged."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise self._error(f"{path} cannot be read: {error.strerror or error}.", "Mend the folder.") from error
        data, digest = content[:-_DIGEST], content[-_DIGEST:]
        if hashlib.sha256(data).digest() != digest:
            return None
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            if str(archive["key"]) != self.key:
                raise self._error(
                    f"{path} belongs to a run of another cell, stage or seed.", "Give every run a directory of its own."
                )
            arrays = {f.name: archive[f.name] for f in fields(Snapshot)}
        numbers = {"step": int(arrays["step"]), "substeps": int(arrays["substeps"])}
        return Snapshot(**arrays | numbers | {"wall_time": float(arrays["wall_time"])})

    def _error(self, reason: str, hint: str) -> EvaluationError:
        return EvaluationError(FailureCode.CHECKPOINT, self.stage, reason, hint=hint)

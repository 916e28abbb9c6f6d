"""The directory of one run of a stage: what belongs to it, who is at it, its checkpoints, and its result."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from polyloop.chem.topology import Cell
from polyloop.core import EvaluationError, FailureCode, file_digest, write_atomically
from polyloop.engines.dynamics.processes import born, end_group
from polyloop.engines.dynamics.stages import StageResult

__all__ = ["FRESH", "REQUEST", "Checkpoint", "RunDirectory", "State"]

# The checkpoint that the program has just written, and what it is asked for.
FRESH, REQUEST = "checkpoint.new.restart", "request"

_DIGEST = hashlib.sha256().digest_size
_GENERATIONS = 2


@dataclass(frozen=True)
class Checkpoint:
    """A restart file, the sha256 of its bytes, and into how many the stage's timestep was cut when it was written."""

    file: str
    sha256: str
    divisor: int


@dataclass(frozen=True)
class State:
    """How far a run is: kept in `state.json`, written atomically.

    Parameters
    ----------
    key
        What is run (see `run_key`).
    divisor
        Into how many each timestep is cut: 2 after the run blew up once.
    wall_time
        In s, of all sittings.
    sittings
        How many there were; the files of the last are named by it.
    checkpoints
        Newest last.
    """

    key: str
    divisor: int = 1
    wall_time: float = 0.0
    sittings: int = 0
    checkpoints: tuple[Checkpoint, ...] = ()


class RunDirectory:
    """The files of a run of `stage` that `key` tells from all others.

    Parameters
    ----------
    passing
        Patterns of files that go once the result is written, besides checkpoints.
    """

    def __init__(self, path: Path, key: str, stage: str, passing: Sequence[str] = ()) -> None:
        self.path, self.stage, self.passing = path, stage, (*passing, "checkpoint*.restart", REQUEST)
        self.state = State(key)
        self._state, self._result, self._owner = (
            path / f"{name}" for name in ("state.json", "result.npz", "owner.json")
        )

    def open(self) -> None:
        """Make the directory, or read how far the run is.

        Raises
        ------
        EvaluationError
            CHECKPOINT where it is another run's, its state is damaged, or another process is at it.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            foreign = [p.name for p in self.path.iterdir() if not p.name.startswith(".")]
            if self._state.exists():
                self.state = self._read_state()
                self._end_orphan()
            elif foreign:
                raise self.error(
                    f"{self.path} holds files of something else: {', '.join(sorted(foreign)[:4])}.",
                    "Give every run a directory of its own.",
                )
            else:
                self._save(self.state)
            (self.path / REQUEST).unlink(missing_ok=True)
            (self.path / FRESH).unlink(missing_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file of the run."""
        try:
            write_atomically(self.path / name, content)
        except OSError as error:
            raise self._unwritable(error) from error

    def newest(self) -> Checkpoint | None:
        """Return the newest checkpoint whose bytes are as they were written, and drop newer ones; None where none is.

        Raises
        ------
        EvaluationError
            CHECKPOINT where there were some, and all are damaged.
        """
        kept = self.state.checkpoints
        while kept:
            file = self.path / kept[-1].file
            if file.exists() and file_digest(file) == kept[-1].sha256:
                if kept != self.state.checkpoints:
                    self._save(replace(self.state, checkpoints=kept))
                return kept[-1]
            kept = kept[:-1]
        if self.state.checkpoints:
            names = " and ".join(checkpoint.file for checkpoint in self.state.checkpoints)
            raise self.error(f"{names} in {self.path}: damaged or gone.", "Delete the directory to run the stage anew.")
        return None

    def begin_sitting(self) -> str:
        """Return the stem of the files of a new sitting."""
        self._save(replace(self.state, sittings=self.state.sittings + 1))
        return self.sitting_names()[-1]

    def sitting_names(self) -> list[str]:
        """Stems of the files of all sittings, in order."""
        return [f"sitting-{number:03d}" for number in range(1, self.state.sittings + 1)]

    def save(self, content: bytes, seconds: float) -> None:
        """Write a checkpoint of an engine in this process; see `adopt`."""
        self.write(FRESH, content)
        self.adopt(seconds)

    def adopt(self, seconds: float) -> None:
        """Take the restart file that the program has just finished as the newest checkpoint; the oldest goes.

        `seconds` of wall time have passed since the last call.
        """
        fresh = self.path / FRESH
        number = 1 + max((int(c.file.split("-")[1].split(".")[0]) for c in self.state.checkpoints), default=0)
        checkpoint = Checkpoint(f"checkpoint-{number:04d}.restart", file_digest(fresh), self.state.divisor)
        with fresh.open("rb") as stream:
            os.fsync(stream.fileno())
        fresh.replace(self.path / checkpoint.file)
        kept = (*self.state.checkpoints, checkpoint)[-_GENERATIONS:]
        gone = set(self.state.checkpoints) - set(kept)
        self._save(replace(self.state, checkpoints=kept, wall_time=self.state.wall_time + seconds))
        for old in gone:
            (self.path / old.file).unlink(missing_ok=True)

    def add_time(self, seconds: float) -> None:
        """Count wall time in s."""
        self._save(replace(self.state, wall_time=self.state.wall_time + seconds))

    def halve_timestep(self) -> None:
        """Note that the run blew up, and goes on with half the timestep."""
        self._save(replace(self.state, divisor=2))

    def own(self, program_id: int | None) -> None:
        """Note which process runs the program (this one, where it is no other), so that whoever comes after a kill can
        end it, and whoever comes too early is told.
        """
        if program_id is None:
            self._owner.unlink(missing_ok=True)
            return
        note = {name: [pid, born(pid)] for name, pid in (("owner", os.getpid()), ("program", program_id))}
        self.write(self._owner.name, json.dumps(note))

    def finish(self, result: StageResult) -> None:
        """Write the result; checkpoints and what else is passing go, inputs and logs stay."""
        arrays = {f"sample.{name}": column for name, column in result.samples.items()}
        arrays |= {name: getattr(result, name) for name in ("frames", "frame_boxes", "frame_times", "frame_velocities")}
        velocities = result.cell.velocities
        buffer = io.BytesIO()
        np.savez(
            buffer,
            key=np.array(self.state.key),
            wall_time=np.array(result.wall_time),
            positions=result.cell.positions,
            box=result.cell.box,
            velocities=np.zeros((0, 3)) if velocities is None else velocities,
            **arrays,  # type: ignore[arg-type]
        )
        data = buffer.getvalue()
        self.write(self._result.name, data + hashlib.sha256(data).digest())
        for pattern in self.passing:
            for file in self.path.glob(pattern):
                file.unlink(missing_ok=True)

    def result(self, cell: Cell) -> StageResult | None:
        """Return the result of a finished run of `cell`, or None.

        Raises
        ------
        EvaluationError
            CHECKPOINT where it is another run's, or damaged.
        """
        try:
            content = self._result.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self.error(
                f"{self._result} cannot be read: {error.strerror or error}.", "Mend the folder."
            ) from error
        data, digest = content[:-_DIGEST], content[-_DIGEST:]
        if hashlib.sha256(data).digest() != digest:
            raise self.error(f"{self._result} is damaged.", "Delete the directory to run the stage anew.")
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            self._check_key(str(archive["key"]), self._result)
            arrays = dict(archive)
        return StageResult(
            cell=Cell(
                cell.topology,
                arrays["positions"],
                arrays["box"],
                arrays["velocities"] if len(arrays["velocities"]) else None,
            ),
            samples={name.removeprefix("sample."): a for name, a in arrays.items() if name.startswith("sample.")},
            frames=arrays["frames"],
            frame_boxes=arrays["frame_boxes"],
            frame_times=arrays["frame_times"],
            wall_time=float(arrays["wall_time"]),
            frame_velocities=arrays["frame_velocities"],
        )

    def error(self, reason: str, hint: str) -> EvaluationError:
        """A failure of code CHECKPOINT."""
        return EvaluationError(FailureCode.CHECKPOINT, self.stage, reason, hint=hint)

    def _read_state(self) -> State:
        try:
            content = json.loads(self._state.read_text())
            checkpoints = tuple(Checkpoint(**entry) for entry in content.pop("checkpoints"))
            state = State(**content, checkpoints=checkpoints)
        except (ValueError, TypeError, KeyError) as error:
            raise self.error(f"{self._state} is damaged.", "Delete the directory to run the stage anew.") from error
        self._check_key(state.key, self._state)
        return state

    def _check_key(self, key: str, file: Path) -> None:
        if key != self.state.key:
            raise self.error(
                f"{file} belongs to a run of another cell, stage, seed or engine.",
                "Give every run a directory of its own.",
            )

    def _end_orphan(self) -> None:
        """End a program that a killed process has left behind here."""
        try:
            note = json.loads(self._owner.read_text())
            owner, program = (tuple(note[name]) for name in ("owner", "program"))
        except (OSError, ValueError, KeyError, TypeError):
            return  # nothing runs here, or its note was cut short by the same crash
        if program[1] is None or born(program[0]) != program[1] or program[0] == os.getpid():
            return
        if owner[0] != os.getpid() and born(owner[0]) == owner[1]:
            raise self.error(f"Process {owner[0]} runs this stage in {self.path}.", "Wait for it, or end it.")
        end_group(program[0])

    def _save(self, state: State) -> None:
        self.write(self._state.name, json.dumps(asdict(state), indent=1))
        self.state = state

    def _unwritable(self, error: OSError) -> EvaluationError:
        return EvaluationError(
            FailureCode.DISK,
            self.stage,
            f"{self.path} cannot be written: {error.strerror or error}.",
            hint="Free the disk or mend the folder, and run again: it goes on from the last checkpoint.",
        )

"""Sitting: what one go at a stage has at hand, whichever ensemble it is, and OpenMM's exceptions in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from polyloop.chem.topology import Topology
from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.dynamics.openmm.guard import Unstable
from polyloop.engines.dynamics.openmm.platforms import load_openmm
from polyloop.engines.dynamics.openmm.snapshot import StageFiles
from polyloop.engines.dynamics.stages import Progress, Stage
from polyloop.run.interrupts import Interruption

__all__ = ["Sitting", "words_of_openmm"]

# What OpenMM's messages have in common where a simulation went wrong, and not the program.
_BLOWN_UP = ("nan", "infinite", "converge", "twice the nonbonded cutoff")


@dataclass(frozen=True, eq=False)
class Sitting:
    """What is simulated, on which platform (name, threads, device), where it is saved and who is told."""

    topology: Topology
    stage: Stage
    platform: tuple[str, int, str | None]
    seed: int
    files: StageFiles
    interruption: Interruption
    checkpoint_seconds: float
    progress: Progress | None

    def tell(self, done: float, total: float) -> None:
        """Tell how many ps of how many are done."""
        if self.progress is not None:
            self.progress(self.stage.name, done, total)


@contextmanager
def words_of_openmm(stage: str) -> Iterator[None]:
    """Turn OpenMM's exceptions into `Unstable` where numbers went out of bounds, else into EVALUATOR."""
    exception = load_openmm().OpenMMException
    try:
        yield
    except exception as error:
        # Where OpenMM goes on, it is with a link to its list of questions.
        words = str(error).split("  For more information")[0].rstrip(". ")
        if any(sign in words.lower() for sign in _BLOWN_UP):
            raise Unstable(words) from error
        raise EvaluationError(FailureCode.EVALUATOR, stage, f"OpenMM: {words}.") from error

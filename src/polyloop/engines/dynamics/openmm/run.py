"""What one go at a stage has at hand, whichever ensemble it is, and OpenMM's exceptions in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.dynamics.openmm.guard import Unstable
from polyloop.engines.dynamics.openmm.platforms import load_openmm
from polyloop.engines.dynamics.stage_run import StageRun

__all__ = ["OpenMMRun", "words_of_openmm"]

# What OpenMM's messages have in common where a simulation went wrong, and not the program.
_BLOWN_UP = ("nan", "infinite", "converge", "twice the nonbonded cutoff")


@dataclass(frozen=True, eq=False)
class OpenMMRun(StageRun):
    """A run of a stage, on which platform (name, threads, device), and how often it is saved."""

    platform: tuple[str, int, str | None] = ("CPU", 1, None)
    checkpoint_seconds: float = 120.0


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

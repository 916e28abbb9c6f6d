"""Sittings: a program is started again and again until the stage is done, once with half the timestep."""

from __future__ import annotations

from collections.abc import Callable

from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.dynamics.run_directory import RunDirectory
from polyloop.engines.dynamics.stages import Stage
from polyloop.engines.dynamics.validation import blown_up

__all__ = ["sit_until_done"]


def sit_until_done(
    sit: Callable[[], str | None],
    directory: RunDirectory,
    stage: Stage,
    *,
    program: str,
    is_unstable: Callable[[str], bool],
) -> None:
    """Sit until the stage is done; after a blow-up once more, with half the timestep.

    Parameters
    ----------
    sit
        Runs the program; returns None where it ended by itself, else what is wrong in its words.
    is_unstable
        Whether such words say that the simulation blew up.

    Raises
    ------
    EvaluationError
        BLOWN_UP after the second time, or a minimization; EVALUATOR where the program fails otherwise.
    """
    while (fault := sit()) is not None:
        if not is_unstable(fault):
            raise EvaluationError(FailureCode.EVALUATOR, stage.name, f"{program}: {fault}")
        if directory.state.divisor > 1 or stage.ensemble == "minimize":
            raise blown_up(stage, fault)
        directory.halve_timestep()

"""A task, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from polyloop.core import Failure, Status
from polyloop.core.attempt import Attempt

__all__ = ["Task", "TaskOutcome"]


@dataclass(frozen=True)
class Task:
    """A call to make: `function(*args)`. `key` names it in outcomes.

    For worker processes, `function` is one that can be imported by name, and `args` and the result can be pickled.
    """

    key: str
    function: Callable[..., Any]
    args: tuple[Any, ...] = ()


@dataclass(frozen=True)
class TaskOutcome:
    """What became of a task: `done` with a `value`, `failed` with a `failure`, or `cancelled` with neither."""

    key: str
    status: Status
    value: Any = None
    failure: Failure | None = None
    tries: tuple[Attempt, ...] = field(default=())

    @property
    def attempts(self) -> int:
        """How often it was tried until the call ended by itself or by a limit; losses do not count."""
        return sum(item.outcome in (Status.DONE, Status.FAILED) for item in self.tries)

    @property
    def losses(self) -> int:
        """How often its worker died under it."""
        return sum(item.outcome is Status.LOST for item in self.tries)

    @property
    def wall_time(self) -> float:
        """Seconds that the last try took."""
        return self.tries[-1].wall_time if self.tries else 0.0

    @property
    def log(self) -> str:
        """The log of the last try."""
        return self.tries[-1].log if self.tries else ""

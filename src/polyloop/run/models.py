"""The words of running: a task, what was tried, its outcome, and the events on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from polyloop.core import Failure, Status

__all__ = ["Event", "EventKind", "Outcome", "Task", "Try"]


@dataclass(frozen=True)
class Task:
    """A call to make: `function(*args)`. `key` names it in outcomes and events.

    For worker processes, `function` is one that can be imported by name, and `args` and the result can be pickled.
    """

    key: str
    function: Callable[..., Any]
    args: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Try:
    """One time that a task was tried. Times are seconds since 1970 (UTC), `wall_time` is in s.

    `status` is `done`, `failed`, `lost` (its worker died) or `cancelled`. `log` is the end of what the call printed,
    with the traceback if it raised.
    """

    started: float
    ended: float
    status: Status
    failure: Failure | None = None
    log: str = ""
    wall_time: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What became of a task: `done` with a `value`, `failed` with a `failure`, or `cancelled` with neither."""

    key: str
    status: Status
    value: Any = None
    failure: Failure | None = None
    tries: tuple[Try, ...] = field(default=())

    @property
    def attempts(self) -> int:
        """How often it was tried until the call ended by itself or by a limit; losses do not count."""
        return sum(item.status in (Status.DONE, Status.FAILED) for item in self.tries)

    @property
    def losses(self) -> int:
        """How often its worker died under it."""
        return sum(item.status is Status.LOST for item in self.tries)

    @property
    def wall_time(self) -> float:
        """Seconds that the last try took."""
        return self.tries[-1].wall_time if self.tries else 0.0

    @property
    def log(self) -> str:
        """The log of the last try."""
        return self.tries[-1].log if self.tries else ""


class EventKind(StrEnum):
    """What happened to a task."""

    QUEUED = "queued"  # read from the iterable of tasks
    STARTED = "started"  # given to a worker
    RETRIED = "retried"  # failed, and will be tried again
    LOST = "lost"  # its worker died, and it was put back
    FINISHED = "finished"  # its outcome is known


@dataclass(frozen=True)
class Event:
    """Something that happened to a task, for progress displays. `outcome` comes with `finished`."""

    kind: EventKind
    key: str
    failure: Failure | None = None
    outcome: Outcome | None = None

"""One attempt at a piece of work: when, how it ended, and what it left to read."""

from __future__ import annotations

from dataclasses import dataclass

from polyloop.core.errors import Failure
from polyloop.core.record import Status

__all__ = ["Attempt"]


@dataclass(frozen=True)
class Attempt:
    """One attempt, kept for good. Times are seconds since 1970 (UTC), `wall_time` is in s.

    Parameters
    ----------
    outcome
        `done`, `failed`, `lost` (its worker died), `cancelled`, or `running` while it goes on.
    log
        The end of what the call printed, with the traceback if it raised.
    host
        A host class such as "x86_64, 16 cores", never a host's name.
    owner, number
        Who made it, and the how manieth of its evaluation it is; a store knows.
    """

    started: float
    ended: float | None = None
    outcome: Status = Status.RUNNING
    failure: Failure | None = None
    log: str = ""
    host: str = ""
    wall_time: float = 0.0
    owner: str = ""
    number: int = 0

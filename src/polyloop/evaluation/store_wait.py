"""What happens while a store keeps its callers waiting."""

from __future__ import annotations

import time
from collections.abc import Callable

from polyloop.evaluation.leases import LEASE_S
from polyloop.run.interrupts import Interrupts

__all__ = ["StoreWait"]

# Seconds before people are told that the store keeps a campaign waiting, and between two such words.
_TELL_AFTER_S, _TELL_EVERY_S = 5.0, 30.0


class StoreWait:
    """What happens while a store keeps its callers waiting: people are told, and Ctrl-C ends it."""

    def __init__(self, interrupts: Interrupts, tell: Callable[[str], None]) -> None:
        self._interrupts, self._tell = interrupts, tell
        self._told: float | None = None

    def __call__(self, waited: float) -> None:
        """Note that a call has waited for so many seconds.

        Raises
        ------
        Interrupted
            If the user has asked to stop.
        """
        self._interrupts.check()
        now = time.monotonic()
        if waited >= _TELL_AFTER_S and (self._told is None or now - self._told >= _TELL_EVERY_S):
            self._told = now
            self._tell(
                f"Another process keeps the store locked, or its server is away, for {waited:.0f} s. What is finished "
                f"is held and written as soon as it lets go; it is tried for {LEASE_S:.0f} s."
            )

"""Stop cleanly on Ctrl-C or SIGTERM: at once while waiting for evaluations, else at the next good moment."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["Interrupted", "Interrupts"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """The user asked to stop. No `Exception`, so that nothing on the way takes it for an error."""


class Interrupts:
    """Whether to stop, and when it may happen."""

    def __init__(self) -> None:
        self.requested = False
        self._waiting = False

    @contextmanager
    def caught(self) -> Iterator[Interrupts]:
        """Catch the signals; outside the main thread, where Python delivers none, do nothing."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {number: signal.signal(number, self._receive) for number in _SIGNALS}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While entered, a signal raises `Interrupted` at once."""
        self._waiting = True
        try:
            self.check()
            yield
        finally:
            self._waiting = False

    def check(self) -> None:
        """Raise `Interrupted` if a signal has come."""
        if self.requested:
            raise Interrupted

    def _receive(self, number: int, frame: FrameType | None) -> Any:
        self.requested = True
        if self._waiting:
            self._waiting = False
            raise Interrupted

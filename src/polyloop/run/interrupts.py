"""Stop cleanly on Ctrl-C or SIGTERM: give up what runs, keep what is finished, and end at the next good moment."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Interrupted", "Interrupts"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LOOK_EVERY_S = 0.1


class Interrupted(BaseException):
    """The user asked to stop. No `Exception`, so that nothing on the way takes it for an error."""


class Interrupts:
    """Whether the user has asked to stop."""

    def __init__(self) -> None:
        self.requested = False
        self._on_request: Callable[[], None] = lambda: None

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Catch the signals; a second Ctrl-C raises `KeyboardInterrupt`.

        Outside the main thread, where Python delivers no signals, do nothing.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._receive) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def cancelling(self, cancel: Callable[[], None]) -> Iterator[None]:
        """Call `cancel` when a signal comes while this is entered."""
        before, self._on_request = self._on_request, cancel
        try:
            yield
        finally:
            self._on_request = before

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Raise `Interrupted` in the middle of whatever this is entered for as soon as a signal comes.

        For work that keeps nothing before its end, such as a proposal or a report: giving it up loses nothing, and
        waiting for it may take minutes.
        """
        with self.cancelling(self.check):
            self.check()
            yield

    def check(self) -> None:
        """Raise `Interrupted` if a signal has come."""
        if self.requested:
            raise Interrupted

    def sleep(self, seconds: float) -> None:
        """Sleep, but raise `Interrupted` soon after a signal."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, _LOOK_EVERY_S))
        self.check()

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.requested = True
        self._on_request()

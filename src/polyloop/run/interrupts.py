"""Stop cleanly on Ctrl-C or SIGTERM: a long command at its next good moment, a simulation with a checkpoint."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Interrupted", "Interruption", "Interrupts"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LOOK_EVERY_S = 0.1


class Interrupted(BaseException):
    """The user asked to stop. No `Exception`, so that nothing on the way takes it for an error."""


class _Handlers:
    """Handlers of SIGINT and SIGTERM, set for a while; outside the main thread, where Python has none, nothing."""

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}

    def set(self, handler: Callable[[int, FrameType | None], None], *, also_ignored: bool) -> None:
        """Set `handler`, where a signal was ignored only if asked to."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _SIGNALS:
            if also_ignored or signal.getsignal(number) not in (signal.SIG_IGN, None):
                self._before[number] = signal.signal(number, handler)

    def restore(self) -> None:
        """Put back what was there."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()


class Interrupts:
    """Whether the user has asked to stop a command."""

    def __init__(self) -> None:
        self.requested = False
        self._on_request: Callable[[], None] = lambda: None

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Catch the signals; a second Ctrl-C raises `KeyboardInterrupt`.

        Outside the main thread, where Python delivers no signals, do nothing.
        """
        handlers = _Handlers()
        handlers.set(self._receive, also_ignored=True)
        try:
            yield
        finally:
            handlers.restore()

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
            # Python ignores what is raised while it collects garbage; the wish to stop is not lost by that.
            self.check()

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


class Interruption:
    """Context that notes SIGTERM and SIGINT in `asked`; who runs in it looks there, saves, and calls `pass_on`.

    A second signal takes effect at once. Signals that were ignored stay ignored, and outside of the main thread,
    which alone may have handlers, this does nothing.
    """

    def __init__(self) -> None:
        self.asked: signal.Signals | None = None
        self._handlers = _Handlers()

    def __enter__(self) -> Interruption:
        self._handlers.set(self._note, also_ignored=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handlers.restore()

    def pass_on(self) -> None:
        """Send the noted signal to the handlers that were there before, and end the run if they return.

        Raises
        ------
        KeyboardInterrupt, SystemExit
            For SIGINT and SIGTERM.
        """
        if self.asked is None:
            return
        self._handlers.restore()
        signal.raise_signal(self.asked)
        if self.asked is signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + self.asked)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.asked is not None:
            self._handlers.restore()
            signal.raise_signal(number)
        self.asked = signal.Signals(number)

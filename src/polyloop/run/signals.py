"""Turn Ctrl-C and SIGTERM into an orderly end of a run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from polyloop.run.runner import Runner

__all__ = ["Stopped", "cancel_on_signals"]


@dataclass
class Stopped:
    """The signal that has asked for the end, if one has."""

    by: signal.Signals | None = None


@contextmanager
def cancel_on_signals(runner: Runner) -> Iterator[Stopped]:
    """Let the first SIGINT or SIGTERM cancel `runner`, so that its tasks in flight can be released.

    A second Ctrl-C raises KeyboardInterrupt at once. Handlers that were there come back at the end. Only the main
    thread may have handlers; in any other this does nothing.
    """
    stopped = Stopped()

    def stop(number: int, frame: FrameType | None) -> None:
        if stopped.by is not None:
            raise KeyboardInterrupt
        stopped.by = signal.Signals(number)
        runner.cancel()

    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

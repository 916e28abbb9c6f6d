"""Turn SIGTERM and SIGINT into an orderly end: first a checkpoint, then the signal goes its way."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Interruption"]


class Interruption:
    """Context that notes SIGTERM and SIGINT in `asked`; who runs in it looks there, saves, and calls `pass_on`.

    A second signal takes effect at once. Signals that were ignored stay ignored, and outside of the main thread,
    which alone may have handlers, this does nothing.
    """

    def __init__(self) -> None:
        self.asked: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def pass_on(self) -> None:
        """Send the noted signal to the handlers that were there before, and end the run if they return.

        Raises
        ------
        KeyboardInterrupt, SystemExit
            For SIGINT and SIGTERM.
        """
        if self.asked is None:
            return
        self._restore()
        signal.raise_signal(self.asked)
        if self.asked is signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + self.asked)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.asked is not None:
            self._restore()
            signal.raise_signal(number)
        self.asked = signal.Signals(number)

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

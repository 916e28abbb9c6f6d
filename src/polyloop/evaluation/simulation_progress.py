"""Tell how simulations in worker processes come along, from what they note in the scratch folder."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType

__all__ = ["SimulationWatch"]

_LOOK_EVERY_S = 2.0
_EVERY_PERCENT = 5.0


class SimulationWatch:
    """A thread that says, while it is entered, what stage each simulation has reached: at each stage, and each 5 %.

    Evaluations that note nothing, such as quantum chemistry, are passed over.

    Parameters
    ----------
    names
        What to call each simulation, by the key of its request.
    tell
        Called in the thread with a line of words.
    """

    def __init__(self, names: Mapping[str, str], tell: Callable[[str], None]) -> None:
        self._names, self._tell = names, tell
        self._told: dict[str, tuple[str, int]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="simulations", daemon=True)

    def __enter__(self) -> SimulationWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        from polyloop.simulate.md.run.progress import read_progress
        from polyloop.simulate.md.run.workspace import Workspace, default_scratch

        workspace, since = Workspace(default_scratch() / "md"), time.time()
        while not self._ended.wait(_LOOK_EVERY_S):
            for key, name in self._names.items():
                found = read_progress(workspace, key)
                if found is None or found.updated < since:
                    continue
                mark = (found.step, int(found.percent // _EVERY_PERCENT))
                if self._told.get(key) != mark:
                    self._told[key] = mark
                    self._tell(f"{name}  {found.line()}")

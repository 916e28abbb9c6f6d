"""Keep trying: a transaction that others' locks, or a server that restarts, did not let through is tried again."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from polyloop.store.database import Database
from polyloop.store.errors import BusyError

__all__ = ["keeps_trying"]

_P = ParamSpec("_P")
_R = TypeVar("_R")

# Seconds between two tries, so that a server that refuses at once is not asked all the time.
_PAUSE_S = 0.1


def keeps_trying(call: Callable[Concatenate[Database, _P], _R]) -> Callable[Concatenate[Database, _P], _R]:
    """Let a function that is one transaction run again until it gets through, or the database's timeout is over.

    Between two tries the database's `on_wait` is told how many seconds have passed; what it raises ends the waiting.
    The function must do the same when it is called again: where a connection is lost during a commit, nobody can say
    whether the commit was made.
    """

    @wraps(call)
    def persistent(database: Database, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        started = time.monotonic()
        while True:
            try:
                return call(database, *args, **kwargs)
            except BusyError:
                waited = time.monotonic() - started
                if waited >= database.timeout:
                    raise
                database.on_wait(waited)
                time.sleep(min(_PAUSE_S, database.timeout - waited))

    return persistent

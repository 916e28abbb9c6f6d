"""Keep the leases of claims alive while their evaluations run."""

from __future__ import annotations

import threading
from types import TracebackType

from polyloop.core import StoreError
from polyloop.run.interrupts import Interrupted
from polyloop.store import Store

__all__ = ["LEASE_S", "Leases"]

LEASE_S = 600.0
_RENEW_EVERY_S = 120.0
_JOIN_S = 5.0


class Leases:
    """A thread that renews the leases of `owner` for as long as it is entered.

    A process on this machine that ends is noticed at once; leases are for machines that vanish.
    """

    def __init__(self, store: Store, owner: str) -> None:
        self._store, self._owner = store, owner
        self._keys: set[str] = set()
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="leases", daemon=True)

    def __enter__(self) -> Leases:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        # A renewal that waits for a lock need not be waited for: it changes nothing any more.
        self._thread.join(_JOIN_S)

    def hold(self, key: str) -> None:
        """Renew `key` from now on."""
        with self._guard:
            self._keys.add(key)

    def drop(self, key: str) -> None:
        """Renew `key` no longer."""
        with self._guard:
            self._keys.discard(key)

    def _renew(self) -> None:
        while not self._ended.wait(_RENEW_EVERY_S):
            with self._guard:
                keys = sorted(self._keys)
            try:
                self._store.renew(keys, self._owner, LEASE_S)
            except (StoreError, Interrupted):
                # Four more attempts follow before the lease ends; and losing it costs a repetition, not a result.
                continue

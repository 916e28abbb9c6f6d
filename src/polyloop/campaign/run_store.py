"""The store of a run: opened to work in or to look at, and never taken for another one's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.directory import RunDirectory
from polyloop.core import StoreError
from polyloop.evaluation.leases import LEASE_S
from polyloop.evaluation.store_wait import StoreWait
from polyloop.run.interrupts import Interrupts
from polyloop.store import Store

__all__ = ["open_to_look", "open_to_work"]


def open_to_work(
    config: CampaignConfig, files: RunDirectory, interrupts: Interrupts, tell: Callable[[str], None]
) -> Store:
    """Open the store of a run for as long as a lease lasts at each call.

    Raises
    ------
    StoreError
        If it cannot be opened, or lacks the campaign that the folder has begun.
    """
    if _begun(files) is not None:
        open_to_look(config, files).close()
    return Store(_place(config, files), timeout=LEASE_S, on_wait=StoreWait(interrupts, tell))


def open_to_look(config: CampaignConfig, files: RunDirectory) -> Store:
    """Open the store of a run without changing anything; raises as `open_to_work`, and where there is none."""
    begun = _begun(files)
    try:
        store = Store(_place(config, files), read_only=True)
    except StoreError as error:
        if begun is None:
            raise
        raise StoreError(
            f"{error.reason} The campaign {begun['campaign']!r} of {files.path} was kept in {begun['store']}.",
            where=error.where,
            hint=_MEND,
        ) from error
    if begun is not None and store.campaign(begun["campaign"]) is None:
        where = store.where
        store.close()
        raise StoreError(
            f"This store does not know the campaign {begun['campaign']!r}, which the folder {files.path} has begun. "
            f"It was kept in {begun['store']}.",
            where=where,
            hint=_MEND,
        )
    return store


_MEND = "Correct url in [store], or bring the store back; to begin anew, name another folder with --directory."


def _begun(files: RunDirectory) -> dict[str, Any] | None:
    known = files.read_identity()
    return None if known is None or known["entering"] else known


def _place(config: CampaignConfig, files: RunDirectory) -> Any:
    return config.store.url or files.store

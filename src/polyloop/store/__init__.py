"""The results database: claims, records, campaigns, import and export."""

from polyloop.store.faults import BusyError
from polyloop.store.owner import new_owner
from polyloop.store.place import public_url
from polyloop.store.store import Store
from polyloop.store.words import (
    Attempt,
    CampaignEntry,
    Claim,
    ClaimOutcome,
    CycleEntry,
    Evaluation,
    ImportSummary,
    Pick,
    SavedPick,
)

__all__ = [
    "Attempt",
    "BusyError",
    "CampaignEntry",
    "Claim",
    "ClaimOutcome",
    "CycleEntry",
    "Evaluation",
    "ImportSummary",
    "Pick",
    "SavedPick",
    "Store",
    "new_owner",
    "public_url",
]

"""The results database: claims, records, campaigns, import and export."""

from polyloop.store.corrections import Superseded, Told
from polyloop.store.errors import BusyError
from polyloop.store.models import (
    Attempt,
    CampaignEntry,
    Claim,
    ClaimOutcome,
    CurveImport,
    CycleEntry,
    Evaluation,
    ImportSummary,
    Pick,
    SavedPick,
)
from polyloop.store.owner import new_owner
from polyloop.store.store import Store
from polyloop.store.url import public_url

__all__ = [
    "Attempt",
    "BusyError",
    "CampaignEntry",
    "Claim",
    "ClaimOutcome",
    "CurveImport",
    "CycleEntry",
    "Evaluation",
    "ImportSummary",
    "Pick",
    "SavedPick",
    "Store",
    "Superseded",
    "Told",
    "new_owner",
    "public_url",
]

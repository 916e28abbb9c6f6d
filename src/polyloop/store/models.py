"""The store's own words: claims, attempts, evaluations, picks, campaigns and their cycles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from polyloop.core import Failure, Record, Request, Status
from polyloop.core.attempt import Attempt

__all__ = [
    "Attempt",
    "CampaignEntry",
    "Claim",
    "ClaimOutcome",
    "CycleEntry",
    "Evaluation",
    "ImportSummary",
    "Pick",
    "SavedPick",
]


class ClaimOutcome(StrEnum):
    """What the store answers to a claim."""

    GRANTED = "granted"  # the claimer, and nobody else, computes it now
    DONE = "done"  # the records are there
    BUSY = "busy"  # somebody else is computing it
    FAILED = "failed"  # it failed for good


@dataclass(frozen=True)
class Claim:
    """The answer to a claim.

    `records` are filled when `done` or `failed`, `failure` when `failed`. `owner` and `lease_until` (seconds since
    1970, UTC) are filled when `granted` (ours) or `busy` (theirs). `attempts` counts the attempts that ended by
    themselves, `losses` those that were lost with their worker.
    """

    request: Request
    outcome: ClaimOutcome
    records: tuple[Record, ...] = ()
    failure: Failure | None = None
    owner: str = ""
    lease_until: float | None = None
    attempts: int = 0
    losses: int = 0


@dataclass(frozen=True)
class Evaluation:
    """Where one evaluation stands."""

    request: Request
    status: Status
    attempts: int = 0
    losses: int = 0
    owner: str = ""
    lease_until: float | None = None
    failure: Failure | None = None
    created: float = 0.0
    updated: float = 0.0


@dataclass(frozen=True)
class Pick:
    """One proposal of a campaign's cycle: the request, why it was picked, and what was predicted.

    `predicted` maps a property to its predicted `{"mean": ..., "std": ...}`, in the property's unit.
    """

    request: Request
    acquisition: float | None = None
    predicted: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class SavedPick:
    """A pick as the store gives it back: with its campaign, cycle and rank in the cycle (both from 0)."""

    campaign: str
    cycle: int
    rank: int
    pick: Pick
    created: float


@dataclass(frozen=True)
class CampaignEntry:
    """A campaign as the store knows it: its resolved configuration and its state."""

    id: str
    config: Mapping[str, Any]
    state: str
    created: float
    updated: float


@dataclass(frozen=True)
class CycleEntry:
    """The metrics of one cycle of a campaign: hypervolume, calibration, timings."""

    campaign: str
    cycle: int
    metrics: Mapping[str, Any]
    updated: float


@dataclass(frozen=True)
class ImportSummary:
    """What `import_table` did: `added` evaluations, `known` ones that were there already, and what to look at."""

    added: int
    known: int
    records: int
    unphysical: int
    empty_rows: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class CurveImport:
    """What `import_curves` did: `added` curves, `known` ones, points of each, and (place, reason) of those left out."""

    added: int
    known: int
    points: int
    left_out: tuple[tuple[str, str], ...] = ()

"""What is no candidate of a pool, and why."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DUPLICATE", "FILTERED", "UNREADABLE", "UNSCREENED", "LeftOut"]

# Why a polymer is no candidate.
UNREADABLE, DUPLICATE, FILTERED, UNSCREENED = "unreadable", "duplicate", "filtered", "screening failed"


@dataclass(frozen=True)
class LeftOut:
    """What is no candidate: its line in the pool's file (the header is line 1) or None, what stands there, and why.

    `why` is `unreadable`, `duplicate`, `filtered` or `screening failed`; `reason` says it in words.
    """

    line: int | None
    smiles: str
    why: str
    reason: str

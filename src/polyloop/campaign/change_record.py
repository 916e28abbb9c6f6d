"""Changes of a campaign in its middle, as its folder and its store record them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

__all__ = ["Change", "load_changes", "next_change"]


@dataclass(frozen=True)
class Change:
    """One change, as it is recorded.

    Parameters
    ----------
    number
        From 1 on; folder `changes/NUMBER` of the run holds the files of before, which replay the cycles before it.
    after_cycle
        The last cycle that had picks; -1 where there was none.
    date
        When, ISO 8601, UTC.
    differences
        What was changed, in words.
    """

    number: int
    after_cycle: int
    date: str
    differences: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {**asdict(self), "differences": list(self.differences)}

    def __str__(self) -> str:
        when = f"after cycle {self.after_cycle}" if self.after_cycle > 0 else "after the initial design"
        return f"Changed {when if self.after_cycle >= 0 else 'before the first pick'}: {'; '.join(self.differences)}."


def load_changes(known: Mapping[str, Any] | None) -> tuple[Change, ...]:
    """Return the changes that `RunDirectory.read_identity` holds."""
    rows = [] if known is None else known["changes"]
    return tuple(Change(row["number"], row["after_cycle"], row["date"], tuple(row["differences"])) for row in rows)


def next_change(changes: Sequence[Change], last_cycle: int, differences: Sequence[str]) -> Change:
    """Return the change that follows, as of now."""
    return Change(len(changes) + 1, last_cycle, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", tuple(differences))

"""What a campaign would evaluate next: kept in its folder as it ends, and told by its report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from polyloop.core import content_key, write_atomically

if TYPE_CHECKING:
    from polyloop.campaign.state import Candidate

__all__ = ["Proposed", "keep_suggestions", "kept_suggestions"]


@dataclass(frozen=True)
class Proposed:
    """One proposed candidate, by its canonical text: why, and what the models predict (see `Candidate.predicted`).

    `repeat` counts its evaluations: 1 is the first.
    """

    text: str
    acquisition: float | None = None
    predicted: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    level: str = ""
    repeat: int = 1


def keep_suggestions(path: Path, candidates: Sequence[Candidate], batch: Sequence[Proposed]) -> None:
    """Write the batch that follows from what is known of `candidates`."""
    content = {"follows_from": _digest(candidates), "batch": [asdict(one) for one in batch]}
    write_atomically(path, json.dumps(content, indent=1) + "\n")


def kept_suggestions(path: Path, candidates: Sequence[Candidate]) -> tuple[Proposed, ...] | None:
    """Return the batch that was kept; None where there is none that follows from what is known of `candidates` now."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["follows_from"] != _digest(candidates):
            return None
        # A run of a version that knew polymers alone calls its candidates that.
        renamed = [{"text" if key == "polymer" else key: row[key] for key in row} for row in content["batch"]]
        return tuple(Proposed(**row) for row in renamed)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        # A damaged file is none: the next run makes it anew.
        return None


def _digest(candidates: Sequence[Candidate]) -> str:
    known = [
        [one.text, one.status.value, {name: [one.value(name), one.std(name)] for name in sorted(one.records)}]
        for one in candidates
    ]
    return content_key({"known": known})

"""A report: the best candidate in one line of text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["write_text"]


def write_text(state: Any, folder: Path, *, status: str = "", reason: str = "") -> Path:
    """Write `best.txt` into a folder and return its path."""
    name = state.objectives[0].property
    known = [one for one in state.candidates if one.value(name) is not None]
    best = max(known, key=lambda one: one.value(name))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "best.txt"
    path.write_text(f"{best.text} {best.value(name):.4f} of {len(known)} ({status})\n")
    return path

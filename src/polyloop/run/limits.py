"""What one evaluation may take."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """Limits of one evaluation.

    Parameters
    ----------
    time
        Wall time in s; None for what its protocol needs at most.
    memory
        In bytes; None for no limit.
    retries
        Further attempts after a failure that is worth another one.
    """

    time: float | None = None
    memory: int | None = None
    retries: int = 1

"""Progress: what a running campaign tells whoever watches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["Listener", "Progress"]


@dataclass(frozen=True)
class Progress:
    """One event of a campaign.

    Parameters
    ----------
    stage
        What is going on: pool, screening, features, propose, evaluate, suggest (what one more cycle would begin with),
        report.
    cycle, cycles
        The present cycle (0 is the initial design) and the last one.
    step
        What of the stage is going on, where it has parts: of `propose` and `suggest`, "fit" (one model per objective)
        and "acquire" (the polymers of the batch).
    done, total
        Steps of this stage or part; total 0 where it has none.
    failed
        Evaluations of this cycle that failed.
    eta_s
        Estimated time to the end of the campaign in s, proposing and the report counted; None while nothing has
        been measured.
    eta_is_least
        True while a part that is still to come has never been measured: it will take longer than `eta_s`.
    best
        Value per objective of the present best (of several objectives: the best of each).
    note
        Something that people should know, such as rows that are left out; such an event says nothing else.
    """

    stage: str
    cycle: int
    cycles: int
    done: int = 0
    total: int = 0
    step: str = ""
    failed: int = 0
    eta_s: float | None = None
    eta_is_least: bool = False
    best: Mapping[str, float] = field(default_factory=dict)
    note: str = ""


Listener = Callable[[Progress], None]

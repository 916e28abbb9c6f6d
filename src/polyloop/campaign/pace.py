"""Pace: how long the rest of a campaign takes, from how long its parts have taken so far."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["REPORT_EVERY_S", "Left", "Pace"]

# Proposing grows with what is known, so that the last few tell most.
_PROPOSALS = 3
# Seconds after which a report is worth writing anew while the campaign goes on.
REPORT_EVERY_S = 60.0


@dataclass(frozen=True)
class Left:
    """Time to the end in s; `at_least` where a part that is still to come has never been measured."""

    seconds: float
    at_least: bool


class Pace:
    """Time of an evaluation (workers included), of a proposal and of a report.

    Parameters
    ----------
    earlier
        Seconds by part of the cycles before this sitting, in order.
    reports
        Whether a report is written.
    """

    def __init__(self, earlier: Iterable[Mapping[str, float]] = (), *, reports: bool = False) -> None:
        self._count, self._before, self._now = 0, 0.0, 0.0
        self._proposals: deque[float] = deque(maxlen=_PROPOSALS)
        self._report, self._reports = None if reports else 0.0, reports
        for cycle, seconds in enumerate(earlier):
            # The initial design asks no model.
            if cycle and "propose" in seconds:
                self.proposed(seconds["propose"])
            if reports and "report" in seconds:
                self._report = seconds["report"]

    def step(self, seconds: float) -> None:
        """Count an evaluation that ended `seconds` after its batch began."""
        self._count, self._now = self._count + 1, seconds

    def rest(self) -> None:
        """End a batch."""
        self._before, self._now = self._before + self._now, 0.0

    def proposed(self, seconds: float) -> None:
        """Count a proposal of the models."""
        self._proposals.append(seconds)

    def reported(self, seconds: float) -> None:
        """Count a report."""
        self._report = seconds

    def left(self, evaluations: int, proposals: int, proposing_for: float = 0.0) -> Left | None:
        """Estimate the time for so many more; None before an evaluation or a proposal has been measured.

        Parameters
        ----------
        proposals
            Those to come, the one under way among them.
        proposing_for
            Time in s that the one under way has taken already.
        """
        if not self._count and not self._proposals:
            return None
        an_evaluation = (self._before + self._now) / self._count if self._count else 0.0
        a_proposal = sum(self._proposals) / len(self._proposals) if self._proposals else 0.0
        seconds = an_evaluation * evaluations + max(a_proposal * proposals - proposing_for, 0.0)
        # One at the end, and one on the way after each minute, at the end of a cycle.
        reports = 1 + min(proposals, seconds / REPORT_EVERY_S)
        unknown = (evaluations and not self._count) or (proposals and not self._proposals) or self._report is None
        return Left(seconds + reports * (self._report or 0.0), bool(unknown))

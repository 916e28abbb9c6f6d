"""Which candidates a report compares with the others: those beyond the optical limit, or the best quarter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from scipy.stats import rankdata

from polyloop.campaign.state import CampaignState
from polyloop.core.subject import plural_of
from polyloop.design.objectives import utilities
from polyloop.report.content import OpticalLimit

__all__ = ["Selection", "select"]

# Below this many, a quarter is too few to be compared with anything.
_LEAST = 12


@dataclass(frozen=True)
class Selection:
    """Who is compared, who of them is selected, and in what words.

    Parameters
    ----------
    rows
        Candidates that are compared: those with values of all that counts, shape (n,).
    selected
        Which of `rows` are selected, shape (n,).
    name
        What the selected ones are, such as `beyond the limit`.
    explanation
        A sentence or two that say how they were selected.
    """

    rows: NDArray[np.intp]
    selected: NDArray[np.bool_]
    name: str
    explanation: Markup


def select(state: CampaignState, limit: OpticalLimit | None) -> Selection:
    """Return what lies beyond the optical limit where there is one, else the best quarter over all objectives."""
    plural = plural_of(state.config.pool.kind)
    if limit is not None:
        rows = np.flatnonzero(limit.known)
        return Selection(rows, limit.beyond[rows], "beyond the limit", _limit_text(limit, plural))
    rows = np.flatnonzero(np.isfinite(state.values).all(axis=1))
    selected = np.zeros(len(rows), dtype=bool)
    if len(rows) < _LEAST:
        words = f"The best quarter is compared with the others from {_LEAST} {plural} with values on."
        return Selection(rows, selected, "in the best quarter", Markup("{}").format(words))
    ranks = rankdata(-utilities(state.values[rows], state.objectives), axis=0).mean(axis=1)
    selected[np.argsort(ranks, kind="stable")[: len(rows) // 4]] = True
    several = " by the mean of their ranks in the objectives" if len(state.objectives) > 1 else ""
    words = f"The best quarter{several}: {int(selected.sum())} of {len(rows)} {plural} with all values."
    return Selection(rows, selected, "in the best quarter", Markup("{}").format(words))


def _limit_text(limit: OpticalLimit, plural: str) -> Markup:
    beyond, known = int(limit.beyond.sum()), int(limit.known.sum())
    origin = (
        "the upper envelope of the shipped table of commercial optical polymers"
        if limit.is_default
        else "as the campaign file sets it"
    )
    sign = "−" if limit.line.slope < 0 else "+"
    line = Markup("<i>n</i><sub>D</sub> = {} {} {} <i>V</i><sub>D</sub>").format(
        f"{limit.line.intercept:.4f}", sign, f"{abs(limit.line.slope):.6f}"
    )
    counted = Markup("{} of {} {} with both values lie beyond the limit {}, {}, by more than their error bar.").format(
        beyond, known, plural, line, origin
    )
    undecided = int(limit.undecided.sum())
    return counted + (f" Above it, but within their error bar of it: {undecided}." if undecided else "")

"""Which candidates meet the requirements of a campaign: no other is a result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from polyloop.campaign.config.tables import CampaignConfig
from polyloop.design.acquisition import Constraint

if TYPE_CHECKING:
    from polyloop.campaign.state import Candidate

__all__ = ["admitted", "meeting", "requirements_of"]


def requirements_of(config: CampaignConfig) -> tuple[Constraint, ...]:
    """Return what candidates must meet."""
    return tuple(Constraint(one.property, one.low, one.high, one.probability) for one in config.requirements)


def meeting(candidates: Sequence[Candidate], requirements: Sequence[Constraint]) -> NDArray[np.bool_]:
    """Tell which candidates have a value inside the range of every requirement, shape (candidates,)."""
    met = np.ones(len(candidates), dtype=bool)
    for one in requirements:
        values = [candidate.value(one.property) for candidate in candidates]
        met &= one.meets(np.array(values, dtype=np.float64))
    return met


def admitted(
    values: NDArray[np.float64], candidates: Sequence[Candidate], requirements: Sequence[Constraint]
) -> NDArray[np.float64]:
    """Return values of shape (candidates, objectives) with NaN where a requirement is broken or unknown."""
    return np.where(meeting(candidates, requirements)[:, None], values, np.nan)

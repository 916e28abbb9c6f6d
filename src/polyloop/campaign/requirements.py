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

__all__ = ["admitted", "met_requirements", "requirements_of"]


def requirements_of(config: CampaignConfig) -> tuple[Constraint, ...]:
    """Return what candidates must meet."""
    return tuple(Constraint(one.property, one.low, one.high, one.probability) for one in config.requirements)


def met_requirements(candidates: Sequence[Candidate], requirements: Sequence[Constraint]) -> tuple[bool | None, ...]:
    """Tell of each candidate whether its values meet all requirements; None where a value decides nothing yet.

    One value that misses its requirement decides, whatever else is still unknown. Without requirements all are None.
    """
    return tuple(_met(candidate, requirements) for candidate in candidates)


def _met(candidate: Candidate, requirements: Sequence[Constraint]) -> bool | None:
    values = [(rule, candidate.value(rule.property)) for rule in requirements]
    known = [bool(rule.meets(np.array([value]))[0]) for rule, value in values if value is not None]
    if not all(known):
        return False
    return True if known and len(known) == len(requirements) else None


def admitted(
    values: NDArray[np.float64], candidates: Sequence[Candidate], requirements: Sequence[Constraint]
) -> NDArray[np.float64]:
    """Return values of shape (candidates, objectives) with NaN where a requirement is broken or unknown."""
    if not requirements:
        return values
    met = np.array([one is True for one in met_requirements(candidates, requirements)], dtype=bool)
    return np.where(met[:, None], values, np.nan)

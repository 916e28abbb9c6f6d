"""What candidates cost: a column of the pool, or arithmetic on the variables of a space."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.pool import costs_of
from polyloop.campaign.space import space_of
from polyloop.core import PolyloopError
from polyloop.design.pool import Pool
from polyloop.design.space import PointCost
from polyloop.learn.surrogate import Array

__all__ = ["Costs", "candidate_costs", "point_costs_of"]

Costs = Callable[[Sequence[str]], Array]


def point_costs_of(config: CampaignConfig) -> Costs | None:
    """Return what points of a campaign's space cost, by canonical text; None where nothing is said of it.

    Raises
    ------
    InvalidInputError
        If the cost cannot be read, or is not above 0 everywhere.
    """
    space = space_of(config)
    return None if space is None or config.pool.cost is None else PointCost(space, config.pool.cost).of_texts


def candidate_costs(config: CampaignConfig, source: Pool | None, texts: Sequence[str]) -> tuple[float | None, ...]:
    """Return what one evaluation of each candidate costs; None where that is not known.

    Parameters
    ----------
    source
        The pool with the columns of its file; None of a space, or before the pool was made.
    texts
        Canonical texts of candidates.
    """
    column = config.pool.cost
    if column is None:
        return (None,) * len(texts)
    of_points = point_costs_of(config)
    if of_points is not None:
        return tuple(_cost(of_points, text) for text in texts)
    known = {} if source is None else costs_of(source, column)
    return tuple(known.get(text) for text in texts)


def _cost(of_points: Costs, text: str) -> float | None:
    # A value may have been told of a point where the formula has a pole; to say so is for the next proposal.
    try:
        return float(of_points([text])[0])
    except PolyloopError:
        return None

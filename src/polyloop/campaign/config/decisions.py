"""Check how a campaign file has the loop decide: which ways of weighing questions go together."""

from __future__ import annotations

from polyloop.campaign.config.lines import CampaignSource, KeyPath
from polyloop.campaign.config.space_checks import subject_kind
from polyloop.campaign.config.tables import CampaignConfig, ObjectiveTable
from polyloop.core import PolyloopError

__all__ = ["check_invariants", "check_point_cost", "check_repeats", "why_no_invariants"]

# The knowledge gradient of m objectives takes 5**m hypervolumes for each candidate that may be asked.
_MOST_OBJECTIVES = 3


def check_repeats(config: CampaignConfig, source: CampaignSource) -> None:
    """Raise where `[acquisition] repeats` cannot be.

    Raises
    ------
    ConfigurationError
        Naming the file, the line, the key and the remedy.
    """
    if not config.acquisition.repeats:
        return
    key: KeyPath = ("acquisition", "repeats")
    if config.acquisition.name is not None:
        raise source.error(
            ("acquisition", "name"),
            f"Repeats are weighed by the knowledge gradient, not by {config.acquisition.name}.",
            "Leave name out, or repeats.",
        )
    if config.pool.source == "space" or config.pool.is_generated or config.levels is not None:
        what = "[levels]" if config.levels is not None else f"source {config.pool.source!r}"
        raise source.error(key, f"Repeats do not go with {what}.", "They are for lists of candidates at one level.")
    ranges = [one.property for one in config.objectives if one.range is not None]
    if ranges:
        raise source.error(
            key, f"Repeats do not go with a range, that of {ranges[0]}.", "Give it a direction, or leave repeats out."
        )
    if len(config.objectives) > _MOST_OBJECTIVES:
        raise source.error(key, f"Repeats are for {_MOST_OBJECTIVES} objectives at most.", "Leave repeats out.")
    if all(_is_known_not_to_scatter(config, one) for one in config.objectives):
        raise source.error(
            key,
            "Nothing would be learned by repeating: a table answers the same each time, and the error of such a "
            "protocol is the same for every seed.",
            "Leave repeats out; they are for functions, simulations and the laboratory.",
        )


def check_invariants(config: CampaignConfig, source: CampaignSource) -> None:
    """Raise where `[surrogate] invariants` is wanted and cannot be, or would change nothing.

    Raises
    ------
    ConfigurationError
        Naming the file, the line, the key and the remedy.
    """
    found = why_no_invariants(config) if config.surrogate.invariants else None
    if found is not None:
        raise source.error(("surrogate", "invariants"), *found)


def why_no_invariants(config: CampaignConfig) -> tuple[str, str] | None:
    """Return why `[surrogate] invariants` cannot be, or would change nothing, and what to do; None where it can."""
    from polyloop.core.properties import PROPERTIES
    from polyloop.features.block import blocks_of
    from polyloop.learn.invariant_target import FACTOR_BLOCK

    if config.pool.source == "space" or config.levels is not None:
        what = "a space of variables" if config.pool.source == "space" else "[levels]"
        return f"Invariants do not go with {what} yet.", "Leave them out."
    if FACTOR_BLOCK not in blocks_of(config.pool.kind):
        return f"What invariants are made of is not known of a {config.pool.kind}.", "They are for polymers."
    asked = [*(one.property for one in config.objectives), *(one.property for one in config.requirements)]
    # A logarithm, which takes no factors, is no invariant in the sense of this option.
    known = [PROPERTIES[name].invariant for name in asked]
    if not any(invariant is not None and invariant.powers for invariant in known):
        return f"No invariant is known of {', '.join(asked)}.", "Leave them out."
    return None


def check_point_cost(config: CampaignConfig, source: CampaignSource) -> None:
    """Raise where the cost of points cannot be read, or is not above 0.

    Raises
    ------
    ConfigurationError
        Naming the file, the line, the key and the remedy.
    """
    from polyloop.campaign.space import space_of
    from polyloop.design.space import PointCost

    space = space_of(config)
    if space is None or config.pool.cost is None:
        return
    try:
        PointCost(space, config.pool.cost)
    except PolyloopError as error:
        raise source.error(("pool", "cost"), error.reason, error.hint) from error


def _is_known_not_to_scatter(config: CampaignConfig, objective: ObjectiveTable) -> bool:
    """Tell whether values are known to be no better for being repeated; of functions it is known once they are read."""
    from polyloop.evaluation.evaluators import protocol_evaluator
    from polyloop.evaluation.laboratory import EXPERIMENT
    from polyloop.simulate import protocol_for

    name = objective.property
    if objective.evaluator is not None:
        given = config.evaluators.get(objective.evaluator)
        return given is not None and given.table is not None
    if objective.level == EXPERIMENT:
        return False
    protocol = protocol_for(name, objective.level, subject_kind(config), protocol=objective.protocol)
    return name not in protocol_evaluator(protocol.protocol_id).scattered

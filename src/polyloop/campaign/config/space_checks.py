"""Check what a campaign file says of subjects and conditions of a space, and whether a protocol can evaluate them."""

from __future__ import annotations

from polyloop.campaign.config.lines import CampaignSource, KeyPath
from polyloop.campaign.config.tables import CampaignConfig
from polyloop.core import KINDS, Conditions, PolyloopError

__all__ = ["check_conditions_known", "check_points", "check_whole_points", "subject_kind"]


def subject_kind(config: CampaignConfig) -> str:
    """Return the kind of what a protocol evaluates: of the candidates, or of the subjects that points choose."""
    chosen = [table.kind for table in config.variables.values() if table.type == "subject"]
    return chosen[0] if config.pool.source == "space" and chosen else config.pool.kind


def check_points(config: CampaignConfig, source: CampaignSource) -> None:
    """Raise where the variables of a space make none, or say a condition that the campaign says too.

    Raises
    ------
    ConfigurationError
        Naming the key and the remedy.
    """
    from polyloop.campaign.points import points_of
    from polyloop.campaign.space import space_of

    for name, table in config.variables.items():
        if table.type == "subject" and (table.kind not in KINDS or table.kind == config.pool.kind):
            known = [kind for kind in KINDS if kind != config.pool.kind]
            raise source.error(
                ("variables", name, "kind"), f"A variable chooses no {table.kind!r}.", f"Use one of {', '.join(known)}."
            )
    try:
        space_of(config)
        points = points_of(config)
    except PolyloopError as error:
        said = f"{error.where}: {error.reason}" if error.where else error.reason
        raise source.error(("variables",), said, error.hint) from error
    for one in () if points is None else points.conditions:
        if one.condition in config.campaign.state.unusual:
            raise source.error(
                ("campaign", one.condition if one.condition in ("temperature", "pressure") else "conditions"),
                f"The {one.condition} is said here and by the variable {one.variable!r}.", "Leave it out here.",
            )  # fmt: skip


def check_whole_points(
    config: CampaignConfig, source: CampaignSource, key: KeyPath, protocol: str | None = None
) -> None:
    """Raise where a protocol or a level is asked of points that are more, or less, than a subject at a state.

    A protocol that evaluates points themselves is told all of their variables.
    """
    from polyloop.campaign.points import points_of
    from polyloop.simulate import PROTOCOLS

    if config.pool.source != "space":
        return
    known = PROTOCOLS.get(protocol) if protocol is not None else None
    if known is not None and subject_kind(config) == "process" and "process" in known.kinds:
        return
    points = points_of(config)
    if points is None or points.choice is None:
        raise source.error(
            key, "A protocol evaluates a subject, and no variable of the space chooses one.",
            "Add a variable of type 'subject', or name an evaluator.",
        )  # fmt: skip
    if points.others:
        raise source.error(
            key,
            f"A protocol is told a {points.choice.kind} and its conditions, and not {', '.join(points.others)}.",
            "Name an evaluator, say condition = true of what is a condition, or leave the other variables out.",
        )


def check_conditions_known(config: CampaignConfig, source: CampaignSource, name: str, protocol_id: str) -> None:
    """Raise where a protocol does not know the state of the samples, or a condition that varies."""
    from polyloop.campaign.points import points_of
    from polyloop.simulate import get_protocol

    row, state = get_protocol(protocol_id), config.campaign.state
    unknown = row.unknown_conditions(state)
    if unknown:
        key = ("campaign", unknown[0]) if unknown[0] in ("temperature", "pressure") else ("campaign", "conditions")
        raise source.error(
            key,
            f"{row.protocol_id}, which yields {name}, knows {Conditions().words()} only.",
            f"Leave {unknown[0]} out, or take a protocol of molecular dynamics.",
        )
    points = points_of(config)
    for one in () if points is None else points.conditions:
        if one.condition not in row.conditions:
            raise source.error(
                ("variables", one.variable),
                f"{row.protocol_id}, which yields {name}, knows no {one.condition} but {_usual(one.condition)}.",
                f"Leave the variable out, or take a protocol that knows the {one.condition}.",
            )


def _usual(condition: str) -> str:
    return Conditions().spelled(condition)

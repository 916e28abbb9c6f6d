"""Where the values of a campaign come from, in words: only what was computed is called computed."""

from __future__ import annotations

from collections.abc import Sequence

from polyloop.campaign.state import CampaignState
from polyloop.report import text

__all__ = ["origin_sentences", "origin_word"]

_ELSE = "returned"


def origin_word(state: CampaignState, name: str) -> str:
    """Return the word for a value of a property: computed (by a protocol), tabulated, or returned (by a function)."""
    evaluator = next(row.evaluator for row in state.config.objectives if row.property == name)
    if evaluator is None:
        return "computed"
    table = state.config.evaluators.get(evaluator)
    return "tabulated" if table is not None and table.table is not None else _ELSE


def origin_sentences(state: CampaignState) -> list[str]:
    """Say of each objective where its values come from, of those with the same origin in one sentence."""
    groups: dict[str, list[str]] = {}
    for objective in state.objectives:
        groups.setdefault(_origin(state, objective.property), []).append(text.words(objective.property))
    return [f"{text.sentence(', '.join(names))}: {origin}." for origin, names in groups.items()]


def _origin(state: CampaignState, name: str) -> str:
    row = next(row for row in state.config.objectives if row.property == name)
    word = origin_word(state, name)
    if word == "computed":
        return (
            f"computed by {_protocols(state, name) or row.protocol or 'a protocol of level ' + (row.level or 'quick')}"
        )
    table = state.config.evaluators.get(row.evaluator or "")
    if table is not None and table.table is not None:
        return f"given in the table {table.table.name}, not computed"
    return f"returned by the function {table.python if table is not None else row.evaluator}"


def _protocols(state: CampaignState, name: str) -> str:
    found: Sequence[str] = [one.records[name].request.protocol_id for one in state.candidates if name in one.records]
    return ", ".join(sorted(set(found)))

"""What is to be known before the values are used: implausible shares, notes of tables, and what is never proposed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from polyloop.campaign.state import CampaignState
from polyloop.core import Status, get_property
from polyloop.design.left_out import FILTERED
from polyloop.report import text
from polyloop.report.origin import origin_word

__all__ = ["LeftOutGroup", "implausible_shares", "left_out_groups", "notices"]

_SHOWN = 10
# From so large a share on, a wrong unit is likelier than so many odd candidates.
_SUSPICIOUS = 0.2
NO_DESCRIPTORS = "no descriptors"


@dataclass(frozen=True)
class LeftOutGroup:
    """What is left out for one reason: how many, the first of them (line or name, SMILES, reason), and the way out."""

    why: str
    count: int
    examples: tuple[tuple[str, str, str], ...] = ()
    way_out: str = ""


def notices(state: CampaignState) -> list[str]:
    """Return the sentences that belong at the head of a report; none where there is nothing to be known."""
    found = implausible_shares(state)
    groups = [f"{group.why} ({group.count:,})" for group in left_out_groups(state)]
    if groups:
        found.append(f"Left out of the pool or never proposed: {', '.join(groups)}. They are listed below.")
    return [*map(str, state.changes), *found, *state.inputs.notes]


def implausible_shares(state: CampaignState) -> list[str]:
    """Say of each property how many of its values lie outside the plausible range, where any does."""
    found = []
    for objective in state.objectives:
        name, row = objective.property, get_property(objective.property)
        records = [one.records[name] for one in state.candidates if name in one.records]
        valued = [record for record in records if record.value is not None]
        outside = [record for record in valued if record.status is Status.UNPHYSICAL]
        if outside:
            ends = f"{row.low:g} to {row.high:g} {text.unit(name)}".strip()
            advice = ""
            if len(outside) > _SUSPICIOUS * len(valued):
                advice = " So many are seldom odd candidates: check the unit of the values."
            found.append(
                f"{len(outside)} of {len(valued)} {origin_word(state, name)} values of {text.words(name)} lie outside "
                f"the plausible range ({ends}); they are kept and shown, never fed to a model.{advice}"
            )
    return found


def left_out_groups(state: CampaignState) -> list[LeftOutGroup]:
    """Return what is never proposed by reason, with the first ten of each; what filters refused is only counted."""
    counts = Counter(row.why for row in state.source.left_out) if state.source is not None else Counter[str]()
    if state.inputs.undescribed:
        counts[NO_DESCRIPTORS] = len(state.inputs.undescribed)
    listed = state.inputs.left_out(state.source)
    groups = []
    for why, count in counts.items():
        rows = [row for row in listed if row["why"] == why][:_SHOWN]
        examples = tuple(
            (
                state.names.get(str(row["smiles"]), "") if row["line"] is None else f"line {row['line']}",
                str(row["smiles"]),
                str(row["reason"]),
            )
            for row in rows
        )
        groups.append(LeftOutGroup(why, count, examples, _way_out(state, why)))
    return groups


def _way_out(state: CampaignState, why: str) -> str:
    if why == NO_DESCRIPTORS and state.inputs.blocks:
        return f"These descriptor blocks can describe them: {', '.join(state.inputs.blocks)}."
    return "The filters of [pool] refuse them." if why == FILTERED else ""

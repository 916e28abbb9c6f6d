"""What a campaign looks like in a notebook: where it stands, its best candidates, and its progress as a line."""

from __future__ import annotations

from collections.abc import Sequence

from polyloop.campaign.state import CampaignState, CampaignStatus, standing
from polyloop.core import get_property
from polyloop.core.notebook import figure, table
from polyloop.core.subject import KINDS, Drawing

__all__ = ["campaign_html"]

_BEST = 4
_WIDTH, _HEIGHT = 260, 60


def campaign_html(state: CampaignState, status: CampaignStatus) -> str:
    """Return a campaign as HTML."""
    facts = [
        ("state", standing(status.state, status.reason) + (f" ({status.reason})" if status.reason else "")),
        ("cycle", f"{status.cycle} of {status.cycles}"),
        ("evaluated", f"{status.evaluations}, {status.failures} failed or implausible, {status.waiting} waiting"),
        ("hypervolume", status.hypervolume),
    ]
    names = list(status.best[0].values) if status.best else []
    header = [f"{get_property(name).words} [{get_property(name).unit}]" for name in names]
    rows = [[one.name or one.text, *one.values.values()] for one in status.best]
    drawn = "".join(_drawn(state, one.text) for one in status.best[:_BEST])
    parts = [table(("campaign", status.name), facts), _line([cycle.hypervolume or 0.0 for cycle in state.cycles])]
    if rows:
        parts += [table(("best", *header), rows), f'<div style="display:flex;flex-wrap:wrap">{drawn}</div>']
    return "".join(parts)


def _drawn(state: CampaignState, text: str) -> str:
    shown = state.structure(text)
    drawing = KINDS[shown.kind].draw(shown.text) if shown.kind in KINDS else Drawing()
    return figure(drawing.svg, state.name_of(text) if state.config.variables else text, drawing.width)


def _line(values: Sequence[float]) -> str:
    """Return the hypervolume over the cycles as a small drawing; nothing of fewer than two."""
    if len(values) < 2 or max(values) <= 0:
        return ""
    step, top = _WIDTH / (len(values) - 1), max(values)
    points = " ".join(
        f"{place * step:.1f},{_HEIGHT * (1 - 0.95 * value / top):.1f}" for place, value in enumerate(values)
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}">'
        f'<polyline points="{points}" fill="none" stroke="#0b6e99" stroke-width="2"/></svg>'
    )
    return figure(svg, f"hypervolume, cycles 0 to {len(values) - 1}", _WIDTH)

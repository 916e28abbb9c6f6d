"""Pictures of the cells that the best candidates were simulated in, where the scratch folder still has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from polyloop.campaign.state import CampaignState, Candidate
from polyloop.core import Record
from polyloop.report import text

__all__ = ["CellPicture", "find_cells"]

_SHOWN = 6
_DENSITY = "density"


@dataclass(frozen=True)
class CellPicture:
    """A PNG: `name` is its file's, without suffix; `caption` says atoms, chains, density and protocol."""

    name: str
    subject: str
    caption: str
    data: bytes


def find_cells(state: CampaignState, rows: Iterable[int]) -> list[CellPicture]:
    """Return the pictures of the candidates `rows`, in this order and at most six, of those that have one."""
    from polyloop.simulate.md.run.pictures import read_picture
    from polyloop.simulate.md.run.workspace import Workspace, default_scratch

    workspace, found = Workspace(default_scratch() / "md"), list[CellPicture]()
    for candidate in (state.candidates[row] for row in rows):
        # One of each evaluation by molecular dynamics; the first that has a picture is enough.
        simulated = {one.key: one for one in candidate.records.values() if "recipe" in one.provenance.settings}
        pictures = ((record, read_picture(workspace, key)) for key, record in simulated.items())
        for record, data in pictures:
            if data is not None:
                name = f"cell_{len(found) + 1}"
                found.append(CellPicture(name, candidate.text, _caption(candidate, record), data))
                break
        if len(found) == _SHOWN:
            break
    return found


def _caption(candidate: Candidate, record: Record) -> str:
    settings = record.provenance.settings
    parts = [f"{settings[what]:,} {what}" for what in ("atoms", "chains") if what in settings]
    density = candidate.value(_DENSITY)
    if density is not None:
        parts.append(f"{text.number(density, candidate.std(_DENSITY))} {text.unit(_DENSITY)}")
    return ", ".join([*parts, record.request.protocol_id])

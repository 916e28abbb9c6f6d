"""What the pool's file says of each polymer: its name, the user's own spelling, and the other columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from polyloop.campaign.state import CampaignState
from polyloop.store.tables import POOL_PREFIX

__all__ = ["Given", "given_cells", "given_columns", "given_of"]


@dataclass(frozen=True)
class Given:
    """What a pool says of one polymer; empty where it says nothing. `extras` are (header, cell)."""

    name: str = ""
    spelling: str = ""
    extras: tuple[tuple[str, str], ...] = ()


def given_of(state: CampaignState, polymers: Iterable[str]) -> dict[str, Given]:
    """Return what the pool says of each of `polymers` (canonical SMILES)."""
    wanted, source = dict.fromkeys(polymers, Given()), state.source
    if source is None:
        return wanted
    for row, smiles in enumerate(source.texts):
        if smiles in wanted:
            extras = tuple((header, cells[row]) for header, cells in source.extras.items())
            wanted[smiles] = Given(source.names[row], source.spellings[row], extras)
    return wanted


def given_columns(state: CampaignState) -> list[str]:
    """Return the headers of what `given_cells` gives: none where the pool comes from no file."""
    if state.source is None:
        return []
    # A pool that has names has them in a column of its own too.
    return [f"{POOL_PREFIX}{header}" for header in dict.fromkeys(("as_given", "name", *state.source.extras))]


def given_cells(state: CampaignState, given: Given) -> list[str]:
    """Return the cells of one polymer under `given_columns`."""
    if state.source is None:
        return []
    cells = (
        {"as_given": given.spelling, "name": given.name} | dict.fromkeys(state.source.extras, "") | dict(given.extras)
    )
    return list(cells.values())

"""What the pool's file says of each candidate: its name, the user's own spelling, and the other columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from polyloop.campaign.space import point_columns, space_of
from polyloop.campaign.state import CampaignState
from polyloop.store.tables import POOL_PREFIX

__all__ = ["Given", "given_cells", "given_columns", "given_of", "variable_cells", "variable_columns"]


@dataclass(frozen=True)
class Given:
    """What a pool says of one candidate; empty where it says nothing. `extras` are (header, cell)."""

    name: str = ""
    spelling: str = ""
    extras: tuple[tuple[str, str], ...] = ()


def given_of(state: CampaignState, texts: Iterable[str]) -> dict[str, Given]:
    """Return what the pool says of each of `texts` (canonical ones)."""
    wanted, source = dict.fromkeys(texts, Given()), state.source
    if source is None:
        return wanted
    for row, smiles in enumerate(source.texts):
        if smiles in wanted:
            extras = tuple((header, cells[row]) for header, cells in source.extras.items())
            wanted[smiles] = Given(source.names[row], source.spellings[row], extras)
    return wanted


def variable_columns(state: CampaignState) -> list[str]:
    """Return the variables of the space that the candidates are points of; none where they come from a pool."""
    return list(state.config.variables)


def variable_cells(state: CampaignState, text: str) -> list[str]:
    """Return the values of one point under `variable_columns`."""
    space = space_of(state.config)
    return [] if space is None else list(point_columns(space, text).values())


def given_columns(state: CampaignState) -> list[str]:
    """Return the headers of what `given_cells` gives: none where the pool comes from no file."""
    if state.source is None:
        return []
    # A pool that has names has them in a column of its own too.
    return [f"{POOL_PREFIX}{header}" for header in dict.fromkeys(("as_given", "name", *state.source.extras))]


def given_cells(state: CampaignState, given: Given) -> list[str]:
    """Return the cells of one candidate under `given_columns`."""
    if state.source is None:
        return []
    cells = (
        {"as_given": given.spelling, "name": given.name} | dict.fromkeys(state.source.extras, "") | dict(given.extras)
    )
    return list(cells.values())

"""Export the records of a campaign, or of a whole store."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from polyloop.campaign.campaign import Campaign
from polyloop.campaign.directory import RunDirectory
from polyloop.campaign.generated import shown_pool
from polyloop.campaign.space import point_columns, space_of
from polyloop.campaign.state import CampaignState
from polyloop.core import InvalidInputError
from polyloop.design.pool import Pool
from polyloop.design.space import SubjectChoice
from polyloop.store import Store
from polyloop.store.tables import POOL_PREFIX, value_columns

__all__ = ["export_records", "mean_columns", "pool_columns", "weighed_columns"]


def export_records(
    source: str, output: Path, *, file_format: Literal["csv", "parquet"] | None = None, wide: bool = False
) -> int:
    """Write records as CSV or Parquet; return the number of rows.

    Those of a campaign have further columns `pool_...`: the user's own spelling, and what the pool's file says of each
    candidate beside; of a space the values of its variables. A value of a subject at a state has the state in the
    columns of its conditions. Where candidates were evaluated more than once there are `campaign_...` too: the mean
    over the repeats of each candidate, its standard error and their number; and where there are requirements or costs,
    whether a candidate meets all of them, and what it costs.

    Parameters
    ----------
    source
        Folder of a run, or file or URL of a store.
    file_format
        By the suffix of `output` when left out.
    wide
        One row per evaluation and a column per property, instead of one row per record.

    Raises
    ------
    InvalidInputError
        If there is no such store, or the suffix says nothing.
    MissingDependencyError
        If the format needs a package that is not installed.
    """
    file_format = file_format or _format_of(output)
    more: dict[str, dict[str, str]] = {}
    if Path(source).is_dir():
        campaign = Campaign.from_directory(source)
        store, name = campaign.open_store(), campaign.name
        more = variable_columns(campaign) or pool_columns(shown_pool(campaign.config, RunDirectory(source)))
        more |= mean_columns(campaign.state()) | weighed_columns(campaign.state())
    else:
        if "://" not in source and not Path(source).is_file():
            raise InvalidInputError(
                "There is no such store or run.",
                where=source,
                hint="Name the folder of a run, or a store's file or URL.",
            )
        store, name = Store(source, read_only=True), None
    with store:
        write = store.export_csv if file_format == "csv" else store.export_parquet
        return write(output, "wide" if wide else "long", more=more, campaign=name)


def pool_columns(pool: Pool | None) -> dict[str, dict[str, str]]:
    """Return what a pool says of its candidates: by header, a text per canonical polymer."""
    if pool is None:
        return {}
    columns = {"as_given": pool.spellings}
    if any(pool.names):
        columns["name"] = pool.names
    columns |= pool.extras
    return {f"{POOL_PREFIX}{header}": dict(zip(pool.texts, cells, strict=True)) for header, cells in columns.items()}


def variable_columns(campaign: Campaign) -> dict[str, dict[str, str]]:
    """Return the values of the variables of a space: by header, a text per point; of a subject its name among them."""
    space = space_of(campaign.config)
    if space is None:
        return {}
    cells = {one.text: point_columns(space, one.text) for one in campaign.state().candidates}
    found = {name: {text: of[name] for text, of in cells.items()} for name in space.names}
    for variable in space.variables:
        if isinstance(variable, SubjectChoice):
            found[variable.name] |= {text: label for label, text in variable.subjects.items()}
    return {f"{POOL_PREFIX}{name}": column for name, column in found.items()}


def weighed_columns(state: CampaignState) -> dict[str, dict[str, str]]:
    """Return whether each candidate meets the requirements (1 or 0) and what it costs, by header, where they are."""
    columns: dict[str, dict[str, str]] = {}
    if state.config.requirements:
        told = zip(state.candidates, state.meets, strict=True)
        columns["campaign_meets_requirements"] = {one.text: str(int(met)) for one, met in told if met is not None}
    if state.config.pool.cost is not None:
        known = zip(state.candidates, state.costs, strict=True)
        columns["campaign_cost"] = {one.text: str(cost) for one, cost in known if cost is not None}
    return columns


def mean_columns(state: CampaignState) -> dict[str, dict[str, str]]:
    """Return each candidate's value, standard error and number of repeats, a text per canonical text, by header.

    Nothing where no candidate was evaluated more than once.
    """
    columns: dict[str, dict[str, str]] = {}
    if not any(one.repeats for one in state.candidates):
        return columns
    for name in (objective.property for objective in state.objectives):
        value, std = value_columns(name)
        known = [(one, one.value(name)) for one in state.candidates if one.value(name) is not None]
        stds = {one.text: "" if one.std(name) is None else str(one.std(name)) for one, _ in known}
        columns[f"campaign_{value}"] = {one.text: str(number) for one, number in known}
        columns[f"campaign_{std}"] = stds
        columns[f"campaign_{name}_n"] = {one.text: str(len(one.singles(name))) for one, _ in known}
    return columns


def _format_of(output: Path) -> Literal["csv", "parquet"]:
    if output.suffix == ".csv":
        return "csv"
    if output.suffix in (".parquet", ".pq"):
        return "parquet"
    raise InvalidInputError(
        f"The suffix {output.suffix!r} names no format.",
        where=str(output),
        hint="Add --format csv or --format parquet.",
    )

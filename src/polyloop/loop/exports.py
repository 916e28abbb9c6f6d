"""Export the records of a campaign, or of a whole store."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from polyloop.core import InvalidInputError
from polyloop.loop.campaign import Campaign
from polyloop.store import Store

__all__ = ["export_records"]


def export_records(
    source: str, output: Path, *, file_format: Literal["csv", "parquet"] | None = None, wide: bool = False
) -> int:
    """Write records as CSV or Parquet; return the number of rows.

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
    if Path(source).is_dir():
        campaign = Campaign.from_directory(source)
        store, name = campaign.open_store(), campaign.name
    else:
        if "://" not in source and not Path(source).is_file():
            raise InvalidInputError(
                "There is no such store or run.",
                where=source,
                mend="Name the folder of a run, or a store's file or URL.",
            )
        store, name = Store(source), None
    with store:
        write = store.export_csv if file_format == "csv" else store.export_parquet
        return write(output, "wide" if wide else "long", campaign=name)


def _format_of(output: Path) -> Literal["csv", "parquet"]:
    if output.suffix == ".csv":
        return "csv"
    if output.suffix in (".parquet", ".pq"):
        return "parquet"
    raise InvalidInputError(
        f"The suffix {output.suffix!r} names no format.",
        where=str(output),
        mend="Add --format csv or --format parquet.",
    )

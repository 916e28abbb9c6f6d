"""Tables out of campaigns and stores, and measured tables into a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from polyloop.app.cli.console import message, write_json

__all__ = ["export", "import_table"]


def export(
    source: Annotated[str, typer.Argument(metavar="DIR|STORE", help="Folder of a run, or URL or file of a store.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.")],
    file_format: Annotated[
        Literal["csv", "parquet"] | None, typer.Option("--format", help="Format.  [default: by the file's suffix]")
    ] = None,
    wide: Annotated[bool, typer.Option("--wide", help="One row per evaluation, one column per property.")] = False,
) -> None:
    """Write the records of a campaign, or of a whole store, as CSV or Parquet."""
    from polyloop.campaign import export_records

    count = export_records(source, output, file_format=file_format, wide=wide)
    message(f"{count} rows in {output}.")


def import_table(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or Parquet: smiles, and a column per property.")],
    store: Annotated[str, typer.Option("--store", metavar="URL", help="Results database: file or URL.")],
    protocol: Annotated[
        str, typer.Option("--protocol", help="What the values are called in the store: NAME@VERSION.")
    ] = "experiment/table@1",
    kind: Annotated[
        str | None, typer.Option("--kind", help="Kind of the subjects.  [default: the column kind, else polymer]")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="COLUMN", help="Pass over a column; may be repeated.")
    ] = None,
    temperature: Annotated[
        float, typer.Option("--temperature", min=1, max=10_000, help="K, where the table does not say it.")
    ] = 298.15,
    pressure: Annotated[
        float, typer.Option("--pressure", min=1e-12, max=1e6, help="atm, where the table does not say it.")
    ] = 1.0,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out rows that cannot be read.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Keep measured values of a table in a results database; importing a table twice changes nothing."""
    from dataclasses import asdict

    from polyloop.core import Conditions
    from polyloop.store import Store

    with Store(store) as opened:
        summary = opened.import_table(
            file,
            protocol,
            kind=kind,
            conditions=Conditions(temperature, pressure),
            ignore=ignore or (),
            skip_bad=skip_bad,
        )
    for note in summary.notes:
        message(note)
    if as_json:
        write_json(asdict(summary))
    else:
        message(
            f"{summary.records} values in {opened.where}: {summary.added} evaluations are new, {summary.known} were "
            f"known, {summary.unphysical} values are unphysical, {summary.empty_rows} rows are empty."
        )

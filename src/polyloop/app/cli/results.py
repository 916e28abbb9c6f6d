"""`polyloop export`: what a campaign or a store holds, as one table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from polyloop.app.cli.console import message

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(export)


def export(
    source: Annotated[str, typer.Argument(metavar="DIR|STORE", help="Folder of a run, or URL or file of a store.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.")],
    file_format: Annotated[
        Literal["csv", "parquet"] | None, typer.Option("--format", help="Format.  [default: by the file's suffix]")
    ] = None,
    wide: Annotated[bool, typer.Option("--wide", help="One row per polymer, one column per property.")] = False,
) -> None:
    """Write the records of a campaign, or of a whole store, as CSV or Parquet."""
    from polyloop.loop import export_records

    count = export_records(source, output, file_format=file_format, wide=wide)
    message(f"{count} rows in {output}.")

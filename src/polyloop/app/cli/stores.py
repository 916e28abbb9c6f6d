"""`polyloop store ...`: import, export, backup and check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polyloop.app.cli.console import message
from polyloop.app.cli.curves import export_curves, import_curves
from polyloop.app.cli.groups import group
from polyloop.app.cli.results import export, import_table

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the group of commands to `app`."""
    store = group(app, "store", "A results database: tables in and out, copies, checks.")
    store.command(name="import")(import_table)
    store.command()(export)
    store.command()(import_curves)
    store.command()(export_curves)
    store.command()(backup)
    store.command()(check)


def check(store: Annotated[str, typer.Argument(metavar="URL", help="Results database: file or URL.")]) -> None:
    """Look a store over for damage; exit 1 where there is some."""
    from polyloop.store import Store

    with Store(store, read_only=True) as opened:
        wrong = opened.check()
    for line in wrong:
        typer.echo(line)
    message(f"{opened.where}: {len(wrong)} faults." if wrong else f"{opened.where} is sound.")
    if wrong:
        raise typer.Exit(1)


def backup(
    store: Annotated[str, typer.Argument(metavar="URL", help="Results database: file or URL.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write; an earlier copy is replaced.")],
) -> None:
    """Copy an SQLite store to a file, also while campaigns write to it. Copying its file alone is no backup."""
    from polyloop.store import Store

    with Store(store, read_only=True) as opened:
        opened.backup(file)
    message(f"{opened.where} is copied to {file} ({file.stat().st_size / 1e6:.1f} MB).")

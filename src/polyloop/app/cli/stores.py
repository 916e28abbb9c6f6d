"""`polyloop store backup`: what is done with a store as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polyloop.app.cli.console import message

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the group of commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help="Look after a store.", rich_markup_mode=None)
    group.callback()(_store)
    group.command()(backup)
    app.add_typer(group, name="store")


def _store() -> None:
    """Look after a results database."""


def backup(
    store: Annotated[str, typer.Argument(metavar="URL", help="Results database: file or URL.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write; an earlier copy is replaced.")],
) -> None:
    """Copy an SQLite store to a file, also while campaigns write to it. Copying its file alone is no backup."""
    from polyloop.store import Store

    with Store(store, read_only=True) as opened:
        opened.backup(file)
    message(f"{opened.where} is copied to {file} ({file.stat().st_size / 1e6:.1f} MB).")

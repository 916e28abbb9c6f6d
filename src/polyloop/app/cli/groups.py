"""Groups of commands by noun: `polyloop campaign ...`, `polyloop store ...`, `polyloop cell ...`."""

from __future__ import annotations

import typer

__all__ = ["group"]


def group(app: typer.Typer, name: str, words: str) -> typer.Typer:
    """Add a group of commands to `app` and return it."""
    made = typer.Typer(no_args_is_help=True, help=words, rich_markup_mode=None)
    app.add_typer(made, name=name)
    return made

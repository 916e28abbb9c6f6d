"""The group of commands `polyloop design`."""

from __future__ import annotations

import typer

from polyloop.app.cli.design.enumeration import enumerate_
from polyloop.app.cli.design.inverse import invert
from polyloop.app.cli.design.language import generate, train_language
from polyloop.app.cli.groups import group

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the group of commands to `app`."""
    design = group(
        app, "design", "Candidates that are made: small molecules, units of a language model, inverse design."
    )
    design.command("enumerate")(enumerate_)
    design.command("train-language")(train_language)
    design.command()(generate)
    design.command()(invert)

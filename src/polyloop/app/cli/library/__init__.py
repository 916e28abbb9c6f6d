"""`polyloop library ...`: rules, monomers, build, stats, screen."""

from polyloop.app.cli.library.commands import register

__all__ = ["register"]

"""The command `polyloop`: its commands, and what becomes of errors (exit code 1 and one message, no traceback)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from polyloop.app.cli import (
    campaign_group,
    campaigns,
    cells,
    crystals,
    library,
    models,
    polymers,
    processes,
    stores,
    system,
)
from polyloop.app.cli.console import message
from polyloop.app.cli.design import commands as designs
from polyloop.core.errors import EvaluationError, FailureCode, PolyloopError
from polyloop.core.settings import check_settings

__all__ = ["app", "main", "run"]

BUG, INTERRUPTED = 70, 130


class _Commands(TyperGroup):
    """The group of commands, which turns errors into messages and exit codes."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; `--debug` lets the traceback through."""
        if ctx.params.get("debug"):
            return super().invoke(ctx)
        try:
            check_settings()
            return super().invoke(ctx)
        except EvaluationError as error:
            if error.failure.code is FailureCode.PROGRAM:
                message(f"polyloop has a bug: {error} Add --debug to see more. What is finished is kept.")
                raise typer.Exit(BUG) from error
            message(f"Error: {error}")
            raise typer.Exit(1) from error
        except PolyloopError as error:
            message(f"Error: {error}")
            raise typer.Exit(1) from error
        except OSError as error:
            message(f"Error: {error}. Check the path, its permissions and the space on the disk, then run it again.")
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            message("Interrupted. The same command again goes on where this one stopped.")
            raise typer.Exit(INTERRUPTED) from error


app = typer.Typer(
    cls=_Commands,
    name="polyloop",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from polyloop import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def polyloop(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Closed-loop discovery of polymers: propose, compute from physics, learn, propose better ones.

    Results go to stdout and everything else to stderr. The exit code is 0 when the command did its work, 1 for input
    that it cannot use, 130 when it was interrupted, and 70 for a bug of its own.
    """


for module in (
    campaigns,
    polymers,
    system,
    campaign_group,
    cells,
    stores,
    models,
    library,
    designs,
    crystals,
    processes,
):
    module.register(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # --debug may stand anywhere, because one adds it to the end of a command that has just failed.
    debug = "--debug" in given
    given = [word for word in given if word != "--debug"]
    try:
        app(["--debug", *given] if debug else given, prog_name="polyloop")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        return 1 if code == 2 else code  # 2 is the parser's word for wrong arguments
    except Exception as error:
        if debug:
            raise
        message(f"polyloop has a bug: {type(error).__name__}: {error}. Add --debug to see where, and report it.")
        return BUG
    return 0


def run() -> None:
    """Entry point of the console script."""
    sys.exit(main())

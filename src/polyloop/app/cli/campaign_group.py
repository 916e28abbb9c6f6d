"""`polyloop campaign ...`: suggest, tell, pending, report, retry, change and export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from polyloop.app.cli.console import message, write_json
from polyloop.app.cli.groups import group
from polyloop.app.cli.results import export
from polyloop.core.text import visible

__all__ = ["register"]

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the run, e.g. runs/demo.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]


def register(app: typer.Typer) -> None:
    """Add the group of commands to `app`."""
    campaign = group(app, "campaign", "A campaign beside its running: ask and tell, report, retry, change, export.")
    campaign.command()(suggest)
    campaign.command()(tell)
    campaign.command()(pending)
    campaign.command()(report)
    campaign.command()(retry)
    campaign.command()(change)
    campaign.command()(export)


def suggest(
    source: Annotated[Path, typer.Argument(metavar="FILE|DIR", help="Campaign file, or folder of a run.")],
    count: Annotated[
        int | None, typer.Option("--count", "-n", min=1, max=100_000, help="How many.  [default: the file's batch]")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="CSV to write, to fill in.")
    ] = None,
    directory: Annotated[
        Path | None, typer.Option("--directory", "-d", metavar="DIR", help="Folder of the run.  [default: runs/NAME]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Suggest what a laboratory should make and measure next; what was suggested before is not suggested again."""
    from polyloop.campaign import Campaign

    campaign = Campaign.from_directory(source) if source.is_dir() else Campaign.from_file(source, directory)
    found = campaign.suggest(count, path=output)
    _write(found, as_json=as_json, output=output)
    awaited = len(campaign.pending()) - len(found)
    hint = f"Enter results with: polyloop campaign tell {campaign.directory} FILE"
    message(f"{len(found)} suggested, {awaited} more awaited. {hint}")
    below = sum(bool(one.level) and not one.status.is_final for one in campaign.state().asked)
    if below:
        message(f"{below} are to be computed at a cheaper level. Do it with: polyloop discover {campaign.directory}")


def tell(
    directory: Directory,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or Parquet: smiles, a column per property, ...")],
    repeats: Annotated[
        bool, typer.Option("--repeats", help="Values of what was measured before are further measurements.")
    ] = False,
    column: Annotated[str | None, typer.Option("--column", help="Column of the candidates.  [default: smiles]")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why values are corrected; kept with the old ones.")] = "",
    as_json: Json = False,
) -> None:
    """Enter what was measured: values, errors, failures, corrections, also of candidates that were never suggested."""
    from dataclasses import asdict

    from polyloop.campaign import Campaign

    entered = Campaign.from_directory(directory).tell(file, repeats=repeats, column=column, reason=reason)
    if as_json:
        write_json(asdict(entered))
        return
    typer.echo(f"{entered.new} new, {entered.corrected} corrected, {entered.known} known before.")
    for line in entered.corrections:
        typer.echo(visible(f"  {line}"))
    if entered.unasked:
        typer.echo(visible(f"{len(entered.unasked)} were not suggested by this campaign: {', '.join(entered.unasked)}"))


def pending(
    directory: Directory,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="CSV to write, to fill in.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the suggestions whose values are awaited."""
    from polyloop.campaign import Campaign

    found = Campaign.from_directory(directory).pending(output)
    _write(found, as_json=as_json, output=output)
    message(f"{len(found)} awaited.")


def _write(found: list[Any], *, as_json: bool, output: Path | None) -> None:
    if as_json:
        write_json([
            {"kind": one.subject.kind, "subject": one.subject.text, "cycle": one.cycle, "repeat": one.repeat,
             "columns": dict(one.columns), "predicted": {name: dict(said) for name, said in one.predicted.items()}}
            for one in found
        ])  # fmt: skip
    elif output is None:
        for one in found:
            typer.echo(visible(one.subject.text))
    else:
        typer.echo(str(output))


def report(
    directory: Directory,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder to write.  [default: DIR/report]")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="html, or what an installed package brings.")] = "html",
) -> None:
    """Write the report of a campaign anew and name its path."""
    from polyloop.campaign import Campaign

    typer.echo(Campaign.from_directory(directory).report(folder=output, form=form))


def change(
    directory: Directory,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Campaign file that says what it is to be.")],
    as_json: Json = False,
) -> None:
    """Change the objectives, the pool or the models of a campaign in its middle; what was evaluated stays."""
    from polyloop.campaign import Campaign

    Campaign.from_directory(directory)  # says so where there is none
    made = Campaign.from_file(file, directory).change()
    if as_json:
        write_json(None if made is None else made.to_dict())
    elif made is None:
        typer.echo("Nothing to change: the folder holds what the file says.")
    else:
        typer.echo(visible(str(made)))
        message(f"Go on with: polyloop discover {file} --directory {directory}")


def retry(
    directory: Directory,
    code: Annotated[
        list[str] | None, typer.Option("--code", metavar="CODE", help="Only this failure; may be repeated.")
    ] = None,
) -> None:
    """Put failed evaluations of a campaign back, so that the next `polyloop discover` evaluates them again."""
    from polyloop.campaign import Campaign

    count = Campaign.from_directory(directory).retry(code)
    typer.echo(f"{count} evaluations are waiting again.")

"""`polyloop discover` and `polyloop status`: a campaign, from its file or its folder."""

from __future__ import annotations

from collections.abc import Mapping
from math import hypot
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyloop.app.cli.console import message, with_unit, write_json
from polyloop.core import get_property
from polyloop.core.text import visible

if TYPE_CHECKING:
    from polyloop.campaign import CampaignStatus
    from polyloop.campaign.state import Best, Next

__all__ = ["register"]

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the run, e.g. runs/demo.")]
# Polymers that `status` names: of the best, and of what comes next or is left out for one reason.
_BEST, _NAMED = 10, 5

Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(discover)
    app.command()(status)


def discover(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Campaign file (TOML).")],
    cycles: Annotated[
        int | None, typer.Option("--cycles", min=0, max=10**9, help="Cycles in all, instead of the file's.")
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, max=4096, help="Evaluations at once.")] = None,
    directory: Annotated[
        Path | None, typer.Option("--directory", "-d", metavar="DIR", help="Folder of the run.  [default: runs/NAME]")
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out rows of pool and tables that cannot be read, and name them.")
    ] = False,
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no report.")] = False,
) -> None:
    """Run a campaign, or go on with it: a command that was stopped or killed goes on when it is given again."""
    from polyloop.app.cli.progress import show_progress
    from polyloop.campaign import Campaign

    campaign = Campaign.from_file(file, directory, skip_bad=skip_bad)
    with show_progress(quiet=quiet or as_json) as progress:
        outcome = campaign.run(cycles=cycles, workers=workers, progress=progress, report=not no_report)
    if as_json:
        write_json(outcome.to_dict())
    else:
        _show(outcome, campaign.directory)
    if outcome.state == "interrupted":
        message(f"Interrupted. Go on with the same command; nothing that is finished is evaluated again: {file}")
        raise typer.Exit(130)


def status(directory: Directory, as_json: Json = False) -> None:
    """Say where a campaign stands."""
    from polyloop.campaign import Campaign

    outcome = Campaign.from_directory(directory).status()
    if as_json:
        write_json(outcome.to_dict())
    else:
        _show(outcome, directory)


def _show(outcome: CampaignStatus, directory: Path) -> None:
    from polyloop.campaign.state import STOP_REASONS, standing

    word = standing(outcome.state, outcome.reason)
    lines = [f"{outcome.name}: {word}{f' ({outcome.reason})' if outcome.reason else ''}"]
    if outcome.reason in STOP_REASONS:
        lines.append(f"  {STOP_REASONS[outcome.reason]}")
    waiting = f", {outcome.waiting} waiting or running" if outcome.waiting else ""
    lines.append(
        f"cycle {outcome.cycle} of {outcome.cycles}: {outcome.evaluations}{_of_pool(outcome)} evaluated, "
        f"{outcome.failures} of them failed or implausible{waiting}"
    )
    lines += [f"  {code.replace('_', ' ')}: {count}" for code, count in outcome.failures_by_reason.items()]
    if outcome.hypervolume is not None:
        lines.append(f"hypervolume {outcome.hypervolume:.5g}")
    lines += [*_best(outcome), *_next(outcome), *_left_out(outcome), f"folder {directory}"]
    typer.echo("\n".join(visible(line) for line in lines))


def _of_pool(outcome: CampaignStatus) -> str:
    """Say of how many candidates; a space of variables has no number."""
    return f" of {outcome.pool} candidates" if outcome.pool else " candidates"


def _best(outcome: CampaignStatus) -> list[str]:
    if not outcome.best:
        return ["no candidate has values of all objectives"]
    more = f", {_BEST} of them here" if len(outcome.best) > _BEST else ""
    lines = [f"best, no other is better in every objective: {len(outcome.best)}{more}"]
    for best in outcome.best[:_BEST]:
        values = ", ".join(
            f"{get_property(name).words} {with_unit(name, value)}" for name, value in best.values.items()
        )
        place = {None: "", True: "  inside every wanted range", False: "  not inside every wanted range"}[
            best.in_ranges
        ]
        met = {None: "", True: "  meets every requirement", False: "  misses a requirement"}[best.meets]
        cost = "" if best.cost is None else f"  cost {best.cost:.4g}"
        lines.append(f"  {_called(best)}  {values}{place}{met}{cost}")
    return lines


def _next(outcome: CampaignStatus) -> list[str]:
    if not outcome.next:
        return []
    suggested = outcome.next[0].status == "suggested"
    lines = [
        f"one more cycle would evaluate: {len(outcome.next)}"
        if suggested
        else f"picked, without values yet: {len(outcome.next)}"
    ]
    for one in outcome.next[:_NAMED]:
        told = ", ".join(
            f"{get_property(name).words} {with_unit(name, said['mean'])} ± {_std(said):.2g}"
            for name, said in one.predicted.items()
        )
        status = "" if suggested else f"  {one.status}"
        lines.append(f"  {_called(one)}{status}{f'  predicted: {told}' if told else ''}")
    if len(outcome.next) > _NAMED:
        lines.append(f"  and {len(outcome.next) - _NAMED} more (--json lists all)")
    return lines


def _std(said: Mapping[str, float]) -> float:
    return hypot(said["std"], said.get("noise_std", 0.0))


def _called(one: Best | Next) -> str:
    if one.text.startswith("{"):
        return one.name or one.text  # a point, whose name says the same in fewer signs
    return f"{one.text} ({one.name})" if one.name else one.text


def _left_out(outcome: CampaignStatus) -> list[str]:
    """Say what is never proposed, the first few of each kind by name, and what is to be known of the tables."""
    lines = []
    for why, count in outcome.left_out_counts.items():
        if count:
            lines.append(f"{count} left out of the pool: {why}")
        rows = [row for row in outcome.left_out if row["why"] == why]
        lines += [f"  {_place(row)}{row['smiles']}: {row['reason']}" for row in rows[:_NAMED]]
        if len(rows) > _NAMED:
            lines.append(f"  and {len(rows) - _NAMED} more (--json lists all)")
    return lines + list(outcome.notes)


def _place(row: Mapping[str, Any]) -> str:
    return "" if row["line"] is None else f"line {row['line']} "

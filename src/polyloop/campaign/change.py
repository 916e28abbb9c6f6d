"""What it takes to change a campaign in its middle: what may change, what is kept of before, what is counted anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from typing import Any

from polyloop.campaign.directory import RunDirectory
from polyloop.campaign.loading import load_asked
from polyloop.campaign.metrics import cycle_metrics
from polyloop.campaign.plan import EvaluationPlan
from polyloop.campaign.space import point_columns, space_of
from polyloop.campaign.state import stated_reference_point
from polyloop.core import ConfigurationError, InvalidInputError, Request
from polyloop.store import Store

__all__ = ["archive", "batch_change", "check_change", "check_points", "recount"]

# What a campaign is of: with another of these, it is another campaign.
_FIXED = {
    "campaign": ("name", "evaluation_seed", "temperature", "pressure", "conditions"),
    "pool": ("kind",),
    "levels": ("costs",),
}


def check_change(before: Mapping[str, Any], plan: EvaluationPlan) -> None:
    """Raise where a change would make another campaign of it.

    Parameters
    ----------
    before
        What `identity.identity_of` returned when the campaign began, or was changed last.

    Raises
    ------
    ConfigurationError
        Naming what must stay as it is, and what to do instead.
    """
    now, was = plan.identity()["config"], before["config"]
    for table, keys in _FIXED.items():
        old, new = was.get(table) or {}, now.get(table) or {}
        for key in keys:
            if old.get(key) != new.get(key):
                raise _other(f"{table}.{key}", "is part of what the campaign is of")
    for name, definition in now.get("properties", {}).items():
        if was.get("properties", {}).get(name, definition) != definition:
            raise _other(f"properties.{name}", "says what the known values are")
    asked, known = plan.asked(), before["evaluators"]
    for name, protocol in asked.items():
        if name in known and known[name] != protocol:
            raise _other(f"the evaluator of {name}", "gave the values that are known")
        if protocol not in known.values():
            raise _other(f"{name} by {protocol}", "was never asked of the candidates that are known")


def _other(what: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"A change cannot reach {what}: it {why}.",
        hint="Start another campaign, in another folder; with the same [store] url nothing is evaluated again.",
    )


def archive(files: RunDirectory, number: int) -> None:
    """Copy the files of a run as they are before a change; those that an interrupted change copied are kept."""
    folder = files.before_change(number)
    folder.mkdir(parents=True, exist_ok=True)
    for path in (files.config, files.pool, files.identity):
        if path.is_file() and not (folder / path.name).is_file():
            shutil.copyfile(path, part := folder / f".{path.name}.part")
            part.replace(folder / path.name)


def check_points(plan: EvaluationPlan, requests: Iterable[Request]) -> None:
    """Raise `ConfigurationError` where a space of variables no longer has what was picked of it."""
    space = space_of(plan.config)
    if space is None:
        return
    for request in {request.key: request for request in requests}.values():
        text = request.subject.text
        try:
            point_columns(space, text if plan.points is None else plan.points.text(request))
        except InvalidInputError as error:
            raise ConfigurationError(
                f"The changed space has no place for a point that is known, {text}: {error.reason}",
                where=error.where,
                hint="Widen the variables, or start another campaign in another folder.",
            ) from error


def batch_change(store: Store, campaign: str, batch: int) -> str:
    """Say how the batch differs from that of the last sitting; nothing where it does not."""
    entry = store.campaign(campaign)
    before = {} if entry is None else entry.config.get("file", {}).get("campaign", {})
    return f"campaign.batch was {before['batch']}, is {batch}" if before.get("batch", batch) != batch else ""


def recount(store: Store, campaign: str, plan: EvaluationPlan) -> None:
    """Compute the metrics of all finished cycles for the objectives of now, so that a curve is of one kind.

    The reference point is fixed anew, by the first cycle with two complete candidates.
    """
    everything = load_asked(
        store, campaign, plan.objectives, asked=plan.asked(), below=plan.asked_below(), points=plan.points
    )
    point = stated_reference_point(plan.config)
    for entry in store.cycles(campaign):
        kept = {name: value for name, value in entry.metrics.items() if name != "reference_point"}
        if "finished" in kept:
            history = [one for one in everything if one.cycle <= entry.cycle]
            metrics = cycle_metrics(entry.cycle, history, plan.objectives, point, kept, plan.constraints)
            point, kept = metrics.reference_point, {**kept, "finished": metrics.to_dict()}
        store.save_cycle(campaign, entry.cycle, kept)

"""Candidates that were evaluated more than once: one candidate, whose value is the mean of its repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt
from statistics import fmean, stdev

from polyloop.campaign.state import Candidate
from polyloop.core import Record, Request, Status
from polyloop.evaluation.replicas import ReplicaMean

__all__ = ["mean_of_repeats", "merge_repeats"]


def merge_repeats(asked: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return each candidate (and level) once, where it was first picked, its values the means of its repeats.

    Parameters
    ----------
    asked
        Every evaluation as it was asked, in the order of picking.
    """
    groups: dict[tuple[str, str], list[Candidate]] = {}
    for one in asked:
        groups.setdefault((one.text, one.level), []).append(one)
    if len(groups) == len(asked):
        return tuple(asked)
    return tuple(group[0] if len(group) == 1 else _merged(group) for group in groups.values())


def _merged(group: Sequence[Candidate]) -> Candidate:
    singles: dict[str, dict[str, Record]] = {}
    for one in group:
        for name, record in one.records.items():
            done = one.repeats.get(name) or ((record,) if record.status is Status.DONE else ())
            singles.setdefault(name, {}).update((each.key, each) for each in done)
    repeats = {
        name: tuple(sorted(found.values(), key=lambda record: record.request.seed))
        for name, found in singles.items()
        if len(found) > 1
    }
    # A repeat that failed takes nothing from the values that there are.
    best = next((one for one in group if one.status is Status.DONE), group[0])
    means = {name: mean_of_repeats(found[0].request, found) for name, found in repeats.items()}
    return replace(
        group[0], records={**best.records, **means}, status=best.status, failure=best.failure, repeats=repeats
    )


def mean_of_repeats(request: Request, repeats: Sequence[Record]) -> Record:
    """Return the mean of repeats as one record under `request`; its std is the standard error of that mean.

    What a protocol says of an error that all its seeds share is not lowered by repeating.

    Parameters
    ----------
    repeats
        Records of one property with values, at least one; of one it is that record.
    """
    from polyloop.simulate.protocols import known_protocol

    values = [record.value for record in repeats if record.value is not None]
    first = repeats[0]
    if len(values) == 1:
        return replace(first, request=request)
    std, std_of = stdev(values) / sqrt(len(values)), f"standard error of the mean of {len(values)} repeats"
    if known_protocol(request.protocol_id) is not None:
        mean = ReplicaMean.of(repeats)
        std, std_of = (std, std_of) if mean.std is None else (mean.std, mean.std_of)
    return Record.of_value(
        request, first.property, fmean(values), std=std, n=len(values), std_of=std_of, provenance=first.provenance
    )

"""Assemble candidates and metrics of a campaign from the rows of its store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import sqrt
from statistics import fmean, stdev

from polyloop.campaign.plan import is_answer_of
from polyloop.campaign.points import PointReader
from polyloop.campaign.state import Candidate, CycleMetrics
from polyloop.core import Conditions, Failure, FailureCode, Record, Request, Status, Subject
from polyloop.design import Objective
from polyloop.evaluation.laboratory import is_experiment
from polyloop.store import Evaluation, SavedPick, Store

__all__ = ["fixed_reference_point", "is_over", "load_candidates", "load_cycles"]


def load_candidates(
    store: Store,
    campaign: str,
    objectives: Sequence[Objective],
    cycle: int | None = None,
    *,
    asked: Mapping[str, str],
    below: Mapping[str, Mapping[str, str]] | None = None,
    points: PointReader | None = None,
) -> tuple[Candidate, ...]:
    """Return what the campaign picked (in one cycle, or ever), in the order of picking.

    `asked` is the identity of the evaluator that is asked for each property: another one may yield it beside its own.
    `below` is the same for each cheaper level that may be asked. `points` tells which point of a space a request for a
    subject at a state belongs to.
    """
    now = {*asked.values(), *(name for of in (below or {}).values() for name in of.values())}
    # A change of the objectives may leave evaluations that nobody waits for any more.
    picks = [saved for saved in store.picks(campaign, cycle) if _is_of(saved.pick.request.protocol_id, now)]
    keys = [saved.pick.request.key for saved in picks]
    if not keys:
        return ()
    evaluations = {evaluation.request.key: evaluation for evaluation in store.evaluations(keys=keys)}
    records: dict[str, list[Record]] = {}
    for record in store.records(keys=keys):
        records.setdefault(record.key, []).append(record)
    repeats = _repeats(store, [saved.pick.request for saved in picks])
    level_of = {name: level for level, names in (below or {}).items() for name in names.values()}
    groups: dict[tuple[int, str, str], list[SavedPick]] = {}
    for saved in picks:
        request = saved.pick.request
        text = request.subject.text if points is None else points.text(request)
        groups.setdefault((saved.cycle, text, level_of.get(request.protocol_id, "")), []).append(saved)
    ranks: dict[int, int] = {}
    candidates = []
    for (number, text, level), group in groups.items():
        rank = ranks[number] = ranks.get(number, -1) + 1
        own = (below or {})[level] if level else asked
        candidate = _candidate(group, rank, evaluations, records, objectives, own, repeats)
        subject = candidate.subject if points is None else Subject("process", text)
        candidates.append(replace(candidate, subject=subject, level=level))
    return tuple(candidates)


def _is_of(protocol: str, identities: Collection[str]) -> bool:
    return protocol in identities or any(is_answer_of(protocol, one) for one in identities)


def load_cycles(store: Store, campaign: str) -> tuple[CycleMetrics, ...]:
    """Return the metrics of the finished cycles, in order."""
    entries = [entry.metrics for entry in store.cycles(campaign)]
    return tuple(CycleMetrics.from_dict(metrics["finished"]) for metrics in entries if "finished" in metrics)


def fixed_reference_point(store: Store, campaign: str) -> tuple[float, ...] | None:
    """Return the reference point that an earlier cycle, or a suggestion, has fixed; None before there is one."""
    entries = [entry.metrics for entry in store.cycles(campaign)]
    points = [
        metrics.get("reference_point") or metrics.get("finished", {}).get("reference_point") for metrics in entries
    ]
    return next((tuple(point) for point in points if point is not None), None)


def _repeats(store: Store, requests: Sequence[Request]) -> dict[_Question, Record]:
    """Return, by what is asked, the mean of measured values that were repeated; nothing where there is one."""
    measured = [request for request in requests if is_experiment(request.protocol_id)]
    if not measured:
        return {}
    groups: dict[_Question, list[Record]] = {}
    protocols = {request.protocol_id for request in measured}
    subjects = {request.subject for request in measured}
    for record in store.records(subjects=subjects, protocols=protocols, statuses=[Status.DONE]):
        groups.setdefault(_question(record.request), []).append(record)
    asked = {_question(one): one for one in measured}
    return {
        key: _mean(asked[key], sorted(group, key=lambda one: one.request.seed))
        for key, group in groups.items()
        if key in asked and (len(group) > 1 or group[0].request != asked[key])
    }


_Question = tuple[str, str, Conditions]


def _question(request: Request) -> _Question:
    """Return what is asked, whichever of its repeats answers it."""
    return request.protocol_id, request.subject.text, request.conditions


def _mean(request: Request, group: Sequence[Record]) -> Record:
    """Return the mean of repeats as one record, whose std is the standard error of that mean."""
    values = [record.value for record in group if record.value is not None]
    if len(values) == 1:
        return replace(group[0], request=request)
    return Record.of_value(
        request, group[0].property, fmean(values), std=stdev(values) / sqrt(len(values)), n=len(values),
        std_of=f"standard error of the mean of {len(values)} repeats", provenance=group[0].provenance,
    )  # fmt: skip


def _candidate(
    group: Sequence[SavedPick],
    rank: int,
    evaluations: Mapping[str, Evaluation],
    records: Mapping[str, Sequence[Record]],
    objectives: Sequence[Objective],
    asked: Mapping[str, str],
    repeats: Mapping[_Question, Record],
) -> Candidate:
    keys = [saved.pick.request.key for saved in group]
    found = {
        record.property: record
        for key in keys
        for record in records.get(key, ())
        if is_answer_of(record.request.protocol_id, asked.get(record.property, record.request.protocol_id))
    }
    own = {name: repeats.get(_question(saved.pick.request))
           for saved in group for name in asked if asked[name] == saved.pick.request.protocol_id}  # fmt: skip
    found |= {name: record for name, record in own.items() if record is not None}
    status, failure = _verdict([evaluations[key] for key in keys], found, objectives)
    first = group[0]
    return Candidate(
        cycle=first.cycle,
        rank=rank,
        subject=first.pick.request.subject,
        acquisition=first.pick.acquisition,
        predicted=first.pick.predicted,
        records=found,
        status=status,
        failure=failure,
    )


def _verdict(
    evaluations: Sequence[Evaluation], records: Mapping[str, Record], objectives: Sequence[Objective]
) -> tuple[Status, Failure | None]:
    """Judge a candidate by what is missing most: work to do, then failures, then implausible values."""
    answered = {record.request.protocol_id for record in records.values() if is_experiment(record.request.protocol_id)}
    evaluations = [one for one in evaluations if one.request.protocol_id not in answered]
    unfinished = [evaluation.status for evaluation in evaluations if not is_over(evaluation.status)]
    if unfinished:
        return (Status.RUNNING if Status.RUNNING in unfinished else Status.WAITING), None
    failed = [evaluation.failure for evaluation in evaluations if evaluation.failure is not None]
    if failed:
        return Status.FAILED, failed[0]
    for objective in objectives:
        record = records.get(objective.property)
        if record is None:
            reason = f"The evaluation ended without a record of {objective.property}."
            return Status.FAILED, Failure(FailureCode.EVALUATOR, "evaluator", reason)
        if record.failure is not None:
            return Status.FAILED, record.failure
    if any(records[objective.property].status is not Status.DONE for objective in objectives):
        return Status.UNPHYSICAL, None
    return Status.DONE, None


def is_over(status: Status) -> bool:
    """Tell whether nothing more will happen by itself; a cancelled evaluation is taken up again."""
    return status.is_final and status is not Status.CANCELLED

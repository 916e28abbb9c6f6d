"""Assemble candidates and metrics of a campaign from the rows of its store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from polyloop.campaign.plan import is_answer_of
from polyloop.campaign.points import PointReader
from polyloop.campaign.repeats import mean_of_repeats, merge_repeats
from polyloop.campaign.state import Candidate, CycleMetrics
from polyloop.core import Conditions, Failure, FailureCode, Record, Request, Status, Subject
from polyloop.design import Objective
from polyloop.evaluation.laboratory import is_experiment
from polyloop.store import Evaluation, SavedPick, Store

__all__ = ["fixed_reference_point", "is_over", "load_asked", "load_candidates", "load_cycles"]


def load_candidates(
    store: Store,
    campaign: str,
    objectives: Sequence[Objective],
    *,
    asked: Mapping[str, str],
    below: Mapping[str, Mapping[str, str]] | None = None,
    points: PointReader | None = None,
) -> tuple[Candidate, ...]:
    """Return what the campaign picked, in the order of picking, each candidate once; see `load_asked`."""
    return merge_repeats(load_asked(store, campaign, objectives, asked=asked, below=below, points=points))


def load_asked(
    store: Store,
    campaign: str,
    objectives: Sequence[Objective],
    cycle: int | None = None,
    *,
    asked: Mapping[str, str],
    below: Mapping[str, Mapping[str, str]] | None = None,
    points: PointReader | None = None,
) -> tuple[Candidate, ...]:
    """Return what the campaign asked (in one cycle, or ever), in the order of picking, repeats by themselves.

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
    measured = _measured(store, campaign, [saved.pick.request for saved in picks])
    level_of = {name: level for level, names in (below or {}).items() for name in names.values()}
    groups: dict[tuple[int, str, str, int], list[SavedPick]] = {}
    for saved in picks:
        request = saved.pick.request
        text = request.subject.text if points is None else points.text(request)
        level = level_of.get(request.protocol_id, "")
        groups.setdefault((saved.cycle, text, level, request.seed), []).append(saved)
    ranks: dict[int, int] = {}
    candidates = []
    for (number, text, level, seed), group in groups.items():
        rank = ranks[number] = ranks.get(number, -1) + 1
        own = (below or {})[level] if level else asked
        candidate = _candidate(group, rank, evaluations, records, objectives, own, measured)
        subject = candidate.subject if points is None else Subject("process", text)
        candidates.append(replace(candidate, subject=subject, level=level, seed=seed))
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


def _measured(store: Store, campaign: str, requests: Sequence[Request]) -> dict[str, tuple[Record, ...]]:
    """Return the measured values that answer each request, by its key and by seed; none where there is none.

    A laboratory may repeat what it was asked once: what no other pick has asked for answers the first one.
    """
    experiments = [request for request in requests if is_experiment(request.protocol_id)]
    if not experiments:
        return {}
    picked: dict[_Question, set[int]] = {}
    for request in (saved.pick.request for saved in store.picks(campaign, None)):
        picked.setdefault(_question(request), set()).add(request.seed)
    protocols, subjects = {one.protocol_id for one in experiments}, {one.subject for one in experiments}
    found: dict[str, list[Record]] = {}
    of = {(_question(one), one.seed): one.key for one in experiments}
    for record in store.records(subjects=subjects, protocols=protocols, statuses=[Status.DONE]):
        question = _question(record.request)
        seeds = picked.get(question, set())
        seed = record.request.seed if record.request.seed in seeds else min(seeds, default=0)
        key = of.get((question, seed))
        if key is not None:
            found.setdefault(key, []).append(record)
    return {key: tuple(sorted(group, key=lambda one: one.request.seed)) for key, group in found.items()}


_Question = tuple[str, str, Conditions]


def _question(request: Request) -> _Question:
    """Return what is asked, whichever of its repeats answers it."""
    return request.protocol_id, request.subject.text, request.conditions


def _candidate(
    group: Sequence[SavedPick],
    rank: int,
    evaluations: Mapping[str, Evaluation],
    records: Mapping[str, Sequence[Record]],
    objectives: Sequence[Objective],
    asked: Mapping[str, str],
    measured: Mapping[str, tuple[Record, ...]],
) -> Candidate:
    requests = [saved.pick.request for saved in group]
    found = {
        record.property: record
        for request in requests
        for record in records.get(request.key, ())
        if is_answer_of(record.request.protocol_id, asked.get(record.property, record.request.protocol_id))
    }
    answers = {one[0].property: (request, one) for request in requests if (one := measured.get(request.key, ()))}
    found |= {name: mean_of_repeats(request, one) for name, (request, one) in answers.items()}
    # A repeat asks for what scatters between repeats alone.
    protocols = [request.protocol_id for request in requests]
    due = [one for one in objectives if any(is_answer_of(each, asked.get(one.property, each)) for each in protocols)]
    status, failure = _verdict([evaluations[request.key] for request in requests], found, due or objectives)
    first = group[0].pick
    return Candidate(
        cycle=group[0].cycle,
        rank=rank,
        subject=first.request.subject,
        acquisition=first.acquisition,
        predicted=first.predicted,
        records=found,
        status=status,
        failure=failure,
        repeats={name: one for name, (_, one) in answers.items() if len(one) > 1},
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

"""Assemble candidates and metrics of a campaign from the rows of its store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from polyloop.campaign.plan import is_answer_of
from polyloop.campaign.state import Candidate, CycleMetrics
from polyloop.core import Failure, FailureCode, Record, Status
from polyloop.design import Objective
from polyloop.store import Evaluation, SavedPick, Store

__all__ = ["is_over", "load_candidates", "load_cycles"]


def load_candidates(
    store: Store,
    campaign: str,
    objectives: Sequence[Objective],
    cycle: int | None = None,
    *,
    asked: Mapping[str, str],
) -> tuple[Candidate, ...]:
    """Return what the campaign picked (in one cycle, or ever), in the order of picking.

    `asked` is the identity of the evaluator that is asked for each property: another one may yield it beside its own.
    """
    picks = store.picks(campaign, cycle)
    keys = [saved.pick.request.key for saved in picks]
    if not keys:
        return ()
    evaluations = {evaluation.request.key: evaluation for evaluation in store.evaluations(keys=keys)}
    records: dict[str, list[Record]] = {}
    for record in store.records(keys=keys):
        records.setdefault(record.key, []).append(record)
    groups: dict[tuple[int, str], list[SavedPick]] = {}
    for saved in picks:
        groups.setdefault((saved.cycle, saved.pick.request.subject.text), []).append(saved)
    ranks: dict[int, int] = {}
    candidates = []
    for (number, _), group in groups.items():
        rank = ranks[number] = ranks.get(number, -1) + 1
        candidates.append(_candidate(group, rank, evaluations, records, objectives, asked))
    return tuple(candidates)


def load_cycles(store: Store, campaign: str) -> tuple[CycleMetrics, ...]:
    """Return the metrics of the finished cycles, in order."""
    entries = [entry.metrics for entry in store.cycles(campaign)]
    return tuple(CycleMetrics.from_dict(metrics["finished"]) for metrics in entries if "finished" in metrics)


def _candidate(
    group: Sequence[SavedPick],
    rank: int,
    evaluations: Mapping[str, Evaluation],
    records: Mapping[str, Sequence[Record]],
    objectives: Sequence[Objective],
    asked: Mapping[str, str],
) -> Candidate:
    keys = [saved.pick.request.key for saved in group]
    found = {
        record.property: record
        for key in keys
        for record in records.get(key, ())
        if is_answer_of(record.request.protocol_id, asked.get(record.property, record.request.protocol_id))
    }
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

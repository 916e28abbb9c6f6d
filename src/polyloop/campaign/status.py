"""Where a campaign stands, and small changes of one that does not run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.loading import is_over
from polyloop.campaign.state import CampaignState, CampaignStatus
from polyloop.core import Status
from polyloop.store import Store, new_owner

__all__ = ["put_back", "status_of", "with_bad_rows_skipped"]


def status_of(state: CampaignState, name: str, word: str, reason: str, cycles: int) -> CampaignStatus:
    """Return where a campaign stands; `word` and `reason` are what its store says of it."""
    left_out = state.inputs.left_out(state.source)
    counts = Counter(row.why for row in state.source.left_out) if state.source is not None else Counter()
    over = [candidate for candidate in state.asked if is_over(candidate.status)]
    point = state.reference_point
    return CampaignStatus(
        name=name,
        state=word,
        reason=reason,
        cycle=max((candidate.cycle for candidate in state.asked), default=0),
        cycles=cycles,
        evaluations=len(over),
        waiting=len(state.asked) - len(over),
        failures=sum(state.failures.values()),
        failures_by_reason=state.failures,
        hypervolume=state.hypervolume,
        reference_point=None
        if point is None
        else {o.property: value for o, value in zip(state.objectives, point, strict=True)},
        best=state.best(),
        directory=str(state.directory),
        pool=len(state.pool),
        left_out=tuple(left_out),
        left_out_counts={**counts, "no descriptors": len(state.inputs.undescribed)},
        notes=state.inputs.notes,
        next=state.next(),
        changes=state.changes,
    )


def with_bad_rows_skipped(config: CampaignConfig) -> CampaignConfig:
    """Return a campaign that leaves out rows of its pool and tables that cannot be read."""
    tables = {
        name: table.model_copy(update={"skip_bad": table.table is not None})
        for name, table in config.evaluators.items()
    }
    pool = config.pool.model_copy(update={"skip_bad": config.pool.file is not None})
    return config.model_copy(update={"pool": pool, "evaluators": tables})


def put_back(store: Store, campaign: str, codes: Sequence[str] | None) -> int:
    """Let the failed evaluations of a campaign be claimed again; return how many."""
    owner = new_owner()
    failed = [
        evaluation.request
        for evaluation in store.failures(campaign=campaign)
        if not codes or (evaluation.failure is not None and evaluation.failure.code.value in codes)
    ]
    store.claim_many(failed, owner, retry_failed=True)
    return len(store.release(failed, owner, Status.WAITING))

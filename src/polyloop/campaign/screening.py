"""Screening: look over a pool with a cheap protocol or a model and keep the best, before dear evaluations are spent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from polyloop.campaign.config.tables import CampaignConfig, ScreeningTable
from polyloop.core import Record, Request, Status, Subject
from polyloop.design.left_out import UNSCREENED, LeftOut
from polyloop.design.pool import Pool
from polyloop.evaluation.evaluators import Evaluator, protocol_evaluator
from polyloop.evaluation.models import ModelEvaluator
from polyloop.evaluation.queue import EvaluationQueue, open_runner
from polyloop.run.interrupts import Interrupts
from polyloop.store import Store

__all__ = ["screen"]


def screen(
    pool: Pool,
    table: ScreeningTable,
    config: CampaignConfig,
    store: Store,
    workers: int,
    interrupts: Interrupts,
    progress: Callable[[int, int], None],
) -> Pool:
    """Return the `table.keep` best candidates in the pool's order; those whose screening failed are in its `left_out`.

    The results are kept in the store like any other, so that an interrupted screening goes on where it stopped.
    """
    evaluator = evaluator_of(table, pool.kind)
    campaign = config.campaign
    requests = [
        Request(Subject(pool.kind, smiles), evaluator.protocol_id, campaign.evaluation_seed, campaign.state)
        for smiles in pool.texts
    ]
    done = 0

    def on_done(request: Request) -> None:
        nonlocal done
        done += 1
        progress(done, len(requests))

    with open_runner([evaluator], workers, config.limits.limits) as runner, interrupts.cancelling(runner.cancel):
        EvaluationQueue(store, runner, lambda request: evaluator, interrupts).run(requests, on_done=on_done)
    records = {
        record.key: record
        for record in store.records(keys=[request.key for request in requests], properties=[table.property])
    }
    sign = 1.0 if table.direction.startswith("max") else -1.0
    scored: list[tuple[float, int]] = []
    failed: list[LeftOut] = []
    for row, request in enumerate(requests):
        record = records.get(request.key)
        if record is not None and record.status is Status.DONE and record.value is not None:
            scored.append((sign * record.value, row))
        else:
            failed.append(LeftOut(None, pool.texts[row], UNSCREENED, _reason(record, table, evaluator.protocol_id)))
    best = [row for _, row in sorted(scored, key=lambda pair: -pair[0])]
    kept = pool.subset(sorted(best[: table.keep]))
    return replace(kept, left_out=(*kept.left_out, *failed))


def evaluator_of(table: ScreeningTable, kind: str) -> Evaluator:
    """Return who answers in a screening.

    Raises
    ------
    InvalidInputError
        If its model cannot be read, or is of another property or kind.
    """
    if table.model is not None:
        return ModelEvaluator.of_folder(table.model, table.property, kind)
    return protocol_evaluator(table.protocol)


def _reason(record: Record | None, table: ScreeningTable, protocol_id: str) -> str:
    if record is not None and record.failure is not None:
        return f"{protocol_id} failed: {record.failure.stage}: {record.failure.reason}"
    if record is not None and record.value is not None:
        return f"{protocol_id} yields an implausible {table.property} of {record.value:g} {record.unit}."
    return f"{protocol_id} yields no {table.property}."

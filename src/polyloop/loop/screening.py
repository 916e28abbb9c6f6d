"""Screening: look over a whole pool with a cheap protocol and keep the best, before dear evaluations are spent."""

from __future__ import annotations

from collections.abc import Callable

from polyloop.core import Request, Status
from polyloop.design.pool import Pool
from polyloop.loop.config import CampaignConfig, ScreeningTable
from polyloop.loop.evaluation import EvaluationQueue, open_runner
from polyloop.loop.evaluators import protocol_evaluator
from polyloop.loop.interrupt import Interrupts
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
    """Return the `table.keep` best candidates, in the pool's order; those whose screening failed are left out.

    The results are kept in the store like any other, so that an interrupted screening goes on where it stopped.
    """
    evaluator = protocol_evaluator(table.protocol)
    campaign = config.campaign
    requests = [
        Request(smiles, table.protocol, campaign.evaluation_seed, campaign.conditions) for smiles in pool.smiles
    ]
    done = 0

    def on_done(request: Request) -> None:
        nonlocal done
        done += 1
        progress(done, len(requests))

    with open_runner([evaluator], workers, config.limits) as runner, interrupts.cancelling(runner.cancel):
        EvaluationQueue(store, runner, lambda request: evaluator, interrupts).run(requests, on_done=on_done)
    found = store.records(
        keys=[request.key for request in requests], properties=[table.property], statuses=[Status.DONE]
    )
    values = {record.key: record.value for record in found if record.value is not None}
    sign = 1.0 if table.direction.startswith("max") else -1.0
    scored = [(sign * values[request.key], row) for row, request in enumerate(requests) if request.key in values]
    best = [row for _, row in sorted(scored, key=lambda pair: -pair[0])]
    return pool.subset(sorted(best[: table.keep]))

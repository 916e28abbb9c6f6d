"""What a campaign file leaves open is settled when its campaign begins, and kept: later defaults change none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from polyloop.campaign.config.decisions import why_no_invariants
from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.directory import RunDirectory
from polyloop.design.pool import Pool
from polyloop.features.mixtures import describe_subjects
from polyloop.learn.invariant_target import FACTOR_BLOCK

__all__ = ["settled"]


def settled(
    config: CampaignConfig,
    known: Mapping[str, Any] | None,
    pool: Pool,
    files: RunDirectory,
    workers: int,
    progress: Callable[[int, int], None],
) -> CampaignConfig:
    """Return the campaign file with `[surrogate] invariants` as the folder has it, or for a new one as it will be.

    A new campaign learns invariants where they go with it, its surrogate is the Gaussian process, for which they
    were measured to help (docs/validation/bo_replay.md), and no candidate would be lost by them. One that began
    before there were any goes on without.

    Parameters
    ----------
    known
        What the folder keeps of its campaign (`RunDirectory.read_identity`); None for a new one.
    """
    if config.surrogate.invariants is not None:
        return config
    if known is not None:
        kept = known["identity"]["config"].get("surrogate", {}).get("invariants")
        # A change may have taken away what invariants need.
        wanted = kept and why_no_invariants(config) is None if kept is not None else None
    else:
        wanted = (
            config.surrogate.name == "gp"
            and why_no_invariants(config) is None
            and _all_have_factors(config, pool, files, workers, progress)
        )
    surrogate = config.surrogate.model_copy(update={"invariants": wanted})
    return config.model_copy(update={"surrogate": surrogate})


def _all_have_factors(
    config: CampaignConfig, pool: Pool, files: RunDirectory, workers: int, progress: Callable[[int, int], None]
) -> bool:
    if config.pool.is_generated:
        return True  # a candidate without is not proposed, and others are written
    table = describe_subjects(
        pool.kind, pool.texts, (FACTOR_BLOCK,), cache=files.features, workers=workers,
        time_limit=config.features.time_limit_s, progress=progress,
    )  # fmt: skip
    return bool(np.all(table.valid))

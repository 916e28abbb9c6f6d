"""Descriptors of a campaign's pool, and which candidates have none, why, and which blocks could describe them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.directory import RunDirectory
from polyloop.core import ConfigurationError
from polyloop.design.pool import Pool
from polyloop.features import FeatureTable
from polyloop.features.block import blocks_of
from polyloop.features.mixtures import describe_subjects

__all__ = ["blocks_for", "describe_pool"]

# So many of the candidates without descriptors are tried with the other blocks.
_TRIED = 20


def describe_pool(
    pool: Pool, config: CampaignConfig, files: RunDirectory, workers: int, progress: Callable[[int, int], None]
) -> tuple[FeatureTable, dict[str, str], tuple[str, ...]]:
    """Return the descriptors of a pool; why some candidates have none; and which blocks would describe those.

    Raises
    ------
    ConfigurationError
        If no candidate has descriptors.
    """
    features = config.features
    table = describe_subjects(
        pool.kind, pool.texts, features.blocks, cache=files.features, workers=workers, time_limit=features.time_limit_s,
        progress=progress,
    )  # fmt: skip
    missing = {table.polymers[row]: reason for row, reason in table.failures.items()}
    if not missing:
        return table, {}, ()
    rows = list(table.failures)[:_TRIED]
    blocks = blocks_for(pool.kind, [table.polymers[row] for row in rows], table.take(rows), features.time_limit_s)
    if len(missing) == len(table):
        smiles, reason = next(iter(missing.items()))
        raise ConfigurationError(
            f"None of the {len(table)} candidates has descriptors. The first, {smiles}: {reason}",
            where="[features] blocks",
            hint=f"Use {' or '.join(blocks)}." if blocks else "Use other candidates.",
        )
    return table, missing, blocks


def blocks_for(kind: str, texts: Sequence[str], table: FeatureTable, time_limit: float) -> tuple[str, ...]:
    """Return the blocks that describe every one of some candidates.

    Parameters
    ----------
    table
        What the blocks of the campaign made of them.
    """
    found = []
    for name in blocks_of(kind):
        if name in table.blocks:
            values = table.blocks[name]
        else:
            values = describe_subjects(kind, texts, [name], time_limit=time_limit).blocks[name]
        if np.isfinite(np.asarray(values, dtype=float)).all():
            found.append(name)
    return tuple(found)

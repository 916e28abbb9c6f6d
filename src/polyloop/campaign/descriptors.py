"""Descriptors of a pool or of the subjects of a space; which have none, why, and which blocks could describe them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.directory import RunDirectory
from polyloop.core import ConfigurationError
from polyloop.design.generated.source import PolymerDescriber
from polyloop.design.pool import Pool
from polyloop.design.space import Space, SpaceSource, SubjectChoice
from polyloop.features import FeatureTable
from polyloop.features.block import default_blocks
from polyloop.features.mixtures import describe_subjects
from polyloop.features.records import RecordSource
from polyloop.learn.invariant_target import FACTOR_BLOCK

__all__ = ["blocks_for", "describe_choices", "describe_pool", "polymer_describer"]

# So many of the candidates without descriptors are tried with the other blocks.
_TRIED = 20


def describe_pool(
    pool: Pool, config: CampaignConfig, files: RunDirectory, workers: int, progress: Callable[[int, int], None],
    records: RecordSource | None = None,
) -> tuple[FeatureTable, dict[str, str], tuple[str, ...]]:  # fmt: skip
    """Return the descriptors of a pool; why some candidates have none; and which blocks would describe those.

    Parameters
    ----------
    records
        The campaign's store, for blocks that read records.

    Raises
    ------
    ConfigurationError
        If no candidate has descriptors.
    """
    features = config.features
    # What the invariants of properties are made of; no model compares candidates by it.
    more = (FACTOR_BLOCK,) if config.surrogate.invariants and FACTOR_BLOCK not in features.blocks else ()
    table = describe_subjects(
        pool.kind, pool.texts, (*features.blocks, *more), cache=files.features, workers=workers,
        time_limit=features.time_limit_s, progress=progress, records=records,
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


def polymer_describer(
    config: CampaignConfig, files: RunDirectory, workers: int, records: RecordSource | None = None
) -> PolymerDescriber:
    """Return who describes candidates that are written anew for each cycle, by the blocks of the campaign file."""
    features = config.features
    more = (FACTOR_BLOCK,) if config.surrogate.invariants and FACTOR_BLOCK not in features.blocks else ()

    def describe(texts: Sequence[str], freely: bool) -> FeatureTable:
        limits: dict[str, Any] = {"time_limit": None, "memory_limit": None} if freely else {
            "time_limit": features.time_limit_s, "workers": workers
        }  # fmt: skip
        return describe_subjects(
            config.pool.kind, list(texts), (*features.blocks, *more), cache=files.features, records=records, **limits
        )

    return describe


def blocks_for(kind: str, texts: Sequence[str], table: FeatureTable, time_limit: float) -> tuple[str, ...]:
    """Return the blocks that describe every one of some candidates.

    Parameters
    ----------
    table
        What the blocks of the campaign made of them.
    """
    found = []
    for name in dict.fromkeys((*table.blocks, *default_blocks(kind))):
        if name in table.blocks:
            values = table.blocks[name]
        else:
            values = describe_subjects(kind, texts, [name], time_limit=time_limit).blocks[name]
        if np.isfinite(np.asarray(values, dtype=float)).all():
            found.append(name)
    return tuple(found)


def describe_choices(
    source: SpaceSource, config: CampaignConfig, files: RunDirectory, workers: int,
    progress: Callable[[int, int], None], records: RecordSource | None = None,
) -> tuple[SpaceSource, dict[str, str], tuple[str, ...]]:  # fmt: skip
    """Return a source whose subjects have descriptors, without those that have none; why; and which blocks have them.

    Raises
    ------
    ConfigurationError
        If fewer than two subjects of a variable have descriptors.
    """
    variables, missing, blocks = list(source.space.variables), dict[str, str](), tuple[str, ...]()
    for place, variable in enumerate(variables):
        if not isinstance(variable, SubjectChoice):
            continue
        listed = Pool(tuple(variable.subjects.values()), variable.values, variable.values, variable.values,
                      kind=variable.kind)  # fmt: skip
        table, without, able = describe_pool(listed, config, files, workers, progress, records)
        rows = np.flatnonzero(table.valid)
        if len(rows) < 2:
            raise ConfigurationError(
                f"Of the choices of {variable.name!r} {len(rows)} have descriptors.", where="[features] blocks",
                hint=f"Use {' or '.join(able)}." if able else "Use other choices.",
            )  # fmt: skip
        described = variable.only([variable.values[row] for row in rows])
        variables[place] = described.described({name: part[rows] for name, part in table.described().items()})
        missing, blocks = {**missing, **without}, tuple(dict.fromkeys((*blocks, *able)))
    return SpaceSource(Space(variables, source.space.constraints), source.allow_repeats), missing, blocks

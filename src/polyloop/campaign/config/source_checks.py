"""Check `[pool]` where its candidates are written anew for each cycle: library file, language model, inverse design."""

from __future__ import annotations

from polyloop.campaign.config.lines import CampaignSource
from polyloop.campaign.config.tables import LISTS, CampaignConfig, PoolTable
from polyloop.core import PolyloopError
from polyloop.core.names import did_you_mean
from polyloop.core.options import read_options
from polyloop.design.generated import SOURCES, SourceInputs

__all__ = ["check_pool_keys", "check_source", "source_inputs"]

_FILES = ("file", "model", "monomers")


def check_pool_keys(config: CampaignConfig, source: CampaignSource) -> None:
    """Raise where the source is none, or a key of `[pool]` is neither a key of the table nor an option of the source.

    Raises
    ------
    ConfigurationError
        Naming the file, the line, the key and the remedy.
    """
    pool = config.pool
    if pool.is_generated and pool.source not in SOURCES:
        known = [*LISTS, "space", *SOURCES]
        raise source.error(("pool", "source"), f"There is no source {pool.source!r}.", did_you_mean(pool.source, known))
    if not pool.is_generated:
        for name in pool.options:
            owners = [other for other in SOURCES if name in {option.name for option in SOURCES[other].options}]
            hint = f"It is an option of source {', '.join(owners)}." if owners else did_you_mean(name, _keys())
            raise source.error(("pool", name), f"Unknown key {name!r}.", _home(name) or hint)
        for name in ("model", "monomers"):
            if getattr(pool, name) is not None:
                takers = [other for other in SOURCES if name in SOURCES[other].takes]
                raise source.error(
                    ("pool", name), f"source {pool.source!r} takes no {name}.", f"It is for {', '.join(takers)}."
                )
        return
    try:
        read_options(SOURCES[pool.source], pool.options, noun="source", name=pool.source)
    except PolyloopError as error:
        raise source.error(("pool", error.where), error.reason, _home(error.where) or error.hint) from error


def check_source(config: CampaignConfig, source: CampaignSource) -> None:
    """Raise where a source that writes candidates lacks what it reads, or is combined with what is for lists.

    Raises
    ------
    ConfigurationError
        Naming the file, the line, the key and the remedy.
    """
    pool, part = config.pool, SOURCES[config.pool.source]
    if pool.kind != "polymer":
        raise source.error(("pool", "kind"), f"source {pool.source!r} writes polymers.", "Use source = 'csv'.")
    for name in _FILES:
        path = getattr(pool, name)
        if path is not None and name not in part.takes:
            taken = f"It takes {' or '.join(part.takes)}." if part.takes else "Leave it out."
            raise source.error(("pool", name), f"source {pool.source!r} takes no {name}.", taken)
        if path is None and name in part.needs:
            raise source.error(("pool", name), f"source {pool.source!r} needs a {name}.", f"Give {name} = ... .")
    for name in ("cost", "screening"):
        if getattr(pool, name) is not None:
            raise source.error(
                ("pool", name), f"{name} is for lists of candidates.", "Leave it out: the pool is written anew."
            )
    if config.acquisition.options:
        option = next(iter(config.acquisition.options))
        raise source.error(
            ("acquisition", option), "Acquisitions have no options with a pool that is written anew.", "Leave it out."
        )
    try:
        part.verify(source_inputs(config))
    except PolyloopError as error:
        raise source.error(("pool", error.where if error.where in _FILES else "source"), error.reason,
                           error.hint) from error  # fmt: skip


def source_inputs(config: CampaignConfig) -> SourceInputs:
    """Return the files that a campaign names for its source."""
    pool = config.pool
    return SourceInputs(pool.file, pool.model, pool.monomers, pool.column)


def _keys() -> list[str]:
    return list(PoolTable.model_fields)


def _home(name: str) -> str:
    """Say in which table a key belongs that is none of `[pool]`; empty where it belongs in none."""
    from polyloop.campaign.config.file import MODELS

    homes = [table for table, model in MODELS.items() if name in model.model_fields and table != "pool"]
    return f"It belongs in [{homes[0]}]." if homes else ""

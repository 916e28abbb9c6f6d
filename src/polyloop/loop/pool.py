"""The candidates of a campaign: made once, screened if asked, and kept in the folder of the run."""

from __future__ import annotations

from collections.abc import Callable

from polyloop.core import ConfigurationError
from polyloop.design.pool import Pool
from polyloop.loop.config import CampaignConfig, PoolTable
from polyloop.loop.directory import RunDirectory
from polyloop.loop.polymers import read_polymers

__all__ = ["load_pool", "make_pool"]


def make_pool(config: CampaignConfig, files: RunDirectory, screen: Callable[[Pool], Pool]) -> Pool:
    """Return the candidates of a campaign: those that its folder keeps, or else made now and kept there.

    Parameters
    ----------
    screen
        Makes the pre-selection, where the campaign asks for one.

    Raises
    ------
    ConfigurationError
        If fewer are left than the initial design needs.
    InvalidInputError
        If a row of the CSV is no repeat unit, or the virtual library cannot be that large.
    """
    kept = load_pool(files)
    if kept is not None:
        return kept
    pool = _build(config.pool)
    if config.pool.screening is not None:
        pool = screen(pool)
    needed = len(config.initial.polymers) or config.initial.size
    if len(pool) < needed:
        raise ConfigurationError(
            f"The pool has {len(pool)} candidates, fewer than the initial design of {needed}.",
            where="[pool]",
            mend="Widen the filters of [pool], or lower size in [initial].",
        )
    pool.save(files.pool)
    return pool


def load_pool(files: RunDirectory) -> Pool | None:
    """Return the candidates that the folder of a run keeps; None before the first run."""
    return Pool.load(files.pool) if files.pool.is_file() else None


def _build(table: PoolTable) -> Pool:
    if table.source == "csv" and table.file is not None:
        name = table.file.name
        units = ((polymer, "", name) for polymer in read_polymers(table.file, table.smiles_column))
        return Pool.from_polymers(units, elements=table.elements, heavy_atoms=table.heavy_atoms, classes=table.classes)
    if table.source == "virtual":
        return Pool.from_virtual_library(
            table.size,
            table.seed,
            elements=table.elements,
            heavy_atoms=table.heavy_atoms,
            classes=table.classes,
        )
    return Pool.from_homopolymers(elements=table.elements, heavy_atoms=table.heavy_atoms, classes=table.classes)

"""The candidates of a campaign: made once, screened if asked, and kept in the folder of the run."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from polyloop.core import ConfigurationError, write_atomically
from polyloop.loop.config import CampaignConfig
from polyloop.loop.directory import RunDirectory
from polyloop.loop.polymers import read_polymers

__all__ = ["load_pool", "make_pool"]


def make_pool(config: CampaignConfig, files: RunDirectory, workers: int) -> tuple[str, ...]:
    """Return the candidates (canonical SMILES) of a campaign: those of its folder, or else made now and kept there.

    Raises
    ------
    ConfigurationError
        If nothing is left to choose from.
    InvalidInputError
        If a row of the CSV is no repeat unit, naming it.
    """
    kept = load_pool(files)
    if kept:
        return kept
    pool = _build(config)
    least = config.initial.size
    if len(pool) < least:
        raise ConfigurationError(
            f"The pool has {len(pool)} candidates, fewer than the initial design of {least}.",
            where="[pool]",
            mend="Widen the filters of [pool], or lower size in [initial].",
        )
    _keep(pool, files)
    return pool


def load_pool(files: RunDirectory) -> tuple[str, ...]:
    """Return the candidates that the folder of a run keeps; none before the first run."""
    if not files.pool.is_file():
        return ()
    with files.pool.open(newline="", encoding="utf-8") as stream:
        return tuple(row["smiles"] for row in csv.DictReader(stream))


def _keep(pool: Sequence[str], files: RunDirectory) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["smiles"])
    writer.writerows([smiles] for smiles in pool)
    write_atomically(files.pool, text.getvalue())


def _build(config: CampaignConfig) -> tuple[str, ...]:
    return tuple(dict.fromkeys(p.canonical for p in read_polymers(config.pool.file, config.pool.smiles_column)))

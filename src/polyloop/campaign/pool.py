"""The candidates of a campaign: made once, screened if asked, kept in its folder, and compared with their file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from polyloop.campaign.config.tables import LISTS, CampaignConfig, PoolTable
from polyloop.campaign.directory import RunDirectory
from polyloop.campaign.inputs import Inputs
from polyloop.core import ConfigurationError, InvalidInputError, file_digest
from polyloop.core.names import did_you_mean
from polyloop.design.pool import Pool
from polyloop.tables.numbers import parse_number

__all__ = ["build_pool", "check_pool", "costs_of", "load_pool", "make_pool"]

_NAMED = 5
# Origin of candidates that people told values of without being asked.
TOLD = "told"


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
        If rows of the file are no repeat units, or the virtual library cannot be that large.
    """
    kept = load_pool(files)
    if kept is not None:
        return kept
    pool, digest, considered = build_pool(config, screen)
    Inputs.load(files).update(files, pool_digest=digest, considered=considered)
    pool.save(files.pool)
    return pool


def build_pool(config: CampaignConfig, screen: Callable[[Pool], Pool]) -> tuple[Pool, str, tuple[str, ...]]:
    """Return the candidates by the campaign file, the digest of their own file, and what a screening had to look at.

    Raises as `make_pool`, and keeps nothing.
    """
    of_list = config.pool.file is not None and not config.pool.is_generated
    digest = file_digest(config.pool.file) if config.pool.file is not None and of_list else ""
    pool = _build(config.pool)
    considered: tuple[str, ...] = ()
    if config.pool.screening is not None:
        considered, pool = pool.texts, screen(pool)
    needed = len(config.initial.polymers) or config.initial.size
    if len(pool) < needed and config.pool.source in LISTS:
        raise ConfigurationError(
            f"The pool has {len(pool)} candidates, fewer than the initial design of {needed}.",
            where="[pool]",
            hint="Widen the filters of [pool], or lower size in [initial].",
        )
    return pool, digest, considered


def load_pool(files: RunDirectory) -> Pool | None:
    """Return the candidates that the folder of a run keeps; None before the first run."""
    return Pool.load(files.pool) if files.pool.is_file() else None


def check_pool(config: CampaignConfig, files: RunDirectory, pool: Pool) -> Pool:
    """Compare the pool of a run with its file as it is now; return it with the file's present names and columns.

    The order of the rows, their spelling and the other columns may change, since no pick depends on them. Where the
    file is gone, the run goes on with what it keeps.

    Raises
    ------
    ConfigurationError
        If candidates were added or removed; the message names them.
    """
    file, inputs = config.pool.file, Inputs.load(files)
    if file is None or not file.is_file() or config.pool.is_generated:
        return pool
    digest = file_digest(file)
    if digest == inputs.pool_digest:
        return pool
    fresh = _build(config.pool)
    before = inputs.considered or pool.texts
    # What a screening has looked at is not known any more where the file with the inputs was deleted.
    is_whole = bool(inputs.considered) or config.pool.screening is None
    known = set(before)
    added = [row for row, smiles in enumerate(fresh.texts) if is_whole and smiles not in known]
    removed = sorted(known - set(fresh.texts))
    if added or removed:
        spelled = [f"{fresh.spellings[row]} ({fresh.origins[row]})" for row in added[:_NAMED]]
        changes = [f"{len(added)} added: {_some(spelled, len(added))}"] if added else []
        changes += [f"{len(removed)} removed: {_some(removed[:_NAMED], len(removed))}"] if removed else []
        raise ConfigurationError(
            f"The pool has other candidates than when this campaign began: {'; '.join(changes)}.",
            where=str(file),
            hint="Undo the change to continue the campaign, take it over with `polyloop campaign change DIR FILE`, or "
            "name another folder with --directory.",
        )
    rows = {key: row for row, key in enumerate(fresh.keys)}
    pool = fresh.subset([rows[key] for key in pool.keys])
    pool.save(files.pool)
    inputs.update(files, pool_digest=digest)
    return pool


def costs_of(pool: Pool, column: str) -> dict[str, float]:
    """Return what each candidate costs, by canonical text; one that was never in the pool costs as the dearest.

    Raises
    ------
    ConfigurationError
        If the pool has no such column, or a cost is no number above 0.
    """
    if column not in pool.extras:
        raise ConfigurationError(
            f"The pool has no column {column!r}.", where="[pool] cost", hint=did_you_mean(column, pool.extras)
        )
    costs: dict[str, float] = {}
    for text, origin, cell in zip(pool.texts, pool.origins, pool.extras[column], strict=True):
        if not cell and origin == TOLD:
            continue
        try:
            costs[text] = parse_number(cell)
        except InvalidInputError as error:
            raise ConfigurationError(f"The cost {cell!r} is none: {error.reason}", where=origin) from error
        if costs[text] <= 0:
            raise ConfigurationError(f"A cost of {cell} is none.", where=origin, hint="Give a number above 0.")
    dearest = max(costs.values(), default=1.0)
    return {text: costs.get(text, dearest) for text in pool.texts}


def _build(table: PoolTable) -> Pool:
    if table.source == "csv" and table.file is not None:
        return Pool.from_csv(
            table.file,
            column=table.column,
            kind=table.kind,
            skip_bad=table.skip_bad,
            elements=table.elements,
            heavy_atoms=table.heavy_atoms,
            classes=table.classes,
        )
    if table.source not in LISTS:
        return Pool((), (), (), (), kind=table.kind)
    if table.source == "virtual":
        return Pool.from_virtual_library(
            table.size,
            table.seed,
            elements=table.elements,
            heavy_atoms=table.heavy_atoms,
            classes=table.classes,
        )
    return Pool.from_homopolymers(elements=table.elements, heavy_atoms=table.heavy_atoms, classes=table.classes)


def _some(named: Sequence[str], total: int) -> str:
    return ", ".join(named) + (f" and {total - len(named)} more" if total > len(named) else "")

"""What a campaign file of a space leaves to polyloop: the subjects of a file, kept by name, and defaults of its own."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path

from polyloop.campaign.config.tables import CampaignConfig, VariableTable
from polyloop.campaign.space import choice_of
from polyloop.core import InvalidInputError, PolyloopError
from polyloop.core.subject import column_of
from polyloop.design.pool import Pool

__all__ = ["with_choices", "with_space_defaults"]


def with_space_defaults(config: CampaignConfig) -> CampaignConfig:
    """Return the campaign of a space with the surrogate and the initial design that it has where nobody says them.

    They are written down, since a kept file spells out every default, and could not be told from one that means pools'.
    """
    if config.pool.source != "space":
        return config
    surrogate, initial = config.surrogate, config.initial
    if "name" not in surrogate.model_fields_set:  # what learns how variables act together, as a sum of kernels cannot
        surrogate = surrogate.model_copy(update={"name": "product_gp"})
    if "method" not in initial.model_fields_set:
        initial = initial.model_copy(update={"method": "fill"})
    return config.model_copy(update={"surrogate": surrogate, "initial": initial})


def with_choices(config: CampaignConfig, folder: Path, *, is_kept: bool = False) -> CampaignConfig:
    """Return the campaign with the subjects of each variable in its `values`, canonical, by label; no file is needed.

    A run keeps its campaign file, and thereby the choices: another file under the same name is another campaign.

    Parameters
    ----------
    folder
        Where relative paths begin.
    is_kept
        Whether the campaign file is that of a run, which keeps canonical texts.

    Raises
    ------
    InvalidInputError
        If a file cannot be read, or rows hold no subject; the message names all of them.
    """
    chosen = {}
    for name, table in config.variables.items():
        if table.file is not None:
            chosen[name] = _from_file(name, table, folder)
        elif table.type == "subject" and isinstance(table.values, dict) and is_kept:
            chosen[name] = table.with_canonical_values(table.values)
        elif table.type == "subject" and table.values is not None:
            # What is wrong with it, the checks say with the line of the file.
            with suppress(PolyloopError):
                chosen[name] = table.with_canonical_values(dict(choice_of(name, table).subjects))
    return config.model_copy(update={"variables": {**config.variables, **chosen}}) if chosen else config


def _from_file(name: str, table: VariableTable, folder: Path) -> VariableTable:
    if table.type != "subject" or table.values is not None or table.file is None:
        raise InvalidInputError(
            "A file is for a variable of type 'subject' without values.", where=f"variables.{name}",
            hint="Leave out one of file and values.",
        )  # fmt: skip
    path = (folder / table.file.expanduser()).resolve()
    column = table.smiles_column or column_of(table.kind)
    pool = Pool.from_csv(path, column=column, kind=table.kind, skip_bad=table.skip_bad)
    if len(pool) < 2:
        raise InvalidInputError(f"It holds {len(pool)} different subjects.", where=str(path), hint="Name at least two.")
    titles = [title.strip() for title in pool.names]
    # A name that several have, or that is a structure, tells none of them.
    counts, structures = Counter(titles), {*pool.texts, *pool.spellings}
    spelled = [
        title if title and counts[title] == 1 and title not in structures else spelling
        for title, spelling in zip(titles, pool.spellings, strict=True)
    ]
    return table.with_canonical_values(dict(zip(spelled, pool.texts, strict=True)))

"""Descriptors of copolymers and blends: the mean of their units', weighted by mole fraction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polyloop.chem import Copolymer
from polyloop.core import InvalidInputError
from polyloop.core.registry import Registry
from polyloop.features.block import BLOCKS, blocks_of, get_block
from polyloop.features.featurization import featurize
from polyloop.features.table import FeatureTable

__all__ = ["DESCRIBERS", "Describer", "describe_copolymers", "describe_subjects"]

Describer = Callable[..., FeatureTable]
"""Maps canonical texts of one kind, blocks and the limits of `featurize` to a table."""

DESCRIBERS: Registry[Describer] = Registry("describers", "way to describe a kind of subject")


def describe_subjects(
    kind: str, texts: Sequence[str], blocks: Sequence[str] | None = None, **limits: Any
) -> FeatureTable:
    """Describe subjects of one kind (canonical texts); arguments as for `featurize`.

    A kind has a describer of its own where it is described by its parts; any other by the blocks that name it among
    their `subjects`.

    Raises
    ------
    InvalidInputError
        If no blocks describe that kind.
    """
    if kind not in DESCRIBERS:
        if blocks_of(kind):
            return featurize(texts, blocks, kind=kind, **limits)
        described = dict.fromkeys(one for name in BLOCKS for one in get_block(name).subjects)
        raise InvalidInputError(
            f"No block describes a {kind}.", where="features", hint=f"Described are: {', '.join(described)}."
        )
    return DESCRIBERS[kind](texts, blocks, **limits)


def describe_copolymers(
    texts: Sequence[str],
    blocks: Sequence[str] | None = None,
    *,
    cache: Path | None = None,
    workers: int = 1,
    **limits: Any,
) -> FeatureTable:
    """Describe copolymers, each by the mean of its units' rows weighted by their mole fractions.

    The composition is in the columns, the order of the units along the chain is not: a block and a random copolymer of
    one composition have one row. That is right for what goes by composition, such as optics and density.

    Parameters
    ----------
    texts
        What a person may type for a copolymer, length n.

    Returns
    -------
    A table with n rows; a row fails where one of its units does.
    """
    parsed: dict[int, Copolymer] = {}
    failures: dict[int, str] = {}
    for row, text in enumerate(texts):
        try:
            parsed[row] = Copolymer.parse(text)
        except InvalidInputError as error:
            failures[row] = str(error)
    units = list(dict.fromkeys(unit.canonical for one in parsed.values() for unit in one.polymers))
    table = featurize(units, blocks, cache=cache, workers=workers, **limits)
    place = {unit: row for row, unit in enumerate(units)}
    columns = {name: np.full((len(texts), values.shape[1]), np.nan) for name, values in table.blocks.items()}
    for row, one in parsed.items():
        rows = [place[unit.canonical] for unit in one.polymers]
        wrong = [table.failures[at] for at in rows if at in table.failures]
        if wrong:
            failures[row] = "; ".join(wrong)
            continue
        shares = np.array(one.mole_fractions)
        for name, values in table.blocks.items():
            columns[name][row] = shares @ np.asarray(values[rows], dtype=float)
    canonical = tuple(parsed[row].canonical if row in parsed else text for row, text in enumerate(texts))
    return FeatureTable(canonical, columns, dict(sorted(failures.items())), table.names, table.kinds)

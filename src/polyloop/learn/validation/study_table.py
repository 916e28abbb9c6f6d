"""From a study's configuration to described rows and the models that are to learn them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core import KINDS, PROPERTIES, InvalidInputError
from polyloop.features import FeatureTable
from polyloop.features.block import get_block
from polyloop.features.mixtures import describe_subjects
from polyloop.learn.invariant_target import FACTOR_BLOCK
from polyloop.learn.model_folder import digest_of
from polyloop.learn.property_model import default_blocks
from polyloop.learn.repeats import average_repeats
from polyloop.learn.validation.candidate import Candidate
from polyloop.learn.validation.runs import StudyData
from polyloop.learn.validation.splitter import SPLITTERS
from polyloop.learn.validation.study_config import StudyConfig
from polyloop.tables import read_table
from polyloop.tables.training import TrainingTable, read_training

__all__ = ["StudyTable", "read_study"]

_STRUCTURE = "ecfp"


@dataclass(frozen=True)
class StudyTable:
    """What a study works on.

    Parameters
    ----------
    left_out
        (line or subject, reason) of rows that take no part.
    digest
        Of subjects and values.
    """

    data: StudyData
    candidates: tuple[Candidate, ...]
    left_out: tuple[tuple[str, str], ...]
    digest: str


def read_study(config: StudyConfig, *, cache: Path | None = None, workers: int = 1) -> StudyTable:
    """Read and describe the table; repeats of a subject are averaged, so that it never stands on both sides of a split.

    Raises
    ------
    InvalidInputError
        If there is no such table or column, an invariant is demanded that the property has not, or a time is missing.
    """
    table = read_training(config.table, config.target, config.smiles_column)
    known = PROPERTIES.get(table.target)
    invariant = known.invariant if known is not None else None
    if config.invariant and invariant is None:
        raise InvalidInputError(f"{table.target} has no invariant.", where="invariant", hint="Leave the choice out.")
    names = {model: _blocks_of(config, model, invariant is not None) for model in config.models}
    wanted = dict.fromkeys(block for blocks in names.values() for block in blocks)
    needs = any(SPLITTERS.find(name).reads_structure for name in (*config.splits, config.inner))
    is_compared = any(get_block(block).kind.is_occurrence for block in wanted)
    asked = (*wanted, _STRUCTURE) if needs and not is_compared else tuple(wanted)
    described = describe_subjects(config.kind, list(table.texts), asked, cache=cache, workers=workers)
    firsts, y, noise = average_repeats(described, table.values, table.variances)
    if not len(firsts):
        raise InvalidInputError("No row has both a value and descriptors.", where=config.table)
    part = described.take(firsts)
    X = part.described()
    data = StudyData(
        {name: X[name] for name in wanted},
        y,
        noise if noise is not None and np.isfinite(noise).any() else None,
        {name: block for name, block in X.items() if block.kind.is_occurrence} or None,
        _groups(config, table, part, firsts),
    )
    candidates = tuple(
        Candidate(
            model, model, config.options.get(model, {}), names[model], invariant, config.invariant, config.checked
        )
        for model in config.models
    )
    left_out = [(f"line {line}", reason) for line, reason in table.left_out]
    left_out += [(table.texts[row], reason) for row, reason in described.failures.items()]
    return StudyTable(data, candidates, tuple(left_out), digest_of(part, y))


def _blocks_of(config: StudyConfig, model: str, has_invariant: bool) -> tuple[str, ...]:
    blocks = config.blocks or default_blocks(model)
    if has_invariant and config.invariant is not False:
        return tuple(dict.fromkeys((*blocks, FACTOR_BLOCK)))
    return tuple(block for block in blocks if block != FACTOR_BLOCK)


def _groups(
    config: StudyConfig, table: TrainingTable, part: FeatureTable, firsts: NDArray[np.intp]
) -> dict[str, NDArray[Any]]:
    """Return classes and times of the subjects, where a splitter reads them."""
    names, groups = {*config.splits, config.inner}, {}
    if "leave_class_out" in names:
        if config.class_column:
            groups["leave_class_out"] = np.array(_cells(config, table, config.class_column, firsts))
        else:
            classify = KINDS.find(config.kind).classify
            groups["leave_class_out"] = np.array([str(classify(text)) for text in part.polymers])
    if "time" in names and config.time_column:
        cells = _cells(config, table, config.time_column, firsts)
        missing = [table.lines[row] for row, cell in zip(firsts, cells, strict=True) if not cell]
        if missing:
            raise InvalidInputError(
                "It has no time.", where=f"line {missing[0]}", hint=f"Fill in {config.time_column}."
            )
        try:
            groups["time"] = np.array([float(cell) for cell in cells])
        except ValueError:
            groups["time"] = np.array(cells)
    return groups


def _cells(config: StudyConfig, table: TrainingTable, column: str, firsts: NDArray[np.intp]) -> list[str]:
    whole = read_table(config.table)
    place = whole.position(column)
    by_line = {row.line: row.cells[place] for row in whole.rows}
    return [by_line[table.lines[row]] for row in firsts]

"""Carry out a study in a folder: what is finished is never done again, and its table, figure and configuration stay."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from polyloop.core import InvalidInputError, write_atomically
from polyloop.core.csv_text import csv_text
from polyloop.learn.validation.extrapolation import ExtrapolationStudy, study_extrapolation
from polyloop.learn.validation.nested import NestedStudy, nested_cross_validation
from polyloop.learn.validation.runs import Keep, Run
from polyloop.learn.validation.scaling import ScalingStudy, study_scaling
from polyloop.learn.validation.study_config import StudyConfig
from polyloop.learn.validation.study_file import FILE
from polyloop.learn.validation.study_table import StudyTable, read_study

__all__ = ["Study", "carry_out_study", "rows_of_table", "write_results"]

RUNS, TABLE, FIGURE, RESULT = "runs.jsonl", "table.csv", "errors.png", "study.json"
Study = ExtrapolationStudy | ScalingStudy | NestedStudy


def carry_out_study(
    config: StudyConfig,
    folder: Path,
    *,
    workers: int = 1,
    cache: Path | None = None,
    progress: Callable[[Run], None] | None = None,
) -> tuple[Study, StudyTable]:
    """Do what a configuration says, or what of it is not done, and write the results into a folder.

    The folder gets `study.toml` (the configuration), `runs.jsonl` (a line for each run), `table.csv` (means over
    splits), `errors.png` and `study.json`. A study with more models, splits, seeds or sizes may go on in it.

    Parameters
    ----------
    progress
        Told each new run.

    Raises
    ------
    InvalidInputError
        If the folder holds another study, or what `read_study` and the studies raise.
    """
    table = read_study(config, cache=cache, workers=workers)
    folder.mkdir(parents=True, exist_ok=True)
    identity = json.loads(json.dumps({**config.identity, "digest": table.digest}))
    known = _begun(folder, identity)
    config.model_copy(update={"digest": table.digest}).write(folder)

    def keep(run: Run) -> None:
        with (folder / RUNS).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(run.to_dict()) + "\n")
        if progress is not None:
            progress(run)

    study = _study(config, table, known, keep)
    write_results(study, folder)
    return study, table


def rows_of_table(study: Study) -> tuple[tuple[str, ...], list[list[Any]]]:
    """Return header and rows of the table of means."""
    if isinstance(study, ScalingStudy):
        rows = [{"size": size, **one.to_dict()} for size, one in study.summaries()]
    else:
        rows = [one.to_dict() for one in study.summaries()]
    header = tuple(rows[0])
    return header, [[row[name] for name in header] for row in rows]


def write_results(study: Study, folder: Path) -> None:
    """Write table, figure and JSON of a study."""
    from polyloop.learn.validation.figures import draw_study

    header, rows = rows_of_table(study)
    write_atomically(folder / TABLE, csv_text(header, [["" if cell is None else cell for cell in row] for row in rows]))
    write_atomically(folder / RESULT, json.dumps(study.to_dict(), indent=1, allow_nan=False) + "\n")
    write_atomically(folder / FIGURE, draw_study(study))


def _study(config: StudyConfig, table: StudyTable, known: list[Run], keep: Keep) -> Study:
    splitters, data, candidates = config.splitters(), table.data, table.candidates
    if config.study == "extrapolation":
        return study_extrapolation(data, candidates, splitters, seed=config.seed, known=known, keep=keep)
    ((name, splitter),) = splitters.items()
    if config.study == "scaling":
        return study_scaling(
            data, candidates, splitter, config.sizes or None, split=name, seed=config.seed, known=known, keep=keep
        )
    return nested_cross_validation(
        data, candidates, splitter, config.inner_splitter(), outer_name=name, inner_name=config.inner,
        seed=config.seed, known=known, keep=keep,
    )  # fmt: skip


def _begun(folder: Path, identity: dict[str, Any]) -> list[Run]:
    """Return the finished runs of a folder, which is begun where it holds none."""
    path = folder / RUNS
    if not path.is_file():
        write_atomically(path, json.dumps(identity) + "\n")
        return []
    first, *lines = path.read_text(encoding="utf-8").splitlines() or [""]
    # A run that was being written when the study was killed is a piece of a line, and is done again.
    runs = [Run.from_dict(json.loads(line)) for line in lines if line.endswith("}")]
    try:
        before = json.loads(first)
    except ValueError:
        before = None
    if before != identity:
        differ = [name for name in identity if not isinstance(before, dict) or before.get(name) != identity[name]]
        raise InvalidInputError(
            f"It holds another study: {', '.join(differ)} differ.", where=str(folder),
            hint=f"Take another folder, or go on with the configuration in {FILE}.",
        )  # fmt: skip
    # Also ends a piece of a line, so that the next run begins one of its own.
    write_atomically(path, "".join(f"{line}\n" for line in (first, *(json.dumps(run.to_dict()) for run in runs))))
    return runs

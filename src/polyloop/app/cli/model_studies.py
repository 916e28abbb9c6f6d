"""`polyloop model study extrapolation|scaling|nested|replay`: which model to trust, and what more data would bring."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from polyloop.app.cli import one_pass_studies
from polyloop.app.cli.console import message, tell_left_out, write_json, write_table

__all__ = ["register"]

Csv = Annotated[Path, typer.Option("--csv", metavar="FILE", help="CSV or Parquet.")]
Target = Annotated[str, typer.Option("--target", metavar="COLUMN", help="Property, or any column of numbers.")]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder to write; a study that was stopped goes on.")
]
Model = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="NAME", help="Registered surrogate; may be repeated.  [default: gp]"),
]
ModelOption = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="MODEL.KEY=VALUE", help="Option of a model; may be repeated."),
]
SplitOption = Annotated[
    list[str] | None,
    typer.Option("--split-option", metavar="SPLIT.KEY=VALUE", help="Option of a splitter; may be repeated."),
]
Split = Annotated[str, typer.Option("--split", metavar="NAME", help="Which rows may teach, and which are asked.")]
Splits = Annotated[int, typer.Option("--splits", min=1, max=10_000, help="Splits of a kind, each of its own seed.")]
Column = Annotated[
    str | None, typer.Option("--smiles-column", metavar="NAME", help="Column of the subjects.  [default: smiles]")
]
Kind = Annotated[str, typer.Option("--kind", help="Kind of the subjects.")]
Block = Annotated[
    list[str] | None, typer.Option("--block", metavar="NAME", help="Block for all models; may be repeated.")
]
Invariant = Annotated[
    bool | None,
    typer.Option("--invariant/--no-invariant", help="Learn the property's invariant.  [default: what is better]"),
]
Unchecked = Annotated[
    bool, typer.Option("--unchecked", help="Leave intervals as models state them; saves five fits of most models.")
]
Classes = Annotated[str, typer.Option("--class-column", metavar="NAME", help="Classes, for leave_class_out.")]
Times = Annotated[str, typer.Option("--time-column", metavar="NAME", help="Times, for the split `time`.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of the first split.")]
Workers = Annotated[int, typer.Option("--workers", min=1, max=4096, help="Processes for descriptors.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]
_SHOWN = ("relative_rmse", "relative_rmse_std", "r2", "rank_correlation", "hit_rate", "coverage", "width", "p_value")
_HEADER = ("error", "± over splits", "R2", "rank correlation", "hit rate", "90 % coverage", "width", "p against best")


def register(study: typer.Typer) -> None:
    """Add the commands to the group `study`."""
    study.command()(extrapolation)
    study.command()(scaling)
    study.command()(nested)
    study.command()(replay)


def extrapolation(
    csv: Csv,
    target: Target,
    output: Output,
    model: Model = None,
    split: Annotated[
        list[str] | None,
        typer.Option(
            "--split", metavar="NAME", help="Splitter; may be repeated.  [default: random, clusters, middle, lowest]"
        ),
    ] = None,
    splits: Splits = 5,
    option: ModelOption = None,
    split_option: SplitOption = None,
    smiles_column: Column = None,
    kind: Kind = "polymer",
    block: Block = None,
    invariant: Invariant = None,
    unchecked: Unchecked = False,
    class_column: Classes = "",
    time_column: Times = "",
    seed: Seed = 0,
    workers: Workers = 1,
    as_json: Json = False,
) -> None:
    """Compare models inside the data and beyond them: errors over seeds, coverage, and a test of differences."""
    _carry_out(
        output, workers, as_json, study="extrapolation", table=str(csv), target=target, models=tuple(model or ["gp"]),
        splits=tuple(split or ("random", "clusters", "middle", "lowest")), n_splits=splits, options=option or [],
        split_options=split_option or [], smiles_column=smiles_column, kind=kind, blocks=tuple(block or ()),
        invariant=invariant, checked=not unchecked, class_column=class_column, time_column=time_column, seed=seed,
    )  # fmt: skip


def scaling(
    csv: Csv,
    target: Target,
    output: Output,
    model: Model = None,
    size: Annotated[
        list[int] | None,
        typer.Option("--size", min=1, help="Rows that teach; may be repeated.  [default: 30, 100, 300, ... and all]"),
    ] = None,
    split: Split = "random",
    splits: Splits = 5,
    option: ModelOption = None,
    split_option: SplitOption = None,
    smiles_column: Column = None,
    kind: Kind = "polymer",
    block: Block = None,
    invariant: Invariant = None,
    unchecked: Unchecked = False,
    class_column: Classes = "",
    time_column: Times = "",
    seed: Seed = 0,
    workers: Workers = 1,
    as_json: Json = False,
) -> None:
    """Draw learning curves: the error for so many rows, the exponent by which it falls, and where it ends."""
    _carry_out(
        output, workers, as_json, study="scaling", table=str(csv), target=target, models=tuple(model or ["gp"]),
        sizes=tuple(size or ()), splits=(split,), n_splits=splits, options=option or [],
        split_options=split_option or [], smiles_column=smiles_column, kind=kind, blocks=tuple(block or ()),
        invariant=invariant, checked=not unchecked, class_column=class_column, time_column=time_column, seed=seed,
    )  # fmt: skip


def nested(
    csv: Csv,
    target: Target,
    output: Output,
    model: Model = None,
    split: Split = "random",
    splits: Splits = 5,
    inner: Annotated[str, typer.Option("--inner", metavar="NAME", help="Splitter of the rows that teach.")] = "random",
    inner_splits: Annotated[int, typer.Option("--inner-splits", min=1, max=10_000, help="How many of them.")] = 3,
    option: ModelOption = None,
    split_option: SplitOption = None,
    smiles_column: Column = None,
    kind: Kind = "polymer",
    block: Block = None,
    invariant: Invariant = None,
    unchecked: Unchecked = False,
    class_column: Classes = "",
    time_column: Times = "",
    seed: Seed = 0,
    workers: Workers = 1,
    as_json: Json = False,
) -> None:
    """Choose among models inside the rows that teach, and tell the error of that choice on the rest."""
    _carry_out(
        output, workers, as_json, study="nested", table=str(csv), target=target, models=tuple(model or ["gp"]),
        splits=(split,), n_splits=splits, inner=inner, inner_splits=inner_splits, options=option or [],
        split_options=split_option or [], smiles_column=smiles_column, kind=kind, blocks=tuple(block or ()),
        invariant=invariant, checked=not unchecked, class_column=class_column, time_column=time_column, seed=seed,
    )  # fmt: skip


def replay(
    config: Annotated[Path, typer.Argument(metavar="FILE", help="The study.toml of a study.")],
    output: Output,
    workers: Workers = 1,
    as_json: Json = False,
) -> None:
    """Do a study again from its configuration."""
    from polyloop.learn.studies import ONE_PASS
    from polyloop.learn.validation.study_config import StudyConfig
    from polyloop.learn.validation.study_file import study_content

    one_pass = ONE_PASS.get(str(study_content(config).get("study")))
    if one_pass is not None:
        one_pass_studies.show(one_pass.read(config), output, workers, as_json=as_json)
    else:
        _show(StudyConfig.read(config), output, workers, as_json)


def _carry_out(
    output: Path, workers: int, as_json: bool, *, options: list[str], split_options: list[str], **values: Any
) -> None:
    from polyloop.core.subject import column_of
    from polyloop.learn.validation.study_config import StudyConfig

    values["smiles_column"] = values["smiles_column"] or column_of(values["kind"])
    config = StudyConfig.of(
        options=_by_name(options, "--option"), split_options=_by_name(split_options, "--split-option"), **values
    )
    _show(config, output, workers, as_json)


def _by_name(assignments: list[str], where: str) -> dict[str, dict[str, Any]]:
    """Return NAME.KEY=VALUE as options by name."""
    from polyloop.core import InvalidInputError
    from polyloop.core.options import read_assignments

    found: dict[str, dict[str, Any]] = {}
    for key, value in read_assignments(assignments).items():
        name, dot, word = key.partition(".")
        if not dot or not word:
            raise InvalidInputError(
                f"{key!r} does not say whose option it is.", where=where, hint="For instance lowest.share=0.2"
            )
        found.setdefault(name, {})[word] = value
    return found


def _show(config: Any, output: Path, workers: int, as_json: bool) -> None:
    """Carry a study out and show what it came to."""
    from polyloop.learn.validation.nested import NestedStudy
    from polyloop.learn.validation.scaling import ScalingStudy
    from polyloop.learn.validation.study import carry_out_study

    found, table = carry_out_study(
        config, output, workers=workers,
        progress=lambda run: message(
            f"{run.model}, {run.split} {run.repeat}, {run.n_teach} rows: {run.scores.relative_rmse:.3f}"
        ),
    )  # fmt: skip
    tell_left_out([f"{row}: {reason}" for row, reason in table.left_out])
    if as_json:
        write_json({"digest": table.digest, **found.to_dict()})
        return
    summaries = [one for _, one in found.summaries()] if isinstance(found, ScalingStudy) else found.summaries()
    rows = [(one.split, one.model, round(one.n_teach), *map(one.to_dict().get, _SHOWN)) for one in summaries]
    write_table(("split", "model", "rows that teach", *_HEADER), rows)
    if isinstance(found, ScalingStudy):
        _tell_laws(found)
    if isinstance(found, NestedStudy):
        message("Chosen: " + ", ".join(f"{name} {times} times" for name, times in found.chosen().items()) + ".")
    message(f"{output}: study.toml, table.csv, errors.png, study.json")


def _tell_laws(found: Any) -> None:
    for model, law in found.laws.items():
        if law is None:
            message(f"{model}: three sizes or more tell an exponent.")
            continue
        floor = (
            f"floor {law.floor:.3f} ({law.floor_low:.3f} to {law.floor_high:.3f})"
            if law.floor_is_told
            else f"no floor is told apart from none (at most {law.floor_high:.3f})"
        )
        message(f"{model}: exponent {law.exponent:.2f} ({law.exponent_low:.2f} to {law.exponent_high:.2f}), {floor}.")
    if found.label_noise is not None:
        message(f"Noise of the values: {found.label_noise:.3f} of their spread.")

"""`polyloop model study transfer|curve|allocation`: do sources pay, which model of curves, polymers or repeats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyloop.app.cli.console import message, tell_left_out, write_json, write_table

if TYPE_CHECKING:
    from polyloop.learn.studies import OnePassStudy

__all__ = ["Block", "Column", "Json", "Kind", "Workers", "register", "show"]

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Folder to keep it in, with what replays it.")
]
Column = Annotated[
    str | None, typer.Option("--smiles-column", metavar="NAME", help="Column of the subjects.  [default: smiles]")
]
Kind = Annotated[str, typer.Option("--kind", help="Kind of the subjects.")]
Block = Annotated[
    list[str] | None, typer.Option("--block", metavar="NAME", help="Block of descriptors; may be repeated.")
]
Workers = Annotated[int, typer.Option("--workers", min=1, max=4096, help="Processes for descriptors.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of the folds.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]
Folds = Annotated[int, typer.Option("--folds", min=2, max=1000, help="Parts that are held out in turn.")]


def register(study: typer.Typer) -> None:
    """Add the commands to the group `study`."""
    study.command()(transfer)
    study.command()(curve)
    study.command()(allocation)


def transfer(
    csv: Annotated[Path, typer.Option("--csv", metavar="FILE", help="CSV or Parquet.")],
    target: Annotated[str, typer.Option("--target", metavar="COLUMN", help="Property, or any column of numbers.")],
    sources: Annotated[Path, typer.Option("--sources", metavar="FOLDER", help="Library of source models.")],
    output: Output = None,
    same: Annotated[
        str | None, typer.Option("--same", metavar="SOURCE", help="Source that is the target's property elsewhere.")
    ] = None,
    smiles_column: Column = None,
    folds: Folds = 10,
    workers: Workers = 1,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Compare learning with source models and without on rows that were held out."""
    from polyloop.core.subject import column_of
    from polyloop.learn.studies import TransferConfig
    from polyloop.learn.transfer import SourceLibrary

    column = smiles_column or column_of(SourceLibrary.load(sources).kind)
    config = TransferConfig.of(
        table=str(csv), target=target, sources=str(sources), same=same, smiles_column=column, folds=folds, seed=seed
    )
    show(config, output, workers, as_json=as_json)


def curve(
    csv: Annotated[Path, typer.Option("--csv", metavar="FILE", help="CSV or Parquet.")],
    prefix: Annotated[
        str, typer.Option("--prefix", metavar="TEXT", help="Columns TEXT and a number are the points of the axis.")
    ],
    output: Output = None,
    smiles_column: Column = None,
    kind: Kind = "polymer",
    block: Block = None,
    components: Annotated[int, typer.Option("--components", min=1, help="Principal components.")] = 8,
    folds: Folds = 5,
    workers: Workers = 1,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Compare models of whole curves, such as spectra, on rows that were held out."""
    from polyloop.core.subject import column_of
    from polyloop.learn.studies import CurveConfig

    config = CurveConfig.of(
        table=str(csv), prefix=prefix, smiles_column=smiles_column or column_of(kind), kind=kind,
        blocks=tuple(block or ()), components=components, folds=folds, seed=seed,
    )  # fmt: skip
    show(config, output, workers, as_json=as_json)


def allocation(
    csv: Annotated[Path, typer.Option("--csv", metavar="FILE", help="Runs, repeats in rows of their own.")],
    target: Annotated[str, typer.Option("--target", metavar="COLUMN", help="Property, or any column of numbers.")],
    budget: Annotated[float, typer.Option("--budget", min=1.0, help="What may be spent, in runs.")],
    cost_ratio: Annotated[
        float, typer.Option("--cost-ratio", min=1.0, help="Cost of a new subject's first run, in repeats.")
    ] = 1.0,
    output: Output = None,
    smiles_column: Column = None,
    kind: Kind = "polymer",
    block: Block = None,
    workers: Workers = 1,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Weigh more polymers against more repeats, from runs of which some are repeats."""
    from polyloop.core.subject import column_of
    from polyloop.learn.studies import AllocationConfig

    config = AllocationConfig.of(
        table=str(csv), target=target, budget=budget, cost_ratio=cost_ratio,
        smiles_column=smiles_column or column_of(kind), kind=kind, blocks=tuple(block or ()), seed=seed,
    )  # fmt: skip
    show(config, output, workers, as_json=as_json)


def show(config: OnePassStudy, output: Path | None, workers: int, *, as_json: bool) -> None:
    """Do a study of one pass, show what it came to, and keep it where a folder is named."""
    from polyloop.learn.studies import write_finding

    found = config.carry_out(workers=workers)
    tell_left_out(found.left_out)
    if output is not None:
        write_finding(config, found, output)
    if as_json:
        write_json(found.content)
    else:
        write_table(found.header, found.rows)
    for words in found.words:
        message(words)
    if output is not None:
        message(f"{output}: study.toml, table.csv, figure.png, study.json")

"""`polyloop model study ...`: source models and whether they pay, models of curves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from polyloop.app.cli import model_studies
from polyloop.app.cli.console import message, write_json, write_table
from polyloop.app.cli.groups import group
from polyloop.core.text import visible

__all__ = ["register"]

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
_NAMED = 5
_HEADER = ("way", "mean absolute error", "RMSE", "R2", "90 % coverage")


def register(model: typer.Typer) -> None:
    """Add the group of commands to the group `model`."""
    study = group(model, "study", "Which way of learning pays on these data.")
    study.command()(sources)
    study.command()(transfer)
    study.command("curve")(functional)
    study.command()(allocation)
    model_studies.register(study)


def sources(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder to write.")],
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="CSV or Parquet.")] = None,
    source: Annotated[
        list[str] | None, typer.Option("--source", metavar="COLUMN", help="Property to learn; may be repeated.")
    ] = None,
    store: Annotated[str | None, typer.Option("--store", metavar="URL", help="Results database: file or URL.")] = None,
    without: Annotated[
        Path | None, typer.Option("--without", metavar="FILE", help="Table of subjects to leave out, such as a test's.")
    ] = None,
    smiles_column: Column = None,
    kind: Kind = "polymer",
    block: Block = None,
    workers: Workers = 1,
    as_json: Json = False,
) -> None:
    """Train a library of source models on a table, or on what a store holds; its predictions serve other models."""
    from polyloop.core import InvalidInputError
    from polyloop.core.subject import column_of
    from polyloop.learn.property_model import BLOCKS_OF_MODELS
    from polyloop.learn.transfer import SourceLibrary
    from polyloop.store import Store
    from polyloop.tables import read_table

    column, left_out = smiles_column or column_of(kind), []
    if without is not None:
        table = read_table(without)
        left_out = [row.cells[table.position(column)] for row in table.rows]
    blocks = tuple(block) if block else BLOCKS_OF_MODELS
    if store is not None and csv is None:
        with Store(store, read_only=True) as opened:
            library = SourceLibrary.from_store(
                opened, properties=source, without=left_out, kind=kind, blocks=blocks, workers=workers
            )
    elif csv is not None and store is None and source:
        library = SourceLibrary.from_table(
            csv, source, column, without=left_out, kind=kind, blocks=blocks, workers=workers
        )
    else:
        raise InvalidInputError(
            "Say what the sources learn from.", hint="Give --csv with at least one --source, or --store."
        )
    library.save(output)
    if as_json:
        cards = {name: card.to_dict() for name, card in library.cards.items()}
        write_json({"digest": library.digest, "sources": cards})
        return
    rows = [(name, card.n, card.held_out["r2"], card.invariant or "-") for name, card in library.cards.items()]
    write_table(("source", "subjects", "R2 left out", "learnt as"), rows)
    message(f"{output}: {len(rows)} source models, digest {library.digest}.")


def transfer(
    csv: Annotated[Path, typer.Option("--csv", metavar="FILE", help="CSV or Parquet.")],
    target: Annotated[str, typer.Option("--target", metavar="COLUMN", help="Property, or any column of numbers.")],
    sources: Annotated[Path, typer.Option("--sources", metavar="FOLDER", help="Library of source models.")],
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
    import numpy as np

    from polyloop.core.subject import column_of
    from polyloop.features.mixtures import describe_subjects
    from polyloop.learn.invariant_target import without_factors
    from polyloop.learn.transfer import SourceLibrary, study_transfer
    from polyloop.learn.transfer.library import held_by
    from polyloop.tables.training import read_training

    library = SourceLibrary.load(sources)
    table = read_training(csv, target, smiles_column or column_of(library.kind))
    described = describe_subjects(library.kind, list(table.texts), library.blocks, workers=workers)
    _, first = np.unique(np.array(described.polymers), return_index=True)
    rows = np.sort(first[described.valid[first] & np.isfinite(table.values[first])])
    seen = held_by(library, [described.polymers[row] for row in rows])
    if seen:
        message(f"{len(seen)} of {len(rows)} subjects are known to a source too, such as {visible(sorted(seen)[0])}.")
    X = library.with_predictions(described.take(rows).described())
    elsewhere = None if same is None else library.model(same).mean(X)
    found = study_transfer(
        without_factors(X), table.values[rows], rng=np.random.default_rng(seed), same=elsewhere, folds=folds
    )
    if as_json:
        write_json({"n": len(rows), "known_to_sources": len(seen), **found.to_dict()})
        return
    write_table(_HEADER, found.rows())
    message(
        f"{len(rows)} labels; with all of them {'transfer' if found.uses_sources else 'learning from labels alone'} is "
        f"chosen: the gain of the sources is {found.gain:.1f} standard errors."
    )


def functional(
    csv: Annotated[Path, typer.Option("--csv", metavar="FILE", help="CSV or Parquet.")],
    prefix: Annotated[
        str, typer.Option("--prefix", metavar="TEXT", help="Columns TEXT and a number are the points of the axis.")
    ],
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
    import numpy as np

    from polyloop.core.subject import column_of
    from polyloop.features.mixtures import describe_subjects
    from polyloop.learn.functional import ComponentProcess, CurveModel, FunctionalRidge, study_curves
    from polyloop.tables.curves import read_curves

    table = read_curves(csv, prefix, smiles_column or column_of(kind))
    described = describe_subjects(kind, list(table.texts), tuple(block) if block else ("paths",), workers=workers)
    _, first = np.unique(np.array(described.polymers), return_index=True)
    rows = np.sort(first[described.valid[first]])
    left_out = [f"line {line}: {reason}" for line, reason in table.left_out]
    left_out += list(described.failures.values())
    for reason in left_out[:_NAMED]:
        message(f"Left out: {reason}")
    if len(left_out) > _NAMED:
        message(f"{len(left_out) - _NAMED} more are left out.")
    models: dict[str, Callable[[], CurveModel]] = {
        "ridge": FunctionalRidge,
        "components": lambda: ComponentProcess(components),
    }
    found = study_curves(
        described.take(rows).described(), table.values[rows], rng=np.random.default_rng(seed), folds=folds,
        models=models,
    )  # fmt: skip
    if as_json:
        errors = {name: one.to_dict() for name, one in found.items()}
        write_json({"n": len(rows), "points": len(table.points), "models": errors})
        return
    header = ("model", "median RMSE", "median R2", "median MAE", "RMSE", "R2", "90 % coverage")
    write_table(header, [(name, *list(one.to_dict().values())[1:]) for name, one in found.items()])
    message(f"{len(rows)} curves of {len(table.points)} points, {len(left_out)} rows left out.")


def allocation(
    csv: Annotated[Path, typer.Option("--csv", metavar="FILE", help="Runs, repeats in rows of their own.")],
    target: Annotated[str, typer.Option("--target", metavar="COLUMN", help="Property, or any column of numbers.")],
    budget: Annotated[float, typer.Option("--budget", min=1.0, help="What may be spent, in runs.")],
    cost_ratio: Annotated[
        float, typer.Option("--cost-ratio", min=1.0, help="Cost of a new polymer's first run, in repeats.")
    ] = 1.0,
    smiles_column: Column = None,
    kind: Kind = "polymer",
    block: Block = None,
    workers: Workers = 1,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Weigh more polymers against more repeats, from runs of which some are repeats."""
    import numpy as np

    from polyloop.core.subject import column_of
    from polyloop.features.mixtures import describe_subjects
    from polyloop.learn.allocation import study_allocation
    from polyloop.learn.invariant_target import without_factors
    from polyloop.learn.property_model import BLOCKS_OF_MODELS
    from polyloop.tables.training import read_training

    table = read_training(csv, target, smiles_column or column_of(kind))
    blocks = tuple(block) if block else BLOCKS_OF_MODELS
    described = describe_subjects(kind, list(table.texts), blocks, workers=workers)
    usable = np.flatnonzero(described.valid & np.isfinite(table.values))
    _, first, rows = np.unique(np.array(described.polymers)[usable], return_index=True, return_inverse=True)
    X = without_factors(described.take(usable[first]).described())
    found = study_allocation(
        X, table.values[usable], rows, budget=budget, cost_ratio=cost_ratio, rng=np.random.default_rng(seed)
    )
    if as_json:
        write_json(found.to_dict())
        return
    header = ("polymers", "runs each", "error over spread", "against labels as noisy")
    write_table(header, [(one.polymers, one.repeats, one.error, labels) for one, labels in found.rows()])
    message(
        f"{found.n} polymers, {found.runs} runs: one run scatters by {found.noise_std:.3g}, "
        f"{found.curve.noise:.0%} of the variance between polymers; best {found.best_repeats:.1f} runs each; "
        f"next: {found.next}."
    )

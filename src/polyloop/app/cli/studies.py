"""`polyloop model study ...`: the group, and the libraries of source models that its studies use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polyloop.app.cli import model_studies, one_pass_studies
from polyloop.app.cli.console import message, write_json, write_table
from polyloop.app.cli.groups import group
from polyloop.app.cli.one_pass_studies import Block, Column, Json, Kind, Workers

__all__ = ["register"]


def register(model: typer.Typer) -> None:
    """Add the group of commands to the group `model`."""
    study = group(model, "study", "Which way of learning pays on these data.")
    study.command()(sources)
    one_pass_studies.register(study)
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

"""`polyloop design train-language` and `generate`: repeat units from a chemical language model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polyloop.app.cli.console import message, write_json, write_table

__all__ = ["generate", "train_language"]

_NAMED = 5


def train_language(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder to write.")],
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Table of repeat units.  [default: the shipped homopolymers]"),
    ] = None,
    smiles_column: Annotated[str, typer.Option("--smiles-column", metavar="NAME", help="Their column.")] = "smiles",
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="ngram or recurrent.")] = "ngram",
    order: Annotated[int, typer.Option("--order", min=0, max=20, help="n-gram: last tokens that it looks at.")] = 4,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="recurrent: how often it reads all.")] = 30,
    temperature: Annotated[
        float, typer.Option("--temperature", min=0.05, max=20.0, help="Above 1 it writes rarer units.")
    ] = 1.0,
    lengths: Annotated[
        bool, typer.Option("--lengths/--no-lengths", help="Write units as long as those that teach.")
    ] = True,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of what training draws.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Write the card as JSON.")] = False,
) -> None:
    """Teach a language model with repeat units; the folder holds its arrays and its card."""
    from polyloop.core import InvalidInputError
    from polyloop.core.names import did_you_mean
    from polyloop.design.language import LANGUAGE_MODELS, NgramGenerator, RecurrentGenerator, save_language

    units = _units(csv, smiles_column)
    trained: NgramGenerator | RecurrentGenerator
    if model == "ngram":
        trained = NgramGenerator.train(units, order=order, temperature=temperature, lengths=lengths, seed=seed)
    elif model == "recurrent":
        trained = RecurrentGenerator.train(units, epochs=epochs, temperature=temperature, lengths=lengths, seed=seed)
    else:
        hint = did_you_mean(model, LANGUAGE_MODELS)
        raise InvalidInputError(f"There is no language model {model!r}.", hint=hint)
    save_language(trained, output)
    card = trained.card
    for text, reason in card.left_out[:_NAMED]:
        message(f"{text} is left out: {reason}")
    if len(card.left_out) > _NAMED:
        message(f"{len(card.left_out) - _NAMED} more are left out.")
    if as_json:
        write_json({"method": card.method, "n": card.n, "sha256": card.sha256, "classes": card.classes,
                    "left_out": len(card.left_out), "settings": card.settings, "held_out": card.held_out})  # fmt: skip
    else:
        typer.echo(f"{card.method}: taught by {card.n} repeat units of {len(card.classes)} classes; see {output}")


def generate(
    n: Annotated[int, typer.Option("-n", min=1, help="Number of different polymers.")],
    language: Annotated[
        Path | None,
        typer.Option("--language", metavar="FOLDER", help="Language model.  [default: the shipped homopolymers']"),
    ] = None,
    polymer_class: Annotated[
        str | None, typer.Option("--class", metavar="NAME", help="Polymers of this class only.")
    ] = None,
    known: Annotated[bool, typer.Option("--known", help="Also units that taught the model.")] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same polymers.")] = 0,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="CSV to write.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Write new repeat units, each another polymer; the CSV can be the pool of a campaign."""
    import numpy as np

    from polyloop.core import write_atomically
    from polyloop.core.csv_text import csv_text
    from polyloop.design.language import Drawing, NgramGenerator, load_language

    model = NgramGenerator.train(_units(None, "smiles")) if language is None else load_language(language)
    drawing = Drawing(model, known=known)
    header = ("smiles", "polymer_class")
    found = drawing.polymers(n, rng=np.random.default_rng(seed), polymer_class=polymer_class)
    rows = [(polymer.canonical, polymer.polymer_class) for polymer in found]
    if output is not None:
        write_atomically(output, csv_text(header, rows))
    elif as_json:
        write_json([dict(zip(header, row, strict=True)) for row in rows])
    else:
        write_table(header, rows)
    message(
        f"{len(rows)} polymers of {drawing.drawn} draws: {drawing.repeated} were drawn before, {drawing.taught} taught "
        f"the model, {drawing.invalid} were no repeat units."
    )


def _units(csv: Path | None, column: str) -> list[str]:
    if csv is None:
        from polyloop.chem.library import homopolymers

        return [row.smiles for row in homopolymers()]
    from polyloop.tables import read_table

    table = read_table(csv)
    place = table.position(column)
    return [row.cells[place] for row in table.rows]

"""`polyloop design train-language` and `generate`: repeat units from a chemical language model."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from polyloop.app.cli.console import message, tell_left_out, write_json, write_table

__all__ = ["generate", "train_language"]

_SECONDS = 10.0


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
    tell_left_out([f"{text}: {reason}" for text, reason in card.left_out])
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
    workers: Annotated[int, typer.Option("--workers", min=1, max=4096, help="Processes; they change no row.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Write new repeat units, each another polymer; the CSV can be the pool of a campaign. A killed run goes on."""
    from polyloop.design.language import NgramGenerator, load_language, write_units, written_units
    from polyloop.design.language.writing import HEADER

    model = NgramGenerator.train(_units(None, "smiles")) if language is None else load_language(language)
    if output is not None:
        found = write_units(
            model, output, n, seed=seed, known=known, polymer_class=polymer_class, workers=workers, progress=_told()
        )
    else:
        rounds = list(written_units(model, n, seed=seed, known=known, polymer_class=polymer_class, workers=workers))
        found, rows = rounds[-1][1], [row for _, _, new in rounds for row in new]
        if as_json:
            write_json([dict(zip(HEADER, row, strict=True)) for row in rows])
        else:
            write_table(HEADER, rows)
    message(
        f"{found.rows} polymers of {found.drawn} draws: {found.repeated} were drawn before, {found.taught} taught the "
        f"model, {found.invalid} were no repeat units."
    )


def _told() -> Callable[[int, int], None]:
    """Return what tells the progress of a long run now and then."""
    last = [time.monotonic()]

    def tell(done: int, total: int) -> None:
        if time.monotonic() - last[0] >= _SECONDS:
            last[0] = time.monotonic()
            message(f"{done:,} of {total:,} polymers.")

    return tell


def _units(csv: Path | None, column: str) -> list[str]:
    if csv is None:
        from polyloop.chem.library import homopolymers

        return [row.smiles for row in homopolymers()]
    from polyloop.tables import read_table

    table = read_table(csv)
    place = table.position(column)
    return [row.cells[place] for row in table.rows]

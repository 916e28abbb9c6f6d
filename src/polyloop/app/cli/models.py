"""`polyloop model ...`: train, predict, card and study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from polyloop.app.cli import studies
from polyloop.app.cli.console import message, tell_left_out, write_json, write_table
from polyloop.app.cli.groups import group
from polyloop.core.text import visible

__all__ = ["register"]

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of a trained model.")]
Table = Annotated[Path, typer.Option("--csv", metavar="FILE", help="CSV or Parquet.")]
Column = Annotated[
    str | None, typer.Option("--smiles-column", metavar="NAME", help="Column of the subjects.  [default: smiles]")
]
Factor = Annotated[
    list[str] | None,
    typer.Option(
        "--factor",
        metavar="PROPERTY[=COLUMN]",
        help="Column that an invariant takes: static_polarizability or molar_refraction of the repeat unit.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]
_NAMED = 5


def register(app: typer.Typer) -> None:
    """Add the group of commands to `app`."""
    model = group(app, "model", "Models of one property: train, predict, card, study.")
    model.command()(train)
    model.command()(predict)
    model.command()(card)
    studies.register(model)


def train(
    csv: Table,
    target: Annotated[str, typer.Option("--target", metavar="COLUMN", help="Property, or any column of numbers.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder to write.")],
    smiles_column: Column = None,
    kind: Annotated[str, typer.Option("--kind", help="Kind of the subjects.")] = "polymer",
    block: Annotated[
        list[str] | None, typer.Option("--block", metavar="NAME", help="Block of descriptors; may be repeated.")
    ] = None,
    invariant: Annotated[
        bool | None,
        typer.Option("--invariant/--no-invariant", help="Learn the property's invariant.  [default: what is better]"),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", metavar="NAME", help="Registered surrogate, e.g. gp, kernel_ridge, pls.")
    ] = "gp",
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="KEY=VALUE", help="Option of the model; may be repeated."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="NAME", help="Column of numbers that describe, too; may be repeated."),
    ] = None,
    factor: Factor = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of what the model draws.")] = 0,
    workers: Annotated[int, typer.Option("--workers", min=1, max=4096, help="Processes for descriptors.")] = 1,
    as_json: Json = False,
) -> None:
    """Learn one property from a table; the folder holds the model, its card and its held-out predictions."""
    from polyloop.core.options import read_assignments
    from polyloop.core.subject import column_of
    from polyloop.learn.known_numbers import KnownNumbers
    from polyloop.learn.property_model import PropertyModel
    from polyloop.tables.training import read_training

    columns, factors = dict.fromkeys(column or []), _factors(factor)
    further = {name: name for name in columns} | factors
    table = read_training(csv, target, smiles_column or column_of(kind), further=further)
    known = KnownNumbers(
        {name: table.columns[name] for name in columns}, {name: table.columns[name] for name in factors}
    )
    trained = PropertyModel.train(
        table.texts, table.values, target=table.target, kind=kind, noise_variance=table.variances,
        blocks=tuple(block) if block else None, invariant=invariant,
        surrogate=model, options=read_assignments(option or []), seed=seed, workers=workers, known=known,
    )  # fmt: skip
    trained.save(output)
    tell_left_out([f"line {line}: {reason}" for line, reason in table.left_out])
    _show(trained.card, output, as_json=as_json)


def predict(
    folder: Folder,
    csv: Table,
    smiles_column: Column = None,
    factor: Factor = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="CSV to write.")] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=4096, help="Processes for descriptors.")] = 1,
    as_json: Json = False,
) -> None:
    """Predict each row of a table: mean, standard deviation, 90 % interval, and whether it is in the model's domain.

    Columns of numbers that the model was taught with are read from the table, too.
    """
    from polyloop.core import write_atomically
    from polyloop.core.csv_text import csv_text
    from polyloop.core.subject import column_of
    from polyloop.learn.known_numbers import KnownNumbers
    from polyloop.learn.property_model import PropertyModel
    from polyloop.tables import read_table
    from polyloop.tables.training import read_numbers

    model, factors = PropertyModel.load(folder), _factors(factor)
    table = read_table(csv)
    column = smiles_column or column_of(model.card.kind)
    place = table.position(column)
    known = KnownNumbers(
        read_numbers(table, {name: name for name in model.card.columns}),
        read_numbers(table, {name: factors.get(name, name) for name in model.card.factors}),
    )
    found = model.predict([row.cells[place] for row in table.rows], workers=workers, known=known)
    header = ("smiles" if model.card.kind == "polymer" else column, "mean", "std", "low", "high", "in_domain")
    rows = [(one.text, one.mean, one.std, one.low, one.high, one.in_domain) for one in found]
    if as_json:
        reasons = [list(one.reasons) for one in found]
        write_json(
            [{**dict(zip(header, row, strict=True)), "reasons": why} for row, why in zip(rows, reasons, strict=True)]
        )
    elif output is None:
        write_table(header, rows)
    if output is not None:
        cells = [[*row[:-1], int(row[-1]), "; ".join(one.reasons)] for row, one in zip(rows, found, strict=True)]
        write_atomically(output, csv_text((*header, "reasons"), cells))
    outside, without = sum(not one.in_domain for one in found), sum(one.mean is None for one in found)
    message(f"{len(found)} predicted, {outside} of them outside the model's domain, {without} without descriptors.")


def _factors(given: list[str] | None) -> dict[str, str]:
    """Return the column of each factor, from `PROPERTY` or `PROPERTY=COLUMN`."""
    from polyloop.learn.known_numbers import check_factors

    parts = [one.partition("=") for one in given or []]
    check_factors([name for name, _, _ in parts])
    return {name: column or name for name, _, column in parts}


def card(folder: Folder, as_json: Json = False) -> None:
    """Show what a model was made of and how well it did on what it had not seen."""
    from polyloop.learn.property_model import PropertyModel

    _show(PropertyModel.load(folder).card, folder, as_json=as_json)


def _show(card: Any, folder: Path, *, as_json: bool) -> None:
    if as_json:
        write_json(card.to_dict())
        return
    held, unit = card.held_out, f" {card.unit}" if card.unit not in ("", "1") else ""
    words = ", ".join(f"{key} = {value}" for key, value in card.options.items())
    typer.echo(visible(f"model: {card.surrogate}{f' ({words})' if words else ''}"))
    typer.echo(visible(f"{card.target}: {card.n} {card.kind}s, {card.low:.4g} to {card.high:.4g}{unit}"))
    if card.choice:
        typer.echo(
            f"beyond the range that is taught, error over spread: the value itself {card.choice['value']:.2f}, "
            f"its invariant {card.choice['invariant']:.2f}"
        )
    typer.echo(f"learnt: {card.invariant or 'the value itself'}")
    if card.known_numbers:
        typer.echo(visible(f"takes from the table, too: {', '.join(card.known_numbers)}"))
    how = "left out one by one" if held["method"] == "leave-one-out" else "left out in fifths"
    typer.echo(f"{how}: RMSE {held['rmse']:.3g}{unit}, R2 {held['r2']:.3f}")
    typer.echo(f"90 % interval: {card.factor:.2f} standard deviations to either side")
    if ends := [end for end, odds in zip(("lowest", "highest"), card.chosen, strict=True) if odds > 0.5]:
        typer.echo(
            f"the values look chosen by their size at the {' and the '.join(ends)}: what may lie beyond is flagged"
        )
    if card.left_out:
        shown = "; ".join(f"{text} ({reason})" for text, reason in card.left_out[:_NAMED])
        more = f"; and {len(card.left_out) - _NAMED} more" if len(card.left_out) > _NAMED else ""
        typer.echo(visible(f"left out: {shown}{more}"))
    typer.echo(str(folder))

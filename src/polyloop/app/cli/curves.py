"""`polyloop store import-curves|export-curves`: functions on an axis, such as spectra, in and out of a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polyloop.app.cli.console import message, tell_left_out, write_json

__all__ = ["export_curves", "import_curves"]

Name = Annotated[str, typer.Option("--name", metavar="WORD", help="What is drawn, such as absorbance.")]


def import_curves(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or Parquet: a row a subject, a column a point.")],
    store: Annotated[str, typer.Option("--store", metavar="URL", help="Results database: file or URL.")],
    name: Name,
    prefix: Annotated[
        str, typer.Option("--prefix", metavar="TEXT", help="Columns TEXT and a number are the points of the axis.")
    ],
    axis: Annotated[str, typer.Option("--axis", metavar="WORD", help="What it is drawn over, such as wavelength.")],
    axis_unit: Annotated[str, typer.Option("--axis-unit", metavar="UNIT", help="Unit of the axis.")] = "1",
    unit: Annotated[str, typer.Option("--unit", metavar="UNIT", help="Unit of the values.")] = "1",
    kind: Annotated[str, typer.Option("--kind", help="Kind of the subjects.")] = "polymer",
    smiles_column: Annotated[
        str | None, typer.Option("--smiles-column", metavar="NAME", help="Column of the subjects.  [default: smiles]")
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option("--protocol", help="What they are called in the store.  [default: experiment/WORD@1]"),
    ] = None,
    temperature: Annotated[float, typer.Option("--temperature", min=1, max=10_000, help="K.")] = 298.15,
    pressure: Annotated[float, typer.Option("--pressure", min=1e-12, max=1e6, help="atm.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Keep the curves of a table in a results database; importing a table twice changes nothing."""
    from dataclasses import asdict

    from polyloop.core import Conditions
    from polyloop.store import Store

    with Store(store) as opened:
        done = opened.import_curves(
            file, name, prefix, axis=axis, axis_unit=axis_unit, unit=unit, kind=kind, column=smiles_column,
            protocol_id=protocol, conditions=Conditions(temperature, pressure),
        )  # fmt: skip
    tell_left_out([f"{place}: {reason}" for place, reason in done.left_out])
    if as_json:
        write_json(asdict(done))
    else:
        message(f"{done.added} curves of {done.points} points are new in {opened.where}, {done.known} were known.")


def export_curves(
    store: Annotated[str, typer.Argument(metavar="URL", help="Results database: file or URL.")],
    name: Name,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="CSV to write.")],
    prefix: Annotated[
        str | None,
        typer.Option("--prefix", metavar="TEXT", help="What the columns of points begin with.  [default: AXIS_]"),
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Of one kind of subjects only.")] = None,
    protocol: Annotated[
        list[str] | None, typer.Option("--protocol", help="Of one protocol only; may be repeated.")
    ] = None,
) -> None:
    """Write the curves of one name as a table, a column a point of the axis."""
    from polyloop.store import Store

    with Store(store, read_only=True) as opened:
        count = opened.export_curves(output, name, prefix, kind=kind, protocols=protocol)
    message(f"{count} curves in {output}.")

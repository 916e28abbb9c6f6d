"""`polyloop process ...`: reactivity ratios, simulated copolymerisations, and models of experiments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from polyloop.app.cli.console import message, write_json, write_table
from polyloop.app.cli.groups import group

__all__ = ["register"]

AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]


def register(app: typer.Typer) -> None:
    """Add the group of commands to `app`."""
    from polyloop.app.cli import process_models

    process = group(app, "process", "Copolymerisation: reactivity ratios, kinetics, models of experiments.")
    process.command()(reactivity)
    process.command("reactivity-train")(reactivity_train)
    process.command()(simulate)
    process_models.register(process)


def reactivity(
    smiles_1: Annotated[str, typer.Argument(metavar="SMILES1", help="The first monomer.")],
    smiles_2: Annotated[str, typer.Argument(metavar="SMILES2", help="The second monomer.")],
    method: Annotated[
        str, typer.Option("--method", help="auto (measured, else the model), measured, q-e or model.")
    ] = "auto",
    table: Annotated[
        Path | None, typer.Option("--table", metavar="FILE", help="Measured ratios of one's own, looked at first.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option("--model", metavar="FOLDER", help="What reactivity-train wrote.")
    ] = None,
    feed: Annotated[
        list[float] | None,
        typer.Option("--feed", help="Mole fraction of the first monomer: say the composition of the copolymer."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say the reactivity ratios of two monomers, with the deviations of their decadic logarithms."""
    from polyloop.process.reactivity.lookup import reactivity_ratios
    from polyloop.process.reactivity.measurements import read_measurements
    from polyloop.process.reactivity.model import ReactivityModel

    found = reactivity_ratios(
        smiles_1, smiles_2, method=method,
        measurements=read_measurements(table) if table else None,
        model=ReactivityModel.load(model) if model else None,
    )  # fmt: skip
    compositions = []
    if feed:
        mean, low, high = found.composition(feed)
        compositions = [
            {"feed_1": f, "copolymer_fraction_1": float(a), "low": float(b), "high": float(c)}
            for f, a, b, c in zip(feed, mean, low, high, strict=True)
        ]
    if as_json:
        content: dict[str, Any] = {
            "r1": found.r1, "r2": found.r2,
            "log10_r1_std": found.log10_r1_std, "log10_r2_std": found.log10_r2_std,
            "log10_correlation": found.log10_correlation,
            "source": found.source, "detail": found.detail, "n": found.n,
        }  # fmt: skip
        if feed:
            content["composition"] = compositions
        write_json(content)
        return
    write_table(
        ["r1", "r2", "std of log10 r1", "std of log10 r2", "source", "detail"],
        [[found.r1, found.r2, found.log10_r1_std, found.log10_r2_std, found.source, found.detail]],
    )
    if compositions:
        write_table(["f1", "F1", "low (95 %)", "high (95 %)"], [list(row.values()) for row in compositions])


def reactivity_train(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="CSV or Parquet: smiles_1, smiles_2, r1, r2.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the model goes.")],
    smiles_1: Annotated[str, typer.Option("--smiles-1", metavar="COLUMN")] = "smiles_1",
    smiles_2: Annotated[str, typer.Option("--smiles-2", metavar="COLUMN")] = "smiles_2",
    r1: Annotated[str, typer.Option("--r1", metavar="COLUMN")] = "r1",
    r2: Annotated[str, typer.Option("--r2", metavar="COLUMN")] = "r2",
    electrons: Annotated[
        bool, typer.Option("--electrons", help="Describe monomers by quantum chemistry too: better, and seconds each.")
    ] = False,
) -> None:
    """Train the model of reactivity ratios on a table of measured ones.

    Rows with a ratio of 0 or less, or of 50 or more, say nothing that could be learnt, and are left out.
    With --electrons GFN2-xTB describes the double bond and the radical of each monomer, here and where the model is
    used; what it has once computed is kept.
    """
    from polyloop.process.reactivity.measurements import read_measurements, usable
    from polyloop.process.reactivity.model import ReactivityModel

    read = read_measurements(table, {"smiles_1": smiles_1, "smiles_2": smiles_2, "r1": r1, "r2": r2})
    used = usable(read)
    model = ReactivityModel.fit(used, table.name, electrons=electrons)
    model.save(output)
    message(
        f"Learnt from {len(used)} measurements of {len(model.known.pairs)} pairs of {len(model.known.monomers)} "
        f"monomers, of {len(read)} rows. Use it: polyloop process reactivity SMILES1 SMILES2 --model {output}"
    )
    if lacking := [one.canonical for one in model.monomers if one.lacks_electrons]:
        message(f"GFN2-xTB failed on {', '.join(lacking)}: the mean of the others stands for what it would have said.")


def simulate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The reaction, a TOML file.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FOLDER", help="Write course.csv and course.png there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Simulate a copolymerisation in a batch, a semi-batch or a flow reactor, with its error bars."""
    from polyloop.process.reaction_file import read_reaction
    from polyloop.process.results import course_rows, outlet_row, write_picture

    run = read_reaction(file)
    rows = [outlet_row(run)] if run.is_flow else course_rows(run)
    if output is not None:
        from polyloop.core import write_atomically
        from polyloop.core.csv_text import csv_text

        output.mkdir(parents=True, exist_ok=True)
        write_atomically(output / "course.csv", csv_text(list(rows[0]), [list(row.values()) for row in rows]).encode())
        write_picture(run, output / "course.png")
    if as_json:
        sources = [{"r1": one.r1, "r2": one.r2, "source": one.source, "detail": one.detail} for one in run.sources]
        write_json({"reactivity_ratios": sources, "rows": rows})
        return
    for one in run.sources:
        message(f"r1 = {one.r1:.3g}, r2 = {one.r2:.3g} ({one.source}: {one.detail})")
    write_table(list(rows[0]), [list(row.values()) for row in rows])

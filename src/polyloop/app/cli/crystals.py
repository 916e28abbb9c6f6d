"""`polyloop crystal ...`: inorganic compositions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polyloop.app.cli import crystal_structures
from polyloop.app.cli.console import write_json, write_table
from polyloop.app.cli.crystal_compositions import energy, generate, train_generator
from polyloop.app.cli.crystal_design import design
from polyloop.app.cli.groups import group
from polyloop.core.errors import InvalidInputError

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the group of commands to `app`."""
    crystal = group(app, "crystal", "Inorganic compositions: formation energies, proposals, the hull of known phases.")
    crystal.command()(energy)
    crystal.command()(generate)
    crystal.command("train-generator")(train_generator)
    crystal.command()(hull)
    crystal.command()(design)
    crystal_structures.register(crystal)


def hull(
    formulas: Annotated[list[str], typer.Argument(metavar="FORMULA...", help="Compositions, in any spelling.")],
    phases: Annotated[
        Path, typer.Option("--phases", metavar="FILE", help="CSV or Parquet of known phases and formation energies.")
    ],
    energy: Annotated[
        list[float] | None,
        typer.Option("--energy", help="Formation energy in eV/atom, one for each composition, in their order."),
    ] = None,
    formula_column: Annotated[str, typer.Option("--formula-column", metavar="NAME")] = "formula",
    energy_column: Annotated[
        str, typer.Option("--energy-column", metavar="NAME", help="Formation energies in eV/atom.")
    ] = "formation_energy",
    without_itself: Annotated[
        bool, typer.Option("--without-itself", help="Leave out known phases of the composition itself.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Say into which known phases compositions would part, and how far energies lie above that mixture.

    All energies must be of one source: databases, and vintages of one database, differ by more than what decides about
    stability.
    """
    from polyloop.crystal.composition import Composition
    from polyloop.crystal.hull import PhaseTable

    given = [Composition(text) for text in formulas]
    if energy and len(energy) != len(given):
        raise InvalidInputError(
            f"There are {len(given)} compositions and {len(energy)} energies.", where="--energy",
            hint="Give one for each, or none.",
        )  # fmt: skip
    table = PhaseTable.read(phases, formula=formula_column, energy=energy_column)
    rows = []
    for place, (text, composition) in enumerate(zip(formulas, given, strict=True)):
        found = table.decompose(composition, without_itself=without_itself)
        rows.append(
            {
                "given": text,
                "formula": composition.canonical,
                "hull_energy": found.energy,
                "hull_distance": energy[place] - found.energy if energy else None,
                "phases": dict(found.phases),
            }
        )
    if as_json:
        write_json(rows)
        return
    header = ["formula", "hull energy [eV/atom]", *(["hull distance [eV/atom]"] if energy else []), "phases"]
    write_table(header, [_cells(row, with_distance=bool(energy)) for row in rows])


def _cells(row: dict[str, object], *, with_distance: bool) -> list[object]:
    parts = row["phases"]
    words = " + ".join(f"{share:.3g} {name}" for name, share in parts.items()) if isinstance(parts, dict) else ""
    distance = [f"{row['hull_distance']:.4f}"] if with_distance else []
    return [row["formula"], f"{row['hull_energy']:.4f}", *distance, words]

"""`polyloop crystal design`: from a wished formation energy to relaxed crystals."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyloop.app.cli.console import message, write_json, write_table
from polyloop.app.cli.crystal_compositions import symbols
from polyloop.core.errors import InvalidInputError, PolyloopError

if TYPE_CHECKING:
    from polyloop.crystal.design import CrystalDesign

__all__ = ["design"]

_COLUMNS = (
    "formula",
    "predicted",
    "formation_energy",
    "std",
    "hull_distance",
    "space_group",
    "method",
    "template",
    "cif",
)


def design(
    wanted: Annotated[
        str, typer.Option("--property", metavar="formation_energy=EV", help="Wanted formation energy in eV/atom.")
    ],
    folder: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Keeps every step; goes on.")],
    n: Annotated[int, typer.Option("-n", min=1, max=10_000, help="Relaxed compositions that are wanted.")] = 10,
    elements: Annotated[str, typer.Option("--elements", metavar="Li,O,P", help="Only these elements.")] = "",
    include: Annotated[str, typer.Option("--include", metavar="Li,O", help="Elements that each one holds.")] = "",
    avoid: Annotated[str, typer.Option("--avoid", metavar="Pb,Cd", help="Elements that none holds.")] = "",
    fewest: Annotated[int, typer.Option("--fewest", min=1, max=8, help="Fewest elements.")] = 2,
    most: Annotated[int, typer.Option("--most", min=1, max=8, help="Most elements.")] = 8,
    neutral: Annotated[bool, typer.Option("--neutral", help="Only those whose charges can balance.")] = False,
    known: Annotated[bool, typer.Option("--known", help="Also those that taught the generator.")] = False,
    templates: Annotated[
        Path | None,
        typer.Option("--templates", metavar="FILE", help="Known structures.  [default: setting POLYLOOP_TEMPLATES]"),
    ] = None,
    phases: Annotated[
        Path | None,
        typer.Option("--phases", metavar="FILE", help="Known phases and formation energies, for hull distances."),
    ] = None,
    guesses: Annotated[int, typer.Option("--guesses", min=1, max=100, help="Structures relaxed for each.")] = 3,
    symmetry_guesses: Annotated[
        int,
        typer.Option(
            "--symmetry-guesses",
            min=0,
            max=1000,
            help="The same where no known structure has the ratio: made by symmetry. 0: propose none of these.",
        ),
    ] = 10,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed proposes the same compositions.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Propose compositions with a wanted formation energy, relax their likeliest structures, and rank them.

    Killed at any moment, the same command goes on. Formation energies and phases are of the Materials Project's scheme
    of 2020; the generator learnt that of 2018.
    """
    from polyloop.crystal.design import CrystalDesigner
    from polyloop.crystal.formation_energy import FormationEnergyModel
    from polyloop.crystal.generation import CompositionWish, ConditionalGenerator
    from polyloop.crystal.hull import PhaseTable
    from polyloop.crystal.structure_prediction import StructurePredictor

    wish = CompositionWish(
        _energy(wanted), symbols(include), symbols(avoid), symbols(elements), (fewest, most), neutral=neutral
    )
    generator = ConditionalGenerator.shipped()
    predictor = StructurePredictor.open(templates)
    designer = CrystalDesigner(
        generator, FormationEnergyModel.shipped(), predictor,
        PhaseTable.read(phases) if phases is not None else None, guesses, symmetry_guesses=symmetry_guesses,
    )  # fmt: skip

    def tell(done: int, one: CrystalDesign) -> None:
        found = f"{one.formation_energy:.3f} eV/atom" if one.formation_energy is not None else one.failure
        message(f"{done}/{n}  {one.formula}: {found}")

    found = designer.design(wish, n, folder, seed=seed, refused=None if known else generator.knows, progress=tell)
    rows = [asdict(one) for one in found]
    if as_json:
        write_json(rows)
    else:
        write_table(_COLUMNS, [[row[name] for name in _COLUMNS] for row in rows])
    if not found:
        raise PolyloopError("No proposal has a relaxed structure.", hint="Allow more elements, or give more templates.")


def _energy(text: str) -> float:
    name, _, value = text.partition("=")
    if name.strip() != "formation_energy":
        raise InvalidInputError(
            f"Crystals are designed for a formation energy, and not for {name.strip()!r}.",
            where="--property", hint="Write --property formation_energy=-3.",
        )  # fmt: skip
    try:
        return float(value)
    except ValueError:
        raise InvalidInputError(f"{value!r} is no number.", where="--property", hint="In eV/atom.") from None

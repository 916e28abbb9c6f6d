"""`polyloop build`: a periodic cell of polymer chains, written to a file for any engine, or as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from polyloop.app.cli.console import message

if TYPE_CHECKING:
    from polyloop.simulate.build.plan import Tacticity

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(build)


def build(
    smiles: Annotated[str, typer.Argument(metavar="SMILES", help="A repeat unit with two stars.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="What to write: .data, .gro, .top, .xml, .pdb, .xyz or .png."
        ),
    ],
    chains: Annotated[int, typer.Option("--chains", min=1, help="Number of chains.")] = 10,
    degree: Annotated[int | None, typer.Option("--dp", min=1, help="Units per chain.")] = None,
    atoms: Annotated[
        int | None, typer.Option("--atoms", min=1, help="Or atoms per chain, about.  [default: 1000]")
    ] = None,
    charges: Annotated[
        str, typer.Option("--charges", help="Partial charges: gasteiger, fast, resp (minutes), esp, or none.")
    ] = "gasteiger",
    density: Annotated[float, typer.Option("--density", help="In g/cm3, to start with.")] = 0.05,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of conformations and tacticity.")] = 0,
    tacticity: Annotated[str, typer.Option("--tacticity", help="atactic, isotactic or syndiotactic.")] = "atactic",
) -> None:
    """Grow chains and pack them into a periodic cell at low density, typed with GAFF2_mod."""
    from polyloop.chem import Polymer
    from polyloop.chem.chain import Chain, ChainUnit
    from polyloop.chem.formats import SUFFIXES, write
    from polyloop.core import InvalidInputError
    from polyloop.simulate.build import build_cell, degree_for, smallest_contact
    from polyloop.simulate.charges import chain_charges

    if degree is not None and atoms is not None:
        raise InvalidInputError("A chain has units or atoms of its own, not both.", mend="Give --dp or --atoms.")
    # Before the work, not after it.
    if output.suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise InvalidInputError(f"There is no format for {output.name!r}.", where="--output", mend=f"Known: {known}.")
    polymer = Polymer(smiles)
    unit = ChainUnit.of(polymer)
    chain = Chain.homopolymer(polymer, degree or degree_for(unit, atoms or 1000))
    partial = None if charges == "none" else [chain_charges(chain, charges, seed)] * chains
    # The builder refuses a word that it does not know.
    wanted = cast("Tacticity", tacticity)
    cell = build_cell([chain] * chains, partial, density=density, seed=seed, tacticity=wanted)
    for path in write(cell, output):
        typer.echo(str(path))
    contact = smallest_contact(cell.positions, cell.topology.bonds, cell.box)
    message(
        f"{chains} chains of {len(chain.sequence)} units, {cell.topology.n_atoms} atoms, {cell.density:.4g} g/cm3, "
        f"edge {cell.box[0]:.1f} A, nearest non-bonded atoms {contact:.2f} A, "
        f"partial charges: {charges}."
    )

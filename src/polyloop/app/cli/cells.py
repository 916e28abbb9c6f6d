"""`polyloop cell build`: a periodic cell of polymer chains, written to a file for any engine, or as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from polyloop.app.cli.console import message
from polyloop.app.cli.groups import group

if TYPE_CHECKING:
    from polyloop.simulate.cells import Arrangement, Tacticity

__all__ = ["register"]

# 10 GB of coordinates, topology and lists; what simulations of polymers bear is far below.
_MOST_ATOMS = 10_000_000


def register(app: typer.Typer) -> None:
    """Add the group of commands to `app`."""
    group(app, "cell", "Periodic cells of chains, for any engine.").command()(build)


def build(
    smiles: Annotated[
        list[str], typer.Argument(metavar="SMILES", help="A repeat unit with two stars, or several for a mixture.")
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="What to write: .data, .gro, .top, .xml, .pdb, .xyz or .png."
        ),
    ],
    chains: Annotated[int, typer.Option("--chains", min=1, max=100_000, help="Number of chains.")] = 10,
    degree: Annotated[int | None, typer.Option("--dp", min=1, max=1_000_000, help="Units per chain.")] = None,
    atoms: Annotated[
        int | None, typer.Option("--atoms", min=1, max=10_000_000, help="Or atoms per chain, about.  [default: 1000]")
    ] = None,
    arrangement: Annotated[
        str | None, typer.Option("--arrangement", help="Copolymers of several units: alternating, random or block.")
    ] = None,
    blend: Annotated[bool, typer.Option("--blend", help="Or chains of each unit, mixed.")] = False,
    fractions: Annotated[
        str | None,
        typer.Option(
            "--fractions", metavar="F,F,...", help="Share of each unit, or of a blend's chains.  [default: equal]"
        ),
    ] = None,
    ions: Annotated[
        int, typer.Option("--ions", min=0, max=1_000_000, metavar="N", help="Pairs of Na+ and Cl- to add.")
    ] = 0,
    charges: Annotated[
        str, typer.Option("--charges", help="Partial charges: gasteiger, fast, resp (minutes), esp, or none.")
    ] = "gasteiger",
    density: Annotated[float, typer.Option("--density", help="In g/cm3, to start with.")] = 0.05,
    seed: Annotated[
        int, typer.Option("--seed", min=0, max=2**62, help="Seed of conformations, tacticity and sequences.")
    ] = 0,
    tacticity: Annotated[str, typer.Option("--tacticity", help="atactic, isotactic or syndiotactic.")] = "atactic",
) -> None:
    """Grow chains and pack them into a periodic cell at low density, typed with GAFF2_mod."""
    from polyloop.chem.chain import ChainUnit
    from polyloop.chem.forcefield import type_chain
    from polyloop.chem.formats import SUFFIXES, write
    from polyloop.core import InvalidInputError
    from polyloop.simulate.cells import (
        Composition,
        build_cell,
        describe_chains,
        ion_pairs,
        refuse_net_charge,
        smallest_contact,
    )
    from polyloop.simulate.charges import chain_charges
    from polyloop.tables import parse_arguments

    if degree is not None and atoms is not None:
        raise InvalidInputError("A chain has units or atoms of its own, not both.", hint="Give --dp or --atoms.")
    _refuse_huge(chains, degree, atoms)
    # Before the work, not after it.
    if output.suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise InvalidInputError(f"There is no format for {output.name!r}.", where="--output", hint=f"Known: {known}.")
    polymers = parse_arguments(smiles)
    units = tuple(ChainUnit.of(polymer) for polymer in polymers)
    for polymer, unit in zip(polymers, units, strict=True):
        if unit.polymer is not polymer:
            message(f"{polymer.smiles} is cut at a multiple bond; built from {unit.polymer.smiles}, the same chain.")
    # The builder refuses words that it does not know.
    arranged, wanted = cast("Arrangement | None", arrangement), cast("Tacticity", tacticity)
    composition = Composition(units, arranged, blend, None if fractions is None else _numbers(fractions))
    grown = composition.chains(chains, degree=degree, n_atoms=atoms or 1000, seed=seed)
    # Charges may take minutes: what the cell or the force field refuses is said before.
    refuse_net_charge(grown, ion_pairs(ions))
    for chain in {id(chain): chain for chain in grown}.values():
        type_chain(chain)
    partial = None if charges == "none" else [chain_charges(chain, charges, seed) for chain in grown]
    cell = build_cell(grown, partial, density=density, seed=seed, tacticity=wanted, others=ion_pairs(ions))
    for path in write(cell, output):
        typer.echo(str(path))
    contact = smallest_contact(cell.positions, cell.topology.bonds, cell.box)
    salt = f"{ions} Na+ and {ions} Cl-, " if ions else ""
    message(
        f"{describe_chains(grown)}, {salt}{cell.topology.n_atoms} atoms, {cell.density:.4g} g/cm3, "
        f"edge {cell.box[0]:.1f} A, nearest non-bonded atoms {contact:.2f} A, "
        f"partial charges: {charges}."
    )


def _refuse_huge(chains: int, degree: int | None, atoms: int | None) -> None:
    """Raise for a cell that no machine holds; a repeat unit has at least three atoms."""
    from polyloop.core import InvalidInputError

    total = chains * (3 * degree if degree is not None else atoms or 1000)
    if total > _MOST_ATOMS:
        raise InvalidInputError(
            f"{chains:,} chains make a cell of {total:,} atoms or more; {_MOST_ATOMS:,} are the most.",
            where="--chains",
            hint="Give fewer or shorter chains.",
        )


def _numbers(text: str) -> list[float]:
    from polyloop.core import InvalidInputError

    try:
        return [float(word) for word in text.split(",")]
    except ValueError as error:
        raise InvalidInputError(
            f"{text!r} are no fractions.", where="--fractions", hint="Write numbers with commas between, e.g. 0.7,0.3."
        ) from error

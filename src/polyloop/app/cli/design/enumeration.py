"""`polyloop design enumerate`: all small molecules of given elements, size and rules."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyloop.app.cli.console import message, write_json

if TYPE_CHECKING:
    from polyloop.design.enumeration import MoleculeRules

__all__ = ["enumerate_"]


def enumerate_(
    elements: Annotated[str, typer.Option("--elements", metavar="A,B", help="Elements beside hydrogen.")] = "C",
    heavy_atoms: Annotated[
        str | None,
        typer.Option("--heavy-atoms", metavar="N or A:B", help="Number of atoms beside hydrogen, up to 16."),
    ] = None,
    formula: Annotated[
        str | None, typer.Option("--formula", metavar="FORMULA", help="Isomers of a formula, such as C10H16O.")
    ] = None,
    saturated: Annotated[bool, typer.Option("--saturated", help="Single bonds only.")] = False,
    acyclic: Annotated[bool, typer.Option("--acyclic", help="No rings.")] = False,
    rings: Annotated[str | None, typer.Option("--rings", metavar="N or A:B", help="Number of rings.")] = None,
    ring_sizes: Annotated[
        str | None, typer.Option("--ring-sizes", metavar="N or A:B", help="Length of the shortest ring at each bond.")
    ] = None,
    no_heteroatom_bonds: Annotated[
        bool, typer.Option("--no-heteroatom-bonds", help="No bond between two atoms other than C and H.")
    ] = False,
    no_cumulenes: Annotated[bool, typer.Option("--no-cumulenes", help="No atom with two double bonds.")] = False,
    no_ring_triple_bonds: Annotated[
        bool, typer.Option("--no-ring-triple-bonds", help="No triple bond in a ring.")
    ] = False,
    one_kekule: Annotated[
        bool, typer.Option("--one-kekule", help="An aromatic molecule once, not once for each Kekule structure.")
    ] = False,
    forbid: Annotated[
        list[str] | None, typer.Option("--forbid", metavar="SMARTS", help="Group to leave out; may be repeated.")
    ] = None,
    count: Annotated[bool, typer.Option("--count", help="Print their number alone.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="File for the SMILES; the same command goes on with it."),
    ] = None,
    skeletons: Annotated[
        str | None,
        typer.Option("--skeletons", metavar="SOURCE", help="geng or built-in.  [default: geng where installed]"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON: number and, of a file, digest.")] = False,
) -> None:
    """Make every small molecule of given elements and size, or of a formula, each once, as SMILES."""
    from polyloop.design.enumeration import count_molecules, enumerate_molecules, write_molecules

    rules = _rules(
        elements, heavy_atoms, formula, rings="0" if acyclic else rings, ring_sizes=ring_sizes,
        saturated=saturated, heteroatom_bonds=not no_heteroatom_bonds, cumulenes=not no_cumulenes,
        ring_triple_bonds=not no_ring_triple_bonds, one_kekule=one_kekule, forbidden=tuple(forbid or ()),
    )  # fmt: skip
    if output is not None:
        found = write_molecules(
            rules, output, skeletons=skeletons, progress=lambda n: message(f"{n:,} molecules so far")
        )
        message(f"{output}: {found.n:,} molecules, sha256 {found.sha256}")
        if as_json:
            write_json({"molecules": found.n, "file": str(output), "sha256": found.sha256, "resumed": found.resumed})
        else:
            typer.echo(found.n)
    elif count or as_json:
        number = count_molecules(rules, skeletons=skeletons)
        if as_json:
            write_json({"molecules": number})
        else:
            typer.echo(number)
    else:
        _stream(chunk.lines.decode() for chunk in enumerate_molecules(rules, skeletons=skeletons))


def _rules(
    elements: str, heavy_atoms: str | None, formula: str | None, *, rings: str | None, ring_sizes: str | None,
    saturated: bool, heteroatom_bonds: bool, cumulenes: bool, ring_triple_bonds: bool, one_kekule: bool,
    forbidden: tuple[str, ...],
) -> MoleculeRules:  # fmt: skip
    from polyloop.core import InvalidInputError
    from polyloop.design.enumeration import MoleculeRules, read_molecular_formula

    if (heavy_atoms is None) == (formula is None):
        raise InvalidInputError("Give either --heavy-atoms or --formula.")
    least, most = _range(heavy_atoms or "1", "--heavy-atoms")
    low, high = _range(rings, "--rings") if rings is not None else (0, None)
    small, large = _range(ring_sizes, "--ring-sizes") if ring_sizes is not None else (3, None)
    return MoleculeRules(
        elements=tuple(symbol.strip() for symbol in elements.split(",")), heavy_atoms=(least, most),
        formula=None if formula is None else read_molecular_formula(formula), saturated=saturated, rings=(low, high),
        ring_sizes=(small, large), heteroatom_bonds=heteroatom_bonds, cumulenes=cumulenes,
        ring_triple_bonds=ring_triple_bonds, one_kekule=one_kekule, forbidden=forbidden,
    )  # fmt: skip


def _stream(parts: Iterable[str]) -> None:
    """Write parts to stdout until they end, or until whoever reads them (`head`) has enough."""
    try:
        for part in parts:
            sys.stdout.write(part)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would complain again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _range(text: str, option: str) -> tuple[int, int]:
    """Read `5` or `3:8`."""
    from polyloop.core import InvalidInputError

    low, _, high = text.partition(":")
    try:
        return int(low), int(high or low)
    except ValueError:
        raise InvalidInputError(f"{text!r} is no number or range.", where=option, hint="Write 5 or 3:8.") from None

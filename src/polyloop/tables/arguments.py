"""Read repeat units from the command line; errors name the one that is none."""

from __future__ import annotations

from collections.abc import Sequence

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError, PolyloopError

__all__ = ["parse_polymer", "parse_polymers"]


def parse_polymers(smiles: Sequence[str]) -> list[Polymer]:
    """Parse repeat units.

    Raises
    ------
    InvalidInputError
        Naming the place of the first that is none.
    """
    return [parse_polymer(text, f"SMILES number {number}") for number, text in enumerate(smiles, start=1)]


def parse_polymer(text: str, where: str) -> Polymer:
    """Parse one repeat unit; what `Polymer` raises then says `where` it stands."""
    try:
        return Polymer(text)
    except PolyloopError as error:
        raise InvalidInputError(error.reason, where=f"{where}, {text!r}", hint=error.hint) from error

"""Read repeat units from the command line; errors name the one that is none."""

from __future__ import annotations

from collections.abc import Sequence

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError, PolyloopError

__all__ = ["parse_polymers"]


def parse_polymers(smiles: Sequence[str]) -> list[Polymer]:
    """Parse repeat units.

    Raises
    ------
    InvalidInputError
        Naming the place of the first that is none.
    """
    return [_parse(text, f"SMILES number {number}") for number, text in enumerate(smiles, start=1)]


def _parse(text: str, where: str) -> Polymer:
    try:
        return Polymer(text)
    except PolyloopError as error:
        raise InvalidInputError(error.what, where=f"{where}, {text!r}", mend=error.mend) from error

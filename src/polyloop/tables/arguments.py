"""Read subjects from the command line; errors name the one that is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polyloop.core import KINDS, InvalidInputError, PolyloopError

__all__ = ["parse_argument", "parse_arguments"]


def parse_arguments(texts: Sequence[str], kind: str = "polymer") -> list[Any]:
    """Parse subjects of one kind into its objects.

    Raises
    ------
    InvalidInputError
        Naming the place of the first that is none.
    """
    noun = "SMILES" if kind == "polymer" else kind
    return [parse_argument(text, f"{noun} number {number}", kind) for number, text in enumerate(texts, start=1)]


def parse_argument(text: str, where: str, kind: str = "polymer") -> Any:
    """Parse one subject; what the kind raises then says `where` it stands."""
    try:
        return KINDS.find(kind, "kind").parse(text)
    except PolyloopError as error:
        raise InvalidInputError(error.reason, where=f"{where}, {text!r}", hint=error.hint) from error

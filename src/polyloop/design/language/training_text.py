"""The text that teaches: repeat units as tokens, in both directions, with their classes and a digest."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError
from polyloop.design.language.reading import tokens_of, unit_graph
from polyloop.design.language.vocabulary import Token

__all__ = ["TrainingText", "read_training_text", "unit_digest"]

_LEAST = 2


@dataclass(frozen=True, eq=False)
class TrainingText:
    """Distinct repeat units.

    Parameters
    ----------
    units
        Canonical SMILES.
    classes
        The polymer class of each.
    spellings
        Tokens of each, from both ends.
    left_out
        What was given and cannot be read, with the reason.
    """

    units: tuple[str, ...]
    classes: tuple[str, ...]
    spellings: tuple[tuple[tuple[Token, ...], ...], ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def sha256(self) -> str:
        """Digest of the units, whatever their order."""
        return hashlib.sha256("\n".join(sorted(self.units)).encode()).hexdigest()

    @property
    def digests(self) -> frozenset[str]:
        """Digest of each unit, by which it is known again."""
        return frozenset(unit_digest(unit) for unit in self.units)

    @property
    def class_counts(self) -> dict[str, int]:
        """Number of units by class, the most frequent first."""
        return dict(Counter(self.classes).most_common())


def unit_digest(canonical: str) -> str:
    """Return 16 characters of the sha256 of a canonical SMILES."""
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def read_training_text(smiles: Iterable[str]) -> TrainingText:
    """Read repeat units; what is no unit, or holds what tokens do not say, is left out with the reason.

    Raises
    ------
    InvalidInputError
        If fewer than two different units can be read.
    """
    kept: dict[str, tuple[str, tuple[tuple[Token, ...], ...]]] = {}
    left_out: list[tuple[str, str]] = []
    for text in smiles:
        try:
            polymer = Polymer(text)
            if polymer.canonical in kept:
                continue
            graph = unit_graph(polymer.canonical)
        except InvalidInputError as error:
            left_out.append((str(text), error.reason))
            continue
        spellings = {tuple(tokens_of(graph)), tuple(tokens_of(graph, backward=True))}
        kept[polymer.canonical] = (polymer.polymer_class or "none", tuple(sorted(spellings, key=str)))
    if len(kept) < _LEAST:
        raise InvalidInputError("Fewer than two repeat units can be read.", hint="Give a table of repeat units.")
    units = tuple(kept)
    classes, spelled = zip(*kept.values(), strict=True)
    return TrainingText(units, classes, spelled, tuple(left_out))

"""Structures of a composition, the likeliest first: templates of its ratio with its elements in their places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from polyloop.core.errors import InvalidInputError
from polyloop.crystal.composition import Composition
from polyloop.crystal.structures.pymatgen import same_cell
from polyloop.crystal.structures.structure import CrystalStructure
from polyloop.crystal.substitution.ranking import StructureRanking, candidates_of
from polyloop.crystal.substitution.templates import TemplateStore, ratio_of, slots_of

__all__ = ["StructurePrediction", "predict_structures"]

# Of one protostructure so many templates at most, unless no other is left: they differ in free coordinates only.
_EACH = 2


@dataclass(frozen=True)
class StructurePrediction:
    """One guess.

    Parameters
    ----------
    rank
        From 1 on.
    probability
        That this protostructure is right, if one of the templates' is; of rearranged orbits the same among these, and
        of drawn positions how often they are drawn: numbers of different methods cannot be compared.
    template, template_formula
        Name and formula of the known structure; None where it was drawn without one.
    space_group
        Number that the template has.
    method
        How it was made: `substitution`, `rearranged orbits`, `drawn`.
    """

    rank: int
    structure: CrystalStructure
    probability: float
    template: str | None
    template_formula: str | None
    space_group: int
    method: str = "substitution"

    @property
    def origin(self) -> str:
        """Where it comes from, in words."""
        return (
            f"from {self.template} ({self.template_formula})" if self.template else f"drawn in group {self.space_group}"
        )

    def with_rank(self, rank: int) -> StructurePrediction:
        """Return it at another rank."""
        return replace(self, rank=rank)


def predict_structures(
    composition: Composition,
    store: TemplateStore,
    ranking: StructureRanking,
    *,
    most: int = 10,
    exclude_formula: bool = False,
) -> list[StructurePrediction]:
    """Return structures of a composition by substitution, the likeliest first, at the volume that its elements take.

    Guesses that pymatgen's `StructureMatcher` takes for one another are given once: many space groups differ in a
    distortion that a relaxation takes away.

    Parameters
    ----------
    most
        Structures at most; fewer where there are fewer templates.
    exclude_formula
        Leave out templates of the composition itself, as if it were unknown.

    Raises
    ------
    InvalidInputError
        If no template has the ratio of its elements.
    """
    formula = composition.canonical
    found = candidates_of(composition, store, ranking.swaps, formula.__eq__ if exclude_formula else None)
    if found is None:
        ratio = ":".join(map(str, ratio_of(composition)))
        raise InvalidInputError(
            f"No template has elements in the ratio {ratio}.", where=formula,
            hint="Add structures of this ratio to the templates.",
        )  # fmt: skip
    odds = ranking.probabilities(found)
    by_rank = np.argsort(-odds, kind="stable")
    guesses: list[StructurePrediction] = []
    for depth in _depths(max(len(rows) for rows in found.templates)):
        for place in by_rank:
            rows = found.templates[place][depth]
            for row, order in rows:
                if len(guesses) == most:
                    return guesses
                structure = _substituted(composition, store, int(row), int(order))
                if not any(same_cell(structure, one.structure) for one in guesses):
                    template = store.templates[row]
                    guesses.append(
                        StructurePrediction(
                            len(guesses) + 1, structure, float(odds[place]), template.name, template.formula,
                            template.protostructure.number,
                        )
                    )  # fmt: skip
                    break
    return guesses


def _depths(longest: int) -> Iterator[slice]:
    """Yield the nearest template of each protostructure, then the others in portions."""
    yield slice(0, 1)
    for start in range(1, longest, _EACH):
        yield slice(start, start + _EACH)


def _substituted(composition: Composition, store: TemplateStore, row: int, order: int) -> CrystalStructure:
    template = store.templates[row]
    group = store.group(ratio_of(composition))
    if group is None:
        raise InvalidInputError("The template has another ratio.", where=composition.canonical)
    theirs = slots_of(template.structure.composition)
    ours = slots_of(composition)
    mapped = {theirs[slot]: symbol for slot, symbol in zip(group.orders[order], ours, strict=True)}
    structure = template.structure
    volumes = store.atomic_volumes
    symbols = tuple(mapped[symbol] for symbol in structure.symbols)
    substituted = CrystalStructure.trusted(structure.lattice, structure.fractional, symbols)
    # The template's own volume, times what our elements take in the mean over what its own do.
    ratio = volumes[substituted.numbers - 1].sum() / volumes[structure.numbers - 1].sum()
    return substituted.scaled(structure.volume * float(ratio))

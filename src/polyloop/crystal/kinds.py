"""The kind `composition`: how it is parsed, classed and told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyloop.core.subject import Drawing

if TYPE_CHECKING:
    from polyloop.crystal.composition import Composition

__all__ = ["COMPOSITION", "CompositionKind"]

# The most electronegative of these names the class.
_CLASSES = (
    (("F",), "fluorides"),
    (("O",), "oxides"),
    (("Cl", "Br", "I"), "halides"),
    (("N",), "nitrides"),
    (("S", "Se", "Te"), "chalcogenides"),
    (("C",), "carbides"),
    (("P", "As", "Sb"), "pnictides"),
    (("H",), "hydrides"),
    (("B",), "borides"),
    (("Si", "Ge"), "tetrelides"),
)


@dataclass(frozen=True)
class CompositionKind:
    """Elements and their proportions, whatever the structure."""

    name: str = "composition"
    title: str = "composition"
    column: str = "formula"
    typed: str = "a chemical formula"
    example: str = "LiFePO4"

    def parse(self, text: str) -> Composition:
        """Return the `Composition`."""
        from polyloop.crystal.composition import Composition

        return Composition(text)

    def classify(self, text: str) -> str | None:
        """Return the class by the most electronegative element that names one: oxides, halides, ...; else metals.

        One element alone is of the class `elements`. What holds oxygen and fluorine is a fluoride here, which is a way
        to count, not chemistry.
        """
        elements = set(self.parse(text).elements)
        if len(elements) == 1:
            return "elements"
        return next((name for symbols, name in _CLASSES if elements & set(symbols)), "metals")

    def draw(self, text: str) -> Drawing:
        """Return nothing: a composition has no structure."""
        return Drawing()

    def features(self, text: str) -> dict[str, frozenset[str]]:
        """Return the elements and the class."""
        return {
            "element": frozenset(self.parse(text).elements),
            "class": frozenset({self.classify(text) or ""}),
        }


COMPOSITION = CompositionKind()

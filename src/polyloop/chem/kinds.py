"""The kinds of subjects that chemistry brings: how each is parsed, classed and drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from polyloop.core.subject import Drawing

__all__ = ["POLYMER", "PolymerKind"]


@dataclass(frozen=True)
class PolymerKind:
    """A linear homopolymer, by its repeat unit."""

    name: str = "polymer"
    title: str = "repeat unit"
    column: str = "smiles"
    typed: str = "a repeat unit as SMILES with two stars"
    example: str = "*CC(*)c1ccccc1"

    def parse(self, text: str) -> Any:
        """Return the `Polymer`."""
        from polyloop.chem.polymer import Polymer

        return Polymer(text)

    def classify(self, text: str) -> str | None:
        """Return the PoLyInfo class."""
        return str(self.parse(text).polymer_class)

    def draw(self, text: str) -> Drawing:
        """Draw the repeat unit, with wavy lines where the chain goes on."""
        from polyloop.chem.drawing import draw_structure

        return draw_structure(text)


POLYMER = PolymerKind()

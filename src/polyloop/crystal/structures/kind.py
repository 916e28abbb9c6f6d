"""The kind `crystal`: how it is parsed, classed, drawn and told apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polyloop.core.errors import InvalidInputError
from polyloop.core.subject import Drawing

if TYPE_CHECKING:
    from polyloop.crystal.structures.structure import CrystalStructure

__all__ = ["CRYSTAL", "CrystalKind"]


@dataclass(frozen=True)
class CrystalKind:
    """A crystal structure: a cell and the atoms in it."""

    name: str = "crystal"
    title: str = "crystal structure"
    column: str = "structure"
    typed: str = "a CIF file, its text, or one line: lengths, angles | atoms"
    example: str = "3.988 3.988 3.988 60 60 60 | Na 0 0 0; Cl 0.5 0.5 0.5"

    def parse(self, text: str) -> CrystalStructure:
        """Return the `CrystalStructure` of a line, of the text of a CIF, or of a file whose name ends in .cif."""
        from polyloop.crystal.structures.canonical import read_canonical
        from polyloop.crystal.structures.cif import read_cif, read_cif_file

        shown = text.strip()
        if "\n" in shown:
            return read_cif(shown)
        if shown.lower().endswith(".cif"):
            return read_cif_file(Path(shown).expanduser())
        if not shown:
            raise InvalidInputError("The structure is empty.", hint=f"Write {self.typed}.")
        return read_canonical(shown)

    def classify(self, text: str) -> str | None:
        """Return the class of its composition."""
        from polyloop.crystal.kinds import COMPOSITION

        return COMPOSITION.classify(self.parse(text).composition.canonical)

    def draw(self, text: str) -> Drawing:
        """Return a picture of its conventional cell."""
        from polyloop.crystal.structures.drawing import crystal_svg

        return Drawing(crystal_svg(self.parse(text)))

    def features(self, text: str) -> dict[str, frozenset[str]]:
        """Return the elements, the class of the composition, and the space group."""
        from polyloop.crystal.kinds import COMPOSITION
        from polyloop.crystal.structures.symmetry import symmetry_of

        structure = self.parse(text)
        formula = structure.composition.canonical
        return {**COMPOSITION.features(formula), "space group": frozenset({str(symmetry_of(structure).number)})}


CRYSTAL = CrystalKind()

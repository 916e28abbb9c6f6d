"""The kinds of subjects that chemistry brings: how each is parsed, classed, drawn and told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from polyloop.core.subject import Drawing

__all__ = ["COPOLYMER", "MOLECULE", "POLYMER", "CopolymerKind", "MoleculeKind", "PolymerKind"]


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

    def parse_canonical(self, text: str) -> Any:
        """Return the `Polymer` of a canonical text, in a third of the time."""
        from polyloop.chem.polymer import Polymer

        return Polymer.of_canonical(text)

    def classify(self, text: str) -> str | None:
        """Return the PoLyInfo class."""
        return str(self.parse(text).polymer_class)

    def draw(self, text: str) -> Drawing:
        """Draw the repeat unit, with wavy lines where the chain goes on."""
        from polyloop.chem.drawing import draw_structure

        return draw_structure(text)

    def features(self, text: str) -> dict[str, frozenset[str]]:
        """Return elements, functional groups and class of the repeat unit."""
        from polyloop.chem.groups import structural_features

        return structural_features(self.parse(text))


@dataclass(frozen=True)
class CopolymerKind:
    """A copolymer, a blend, or a polymer with salt."""

    name: str = "copolymer"
    title: str = "copolymer"
    column: str = "copolymer"
    typed: str = "an arrangement (random, alternating, block or blend), a colon, and repeat units with their shares"
    example: str = "random: 0.75 *CC(C)(C(=O)OC)* + 0.25 *CC(*)c1ccccc1"

    def parse(self, text: str) -> Any:
        """Return the `Copolymer`."""
        from polyloop.chem.copolymer import Copolymer

        return Copolymer.parse(text)

    def classify(self, text: str) -> str | None:
        """Return the PoLyInfo classes of the units, joined."""
        return str(self.parse(text).polymer_class)

    def draw(self, text: str) -> Drawing:
        """Draw all units with their shares, side by side."""
        from polyloop.chem.depiction import grid_width

        copolymer = self.parse(text)
        if not copolymer.drawing:
            return Drawing(note="Too large to be drawn.")
        return Drawing(copolymer.drawing, grid_width(len(copolymer.units)))

    def features(self, text: str) -> dict[str, frozenset[str]]:
        """Return elements, functional groups and classes that any of the units has, and the arrangement."""
        from polyloop.chem.groups import structural_features
        from polyloop.chem.polymer import Polymer

        copolymer = self.parse(text)
        units = [structural_features(Polymer(unit)) for unit in copolymer.units]
        joined = {name: frozenset[str]().union(*(unit[name] for unit in units)) for name in units[0]}
        return {**joined, "arrangement": frozenset({str(copolymer.arrangement)})}


@dataclass(frozen=True)
class MoleculeKind:
    """One whole neutral molecule."""

    name: str = "molecule"
    title: str = "molecule"
    column: str = "molecule"
    typed: str = "a molecule as SMILES without stars"
    example: str = "C=C(C)C(=O)OC"

    def parse(self, text: str) -> Any:
        """Return the `Molecule`."""
        from polyloop.chem.molecule import Molecule

        return Molecule(text)

    def classify(self, text: str) -> str | None:
        """Return the class of the most senior functional group."""
        return str(self.parse(text).molecule_class)

    def draw(self, text: str) -> Drawing:
        """Draw the structure."""
        from polyloop.chem.drawing import draw_structure

        return draw_structure(text)

    def features(self, text: str) -> dict[str, frozenset[str]]:
        """Return elements, functional groups and class of the molecule."""
        from polyloop.chem.groups import molecule_features

        return molecule_features(self.parse(text))


POLYMER, COPOLYMER, MOLECULE = PolymerKind(), CopolymerKind(), MoleculeKind()

"""A kind of subject: a chain of H and P beads, the same read from either end."""

from __future__ import annotations

from dataclasses import dataclass

from polyloop.core import InvalidInputError, Subject
from polyloop.core.subject import Drawing

__all__ = ["HP_CHAIN", "HPChain", "HPChainKind"]

_RADIUS, _PITCH = 8, 20


@dataclass(frozen=True)
class HPChain:
    """A chain; `beads` is the first in the alphabet of its two spellings."""

    beads: str

    @property
    def subject(self) -> Subject:
        """As records have it."""
        return Subject("hp_chain", self.beads)


@dataclass(frozen=True)
class HPChainKind:
    """What polyloop asks of a kind."""

    name: str = "hp_chain"
    title: str = "bead chain"
    column: str = "beads"
    typed: str = "a chain of the letters H and P"
    example: str = "HPHPPH"

    def parse(self, text: str) -> HPChain:
        """Return the chain."""
        beads = text.strip().upper()
        if len(beads) < 2 or set(beads) - {"H", "P"}:
            raise InvalidInputError(f"{text!r} is no bead chain.", where="beads", hint="Write for example HPHPPH.")
        return HPChain(min(beads, beads[::-1]))

    def classify(self, text: str) -> str | None:
        """Return its length in words."""
        return f"{len(text)} beads"

    def draw(self, text: str) -> Drawing:
        """Draw beads in a row, the hydrophobic ones filled."""
        circles = "".join(
            f'<circle cx="{_PITCH * (place + 0.5)}" cy="{_PITCH / 2}" r="{_RADIUS}" stroke="black" '
            f'fill="{"black" if bead == "H" else "white"}"/>'
            for place, bead in enumerate(text)
        )
        width = _PITCH * len(text)
        size = f'width="{width}" height="{_PITCH}" viewBox="0 0 {width} {_PITCH}"'
        return Drawing(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{circles}</svg>', width)


HP_CHAIN = HPChainKind()

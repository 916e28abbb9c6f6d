"""Which lists of repeat units are one copolymer: the least of all spellings of random, alternating and block chains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from polyloop.chem.canonical import canonical_unit, directed_texts
from polyloop.chem.repeat_unit import read_repeat_unit

__all__ = ["DirectedUnit", "Shared", "directed_unit", "least_alternation", "least_blocks", "least_mixture"]

# Texts of units with their shares.
Shared = list[tuple[str, Fraction]]


@dataclass(frozen=True)
class DirectedUnit:
    """One unit as it is cut, spelled from its head and from its tail, with the canonical form of its homopolymer.

    `joint_order` is the order of the bond between units.
    """

    forward: str
    backward: str
    homopolymer: str
    joint_order: float


@lru_cache(maxsize=65536)
def directed_unit(smiles: str) -> DirectedUnit:
    """Read one unit.

    Raises
    ------
    InvalidInputError
        If it is no linear repeat unit.
    """
    unit = read_repeat_unit(smiles)
    return DirectedUnit(*directed_texts(unit), canonical_unit(unit), unit.order)


def least_mixture(shared: Shared) -> Shared:
    """Return a random copolymer's units with like ones merged, sorted, in the direction that reads best."""
    return min((_merged(list(variant)) for variant in _directions(shared)), key=_rank)


def least_alternation(units: Sequence[str]) -> list[str]:
    """Return an alternating copolymer's units: its smallest period, in the best rotation and direction."""
    variants = []
    for variant in _directions([(text, Fraction(1)) for text in units]):
        texts = [text for text, _ in variant]
        size = len(texts)
        period = next(p for p in range(1, size + 1) if size % p == 0 and texts[p:] == texts[:-p])
        variants += [texts[start:period] + texts[:start] for start in range(period)]
    return min(variants, key=lambda texts: _rank([(text, Fraction(1)) for text in texts]))


def least_blocks(shared: Shared) -> Shared:
    """Return a block copolymer's blocks with like neighbours merged, read from the end and direction that reads best.

    A list and its reverse are one polymer: read backwards, the chain differs by the one bond at each junction.
    """
    joined: Shared = []
    for text, share in shared:
        if joined and directed_unit(joined[-1][0]).forward == directed_unit(text).forward:
            joined[-1] = (joined[-1][0], joined[-1][1] + share)
        else:
            joined.append((text, share))
    variants = list(_directions(joined))
    return min((list(v) for variant in variants for v in (variant, variant[::-1])), key=_rank)


def _directions(shared: Shared) -> tuple[Shared, Shared]:
    """The units read from head to tail, and the chain read backwards: all of them reversed, in reverse order."""
    units = [(directed_unit(text), share) for text, share in shared]
    return (
        [(unit.forward, share) for unit, share in units],
        [(unit.backward, share) for unit, share in reversed(units)],
    )


def _merged(shared: Shared) -> Shared:
    shares: dict[str, Fraction] = {}
    for text, share in shared:
        shares[text] = shares.get(text, Fraction(0)) + share
    return sorted(shares.items())


def _rank(shared: Shared) -> tuple[int, Shared]:
    # The way in which homopolymers are spelled reads best: *CC(c1ccccc1)* rather than *C(c1ccccc1)C*.
    return sum(text != directed_unit(text).homopolymer for text, _ in shared), shared

"""The way back: which monomers, by which rules, make a given chain.

A rule is tried at every bond at which the chain can be cut, in both directions, so that no choice of repeat unit
matters. Each set of monomers is polymerised again and kept only if the chain comes back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from rdkit import Chem

from polyloop.chem.canonical import Block, chain_word
from polyloop.chem.polymer import Polymer
from polyloop.chem.polymerisation.half_reaction import perceive
from polyloop.chem.polymerisation.role import MonomerRole
from polyloop.chem.polymerisation.rule import Orientation, PolymerisationRule
from polyloop.chem.repeat_unit import parse_labelled, read_repeat_unit
from polyloop.chem.smiles_text import HEAD, TAIL, join_pieces, piece_of
from polyloop.core.errors import InvalidInputError

__all__ = ["Synthesis", "depolymerise"]

_STEREO = re.compile(r"[/\\@]")


@dataclass(frozen=True)
class Synthesis:
    """One way to a chain.

    Parameters
    ----------
    rule
        The polymerisation.
    monomers
        SMILES of the monomers, in the order of the roles.
    orientation
        How the units are directed.
    stereo
        False where the chain's E/Z marks or stereocentres are left to the conditions: the rule makes the chain, and
        says nothing of them.
    """

    rule: PolymerisationRule
    monomers: tuple[str, ...]
    orientation: Orientation
    stereo: bool = True


def depolymerise(polymer: Polymer, rules: Iterable[PolymerisationRule]) -> tuple[Synthesis, ...]:
    """Return all ways in which `rules` make a polymer, in the order of the rules.

    Stereo of the monomers is that of the chain. Where no monomer brings the chain's stereo, the ways to the chain
    without it are returned, with `stereo` False.
    """
    rules = tuple(rules)
    found = _ways(polymer.canonical, rules)
    if found or not _STEREO.search(polymer.canonical):
        return found
    return tuple(replace(way, stereo=False) for way in _ways(_without_stereo(polymer.canonical), rules))


def _without_stereo(canonical: str) -> str:
    mol = Chem.MolFromSmiles(canonical)
    Chem.RemoveStereochemistry(mol)
    return Polymer(Chem.MolToSmiles(mol)).canonical


def _ways(canonical: str, rules: Sequence[PolymerisationRule]) -> tuple[Synthesis, ...]:
    chain = _CutChain(canonical)
    found: dict[tuple[str, tuple[str, ...]], Synthesis] = {}
    for rule in rules:
        # Two monomers may leave residues of one kind, and then two of the shortest units hold them.
        for units in rule.repeats if len(rule.roles) == 1 else (1, 2):
            ways = {
                monomers: _comes_back(rule, monomers, chain.canonical) for monomers in _candidates(rule, chain, units)
            }
            made = {monomers: orientation for monomers, orientation in ways.items() if orientation is not None}
            found.update({(rule.name, m): Synthesis(rule, m, orientation) for m, orientation in made.items()})
            if made and len(rule.roles) == 2:
                break
    return tuple(found.values())


class _CutChain:
    """A chain, cut at any of its bonds; what was cut once is kept."""

    def __init__(self, canonical: str) -> None:
        self.canonical = canonical
        self._unit = read_repeat_unit(canonical)
        self._parts: dict[tuple[int, bool, int, int], Chem.Mol] = {}

    @cached_property
    def _words(self) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
        forward = chain_word(self._unit)
        return forward, tuple(block.reversed() for block in reversed(forward))

    @property
    def cuts(self) -> int:
        """Number of places at which one repeat unit can be cut; those of the next unit are the same again."""
        return len(self._words[0])

    def part(self, units: int, backward: bool, start: int, stop: int) -> Chem.Mol:
        """Return the molecule from cut `start` to cut `stop` (`start` again: the whole), with labelled stars.

        Cuts are numbered over `units` repeat units that close to a ring; `start` is in the first.
        """
        key = (units, backward, start, stop)
        if key not in self._parts:
            word = self._words[backward] * units
            turned = word[start:] + word[:start]
            length = (stop - start) % len(word) or len(word)
            text = join_pieces([piece_of(block.forward) for block in turned[:length]], HEAD, TAIL)
            part = parse_labelled(text)[0]
            perceive(part)
            self._parts[key] = part
        return self._parts[key]


def _candidates(rule: PolymerisationRule, chain: _CutChain, units: int) -> Iterator[tuple[str, ...]]:
    ways = _alone if len(rule.roles) == 1 else _pairs
    for backward in (False,) if all(role.reversible for role in rule.roles) else (False, True):
        yield from ways(rule, chain, units, backward)


def _alone(rule: PolymerisationRule, chain: _CutChain, units: int, backward: bool) -> Iterator[tuple[str, ...]]:
    (role,) = rule.roles
    for cut in range(chain.cuts):
        whole = chain.part(units, backward, cut, cut)
        if _ends_fit(role, role, whole):
            for monomer in role.monomers(whole):
                yield (monomer,)


def _pairs(rule: PolymerisationRule, chain: _CutChain, units: int, backward: bool) -> Iterator[tuple[str, ...]]:
    first, second = rule.roles
    cuts = range(units * chain.cuts)
    if len(cuts) < 2:
        return
    wholes = [chain.part(units, backward, cut, cut) for cut in range(chain.cuts)]
    # A residue of the first role begins where one of the second ends, and the other way round.
    starts = [cut for cut, whole in enumerate(wholes) if _ends_fit(first, second, whole)]
    ends = {cut for cut, whole in enumerate(wholes) if _ends_fit(second, first, whole)} if starts else set()
    for start in starts:
        for stop in cuts:
            if stop == start or stop % chain.cuts not in ends:
                continue
            ones = first.monomers(chain.part(units, backward, start, stop))
            if not ones:
                continue
            # The other part, told from its own first unit.
            shift = stop - stop % chain.cuts
            others = second.monomers(chain.part(units, backward, stop - shift, (start - shift) % len(cuts)))
            yield from ((one, other) for one in ones for other in others)


def _ends_fit(begins: MonomerRole, ends: MonomerRole, whole: Chem.Mol) -> bool:
    """Tell whether a residue of one role can begin at the head star and one of another end at the tail star."""
    if not begins.head.stands_at(whole, HEAD):
        return False
    return (ends.tail or ends.head).stands_at(whole, TAIL)


@lru_cache(maxsize=4096)
def _products(rule: PolymerisationRule, monomers: Sequence[str]) -> dict[str, Orientation]:
    try:
        return {product.smiles: product.orientation for product in rule.products(monomers)}
    except InvalidInputError:
        return {}


def _comes_back(rule: PolymerisationRule, monomers: tuple[str, ...], canonical: str) -> Orientation | None:
    return _products(rule, monomers).get(canonical)

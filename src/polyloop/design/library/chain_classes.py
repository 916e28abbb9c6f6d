"""The class of a chain from its rule and its residues, without looking at the chain."""

from __future__ import annotations

from functools import cache, lru_cache

from polyloop.chem import Polymer
from polyloop.chem.polymer_class import PolymerClass, seniority
from polyloop.chem.polymerisation import PolymerisationRule, Residue, canonical_chain
from polyloop.chem.polymerisation.rule import read_monomer
from polyloop.core import InvalidInputError

__all__ = ["chain_class", "residue_class"]

# Beside it a residue shows what it is by itself, where the joint makes no group that both residues are part of. There
# the example's other monomer could bring a group of its own: a dithiol beside a diacrylate looks like an ester, and a
# bisphenol beside a benzophenone like a ketone.
_ETHYLENE = Residue("[1*]CC[2*]")
_WITHOUT_A_GROUP = frozenset({"carbon-carbon", "thioether", "beta-amino ester", "ether", "aryl ether"})
# A chain of carbon and halogens alone is a halogenated one, which the class of a vinyl residue does not tell.
_UNDECIDED = frozenset({PolymerClass.HALOGENATED_POLYOLEFINS, PolymerClass.POLYVINYLS})


def residue_class(rule: PolymerisationRule, place: int, residue: Residue) -> PolymerClass:
    """Return the class of a rule's chain of a residue in role `place`, beside ethylene or the example's monomer."""
    if rule.precursor:
        # What hangs on a chain that was there before changes no class.
        return rule.polymer_class
    parts = (residue,) if len(rule.roles) == 1 else _beside_example(rule, place, residue)
    try:
        return _class_of(canonical_chain(parts))
    except InvalidInputError:
        return rule.polymer_class


# Rules that differ in a leaving group make the same chains.
@lru_cache(maxsize=65536)
def _class_of(canonical: str) -> PolymerClass:
    return Polymer.of_canonical(canonical).polymer_class


def chain_class(first: PolymerClass, second: PolymerClass, canonical: str) -> PolymerClass:
    """Return the class of a chain of two residues of these classes: the senior one.

    Main-chain groups and side groups decide by seniority, each by itself; only where a halogenated and a vinyl residue
    meet is the chain looked at.
    """
    if {first, second} == _UNDECIDED or PolymerClass.UNCLASSIFIED in (first, second):
        return Polymer.of_canonical(canonical).polymer_class
    return min(first, second, key=seniority)


def _beside_example(rule: PolymerisationRule, place: int, residue: Residue) -> tuple[Residue, ...]:
    other = _ETHYLENE if rule.linkage in _WITHOUT_A_GROUP else _example_residue(rule, 1 - place)
    return (residue, other) if place == 0 else (other, residue)


@cache
def _example_residue(rule: PolymerisationRule, place: int) -> Residue:
    return rule.roles[place].residues(read_monomer(rule.example[0][place]))[0]

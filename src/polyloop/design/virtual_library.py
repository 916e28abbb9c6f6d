"""A virtual library: polymerise monomers by the smipoly rules, in a sampled order, until there are enough polymers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rdkit import Chem, rdBase

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError
from polyloop.design.smipoly_rules import CARBON_MONOXIDE, Rule, RuleSet, smipoly_rules

__all__ = ["Candidate", "polymerize"]


@dataclass(frozen=True)
class Candidate:
    """A polymer's canonical SMILES and key, and how it is made: class of the rule and names of the monomers."""

    smiles: str
    key: str
    origin: str


@dataclass(frozen=True)
class _Monomer:
    name: str
    mol: Chem.Mol
    classes: frozenset[str]


_Recipe = tuple[Rule, tuple[int, ...]]


def polymerize(
    monomers: Sequence[tuple[str, str]],
    *,
    rng: np.random.Generator,
    size: int | None,
    balanced: bool,
    accept: Callable[[Polymer], bool],
) -> Iterator[Candidate]:
    """Yield distinct polymers that the rules make of the monomers, in an order drawn from `rng`.

    Parameters
    ----------
    monomers
        (name, SMILES) pairs.
    size
        How many polymers at most; None for all.
    balanced
        Take turns over the rules' seven classes of polymers, and over the rules within a class; otherwise all pairs
        of monomers are equally likely, and most give polyolefins.
    accept
        Tells whether a polymer is wanted.

    Raises
    ------
    InvalidInputError
        If a monomer cannot be read.
    """
    rules = smipoly_rules()
    known = _read_monomers(monomers, rules)
    seen: set[str] = set()
    if size is not None and size <= 0:
        return
    for rule, indices in _recipes(known, rules, rng, balanced):
        chosen = [known[index] for index in indices]
        for text in rules.react(rule, [monomer.mol for monomer in chosen]):
            polymer = _polymer(text)
            if polymer is None or polymer.key in seen:
                continue
            seen.add(polymer.key)
            if accept(polymer):
                names = " + ".join(monomer.name for monomer in chosen)
                # Not the Polymer itself, which keeps its molecule: a large pool would not fit into memory.
                yield Candidate(polymer.canonical, polymer.key, f"{rule.polymer_class}: {names}")
                size = None if size is None else size - 1
                if size == 0:
                    return


def _read_monomers(monomers: Sequence[tuple[str, str]], rules: RuleSet) -> list[_Monomer]:
    by_smiles: dict[str, _Monomer] = {}
    for row, (name, smiles) in enumerate([*monomers, ("carbonyl source", CARBON_MONOXIDE)]):
        with rdBase.BlockLogs():
            mol = Chem.MolFromSmiles(smiles)
        if mol is None:
            raise InvalidInputError(
                f"{smiles!r} is no molecule.", where=f"monomer {name!r} at index {row}", hint="Correct its SMILES."
            )
        by_smiles.setdefault(Chem.MolToSmiles(mol), _Monomer(name, mol, rules.classify(mol)))
    # Sorted, so that the library does not depend on the order of the list.
    return [by_smiles[smiles] for smiles in sorted(by_smiles)]


def _recipes(
    monomers: Sequence[_Monomer], rules: RuleSet, rng: np.random.Generator, balanced: bool
) -> Iterator[_Recipe]:
    queues = []
    for rule in rules.rules:
        partners = _partners(rule, monomers)
        if partners:
            queues.append((rule, [partners[i] for i in rng.permutation(len(partners))]))
    if not balanced:
        everything = [(rule, indices) for rule, listed in queues for indices in listed]
        yield from (everything[i] for i in rng.permutation(len(everything)))
        return
    by_class: dict[str, list[Iterator[_Recipe]]] = {}
    for rule, listed in queues:
        by_class.setdefault(rule.polymer_class, []).append(_with_rule(rule, listed))
    yield from _take_turns([_take_turns(streams) for streams in by_class.values()])


def _with_rule(rule: Rule, listed: Sequence[tuple[int, ...]]) -> Iterator[_Recipe]:
    return ((rule, indices) for indices in listed)


def _take_turns(streams: Sequence[Iterator[_Recipe]]) -> Iterator[_Recipe]:
    running = list(streams)
    while running:
        for stream in list(running):
            recipe = next(stream, None)
            if recipe is None:
                running.remove(stream)
            else:
                yield recipe


def _partners(rule: Rule, monomers: Sequence[_Monomer]) -> list[tuple[int, ...]]:
    first = [index for index, monomer in enumerate(monomers) if rule.first in monomer.classes]
    if not rule.second:
        return [(index,) for index in first]
    second = [index for index, monomer in enumerate(monomers) if rule.second in monomer.classes]
    # With one class on both sides the order of the two does not matter.
    return [(i, j) for i in first for j in second if i != j and (rule.first != rule.second or i < j)]


def _polymer(text: str) -> Polymer | None:
    try:
        return Polymer(text)
    except InvalidInputError:
        return None  # ladders and the like, which a rule makes but polyloop does not handle

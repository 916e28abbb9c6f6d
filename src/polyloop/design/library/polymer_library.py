"""PolymerLibrary: all polymers that the rules make of a stock of monomers, by index, as samples or as a stream."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path

import numpy as np

from polyloop.chem.polymer_class import PolymerClass
from polyloop.chem.polymerisation import RULES, PolymerisationRule, canonical_chain
from polyloop.core import InvalidInputError
from polyloop.core.errors import UnsupportedChemistryError
from polyloop.design.library.chain_classes import chain_class
from polyloop.design.library.classification import ClassifiedStock, classify_stock
from polyloop.design.library.precursors import precursor_of
from polyloop.design.library.recipe import Chain, Recipe
from polyloop.design.library.scores import makeability, price_of_repeat_unit
from polyloop.design.library.stock import StockMonomer

__all__ = ["LibraryPolymer", "PolymerLibrary"]


@dataclass(frozen=True)
class LibraryPolymer:
    """A polymer of a library, and how it is made.

    Parameters
    ----------
    smiles
        Canonical SMILES of the repeat unit.
    polymer_class
        Its class.
    rule
        Name of the polymerisation.
    monomers
        SMILES of the monomers.
    orientation
        How the units are directed.
    price
        US$ of monomers per kg of repeat unit; None where one is unknown.
    accessibility
        Synthetic accessibility score of the worst monomer, 1 (easy) to 10.
    makeability
        Our own scale from 0 to 1; see `scores.makeability`.
    """

    smiles: str
    polymer_class: PolymerClass
    rule: str
    monomers: tuple[str, ...]
    orientation: str
    price: float | None
    accessibility: float
    makeability: float


class PolymerLibrary:
    """A library that is never listed: recipes by rule, each with random access to its chains.

    Within a rule every index is another chain; chains that several rules make stand under each of them. Building a
    file (`build_library`) keeps each chain once.

    Parameters
    ----------
    stock
        A classified stock.
    rules
        The polymerisations.

    Examples
    --------
    >>> from polyloop.design.library import PolymerLibrary, StockMonomer
    >>> stock = [StockMonomer("OCCO", "ethylene glycol", 2.0), StockMonomer("O=C(O)CCC(=O)O", "succinic acid", 3.0)]
    >>> library = PolymerLibrary.from_monomers(stock)
    >>> sorted({polymer.rule for polymer in map(library.__getitem__, range(len(library)))})[:2]
    ['condensation of a diol with itself', 'diacid and acetic anhydride']
    """

    def __init__(self, stock: ClassifiedStock, rules: Iterable[PolymerisationRule]) -> None:
        self.stock = stock
        recipes = (Recipe(rule, stock.entries[rule.name]) for rule in rules)
        self.recipes = tuple(recipe for recipe in recipes if len(recipe))
        self._ends = tuple(accumulate(len(recipe) for recipe in self.recipes))

    @classmethod
    def from_monomers(
        cls,
        monomers: Sequence[StockMonomer],
        rules: Iterable[PolymerisationRule] | None = None,
        cache: Path | None = None,
    ) -> PolymerLibrary:
        """Classify monomers and return the library of all that they make; `cache` as in `classify_stock`."""
        chosen = tuple(RULES.values() if rules is None else rules)
        return cls(classify_stock(monomers, chosen, cache), chosen)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: int) -> LibraryPolymer:
        """Return the polymer at an index.

        Raises
        ------
        IndexError
            If there is none.
        UnsupportedChemistryError
            If it is a chain that no SMILES can say (E/Z marks that meet).
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        place = bisect_right(self._ends, index)
        recipe = self.recipes[place]
        return self.polymer(recipe.rule, recipe[index - (self._ends[place] - len(recipe))])

    def polymer(self, rule: PolymerisationRule, chain: Chain) -> LibraryPolymer:
        """Return a chain of a recipe with its class, price and scores."""
        smiles = canonical_chain(chain.residues)
        one, other = chain.classes
        same = one is other and len(chain.entries) == 1
        polymer_class = one if same else chain_class(one, other, smiles)
        # Both directions of one monomer's unit hold it twice, and so does the chain's mass.
        used = [entry.monomer for entry in chain.entries]
        used = used * (len(chain.residues) // len(used)) * (rule.roles[0].molecules if len(rule.roles) == 1 else 1)
        first = precursor_of(rule)
        prices = [self.stock.stock[index].price for index in used] + [one.price for one in first]
        masses = [self.stock.masses[index] for index in used] + [one.mass for one in first]
        price = price_of_repeat_unit(prices, masses, sum(residue.molar_mass for residue in chain.residues))
        difficulty = max([self.stock.difficulties[index] for index in used] + [one.difficulty for one in first])
        return LibraryPolymer(
            smiles, polymer_class, rule.name, tuple(self.stock.stock[i].smiles for i in dict.fromkeys(used)),
            chain.orientation.value, None if price is None else round(price, 3), difficulty,
            round(makeability(rule, price, difficulty), 4),
        )  # fmt: skip

    def sample(self, size: int, rng: np.random.Generator, *, balanced: bool = True) -> Iterator[LibraryPolymer]:
        """Yield `size` polymers drawn with replacement; of chains that are alike only the first is yielded.

        Parameters
        ----------
        balanced
            Draw the rule's class first, then a rule of it, then a chain; otherwise all chains are equally likely.

        Raises
        ------
        InvalidInputError
            If the library is empty.
        """
        if not self.recipes:
            raise InvalidInputError("The monomers make no polymer.", where="library", hint="Give other monomers.")
        seen: set[str] = set()
        for _ in range(size):
            if balanced:
                classes = self.by_class
                recipes = classes[list(classes)[int(rng.integers(len(classes)))]]
                recipe = recipes[int(rng.integers(len(recipes)))]
                chain, rule = recipe[int(rng.integers(len(recipe)))], recipe.rule
            else:
                index = int(rng.integers(len(self)))
                place = bisect_right(self._ends, index)
                rule = self.recipes[place].rule
                chain = self.recipes[place][index - (self._ends[place] - len(self.recipes[place]))]
            try:
                made = self.polymer(rule, chain)
            except UnsupportedChemistryError:
                continue
            if made.smiles not in seen:
                seen.add(made.smiles)
                yield made

    @cached_property
    def by_class(self) -> dict[PolymerClass, tuple[Recipe, ...]]:
        """The recipes by the class that their rules are for, in the classes' order."""
        found: dict[PolymerClass, list[Recipe]] = {}
        for recipe in self.recipes:
            found.setdefault(recipe.rule.polymer_class, []).append(recipe)
        return {name: tuple(found[name]) for name in PolymerClass if name in found}

"""The polymerisation rules of the smipoly package: classify monomers, react one set of them at a time."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from rdkit import Chem, rdBase

__all__ = ["CARBON_MONOXIDE", "Rule", "RuleSet", "smipoly_rules"]

CARBON_MONOXIDE = "[C-]#[O+]"
"""The carbonyl source of the rule for polycarbonates; every list of monomers is taken to hold it."""

_LEAST_GROUPS, _MOST_GROUPS = 2, 4
# Chain polymerisations consume these groups wherever they are left over; vinyl rules leave them alone.
_LEFT_OVER_AFTER_CHAIN = (202, 203, 204)
_LEFT_OVER_AFTER_STEP = (201, 202, 203, 204, 205, 206)
_LEFT_OVER = {"polyolefin": (200,), "polyoxazolidone": (201, 205)}
_STAR = Chem.MolFromSmarts("[#0]")
_LEAVES_ALL = ("vinyl", "cOle")


@dataclass(frozen=True)
class Rule:
    """One reaction: classes of monomers in, a class of polymers out. `second` is empty for a homopolymerisation."""

    polymer_class: str
    first: str
    second: str
    reaction: Any = field(repr=False, compare=False)


class RuleSet:
    """smipoly's 21 polymerisation rules in seven classes (Ohno et al., doi:10.1021/acs.jcim.3c00329).

    The package works on whole data frames: it parses each monomer for each pair and compiles its patterns for each
    product. Here the same rules act on molecules parsed once. Where the package would turn groups that are left over
    into further stars, the product is a network, which has no linear repeat unit, and is dropped.
    """

    def __init__(self) -> None:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            from smipoly.smip import funclib, polg
        self._package = funclib
        self._numbers: Mapping[str, int] = polg.mon_dic
        self._groups: Mapping[int, list[str]] = polg.monLg
        self._exclusions: Mapping[int, list[str]] = polg.exclLg
        self._one_group, self._many_groups = polg.mon_vals[0], polg.mon_vals[1]
        self._names: Mapping[int, str] = polg.mon_dic_inv
        self._patterns: dict[int, Any] = {}
        self.rules = tuple(
            Rule(polymer_class, first, "" if second == "none" else second, reaction)
            for polymer_class in polg.Ps_classL
            for first, second, reaction in polg.Ps_GenL[polymer_class]
        )

    def classify(self, monomer: Chem.Mol) -> frozenset[str]:
        """Return the classes of monomers that `monomer` belongs to."""
        found = set()
        for number in self._one_group:
            mine, _ = self._package.monomer_sel_mfg(monomer, self._groups[number], self._exclusions[number])
            found |= {self._names[number]} if mine else set()
        for number in self._many_groups:
            mine, _ = self._package.monomer_sel_pfg(
                monomer, self._groups[number], self._exclusions[number], _LEAST_GROUPS, _MOST_GROUPS
            )
            found |= {self._names[number]} if mine else set()
        return frozenset(found)

    def react(self, rule: Rule, monomers: Sequence[Chem.Mol]) -> tuple[str, ...]:
        """Return the repeat units with two stars that `rule` makes of one or two monomers, sorted SMILES."""
        products: set[str] = set()
        with rdBase.BlockLogs():
            for (product,) in rule.reaction.RunReactants(tuple(monomers)):
                if len(product.GetSubstructMatches(_STAR)) != 2:
                    continue
                # A rule that does not fit gives a product with a wrong valence; the package drops it as well.
                if Chem.SanitizeMol(product, catchErrors=True) == Chem.SanitizeFlags.SANITIZE_NONE:
                    text = Chem.MolToSmiles(product)
                    if text not in products and not self._goes_on(rule, product):
                        products.add(text)
        return tuple(sorted(products))

    def _goes_on(self, rule: Rule, product: Chem.Mol) -> bool:
        """Tell whether groups are left over that the package would polymerise too."""
        if not rule.second:
            number = self._numbers[rule.first]
            again, _ = self._package.monomer_sel_mfg(product, self._groups[number], self._exclusions[number])
            if again:
                return True
            left_over: tuple[int, ...] = () if rule.first in _LEAVES_ALL else _LEFT_OVER_AFTER_CHAIN
        else:
            left_over = _LEFT_OVER.get(rule.polymer_class, _LEFT_OVER_AFTER_STEP)
        return any(product.HasSubstructMatch(self._pattern(number)) for number in left_over)

    def _pattern(self, number: int) -> Any:
        if number not in self._patterns:
            self._patterns[number] = Chem.MolFromSmarts(str(self._groups[number]))
        return self._patterns[number]


@cache
def smipoly_rules() -> RuleSet:
    """Return the one instance of this process; the first call loads the package."""
    return RuleSet()

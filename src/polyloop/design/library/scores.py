"""What a row of a library costs and how easily it is made: price, synthetic accessibility, makeability."""

from __future__ import annotations

import importlib.util
from functools import cache
from math import exp
from pathlib import Path
from types import ModuleType

from rdkit import Chem, RDConfig

from polyloop.chem.polymerisation import PolymerisationRule
from polyloop.chem.polymerisation.references import ODIAN

__all__ = ["makeability", "price_of_repeat_unit", "synthetic_accessibility"]

# A polymerisation of the textbook works for most monomers that fit it; others ask for conditions of their own.
_TEXTBOOK, _SPECIAL = 0.9, 0.6
# At this price (US$/kg) the factor is a half.
_DEAR = 1000.0
_EASY, _STEEPNESS = 4.0, 1.0


@cache
def _scorer() -> ModuleType:
    """RDKit's script of the score of Ertl and Schuffenhauer, which comes with it but is no module."""
    path = Path(RDConfig.RDContribDir) / "SA_Score" / "sascorer.py"
    spec = importlib.util.spec_from_file_location("rdkit_sascorer", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is missing from RDKit")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def synthetic_accessibility(monomer: Chem.Mol) -> float:
    """Return the score of Ertl and Schuffenhauer of a monomer: 1 (easy) to 10 (hard); doi:10.1186/1758-2946-1-8."""
    return float(_scorer().calculateScore(Chem.MolFromSmiles(Chem.MolToSmiles(monomer))))


def price_of_repeat_unit(prices: list[float | None], masses: list[float], unit_mass: float) -> float | None:
    """Return US$/kg of repeat unit, of monomers at `prices` (US$/kg) and `masses` (g/mol), one of each in a unit.

    What a unit loses (water, hydrogen chloride) is paid for; reagents, solvents and yields are not counted. None
    where a price is unknown.
    """
    known = [price for price in prices if price is not None]
    if len(known) < len(prices) or unit_mass <= 0:
        return None
    return sum(price * mass for price, mass in zip(known, masses, strict=True)) / unit_mass


def makeability(rule: PolymerisationRule, price: float | None, difficulty: float) -> float:
    """Return how likely a chemist would get the polymer, by our own scale from 0 to 1: a product of three factors.

    - 0.9 for the polymerisations of the textbook (Odian), 0.6 for others;
    - 1 / (1 + price / 1,000 US$/kg) of the repeat unit, 0.1 where a price is unknown;
    - 1 / (1 + exp(score - 4)) of the worst monomer's synthetic accessibility score, halved where it is 4.

    It ranks; it is no measured probability.
    """
    route = _TEXTBOOK if rule.reference is ODIAN else _SPECIAL
    purse = 0.1 if price is None else 1.0 / (1.0 + price / _DEAR)
    return route * purse / (1.0 + exp(_STEEPNESS * (difficulty - _EASY)))

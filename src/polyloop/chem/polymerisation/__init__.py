"""Polymerisations as rules: which monomers make which chain, and which monomers a chain can be made of."""

from polyloop.chem.polymerisation.catalogue import RULES, find_rule
from polyloop.chem.polymerisation.depolymerisation import Synthesis, depolymerise
from polyloop.chem.polymerisation.half_reaction import HalfReaction
from polyloop.chem.polymerisation.residue import Residue, canonical_chain
from polyloop.chem.polymerisation.role import Group, MonomerRole
from polyloop.chem.polymerisation.rule import Mechanism, Orientation, PolymerisationRule, Product

__all__ = [
    "RULES",
    "Group",
    "HalfReaction",
    "Mechanism",
    "MonomerRole",
    "Orientation",
    "PolymerisationRule",
    "Product",
    "Residue",
    "Synthesis",
    "canonical_chain",
    "depolymerise",
    "find_rule",
]

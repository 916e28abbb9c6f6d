"""Metathesis: ring-opening, of acyclic dienes, of alkynes; with and without hydrogenation."""

from __future__ import annotations

from polyloop.chem.library import Reference
from polyloop.chem.polymer_class import PolymerClass as Class
from polyloop.chem.polymerisation import groups as g
from polyloop.chem.polymerisation.half_reaction import HalfReaction, opening
from polyloop.chem.polymerisation.references import ADMET, HANDBOOK, ODIAN, ROMP
from polyloop.chem.polymerisation.role import Group, opened
from polyloop.chem.polymerisation.rule import Mechanism, PolymerisationRule

__all__ = ["RULES"]

_POISONS = (g.ACID_GROUP, g.THIOL_GROUP, g.AMINE_GROUP)
# Rings with strain only: cyclohexene does not polymerise.
# The chain is cut beside the double bond instead of in it: the same chain, joined by single bonds.
_RING = opening(
    "strained cyclic olefin",
    "[CX3;R;!$([r6]@;=[r6;x2]@[r6;x2]@[r6;x2]@[r6;x2]):1]=[CX3;R;!r6;!$([r5][CX3]=O),$([R]@[R;x3]):2]@[CX4,CX3;R:3]",
    "([1*][#6:3].[CX3;!R:1]=[CX3;!R:2][2*])", "[*:1]=[*:2][*:3]", "([1*][*:3].[*:1]=[*:2][2*])",
)  # fmt: skip
_HYDROGENATED = opening(
    _RING.name, _RING.pattern, "([1*][CX4:3].[CX4;H2;!R:1]-[CX4;H2;!R:2][2*])", "[*:1]=[*:2][*:3]",
    "([1*][*:3].[*:1]-[*:2][2*])",
)  # fmt: skip
_ALKYNE = opening("alkyne", "[CX2:1]#[CX2:2]", "[1*][CX3:1]=[CX3:2][2*]", "[*:1]#[*:2]", "[1*][*:1]=[*:2][2*]")
_DIYNE = opening(
    "1,6-heptadiyne", "[CX2H1:1]#[CX2:2][CX4H2:3][#6,#7,#8,#14:4][CX4H2:5][CX2:6]#[CX2H1:7]",
    "[1*][CX3H1:1]=[CX3:2]1[CX4H2:3][#6,#7,#8,#14:4][CX4H2:5][CX3:6]1=[CX3H1:7][2*]",
    "[*:1]#[*:2][*:3][*:4][*:5][*:6]#[*:7]", "[1*][*:1]=[*:2]1[*:3][*:4][*:5][*:6]1=[*:7][2*]",
)  # fmt: skip
_ADMET = opening(
    "terminal diene", "([CX3H2:1]=[CX3H1;!R:2][CX4,c:3].[CX4,c:6][CX3H1;!R:4]=[CX3H2:5])",
    "([1*][CX4,c:3].[CX4,c:6][CX3H1;!R:4]=[CX3H1;!R:2][2*])", "([*:3][*:2]=[CH2:1].[*:6][*:4]=[CH2:5])",
    "([1*][*:3].[*:6][*:4]=[*:2][2*])",
)  # fmt: skip
_ADMET_H2 = opening(
    "terminal diene", "([CX3H2:1]=[CX3H1;!R:2][CX4,c:3].[CX4,c:6][CX3H1;!R:4]=[CX3H2:5])",
    "([1*][CX4,c:3].[CX4,c:6][CX4H2;!R:4]-[CX4H2;!R:2][2*])", "([*:3][*:2]=[CH2:1].[*:6][*:4]=[CH2:5])",
    "([1*][*:3].[*:6][*:4]-[*:2][2*])",
)  # fmt: skip
# Hydrogenation leaves no double bond in the chain.
_TWO = Group("second double bond, which would be hydrogenated too", "[CX3]=[CX3].[CX3]=[CX3]")
_THREE = Group("third double bond, which would be hydrogenated too", "[CX3]=[CX3].[CX3]=[CX3].[CX3]=[CX3]")
_CONJUGATED = Group("conjugated diene", "[CX3]=[CX3][CX3]=[CX3]")


def _rule(
    name: str, polymer_class: Class, half: HalfReaction, monomer: str, unit: str, *forbids: Group,
    reference: Reference = ROMP, reagents: tuple[str, ...] = (), any_count: bool = True,
) -> PolymerisationRule:  # fmt: skip
    role = opened(half.name, half, *forbids, any_count=any_count)
    return PolymerisationRule(
        name, polymer_class, Mechanism.METATHESIS, (role,), "double bond" if not reagents else "carbon-carbon",
            reference,
        ((monomer,), unit), reagents,
    )  # fmt: skip


RULES = (
    _rule("ring-opening metathesis", Class.POLYDIENES, _RING, "C1=CC2CCC1C2", "*C=CC1CCC(*)C1", *_POISONS),
    _rule("ring-opening metathesis and hydrogenation", Class.POLYOLEFINS, _HYDROGENATED, "C1=CC2CCC1C2",
        "*CCC1CCC(*)C1", *_POISONS, _TWO,
          reagents=("hydrogenated",)),
    _rule("metathesis of an acyclic diene", Class.POLYDIENES, _ADMET, "C=CCCCCCCC=C", "*C=CCCCCCC*", *_POISONS,
        _CONJUGATED,
          reference=ADMET, reagents=("loses ethylene",)),
    _rule("metathesis of an acyclic diene and hydrogenation", Class.POLYOLEFINS, _ADMET_H2, "C=CCCC(C)CCC=C",
        "*CCCC(C)CCC*",
          *_POISONS, _CONJUGATED, _THREE, reference=ADMET, reagents=("loses ethylene, hydrogenated",)),
    _rule("alkyne", Class.POLYDIENES, _ALKYNE, "C#Cc1ccccc1", "*C=C(*)c1ccccc1", *_POISONS, reference=ODIAN,
        any_count=False),
    _rule("cyclopolymerisation of a diyne", Class.POLYDIENES, _DIYNE, "C#CCC(C)(C)CC#C",
          "*C=C1CC(C)(C)CC1=C*", *_POISONS, reference=HANDBOOK),
)  # fmt: skip

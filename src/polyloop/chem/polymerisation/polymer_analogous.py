"""Polymer-analogous steps: chains whose monomer polymerises as something else and is changed afterwards."""

from __future__ import annotations

from polyloop.chem.library import Reference
from polyloop.chem.polymer_class import PolymerClass as Class
from polyloop.chem.polymerisation import groups as g
from polyloop.chem.polymerisation.chain import INHIBITORS
from polyloop.chem.polymerisation.half_reaction import HalfReaction, opening
from polyloop.chem.polymerisation.references import HANDBOOK, ODIAN, OXAZOLINES
from polyloop.chem.polymerisation.role import Group, opened
from polyloop.chem.polymerisation.rule import Mechanism, PolymerisationRule

__all__ = ["RULES"]


def _afterwards(
    name: str, polymer_class: Class, half: HalfReaction, monomer: str, unit: str, step: str, *forbids: Group,
    reference: Reference = ODIAN, any_count: bool = False,
) -> PolymerisationRule:  # fmt: skip
    role = opened(half.name, half, *INHIBITORS, *forbids, any_count=any_count)
    return PolymerisationRule(
        name,
        polymer_class,
        Mechanism.POLYMER_ANALOGOUS,
        (role,),
        "carbon-carbon",
        reference,
        ((monomer,), unit),
        (step,),
    )


_VINYL_ESTER = opening(
    "vinyl ester", "[CX3H2:1]=[CX3;H1,H0:2][OX2:3][CX3](=[OX1])", "[1*][CX4H2:1][CX4:2]([OX2H1:3])[2*]",
    "[*:1]=[*:2][*:3]C(C)=O",
    "[1*][*:1]-[*:2]([*:3])[2*]",
)  # fmt: skip
_ACETAL = opening(
    "aldehyde", "[CX3;H1,H2;!$(C=C):1]=[OX1]", "[1*][CX4H2][CX4H1]1[CX4H2][CX4H1]([2*])[OX2][CX4:1][OX2]1", "[*:1]=O",
    "[1*]CC1CC([2*])O[*:1]O1",
)  # fmt: skip
_VINYL_AMIDE = opening(
    "N-vinyl amide", "[CX3H2:1]=[CX3H1:2][NX3:3][CX3;H1,$(C[CX4]):4]=[OX1]",
    "[1*][CX4H2:1][CX4H1:2]([NX3;H1,H2:3])[2*]",
    "[*:1]=[*:2][*:3]C=O", "[1*][*:1]-[*:2]([*:3])[2*]",
)  # fmt: skip
_DIENE = opening(
    "1,3-diene", "[CX3:1]=[CX3;!R:2]-[CX3;!R:3]=[CX3:4]", "[1*][CX4:1][CX4;H2,H1:2]-[CX4;H2,H1:3][CX4:4][2*]",
    "[*:1]=[*:2]-[*:3]=[*:4]", "[1*][*:1]-[*:2]-[*:3]-[*:4][2*]",
)  # fmt: skip
_EPOXIDISED = opening(
    "1,3-diene", "[CX3:1]=[CX3;!R:2]-[CX3;!R:3]=[CX3:4]", "[1*][CX4:1][CX4;r3:2]1[OX2][CX4;r3:3]1[CX4:4][2*]",
    "[*:1]=[*:2]-[*:3]=[*:4]", "[1*][*:1]-[*:2]1O[*:3]1-[*:4][2*]",
)  # fmt: skip
_HALOGENATED_DIENE = opening(
    "1,3-diene", "[CX3:1]=[CX3;!R:2]-[CX3;!R:3]=[CX3:4]", "[1*][CX4:1][CX4:2](Cl)[CX4:3](Cl)[CX4:4][2*]",
    "[*:1]=[*:2]-[*:3]=[*:4]", "[1*][*:1]-[*:2](Cl)-[*:3](Cl)-[*:4][2*]",
)  # fmt: skip
_STYRENE = "[CX3H2:1]=[CX3;H1:2][c:3]1[c:4][c:5][cH1:6][c:7][c:8]1"


def _styrene(name: str, added: str) -> HalfReaction:
    remains = f"[1*][CX4H2:1][CX4H1:2]([c:3]1[c:4][c:5][c:6]({added})[c:7][c:8]1)[2*]"
    product = f"[1*][*:1]-[*:2](-[*:3]1[*:4][*:5][*:6]({added})[*:7][*:8]1)[2*]"
    return opening(name, _STYRENE, remains, "[*:1]=[*:2]-[*:3]1[*:4][*:5][*:6][*:7][*:8]1", product)


_CYCLOHEXYL = opening(
    "styrene", "[CX3H2:1]=[CX3:2][c:3]1[c:4][c:5][c:6][c:7][c:8]1",
    "[1*][CX4H2:1][CX4:2]([CX4;R:3]1[CX4:4][CX4:5][CX4:6][CX4:7][CX4:8]1)[2*]",
    "[*:1]=[*:2]-[c:3]1[c:4][c:5][c:6][c:7][c:8]1", "[1*][*:1]-[*:2](-[C:3]1-[C:4]-[C:5]-[C:6]-[C:7]-[C:8]1)[2*]",
)  # fmt: skip
_ACID = opening(
    "tert-butyl acrylate or methacrylate", "[CX3H2:1]=[CX3:2][CX3:3](=[OX1:4])[OX2:5]C([CH3])([CH3])[CH3]",
    "[1*][CX4H2:1][CX4:2]([CX3:3](=[OX1:4])[OX2H1:5])[2*]", "[*:1]=[*:2][*:3](=[*:4])[*:5]C(C)(C)C",
    "[1*][*:1]-[*:2]([*:3](=[*:4])[*:5])[2*]",
)  # fmt: skip
_NITRILE = opening(
    "acrylonitrile", "[CX3H2:1]=[CX3;H1,$(C([CH3])=C):2][CX2:3]#[NX1:4]",
    "[1*][CX4H2:1][CX4:2]([CX3:3](=[OX1])[NX3H2:4])[2*]",
    "[*:1]=[*:2][C:3]#[N:4]", "[1*][*:1]-[*:2]([C:3](=O)[N:4])[2*]",
)  # fmt: skip
_OXAZOLINE = opening(
    "2-oxazoline", "[NX2;r5:1]1=[CX3:2][OX2][CX4:4][CX4:5]1", "[1*][NX3H1:1][CX4:5][CX4:4][2*]",
    "[N:1]1=C(C)O[*:4][*:5]1",
    "[1*][N:1][*:5][*:4][2*]",
)  # fmt: skip
_PYRIDINE = opening(
    "vinylpyridine", "[CX3H2:1]=[CX3H1:2][c:3]1[c:4][c:5][nX2:6][c:7][c:8]1",
    "[1*][CX4H2:1][CX4H1:2]([c:3]1[c:4][c:5][n+:6](C)[c:7][c:8]1)[2*]",
    "[*:1]=[*:2]-[c:3]1[c:4][c:5][n+0:6][c:7][c:8]1",
    "[1*][*:1]-[*:2](-[c:3]1[c:4][c:5][n+:6](C)[c:7][c:8]1)[2*]",
)  # fmt: skip
_MORE = Group("third double bond, which would react too", "[CX3]=[CX3].[CX3]=[CX3].[CX3]=[CX3]")

RULES = (
    _afterwards("hydrolysis of a poly(vinyl ester)", Class.POLYVINYLS, _VINYL_ESTER, "C=COC(C)=O", "*CC(*)O",
        "hydrolysed"),
    _afterwards("acetal of poly(vinyl alcohol)", Class.POLYOXIDES, _ACETAL, "CCCC=O", "*CC1CC(*)OC(CCC)O1",
                "with poly(vinyl alcohol)", g.ACID_GROUP, g.AMINE_GROUP),
    _afterwards("hydrolysis of a poly(N-vinyl amide)", Class.POLYVINYLS, _VINYL_AMIDE, "C=CNC=O", "*CC(*)N",
        "hydrolysed"),
    _afterwards("hydrogenation of a polydiene", Class.POLYOLEFINS, _DIENE, "C=C(C)C=C", "*CC(C)CC*", "hydrogenated",
        _MORE),
    _afterwards("epoxidation of a polydiene", Class.POLYOXIDES, _EPOXIDISED, "C=CC=C", "*CC1OC1C*", "epoxidised", _MORE,
        reference=HANDBOOK),
    _afterwards("chlorination of a polydiene", Class.HALOGENATED_POLYOLEFINS, _HALOGENATED_DIENE, "C=CC=C",
        "*CC(Cl)C(Cl)C*", "chlorinated", _MORE,
                reference=HANDBOOK),
    _afterwards("sulfonation of a polystyrene", Class.POLYSTYRENES, _styrene("styrene with a free para position",
        "S(=O)(=O)O"), "C=Cc1ccccc1",
                "*CC(*)c1ccc(cc1)S(=O)(=O)O", "sulfonated", *(g.ACID_GROUP, g.AMINE_GROUP)),
    _afterwards("chloromethylation of a polystyrene", Class.POLYSTYRENES, _styrene("styrene with a free para position",
        "CCl"), "C=Cc1ccccc1",
                "*CC(*)c1ccc(CCl)cc1", "chloromethylated", g.ACID_GROUP, g.AMINE_GROUP),
    _afterwards("bromination of a polystyrene", Class.POLYSTYRENES, _styrene("styrene with a free para position",
        "Br"), "C=Cc1ccccc1",
                "*CC(*)c1ccc(Br)cc1", "brominated", g.ACID_GROUP, g.AMINE_GROUP, reference=HANDBOOK),
    _afterwards("hydrogenation of a polystyrene", Class.POLYOLEFINS, _CYCLOHEXYL, "C=Cc1ccccc1", "*CC(*)C1CCCCC1",
        "hydrogenated"),
    _afterwards("acidolysis of a poly(tert-butyl acrylate)", Class.POLYACRYLICS, _ACID, "C=C(C)C(=O)OC(C)(C)C",
        "*CC(*)(C)C(=O)O",
                "acidolysed", reference=HANDBOOK),
    _afterwards("hydrolysis of polyacrylonitrile", Class.POLYACRYLICS, _NITRILE, "C=CC#N", "*CC(*)C(N)=O",
        "hydrolysed", reference=HANDBOOK),
    _afterwards("hydrolysis of a polyoxazoline", Class.POLYIMINES, _OXAZOLINE, "CC1=NCCO1", "*NCC*", "hydrolysed",
        reference=OXAZOLINES),
    _afterwards("methylation of a poly(vinylpyridine)", Class.POLYSTYRENES, _PYRIDINE, "C=Cc1ccncc1",
        "*CC(*)c1cc[n+](C)cc1", "methylated",
                reference=HANDBOOK),
)  # fmt: skip

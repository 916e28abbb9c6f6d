"""Chain growth of dienes and of pairs: 1,4- and 1,2-addition, cyclopolymerisation, alternating copolymers."""

from __future__ import annotations

from polyloop.chem.library import Reference
from polyloop.chem.polymer_class import PolymerClass as Class
from polyloop.chem.polymerisation import groups as g
from polyloop.chem.polymerisation.chain import ACIDIC, HALOCARBON, INHIBITORS, double_bond
from polyloop.chem.polymerisation.half_reaction import HalfReaction, opening
from polyloop.chem.polymerisation.references import HANDBOOK, KETONES, ODIAN
from polyloop.chem.polymerisation.role import Group, opened
from polyloop.chem.polymerisation.rule import Mechanism, PolymerisationRule

__all__ = ["RULES"]

_DIENE = "[CX3;!$(C=C=*):1]=[CX3;!R:2]-[CX3;!R:3]=[CX3;!$(C=C=*):4]"
_FOUR = opening(
    "1,3-diene", _DIENE, "[1*][CX4:1][CX3;!R:2]=[CX3;!R:3][CX4:4][2*]", "[*:1]=[*:2]-[*:3]=[*:4]",
    "[1*][*:1]-[*:2]=[*:3]-[*:4][2*]",
)  # fmt: skip
_TWO = opening(
    "1,3-diene", "[CX3H2:1]=[CX3;!R:2]-[CX3;!R:3]=[CX3:4]", "[1*][CX4H2:1][CX4:2]([CX3;!R:3]=[CX3:4])[2*]",
    "[*:1]=[*:2]-[*:3]=[*:4]", "[1*][*:1]-[*:2](-[*:3]=[*:4])[2*]",
)  # fmt: skip
_CYCLIC_DIENE = opening(
    "cyclic 1,3-diene", "[CX3;R:1]=[CX3;R:2]-[CX3;R:3]=[CX3;R:4]", "[1*][CX4;R:1][CX3;R:2]=[CX3;R:3][CX4;R:4][2*]",
    "[*:1]=[*:2]-[*:3]=[*:4]", "[1*][*:1]-[*:2]=[*:3]-[*:4][2*]",
)  # fmt: skip
_TRIENE_OR_ALLENE = Group("third double bond in conjugation", "[CX3]=[CX3][CX3]=[CX3][CX3]=[CX3]")
_CUMULATED = opening(
    "allene", "[CX3H2:1]=[CX2:2]=[CX3:3]", "[1*][CX4:1][CX3:2](=[CX3:3])[2*]", "[*:1]=[*:2]=[*:3]",
    "[1*][*:1]-[*:2](=[*:3])[2*]",
)  # fmt: skip
# 1,6-dienes close five-membered rings (the common outcome of diallyl monomers).
_DIALLYL = opening(
    "diallyl monomer", "[CX3H2:1]=[CX3H1:2][CX4H2:3][#7,#8,#6,#14:4][CX4H2:5][CX3H1:6]=[CX3H2:7]",
    "[1*][CX4H2:1][CX4H1:2]1[CX4H2:3][#7,#8,#6,#14:4][CX4H2:5][CX4H1:6]1[CX4H2:7][2*]",
    "[*:1]=[*:2]-[*:3]-[*:4]-[*:5]-[*:6]=[*:7]", "[1*][*:1]-[*:2]1-[*:3]-[*:4]-[*:5]-[*:6]1-[*:7][2*]",
)  # fmt: skip
_DIACRYLIC = opening(
    "methacrylic anhydride type",
    "[CX3H2:1]=[CX3:2][CX3:3](=[OX1:8])[OX2,NX3:4][CX3:5](=[OX1:9])[CX3:6]=[CX3H2:7]",
    "[1*][CX4H2:1][CX4:2]1[CX3:3](=[OX1:8])[OX2,NX3:4][CX3:5](=[OX1:9])[CX4:6]([CX4H2:7]1)[2*]",
    "[*:1]=[*:2]-[*:3](=[*:8])-[*:4]-[*:5](=[*:9])-[*:6]=[*:7]",
    "[1*][*:1]-[*:2]1-[*:3](=[*:8])-[*:4]-[*:5](=[*:9])-[*:6]([*:7]1)[2*]",
)  # fmt: skip
_OPEN_CHAIN = opened(
    "vinyl monomer", double_bond("vinyl group", "!R;$([CH2]),$(C(F)F),$(C(Cl)Cl),$([CH]F),$([CH]Cl),$(C(F)Cl)", "!R"),
    *INHIBITORS, g.ALDEHYDE_GROUP, reversible=True,
)  # fmt: skip
_FLUOROOLEFIN = opened(
    "fluoroolefin", double_bond("fluorinated double bond", "!R;$(C(F)F)", "!R;$(C[F,Cl]),$(C[CX4](F)F),$([CH2])"),
    *HALOCARBON, reversible=True,
)  # fmt: skip
_PLAIN_OLEFIN = opened(
    "olefin of carbon and halogen", double_bond("vinyl group", "H2;!R", "!R;!$(C(F)F)"), *HALOCARBON, reversible=True
)
_RING = opened("cyclic olefin", double_bond("cyclic double bond", "R;$([CH])", "R;$([CH]),$([CX3H0]),$([CX4H0])"),
*INHIBITORS, g.ALDEHYDE_GROUP,
               reversible=True)  # fmt: skip


def _alone(
    name: str, polymer_class: Class, half: HalfReaction, monomer: str, unit: str, *forbids: Group,
    reference: Reference = ODIAN,
) -> PolymerisationRule:  # fmt: skip
    return PolymerisationRule(
        name, polymer_class, Mechanism.CHAIN, (opened(half.name, half, *INHIBITORS, *forbids, reversible=True),),
            "carbon-carbon",
        reference, ((monomer,), unit), head_to_head=True,
    )  # fmt: skip


RULES = (
    _alone("1,4-addition of a diene", Class.POLYDIENES, _FOUR, "C=C(C)C=C", "*CC(C)=CC*", _TRIENE_OR_ALLENE),
    _alone("1,2-addition of a diene", Class.POLYDIENES, _TWO, "C=CC=C", "*CC(*)C=C", _TRIENE_OR_ALLENE),
    _alone("1,4-addition of a cyclic diene", Class.POLYDIENES, _CYCLIC_DIENE, "C1=CCCC=C1", "*C1C=CC(*)CC1"),
    _alone("2,3-addition of an allene", Class.POLYDIENES, _CUMULATED, "C=C=C", "*CC(*)=C", reference=HANDBOOK),
    _alone("cyclopolymerisation of a diallyl monomer", Class.POLYIMINES, _DIALLYL, "C=CC[N+](C)(C)CC=C",
           "*CC1C[N+](C)(C)CC1C*", *ACIDIC),
    _alone("cyclopolymerisation of an acrylic anhydride", Class.POLYANHYDRIDES, _DIACRYLIC, "C=C(C)C(=O)OC(=O)C(C)=C",
           "*CC1(C)CC(*)(C)C(=O)OC1=O"),
    PolymerisationRule("alternating pair of vinyl monomers", Class.POLYVINYLS, Mechanism.CHAIN, (_OPEN_CHAIN,
        _OPEN_CHAIN),
                       "carbon-carbon", ODIAN, (("C=COCC", "C=CC#N"), "*CC(OCC)CC(*)C#N")),
    PolymerisationRule("alternating fluoroolefin and olefin", Class.HALOGENATED_POLYOLEFINS, Mechanism.CHAIN,
                       (_FLUOROOLEFIN, _PLAIN_OLEFIN), "carbon-carbon", ODIAN,
                       (("FC(F)=C(F)Cl", "C=C"), "*CCC(F)(F)C(*)(F)Cl")),
    PolymerisationRule("alternating vinyl monomer and cyclic olefin", Class.POLYOLEFINS, Mechanism.CHAIN, (_OPEN_CHAIN,
        _RING),
                       "carbon-carbon", ODIAN, (("C=C", "C1=CC2CCC1C2"), "*CCC1C2CCC(C2)C1*")),
    PolymerisationRule("alternating pair of cyclic olefins", Class.POLYOLEFINS, Mechanism.CHAIN, (_RING, _RING),
        "carbon-carbon",
                       HANDBOOK, (("C1=CC2CCC1C2", "C1=CCCC1"), "*C1C2CCC(C2)C1C1CCCC1*")),
    PolymerisationRule(
        "olefin and carbon monoxide", Class.POLYKETONES, Mechanism.CHAIN,
        (opened("olefin", opening("double bond", "[CX3;$([CH2]),R;!$(C=C=*):1]=[CX3;!$(C[#7,#8,#16]);!$(C=C=*):2]",
                                  "[1*][CX4:1][CX4:2]C(=O)[2*]", "[*:1]=[*:2]", "[1*][*:1]-[*:2]C(=O)[2*]"), *ACIDIC),),
        "ketone", KETONES, (("C=C",), "*CCC(*)=O"), ("[C-]#[O+]",), head_to_head=False,
    ),
    PolymerisationRule(
        "olefin and sulfur dioxide", Class.POLYSULFONES, Mechanism.CHAIN,
        (opened("olefin", opening("double bond",
        "[CX3;$([CH2]),R;!$(C=C=*):1]=[CX3;!$(C[#7,#8,#16,F,Cl]);!$(CC=O);!$(CC#N):2]",
                                  "[1*][CX4:1][CX4:2]S(=O)(=O)[2*]", "[*:1]=[*:2]", "[1*][*:1]-[*:2]S(=O)(=O)[2*]"),
                                  *ACIDIC),),
        "sulfone", ODIAN, (("C=CCC",), "*CC(CC)S(*)(=O)=O"), ("O=S=O",),
    ),
)  # fmt: skip

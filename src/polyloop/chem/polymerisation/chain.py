"""Chain growth through double bonds: olefins, styrenes, acrylics, vinyls, halogenated olefins, carbonyls."""

from __future__ import annotations

from polyloop.chem.library import Reference
from polyloop.chem.polymer_class import PolymerClass as Class
from polyloop.chem.polymerisation import groups as g
from polyloop.chem.polymerisation.half_reaction import HalfReaction, opening
from polyloop.chem.polymerisation.references import HANDBOOK, ODIAN
from polyloop.chem.polymerisation.role import Group, opened
from polyloop.chem.polymerisation.rule import Mechanism, PolymerisationRule

__all__ = ["ACIDIC", "HALOCARBON", "INHIBITORS", "RULES", "double_bond"]

INHIBITORS = (
    Group("azide, azo or peroxide group", "[$([N-]=[N+]),$([NX2]=[N+]=[NX2-]),$([NX2](C)=[NX2]C),$([OX2][OX2])]"),
    Group("quinone or nitroso group", "[$([NX2](=O)[#6]),$(O=C1C=CC(=O)C=C1)]"),
)
"""Groups that inhibit radicals or add to double bonds by themselves."""
ACIDIC = (g.ACID_GROUP, g.HYDROXYL_GROUP, g.THIOL_GROUP, g.AMINE_GROUP)
"""Groups that end ions and poison most metals."""
_HETERO = Group("atom other than carbon", "[!#6;!#1]")
_AROMATIC = Group("aromatic ring", "a")
_HETERO_OR_AROMATIC = Group("heteroatom or aromatic ring", "[$([!#6;!#1]),a]")
_NO_HALOCARBON = Group("atom other than carbon and halogen", "[!#6;!#1;!F;!Cl;!Br;!I]")
_CONJUGATED = Group("conjugated double bond", "[CX3]=[CX3][CX3]=[CX3]")
HALOCARBON = (_NO_HALOCARBON, _AROMATIC, _CONJUGATED)
"""What a monomer that is to give a halogenated polyolefin must not hold."""


def double_bond(name: str, near: str, far: str) -> HalfReaction:
    """Return the opening of a double bond; `near` and `far` are SMARTS conditions that its carbons fulfil before and
    after."""
    remains = f"[1*][CX4;{near}:1][CX4;{far}:2][2*]"
    return opening(name, f"[CX3;{near}:1]=[CX3;{far}:2]", remains, "[*:1]=[*:2]", "[1*][*:1]-[*:2][2*]")


def _vinyl(
    name: str, polymer_class: Class, far: str, monomer: str, unit: str, *forbids: Group,
    near: str = "H2", needs: tuple[Group, ...] = (), reference: Reference = ODIAN, repeats: tuple[int, ...] = (1,),
) -> PolymerisationRule:  # fmt: skip
    role = opened(name, double_bond(name, near, far), *INHIBITORS, *forbids, needs=needs, reversible=True)
    return PolymerisationRule(
        name, polymer_class, Mechanism.CHAIN, (role,), "carbon-carbon", reference, ((monomer,), unit),
        head_to_head=True, repeats=repeats,
    )  # fmt: skip


_HYDROCARBONS = (
    _vinyl("ethylene", Class.POLYOLEFINS, "H2", "C=C", "*CC*", repeats=(2,)),
    _vinyl("1-alkene", Class.POLYOLEFINS, "H1;$(C[CX4]),$(C[CX3;!$(C=*C=*)])", "C=CC", "*CC(*)C", _HETERO, _AROMATIC,
           _CONJUGATED),
    _vinyl("isobutylene type", Class.POLYOLEFINS, "H0;$(C([CX4])[CX4])", "C=C(C)C", "*CC(*)(C)C", _HETERO, _AROMATIC),
    _vinyl("functional 1-alkene", Class.POLYVINYLS, "H1;$(C[CX4])", "C=CC[Si](C)(C)C", "*CC(*)C[Si](C)(C)C",
           g.ACID_GROUP, needs=(_HETERO_OR_AROMATIC,), reference=HANDBOOK),
    _vinyl("functional isobutylene", Class.POLYVINYLS, "H0;$(C([CX4])[CX4])", "C=C(C)CC#N", "*CC(*)(C)CC#N",
           *ACIDIC, needs=(_HETERO_OR_AROMATIC,), reference=HANDBOOK),
    _vinyl("cyclic olefin", Class.POLYOLEFINS, "R;$(C[CX4])", "C1=CC2CCC1C2", "*C1C2CCC(C2)C1*", *ACIDIC,
        near="R;$(C[CX4])",
           reference=HANDBOOK),
    _vinyl("styrene", Class.POLYSTYRENES, "H1;$(Cc)", "C=Cc1ccccc1", "*CC(*)c1ccccc1"),
    _vinyl("alpha-substituted styrene", Class.POLYSTYRENES, "H0;$(Cc);!$(C[O,N]);!$(C[CX3]=[CX3])", "C=C(C)c1ccccc1",
        "*CC(*)(C)c1ccccc1", *ACIDIC),
    _vinyl("beta-substituted styrene", Class.POLYSTYRENES, "H1;$(Cc)", "CC=Cc1ccccc1", "*C(C)C(*)c1ccccc1", *ACIDIC,
           near="H1;!R;$(C[#6]);!$(Cc)", reference=HANDBOOK),
    _vinyl("fluorinated styrene", Class.POLYSTYRENES, "$(Cc)", "FC(F)=C(F)c1ccccc1", "*C(F)(F)C(*)(F)c1ccccc1",
           near="$(C(F)F)", reference=HANDBOOK),
    _vinyl("indene type", Class.POLYPHENYLENES, "R;$(Cc)", "C1=Cc2ccccc2C1", "*C1Cc2ccccc2C1*", *ACIDIC, near="R"),
)  # fmt: skip
_CARBONYL_ESTER = "$(C[CX3](=O)[OX2,OX1-,SX2])"
_ACRYLICS = (
    _vinyl("acrylate or acrylic acid", Class.POLYACRYLICS, f"H1;{_CARBONYL_ESTER}", "C=CC(=O)OC", "*CC(*)C(=O)OC"),
    _vinyl("methacrylate or methacrylic acid", Class.POLYACRYLICS,
        f"H0;{_CARBONYL_ESTER};$(C[CX4;H3]),$(C[CX4;H2;!$(C[#0])][CX4])",
           "C=C(C)C(=O)OC", "*CC(*)(C)C(=O)OC"),
    _vinyl("alpha-substituted acrylate", Class.POLYACRYLICS,
        f"H0;{_CARBONYL_ESTER};$(C[F,Cl,Br,c,$(C#N),$(O[#6]),$([CX4][F,Cl,Br,#8,#7,#16]),$([CX4][CX3]=O)]),"
        "$(C(C=O)C=O)",
           "C=C(C#N)C(=O)OCC", "*CC(*)(C#N)C(=O)OCC"),
    _vinyl("acrylamide", Class.POLYACRYLICS, "H1;$(C[CX3](=O)[NX3])", "C=CC(=O)NC(C)C", "*CC(*)C(=O)NC(C)C"),
    _vinyl("methacrylamide", Class.POLYACRYLICS, "H0;$(C[CX3](=O)[NX3])", "C=C(C)C(=O)N", "*CC(*)(C)C(=O)N"),
    _vinyl("crotonate, fumarate or maleate", Class.POLYACRYLICS, "!R;$(C[CX3](=O)[OX2,NX3])", "CCOC(=O)C=CC(=O)OCC",
           "*C(C(=O)OCC)C(*)C(=O)OCC", near="!R;H1,H0;$(C[#6]);!$(Cc)", reference=HANDBOOK, repeats=(1, 2)),
    _vinyl("acryloyl halide or thioester", Class.POLYVINYLS, "$(C[CX3](=O)[Cl,F])", "C=CC(=O)Cl", "*CC(*)C(=O)Cl",
           reference=HANDBOOK),
)  # fmt: skip
_VINYLS = (
    _vinyl("acrylonitrile", Class.POLYVINYLS, "$(CC#N);!$(C[CX3]=O)", "C=CC#N", "*CC(*)C#N"),
    _vinyl("vinyl ketone or acrolein", Class.POLYVINYLS, "$(C[CX3](=O)[#6,#1;!$([OX2])]),$(C[CX3H1]=O)", "C=CC(C)=O",
        "*CC(*)C(C)=O"),
    _vinyl("vinyl ester", Class.POLYVINYLS, "$(COC(=O))", "C=COC(C)=O", "*CC(*)OC(C)=O"),
    _vinyl("vinyl ether", Class.POLYVINYLS, "$(C[OX2][#6,Si;!$(C=O)])", "C=COCC", "*CC(*)OCC", g.ACID_GROUP,
        g.THIOL_GROUP),
    _vinyl("propenyl or dialkoxy vinyl ether", Class.POLYVINYLS, "$(C[OX2][#6;!$(C=O)])", "CC=COCC", "*C(C)C(*)OCC",
        *ACIDIC,
           near="H1,H0;!R;$(C[CX4,OX2])", reference=HANDBOOK),
    _vinyl("2,3-dihydrofuran type", Class.POLYOXIDES, "R;$(C[OX2;R])", "C1=COCC1", "*C1CCOC1*", *ACIDIC,
        near="R;$(C[CX4])",
           reference=HANDBOOK),
    _vinyl("N-vinyl monomer", Class.POLYVINYLS, "$(C[#7]);!$(C[N+](=O)[O-]);!$(CN=*)", "C=CN1CCCC1=O",
        "*CC(*)N1CCCC1=O", g.ACID_GROUP),
    _vinyl("vinyl sulfide or sulfone", Class.POLYVINYLS, "$(C[#16])", "C=CS(C)(=O)=O", "*CC(*)S(C)(=O)=O"),
    _vinyl("vinylsilane", Class.POLYVINYLS, "$(C[Si,Ge,Sn])", "C=C[Si](C)(C)C", "*CC(*)[Si](C)(C)C", *ACIDIC),
    _vinyl("vinylphosphonate", Class.POLYVINYLS, "$(C[#15])", "C=CP(=O)(OC)OC", "*CC(*)P(=O)(OC)OC"),
    _vinyl("vinylborane or ferrocene type", Class.POLYVINYLS, "$(C[#5])", "C=CB1OC(C)(C)C(C)(C)O1",
           "*CC(*)B1OC(C)(C)C(C)(C)O1", reference=HANDBOOK),
    _vinyl("N-substituted maleimide", Class.POLYIMIDES, "R;$(CC(=O)[NX3;R])", "O=C1C=CC(=O)N1C", "*C1C(=O)N(C)C(=O)C1*",
           near="R;$(CC(=O)[NX3;R])", reference=HANDBOOK),
    _vinyl("maleic anhydride", Class.POLYANHYDRIDES, "R;$(CC(=O)[OX2;R])", "O=C1C=CC(=O)O1", "*C1C(=O)OC(=O)C1*",
           near="R;$(CC(=O)[OX2;R])", reference=HANDBOOK),
)  # fmt: skip
_HALOGENATED = (
    _vinyl("vinyl halide", Class.HALOGENATED_POLYOLEFINS, "$(C[F,Cl,Br]);!$(C[!#6;!#1;!F;!Cl;!Br;!$([#0])]);!$(Cc)",
        "C=CCl",
           "*CC(*)Cl", needs=(Group("halogen", "[F,Cl,Br,I]"),)),
    _vinyl("haloalkyl olefin", Class.POLYVINYLS, "$(C[CX4]([F,Cl,Br])),$(C[CX4][CX4][F,Cl,Br])", "C=CC(F)(F)F",
        "*CC(*)C(F)(F)F",
           _NO_HALOCARBON, _AROMATIC, reference=HANDBOOK),
    _vinyl("perfluoroolefin", Class.HALOGENATED_POLYOLEFINS, "$(C[F,Cl]);!R", "FC(F)=C(F)F", "*C(F)(F)C(*)(F)F",
        _NO_HALOCARBON,
           near="$(C[F,Cl]);!R", repeats=(1, 2)),
    _vinyl("perfluoro vinyl ether", Class.POLYVINYLS, "$(C([F,Cl])[OX2])", "FC(F)=C(F)OC(F)(F)F",
        "*C(F)(F)C(*)(F)OC(F)(F)F",
           near="$(C(F)F)", reference=HANDBOOK),
)  # fmt: skip
_OTHERS = (
    PolymerisationRule(
        "aldehyde", Class.POLYOXIDES, Mechanism.CHAIN,
        (opened("aldehyde", opening("aldehyde", "[CX3;H1,H2;!$(CO);!$(C=C):1]=[OX1:2]", "[1*][CX4;H1,H2:1][OX2:2][2*]",
        "[*:1]=[*:2]",
                                    "[1*][*:1]-[*:2][2*]"), *ACIDIC, g.VINYL_GROUP),),
        "carbon-oxygen", ODIAN, (("CC=O",), "*C(C)O*"),
    ),
    PolymerisationRule(
        "isocyanate", Class.POLYUREAS, Mechanism.CHAIN,
        (opened("isocyanate", opening("isocyanate", "[NX2;$(N[#6]):1]=[CX2:2]=[OX1:3]",
        "[1*][NX3:1][CX3:2](=[OX1:3])[2*]",
                                      "[N:1]=[C:2]=[*:3]", "[1*][*:1]-[*:2](=[*:3])[2*]"), *ACIDIC),),
        "amide", ODIAN, (("CCCCCCN=C=O",), "*N(CCCCCC)C(*)=O"),
    ),
    PolymerisationRule(
        "isocyanide", Class.POLYVINYLS, Mechanism.CHAIN,
        (opened("isocyanide", opening("isocyanide", "[CX1-:1]#[N+:2]", "[1*][CX3:1](=[NX2:2])[2*]",
                                      "[C-:1]#[N+:2]", "[1*][C+0:1](=[N+0:2])[2*]")),),
        "carbon-carbon", HANDBOOK, (("[C-]#[N+]C(C)(C)C",), "*C(*)=NC(C)(C)C"),
    ),
    PolymerisationRule(
        "diazoacetate", Class.POLYACRYLICS, Mechanism.CHAIN,
        (opened("diazo compound", opening("diazo group", "[#6;X3:1]=[N+]=[N-]", "[1*][CX4;H1,H2:1][2*]",
        "[*:1]=[N+]=[N-]"),
                *ACIDIC),),
        "carbon-carbon", HANDBOOK, (("CCOC(=O)C=[N+]=[N-]",), "*C(*)C(=O)OCC"), ("loses N2",),
    ),
    PolymerisationRule(
        "ketene", Class.POLYOXIDES, Mechanism.CHAIN,
        (opened("ketene", opening("ketene", "[CX3;!$(C[#7,#8]):3]=[CX2:1]=[OX1:2]", "[1*][CX3:1](=[CX3:3])[OX2:2][2*]",
                                  "[*:3]=[*:1]=[*:2]", "[1*][*:1](=[*:3])-[*:2][2*]"), *ACIDIC),),
        "enol ether", HANDBOOK, (("CC(C)=C=O",), "*C(=C(C)C)O*"),
    ),
)  # fmt: skip
RULES = (*_HYDROCARBONS, *_ACRYLICS, *_VINYLS, *_HALOGENATED, *_OTHERS)

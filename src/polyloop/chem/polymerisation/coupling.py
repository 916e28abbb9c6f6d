"""Coupling of carbons, and of carbon with nitrogen: with palladium and nickel, oxidative, Heck, Wittig, Gilch."""

from __future__ import annotations

from polyloop.chem.library import Reference
from polyloop.chem.polymer_class import PolymerClass as Class
from polyloop.chem.polymerisation import groups as g
from polyloop.chem.polymerisation.condensation import DIAMINE, step_rule
from polyloop.chem.polymerisation.half_reaction import opening, site
from polyloop.chem.polymerisation.references import HANDBOOK, ODIAN, SUZUKI
from polyloop.chem.polymerisation.role import Group, MonomerRole, asymmetric, opened, twofold
from polyloop.chem.polymerisation.rule import Mechanism, PolymerisationRule

__all__ = ["RULES"]

_N, _O, _S, _A = g.AMINE_GROUP, g.HYDROXYL_GROUP, g.THIOL_GROUP, g.ACID_GROUP
_ACIDIC = (_N, _O, _S, _A)
_HALIDE = site("aryl halide", "[c:1][Br,I,Cl]", "[c:1]Z", "[*:1]Br")
_DIHALIDE = twofold("dihaloarene", _HALIDE, _A, _S)
_DIBORONIC = twofold("diboronic acid or ester", g.BORONIC, _A, _S)
_STANNANE = site("stannane", "[c,$(C=C):1][SnX4]([CX4])([CX4])[CX4]", "[c:1]Z", "[*:1][Sn](C)(C)C")
_DISTANNANE = twofold("distannane", _STANNANE, _A, _S)
_HALOBORONIC = asymmetric("halogenated boronic acid", _HALIDE, g.BORONIC, _A, _S)
_DIETHYNYL = twofold("dialkyne", g.ETHYNYL, _A, _S)
_DIVINYL = twofold(
    "divinylarene", site("vinyl group", "[CX3H2:1]=[CX3H1;$(Cc):2]", "[CX3H1:1](Z)=[CX3H1;$(Cc):2]", "[*:1]=[*:2]"),
    _A, _S
)  # fmt: skip
_THIOPHENE = site(
    "free alpha position of a thiophene, pyrrole or furan",
    "[cH1;$(c1[s,o,$([nX3]),se]ccc1):1]",
    "[c;$(c1[s,o,$([nX3]),se]ccc1):1]Z",
    "[*:1]",
)
_POOR = Group("electron-poor or halogenated ring", "c[$(C=O),$(C#N),$([N+](=O)[O-]),F,Cl,Br,I,$(C(F)(F)F),$(S=O),$(B)]")
_BENZENE = opened(
    "benzene with two free para positions", opening("pair of free para positions",
    "[cH1:1]1[c:2][c:3][cH1:4][c:5][c:6]1",
                                                   "[1*][c:1]1[c:2][c:3][c:4]([c:5][c:6]1)[2*]",
                                                   "[*:1]1[*:2][*:3][*:4][*:5][*:6]1",
                                                   "[1*][*:1]1[*:2][*:3][*:4]([*:5][*:6]1)[2*]"),
    *_ACIDIC, _POOR, g.VINYL_GROUP, any_count=True,
)  # fmt: skip
_ANILINE = opened(
    "aniline", opening("aniline with a free para position", "[NX3;H1,H2:1][c:2]1[c:3][c:4][cH1:5][c:6][c:7]1",
                       "[1*][NX3:1][c:2]1[c:3][c:4][c:5]([c:6][c:7]1)[2*]", "[*:1][*:2]1[*:3][*:4][*:5][*:6][*:7]1",
                       "[1*][*:1][*:2]1[*:3][*:4][*:5]([*:6][*:7]1)[2*]"),
    _A, _S, _O, Group("second amine", "[NX3;H1,H2]c.[NX3;H1,H2]c"),
)  # fmt: skip
_PHENOL = opened(
    "2,6-disubstituted phenol", opening("phenol with a free para position",
    "[OX2H1:1][c:2]1[c;!$([cH]):3][c:4][cH1:5][c:6][c;!$([cH]):7]1",
                                        "[1*][OX2:1][c:2]1[c;!$([cH]):3][c:4][c:5]([c:6][c;!$([cH]):7]1)[2*]",
                                        "[*:1][*:2]1[*:3][*:4][*:5][*:6][*:7]1",
                                        "[1*][*:1][*:2]1[*:3][*:4][*:5]([*:6][*:7]1)[2*]"),
    _N, _A, _S, any_count=True,
)  # fmt: skip
_ALDEHYDE = site("aldehyde", "[CX3H1;$(C[c,C]):1]=[OX1]", "[CX3H1;!R:1]=[CX3H1]Z", "[*:1]=O", "[*:1]=CZ")
_YLIDE = site(
    "phosphonium salt or phosphonate",
    "[#6;$(c),$(C=C):1][CX4H2][$([PX4](=O)(O)O),$([PX4+])]",
    "[c,$(C=C):1]Z",
    "[*:1]CP(=O)(OCC)OCC",
    "[*:1]Z",
)
_NITRILE = site("arylacetonitrile", "[c:1][CX4H2][CX2]#[NX1]", "[c:1]Z", "[*:1]CC#N", "[*:1]Z")
_ALDEHYDE_NITRILE = site("aldehyde", "[CX3H1;$(Cc):1]=[OX1]", "[CX3H1;!R:1]=C(C#N)Z", "[*:1]=O", "[*:1]=C(C#N)Z")


# The chain is cut beside the carbons that join, so that a double bond between them stands in the residue.
_GILCH = opening(
    "1,4-bis(halomethyl)arene",
    "[CX4;H2,H1:1]([Cl,Br,$([SX3+])])[c:2]1[c:3][c:5][c:6]([CX4;H2,H1:4][Cl,Br,$([SX3+])])[c:7][c:8]1",
    "([1*][c:2]1[c:3][c:5][c:6]([c:7][c:8]1)[CX3;!R;H1,H0:4]=[CX3;!R;H1,H0:1][2*])",
    "[*:1](Cl)-[*:2]1[*:3][*:5][*:6](-[*:4]Cl)[*:7][*:8]1",
    "[1*][*:2]1[*:3][*:5][*:6]([*:7][*:8]1)-[*:4]=[*:1][2*]",
)
_XYLENE = opening(
    "para-xylene", "[CX4;H3,H2:1][c:2]1[c:3][c:5][c:6]([CX4;H3,H2:4])[c:7][c:8]1",
    "([1*][c:2]1[c:3][c:5][c:6]([c:7][c:8]1)[CX4;!R;H2,H1:4]-[CX4;!R;H2,H1:1][2*])",
    "[*:1]-[*:2]1[*:3][*:5][*:6](-[*:4])[*:7][*:8]1", "[1*][*:2]1[*:3][*:5][*:6]([*:7][*:8]1)-[*:4]-[*:1][2*]",
)  # fmt: skip


def _coupling(
    name: str, polymer_class: Class, roles: tuple[MonomerRole, ...], monomers: tuple[str, ...], unit: str,
    linkage: str = "carbon-carbon", *, reference: Reference = HANDBOOK, reagents: tuple[str, ...] = (),
) -> PolymerisationRule:  # fmt: skip
    return step_rule(name, polymer_class, roles, monomers, unit, linkage, reference=reference, reagents=reagents,
                     mechanism=Mechanism.COUPLING)  # fmt: skip


# Zinc and sodium turn these into double bonds.
_VICINAL = Group("neighbouring halide", "[Cl,Br,I][CX4][CX4][Cl,Br,I]")
_GILCH_ROLE = opened(_GILCH.name, _GILCH, *_ACIDIC)
_PARYLENE = opened("para-xylene", _XYLENE, *_ACIDIC, any_count=True)
_AROMATIC = Class.POLYPHENYLENES

RULES: tuple[PolymerisationRule, ...] = (
    _coupling("Suzuki coupling", _AROMATIC, (_DIHALIDE, _DIBORONIC), ("Brc1ccc(Br)cc1", "OB(O)c1ccc(cc1)B(O)O"),
        "*c1ccc(*)cc1", reference=SUZUKI),
    _coupling("Suzuki coupling of one monomer", _AROMATIC, (_HALOBORONIC,), ("Brc1ccc(cc1)B(O)O",), "*c1ccc(*)cc1",
        reference=SUZUKI),
    _coupling("Stille coupling", _AROMATIC, (_DIHALIDE, _DISTANNANE), ("Brc1ccc(Br)cc1",
        "C[Sn](C)(C)c1ccc(cc1)[Sn](C)(C)C"), "*c1ccc(*)cc1"),
    _coupling("Yamamoto or Kumada coupling", _AROMATIC, (_DIHALIDE,), ("Brc1ccc2c(c1)C(C)(C)c1cc(Br)ccc12",),
              "*c1ccc2c(c1)C(C)(C)c1cc(*)ccc12", reagents=("nickel",)),
    _coupling("oxidation of a thiophene or pyrrole", Class.POLYSULFIDES, (twofold("thiophene or pyrrole", _THIOPHENE,
        _A),), ("CCCCCCc1ccsc1",),
              "*c1cc(CCCCCC)c(*)s1", reagents=("oxidised",)),
    _coupling("oxidation of a benzene", _AROMATIC, (_BENZENE,), ("c1ccccc1",), "*c1ccc(*)cc1", reagents=("oxidised",)),
    _coupling("oxidation of an aniline", Class.POLYIMINES, (_ANILINE,), ("Nc1ccccc1",), "*Nc1ccc(*)cc1", "arylamine",
        reference=ODIAN,
              reagents=("oxidised",)),
    _coupling("oxidation of a phenol", Class.POLYOXIDES, (_PHENOL,), ("Cc1cccc(C)c1O",), "*Oc1c(C)cc(*)cc1C",
        "aryl ether", reference=ODIAN,
              reagents=("oxidised",)),
    _coupling("Sonogashira coupling", _AROMATIC, (_DIHALIDE, _DIETHYNYL), ("Brc1ccc(Br)cc1", "C#Cc1ccc(C#C)cc1"),
        "*C#Cc1ccc(*)cc1"),
    _coupling("Glaser coupling", _AROMATIC, (_DIETHYNYL,), ("C#Cc1ccc(C#C)cc1",), "*C#Cc1ccc(C#C*)cc1",
        reagents=("oxidised",)),
    _coupling("Heck coupling", _AROMATIC, (_DIHALIDE, _DIVINYL), ("Brc1ccc(Br)cc1", "C=Cc1ccc(C=C)cc1"),
        "*C=Cc1ccc(*)cc1"),
    _coupling("Wittig or Horner-Emmons reaction", _AROMATIC, (twofold("dialdehyde", _ALDEHYDE, *_ACIDIC),
        twofold("bisphosphonate", _YLIDE, *_ACIDIC)),
              ("O=Cc1ccc(C=O)cc1", "CCOP(=O)(Cc1ccc(CP(=O)(OCC)OCC)cc1)OCC"), "*C=Cc1ccc(*)cc1", "double bond"),
    _coupling("Knoevenagel reaction", _AROMATIC, (twofold("dialdehyde", _ALDEHYDE_NITRILE, *_ACIDIC),
        twofold("arylene diacetonitrile", _NITRILE, *_ACIDIC)),
              ("O=Cc1ccc(C=O)cc1", "N#CCc1ccc(CC#N)cc1"), "*C(C#N)=Cc1ccc(C=C(C#N)c2ccc(*)cc2)cc1", "double bond"),
    _coupling("Gilch or Wessling polymerisation", _AROMATIC, (_GILCH_ROLE,), ("ClCc1ccc(CCl)cc1",), "*C=Cc1ccc(*)cc1",
        "double bond", reagents=("base",)),
    _coupling("vapour deposition of para-xylylenes", _AROMATIC, (_PARYLENE,), ("Cc1ccc(C)cc1",), "*CCc1ccc(*)cc1",
              reference=ODIAN, reagents=("by pyrolysis of the paracyclophane",)),
    _coupling("Buchwald-Hartwig amination", Class.POLYIMINES, (_DIHALIDE, DIAMINE), ("Brc1ccc(Br)cc1",
        "CNc1ccc(NC)cc1"),
              "*c1ccc(cc1)N(C)c1ccc(cc1)N(*)C", "arylamine"),
    _coupling("Wurtz coupling of an alkyl dihalide", Class.POLYOLEFINS, (twofold("alkyl dihalide", g.ALKYL_HALIDE,
        *_ACIDIC, _VICINAL),),
              ("BrCC1CCC(CBr)CC1",), "*CC1CCC(CC1)C*", reagents=("sodium",)),
)  # fmt: skip

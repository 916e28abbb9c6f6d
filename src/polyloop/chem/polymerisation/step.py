"""Step growth by substitution and addition: ethers, sulfides, amines, epoxy resins, silicon, phosphorus, clicks."""

from __future__ import annotations

from polyloop.chem.polymer_class import PolymerClass as Class
from polyloop.chem.polymerisation import groups as g
from polyloop.chem.polymerisation.condensation import (
    BISPHENOL,
    DIACID,
    DIAMINE,
    DIEPOXIDE,
    DIOL,
    DITHIOL,
    step_rule,
)
from polyloop.chem.polymerisation.half_reaction import opening, site
from polyloop.chem.polymerisation.references import ALLCOCK, CLICK, HANDBOOK, THIOL_ENE
from polyloop.chem.polymerisation.role import Group, MonomerRole, asymmetric, opened, twofold

__all__ = ["ARENE", "RULES"]

_N, _O, _S, _A, _I = g.AMINE_GROUP, g.HYDROXYL_GROUP, g.THIOL_GROUP, g.ACID_GROUP, g.ISOCYANATE_GROUP
_NUCLEOPHILES = (_N, _O, _S, _A, _I)


def _activated(name: str, activator: str) -> MonomerRole:
    # The halide must stand ortho or para to a group that takes up the charge.
    where = f"$(c1aac({activator})aa1),$(cc{activator})"
    halide = site("activated aryl halide", f"[c;{where}:1][F,Cl]", f"[c;{where}:1]Z", "[*:1]F")
    return twofold(name, halide, *_NUCLEOPHILES)


_SULFONE_HALIDE = _activated("activated dihalosulfone", "S(=O)(=O)")
_KETONE_HALIDE = _activated("activated dihaloketone", "C(=O)[#6]")
_ACTIVATORS = "$(C#N),$([N+](=O)[O-]),$(C(F)(F)F),$(C=O)"
_RINGS = "$(C=N),$([#7]=C),$(P=O),$(N=N),$(c1nnco1),$(c1nccnc1)"
_ARYL_SITE = site(
    "activated aryl halide",
    f"[c;$(c1aac([{_ACTIVATORS},{_RINGS}])aa1),$(c[$(c[{_ACTIVATORS}]),n]),$(c1nccnc1):1][F,Cl]", "[c:1]Z", "[*:1]F",
)  # fmt: skip
_ARYL_ACTIVATED = twofold("activated dihaloarene", _ARYL_SITE, *_NUCLEOPHILES)
_DIHALOARENE = twofold("dihaloarene", site("aryl halide", "[c:1][Cl,Br,I,F]", "[c:1]Z", "[*:1]Cl"), *_NUCLEOPHILES)
_DIHALIDE = twofold("alkyl dihalide", g.ALKYL_HALIDE, *_NUCLEOPHILES)
_DIHALIDE_SULFIDE = twofold("alkyl dihalide", g.ALKYL_HALIDE, *_NUCLEOPHILES, linker="S")
_DIHALIDE_DISULFIDE = twofold("alkyl dihalide", g.ALKYL_HALIDE, *_NUCLEOPHILES, linker="SS")
_ARYL_SULFIDE = twofold(
    "dihaloarene", site("aryl halide", "[c:1][Cl,Br,I,F]", "[c:1]Z", "[*:1]Cl"), *_NUCLEOPHILES, linker="S"
)
_DITHIOL_OXIDISED = twofold("dithiol", g.THIOL, _N, _A, _I)
_DIOL_METHYLENE = twofold("diol or bisphenol", g.HYDROXYL, _N, _S, _A, _I, linker="C")
_DIOL_EPICHLOROHYDRIN = twofold("bisphenol", g.PHENOL, _N, _S, _A, _I, linker="CC(O)C")
# Of a diol that condenses with itself one of two oxygens stays: it stands in the residue, at its tail.
_DIOL_ETHER = MonomerRole(
    "diol", site("alcohol", "[OX2H1][CX4;H2:1]", "[CX4;H2:1]Z", "[*:1]O"), g.ALCOHOL, (_N, _S, _A, _I), count=None
)  # fmt: skip
_HALOPHENOL = asymmetric("halophenol", g.PHENOL, site("aryl halide", "[c:1][F,Cl,Br]", "[c:1]Z", "[*:1]F"), _N, _S, _A)
_HALOTHIOPHENOL = asymmetric(
    "halothiophenol", g.THIOL, site("aryl halide", "[c:1][F,Cl,Br]", "[c:1]Z", "[*:1]Br"), _N, _O, _A
)
_HALOALCOHOL = asymmetric(
    "haloalkyl phenol or acid",
    site("carboxylic acid", "[OX2H1;$(O[CX3]=O):1]", "[OX2;$(O[CX3]=O):1]Z", "[*:1]"),
    g.ALKYL_HALIDE,
    _N,
    _S,
)
_ENE = site(
    "terminal double bond",
    "[CX3H2:1]=[CX3;!$(C=O);!$(C[CX3]=[O,C]):2]",
    "[CX4H2:1](Z)[CX4:2]",
    "[*:1]=[*:2]",
    "[*:1](Z)-[*:2]",
)
_DIENE = twofold("diene or divinyl monomer", _ENE, *_NUCLEOPHILES)
_YNE = site("terminal alkyne", "[CX2H1:1]#[CX2:2]", "[CX3H1:1](Z)=[CX3H1:2]", "[*:1]#[*:2]", "[*:1](Z)=[*:2]")
_DIYNE = twofold("dialkyne", _YNE, _N, _S, _A)
_SILANE = site("hydrosilane", "[SiX4;H1:1]", "[SiX4;H0:1]Z", "[SiH:1]", "[SiH0:1]Z")
_DIHYDROSILANE = twofold("dihydrosilane", _SILANE, _N, _O, _S, _A)
_DICHLOROSILANE = twofold("dichlorosilane", g.CHLOROSILANE, _N, _O, _S, _A)
_SILANE_WATER = opened(
    "dichlorosilane or dialkoxysilane", opening(
        "pair of halides or alkoxides on silicon",
        "[SiX4:1]([Cl,$(O[CH3]),$(O[CH2][CH3])])[Cl,$(O[CH3]),$(O[CH2][CH3])]",
        "[1*][SiX4:1]O[2*]", "Cl[*:1]Cl", "[1*][*:1]O[2*]"), _N, _O, _S, _A)  # fmt: skip
_SILANE_SODIUM = opened(
    "dichlorosilane", opening("pair of halides on silicon", "[SiX4;!$([Si](Cl)(Cl)Cl):1](Cl)Cl", "[1*][SiX4:1][2*]",
                              "Cl[*:1]Cl", "[1*][*:1][2*]"), *_NUCLEOPHILES)  # fmt: skip
_PHOSPHONIC = opened(
    "phosphonic or phosphoric dichloride", opening("pair of halides on phosphorus", "[PX4:1](=[O:2])(Cl)Cl",
    "[1*][PX4:1](=[OX1:2])[2*]",
                                                   "Cl[*:1](=[*:2])Cl", "[1*][*:1](=[*:2])[2*]"), *_NUCLEOPHILES,
                                                   reversible=True)  # fmt: skip
_SILICON_LINK = opened(
    "dichlorosilane", opening("pair of halides on silicon", "[SiX4:1](Cl)Cl", "[1*][SiX4:1][2*]", "Cl[*:1]Cl",
    "[1*][*:1][2*]"),
    *_NUCLEOPHILES, reversible=True,
)  # fmt: skip
_PHOSPHORANIMINE = opened(
    "phosphoranimine", opening("N-silylphosphoranimine",
    "[Si]([CH3])([CH3])([CH3])[NX2:1]=[PX4:2][Cl,Br,$([OX2](CC(F)(F)F)P(=N)[#6])]",
                               "[1*][NX2:1]=[PX4:2][2*]", "C[Si](C)(C)[*:1]=[*:2]Cl", "[1*][*:1]=[*:2][2*]"),
                               *_NUCLEOPHILES)  # fmt: skip
_AZIDE = site("azide", "[NX2:1]=[N+:2]=[N-:3]", "[nX3:1]1[cH1:4][cX3:5](Z)[nX2:3][nX2:2]1", "[N:1]=[N+:2]=[N-:3]",
              "[n+0:1]1[cH][c](Z)[n+0:3][n+0:2]1")  # fmt: skip
_DIAZIDE = twofold("diazide", _AZIDE, _S, _A)
_CLICK_ALKYNE = twofold(
    "dialkyne", site("terminal alkyne", "[CX2H1]#[CX2H0][#6:1]", "[#6:1]Z", "[*:1]C#C", "[*:1]Z"), _S, _A
)
_FORMALDEHYDE_PHENOL = opened(
    "para- or ortho-substituted phenol", opening(
        "free ortho positions of a phenol", "[cH1:1][c:2]([OX2H1:3])[cH1:4]", "[1*]C[c:1][c:2]([OX2H1:3])[c:4][2*]",
        "[*:1][*:2]([*:3])[*:4]", "[1*]C[*:1][*:2]([*:3])[*:4][2*]"), _N, _A, Group("free para position",
        "[OX2H1]c1cc[cH1]cc1"),
)  # fmt: skip
_RICH = "$(c1ccc(-!@[$([OX2](c)c),c,$([CX4H2]c)])cc1)"
ARENE = site("free para position of an aryl ether", f"[cH1;{_RICH}:1]", f"[c;{_RICH}:1]Z", "[*:1]")
_DIARENE = twofold("diaryl ether or biaryl", ARENE, *_NUCLEOPHILES, g.VINYL_GROUP)
_DISULFONYL = twofold("disulfonyl chloride", g.SULFONYL_HALIDE, *_NUCLEOPHILES)
_ARENE_SULFONYL = asymmetric("arylsulfonyl chloride", ARENE, g.SULFONYL_HALIDE, *_NUCLEOPHILES)
_ARENE_ACYL = asymmetric("aryl ether with an acid or acid chloride", ARENE, g.ACID_OR_HALIDE, _N, _O, _S, _I)

_ETHERS = (
    step_rule("bisphenol and activated dihalosulfone", Class.POLYSULFONES, (_SULFONE_HALIDE, DIOL),
              ("O=S(=O)(c1ccc(Cl)cc1)c1ccc(Cl)cc1", "CC(C)(c1ccc(O)cc1)c1ccc(O)cc1"),
              "*Oc1ccc(cc1)C(C)(C)c1ccc(Oc2ccc(cc2)S(=O)(=O)c2ccc(*)cc2)cc1", "aryl ether"),
    step_rule("bisphenol and activated dihaloketone", Class.POLYKETONES, (_KETONE_HALIDE, DIOL),
              ("O=C(c1ccc(F)cc1)c1ccc(F)cc1", "Oc1ccc(O)cc1"), "*Oc1ccc(Oc2ccc(cc2)C(=O)c2ccc(*)cc2)cc1", "aryl ether"),
    step_rule("bisphenol and other activated dihaloarene", Class.POLYOXIDES, (_ARYL_ACTIVATED, BISPHENOL),
              ("N#Cc1c(F)cccc1F", "Oc1cccc(O)c1"), "*Oc1cccc(Oc2cccc(*)c2C#N)c1", "aryl ether", reference=HANDBOOK),
    step_rule("bisphenol and dihaloarene with copper", Class.POLYOXIDES, (_DIHALOARENE, BISPHENOL), ("Brc1ccc(Br)cc1",
        "Oc1ccc(O)cc1"),
              "*Oc1ccc(*)cc1", "aryl ether", reference=HANDBOOK),
    step_rule("halophenol", Class.POLYOXIDES, (_HALOPHENOL,), ("Oc1ccc(Br)cc1",), "*Oc1ccc(*)cc1",
              "aryl ether"),
    step_rule("diol and alkyl dihalide", Class.POLYOXIDES, (_DIHALIDE, DIOL), ("BrCCCCCCBr", "Oc1ccc(O)cc1"),
              "*CCCCCCOc1ccc(O*)cc1", "ether", reference=HANDBOOK),
    step_rule("diol and methylene halide", Class.POLYOXIDES, (_DIOL_METHYLENE,), ("OCCOCCO",), "*OCCOCCOC*", "acetal",
              reference=HANDBOOK, reagents=("ClCCl",)),
    step_rule("condensation of a diol with itself", Class.POLYOXIDES, (_DIOL_ETHER,), ("OCCCO",), "*CCCO*", "ether",
        reference=HANDBOOK),
    step_rule("bisphenol and diepoxide", Class.POLYOXIDES, (DIEPOXIDE, BISPHENOL), ("C1OC1COCCOCC1CO1", "Oc1ccc(O)cc1"),
              "*CC(O)COCCOCC(O)COc1ccc(O*)cc1", "hydroxy ether"),
    step_rule("bisphenol and epichlorohydrin", Class.POLYOXIDES, (_DIOL_EPICHLOROHYDRIN,),
        ("CC(C)(c1ccc(O)cc1)c1ccc(O)cc1",),
              "*Oc1ccc(cc1)C(C)(C)c1ccc(OCC(O)C*)cc1", "hydroxy ether", reagents=("ClCC1CO1",)),
    step_rule("haloalkyl acid", Class.POLYESTERS, (_HALOALCOHOL,), ("OC(=O)CCl",), "*OC(=O)C*", "ester",
        reference=HANDBOOK),
)  # fmt: skip
_SULFUR_NITROGEN = (
    step_rule("dithiol and alkyl dihalide", Class.POLYSULFIDES, (_DIHALIDE, DITHIOL), ("BrCCCCBr", "SCCS"),
        "*CCCCSCCS*", "thioether"),
    step_rule("dithiol and dihaloarene", Class.POLYSULFIDES, (_DIHALOARENE, DITHIOL), ("Clc1ccc(Cl)cc1",
        "Sc1ccc(S)cc1"), "*Sc1ccc(*)cc1",
              "thioether", reference=HANDBOOK),
    step_rule("dihaloarene and sodium sulfide", Class.POLYSULFIDES, (_ARYL_SULFIDE,), ("Clc1ccc(Cl)cc1",),
        "*Sc1ccc(*)cc1", "thioether",
              reagents=("Na2S",)),
    step_rule("alkyl dihalide and sodium sulfide", Class.POLYSULFIDES, (_DIHALIDE_SULFIDE,), ("ClCCCCCl",), "*CCCCS*",
        "thioether",
              reagents=("Na2S",)),
    step_rule("alkyl dihalide and sodium disulfide", Class.POLYSULFIDES, (_DIHALIDE_DISULFIDE,), ("ClCCCCCl",),
        "*CCCCSS*",
              "disulfide", reagents=("Na2S2",)),
    step_rule("oxidation of a dithiol", Class.POLYSULFIDES, (_DITHIOL_OXIDISED,), ("SCCCCCCS",), "*SCCCCCCS*",
        "disulfide",
              reference=HANDBOOK, reagents=("oxidised",)),
    step_rule("halothiophenol", Class.POLYSULFIDES, (_HALOTHIOPHENOL,), ("Sc1ccc(Br)cc1",), "*Sc1ccc(*)cc1",
        "thioether"),
    step_rule("dithiol and diene", Class.POLYSULFIDES, (_DIENE, DITHIOL), ("C=CCCC=C", "SCCS"), "*CCCCCCSCCS*",
        "thioether",
              reference=THIOL_ENE),
    step_rule("dithiol and dialkyne", Class.POLYSULFIDES, (_DIYNE, DITHIOL), ("C#Cc1ccc(C#C)cc1", "SCCS"),
        "*C=Cc1ccc(C=CSCCS*)cc1",
              "vinyl sulfide", reference=THIOL_ENE),
    step_rule("dithiol and diepoxide", Class.POLYSULFIDES, (DIEPOXIDE, DITHIOL), ("C1OC1CCCCC1CO1", "SCCS"),
              "*CC(O)CCCCC(O)CSCCS*", "hydroxy thioether", reference=HANDBOOK),
    step_rule("diamine and alkyl dihalide", Class.POLYIMINES, (_DIHALIDE, DIAMINE), ("BrCCCCBr", "C1CNCCN1"),
        "*CCCCN1CCN(*)CC1", "amine",
              reference=HANDBOOK),
    step_rule("diamine and diepoxide", Class.POLYIMINES, (DIEPOXIDE, DIAMINE), ("C1OC1CCCCC1CO1", "C1CNCCN1"),
              "*CC(O)CCCCC(O)CN1CCN(*)CC1", "hydroxy amine"),
    step_rule("diazide and dialkyne", Class.POLYIMINES, (_DIAZIDE, _CLICK_ALKYNE), ("[N-]=[N+]=NCCCCN=[N+]=[N-]",
        "C#CCCCCC#C"),
              "*CCCCc1cn(nn1)CCCCn1cc(*)nn1", "1,4-triazole", reference=CLICK),
)  # fmt: skip
_INORGANIC = (
    step_rule("hydrolysis of a dichlorosilane", Class.POLYSILANES_SILOXANES, (_SILANE_WATER,), ("C[Si](C)(Cl)Cl",),
        "*[Si](C)(C)O*",
              "siloxane", reagents=("O",)),
    step_rule("reductive coupling of a dichlorosilane", Class.POLYSILANES_SILOXANES, (_SILANE_SODIUM,),
        ("C[Si](Cl)(Cl)c1ccccc1",),
              "*[Si](*)(C)c1ccccc1", "silicon-silicon", reagents=("sodium",)),
    step_rule("dichlorosilane and diol", Class.POLYSILANES_SILOXANES, (_SILICON_LINK, DIOL), ("C[Si](C)(Cl)Cl",
        "Oc1ccc(O)cc1"),
              "*[Si](C)(C)Oc1ccc(O*)cc1", "silyl ether", reference=HANDBOOK),
    step_rule("hydrosilylation of a diene", Class.POLYSILANES_SILOXANES, (_DIHYDROSILANE, _DIENE),
              ("C[SiH](C)O[SiH](C)C", "C=CCCC=C"), "*[Si](C)(C)O[Si](C)(C)CCCCCC*", "silicon-carbon",
              reference=HANDBOOK),
    step_rule("bis(chlorosilane) and diol", Class.POLYSILANES_SILOXANES, (_DICHLOROSILANE, DIOL),
              ("C[Si](C)(Cl)CC[Si](C)(C)Cl", "OCCO"), "*[Si](C)(C)CC[Si](C)(C)OCCO*", "silyl ether",
              reference=HANDBOOK),
    step_rule("phosphonic dichloride and diol", Class.POLYOXIDES, (_PHOSPHONIC, DIOL), ("O=P(Cl)(Cl)c1ccccc1",
        "Oc1ccc(O)cc1"),
              "*Oc1ccc(OP(*)(=O)c2ccccc2)cc1", "phosphonate", reference=HANDBOOK),
    step_rule("phosphonic dichloride and diamine", Class.POLYIMINES, (_PHOSPHONIC, DIAMINE), ("O=P(Cl)(Cl)c1ccccc1",
        "NCCCCCCN"),
              "*NCCCCCCNP(*)(=O)c1ccccc1", "phosphonamide", reference=HANDBOOK),
    step_rule("phosphoranimine", Class.POLYPHOSPHAZENES, (_PHOSPHORANIMINE,), ("C[Si](C)(C)N=P(Cl)(OCC)OCC",),
        "*N=P(*)(OCC)OCC",
              "phosphazene", reference=ALLCOCK, reagents=("loses the silane",)),
)  # fmt: skip
_AROMATIC = (
    step_rule("Friedel-Crafts acylation", Class.POLYKETONES, (DIACID, _DIARENE), ("O=C(Cl)c1ccc(cc1)C(=O)Cl",
        "c1ccc(Oc2ccccc2)cc1"),
              "*C(=O)c1ccc(cc1)C(=O)c1ccc(Oc2ccc(*)cc2)cc1", "aryl ketone"),
    step_rule("Friedel-Crafts acylation of one monomer", Class.POLYKETONES, (_ARENE_ACYL,),
        ("O=C(Cl)c1ccc(Oc2ccccc2)cc1",),
              "*C(=O)c1ccc(Oc2ccc(*)cc2)cc1", "aryl ketone", reference=HANDBOOK),
    step_rule("Friedel-Crafts sulfonylation", Class.POLYSULFONES, (_DISULFONYL, _DIARENE),
              ("O=S(=O)(Cl)c1ccc(Oc2ccc(cc2)S(=O)(=O)Cl)cc1", "c1ccc(-c2ccccc2)cc1"),
              "*S(=O)(=O)c1ccc(Oc2ccc(cc2)S(=O)(=O)c2ccc(-c3ccc(*)cc3)cc2)cc1", "aryl sulfone"),
    step_rule("Friedel-Crafts sulfonylation of one monomer", Class.POLYSULFONES, (_ARENE_SULFONYL,),
        ("O=S(=O)(Cl)c1ccc(Oc2ccccc2)cc1",),
              "*S(=O)(=O)c1ccc(Oc2ccc(*)cc2)cc1", "aryl sulfone"),
    step_rule("substituted phenol and formaldehyde", Class.POLYPHENYLENES, (_FORMALDEHYDE_PHENOL,), ("Cc1ccc(O)cc1",),
              "*Cc1cc(C)cc(*)c1O", "methylene", reagents=("C=O",)),
)  # fmt: skip
RULES = (*_ETHERS, *_SULFUR_NITROGEN, *_INORGANIC, *_AROMATIC)

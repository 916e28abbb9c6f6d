"""Step growth through carbonyl groups: esters, amides, urethanes, ureas, carbonates, anhydrides, imides, imines."""

from __future__ import annotations

from polyloop.chem.library import Reference
from polyloop.chem.polymer_class import PolymerClass as Class
from polyloop.chem.polymerisation import groups as g
from polyloop.chem.polymerisation.half_reaction import opening, site
from polyloop.chem.polymerisation.references import ANHYDRIDES, CARBON_DIOXIDE, HANDBOOK, IMIDES, ISOCYANATES, ODIAN
from polyloop.chem.polymerisation.ring_opening import EPOXIDE
from polyloop.chem.polymerisation.role import Group, MonomerRole, asymmetric, opened, twofold
from polyloop.chem.polymerisation.rule import Mechanism, PolymerisationRule

__all__ = ["RULES", "step_rule"]

_N, _O, _S, _A, _I = g.AMINE_GROUP, g.HYDROXYL_GROUP, g.THIOL_GROUP, g.ACID_GROUP, g.ISOCYANATE_GROUP
_OTHERS = (g.ALDEHYDE_GROUP, g.EPOXIDE_GROUP, g.ANHYDRIDE_GROUP)


def step_rule(
    name: str, polymer_class: Class, roles: tuple[MonomerRole, ...], monomers: tuple[str, ...], unit: str, linkage: str,
    *, reference: Reference = ODIAN, reagents: tuple[str, ...] = (), mechanism: Mechanism = Mechanism.STEP,
) -> PolymerisationRule:  # fmt: skip
    """Return a rule of step growth."""
    return PolymerisationRule(name, polymer_class, mechanism, roles, linkage, reference, (monomers, unit), reagents)


DIACID = twofold("diacid or diacid chloride", g.ACID_OR_HALIDE, _N, _O, _S, _I, *_OTHERS)
_DIESTER = twofold("dimethyl or diethyl ester", g.METHYL_ESTER, _N, _O, _S, _A, _I, *_OTHERS)
DIOL = twofold("diol or bisphenol", g.HYDROXYL, _N, _S, _A, _I, *_OTHERS)
BISPHENOL = twofold("bisphenol", g.PHENOL, _N, _S, _A, _I, *_OTHERS)
DITHIOL = twofold("dithiol", g.THIOL, _N, _O, _A, _I, *_OTHERS)
DIAMINE = twofold("diamine", g.ANY_AMINE, _S, _A, _I, *_OTHERS)
PRIMARY_DIAMINE = twofold("primary diamine", g.PRIMARY_AMINE, _S, _A, _I, *_OTHERS)
_DIISOCYANATE = twofold("diisocyanate", g.ISOCYANATE, _N, _O, _S, _A)
_DIISOTHIOCYANATE = twofold("diisothiocyanate", g.ISOTHIOCYANATE, _N, _O, _S, _A)
_BISCHLOROFORMATE = twofold("bis(chloroformate)", g.CHLOROFORMATE, _N, _O, _S, _I)
_HYDROXY_ACID = asymmetric("hydroxy acid", g.HYDROXYL, g.ACID_OR_HALIDE, _N, _S, _I, *_OTHERS)
_HYDROXY_ESTER = asymmetric("hydroxy ester", g.HYDROXYL, g.METHYL_ESTER, _N, _S, _I, _A, *_OTHERS)
_MERCAPTO_ACID = asymmetric("mercapto acid", g.THIOL, g.ACID_OR_HALIDE, _N, _O, _I, *_OTHERS)
_AMINO_ACID = asymmetric("amino acid", g.ANY_AMINE, g.ACID_OR_HALIDE, _O, _S, _I, *_OTHERS)
# A chloride of phosgene has gone; the carbonyl stands between two monomers.
_DIOL_CARBONYL = twofold("diol or bisphenol", g.HYDROXYL, _N, _S, _A, _I, *_OTHERS, linker="C(=O)")
_DITHIOL_CARBONYL = twofold("dithiol", g.THIOL, _N, _O, _A, _I, *_OTHERS, linker="C(=O)")
_DIAMINE_CARBONYL = twofold("diamine", g.ANY_AMINE, _O, _S, _A, _I, *_OTHERS, linker="C(=O)")
_DIAMINE_OXALYL = twofold("diamine", g.ANY_AMINE, _O, _S, _A, _I, *_OTHERS, linker="C(=O)C(=O)")
_DIACID_OXYGEN = twofold("diacid", g.ACID, _N, _O, _S, _I, *_OTHERS, linker="O")
_DIALDEHYDE = twofold(
    "dialdehyde", site("aldehyde", "[CX3H1;$(C[#6]):1]=[OX1]", "[CX3H1;$(C[#6]):1]=NZ", "[*:1]=O", "[*:1]=NZ"), _S,
    _N, _A,
)  # fmt: skip
_AZOMETHINE_AMINE = twofold(
    "primary diamine", site("primary amine", "[NX3H2;!$(N[#6]=[O,S,N]);!$(N[#7,#16])][#6:1]",
    "[#6;!$([#6]=[O,S,N]):1]Z", "[*:1]N", "[*:1]Z"),
    _S, _A, _I,
)  # fmt: skip
# An imide's nitrogen stands in the dianhydride's residue: the joint is a single bond to the amine's carbon.
_ANHYDRIDE_IMIDE = site(
    "cyclic anhydride", "[CX3;R:1](=[OX1:2])[OX2;R:3][CX3;R:4]=[OX1:5]",
    "[CX3;R:1](=[OX1:2])[NX3;R:3](Z)[CX3;R:4]=[OX1:5]", "[*:1](=[*:2])O[*:4]=[*:5]", "[*:1](=[*:2])N(Z)[*:4]=[*:5]",
)  # fmt: skip
_AMINE_CARBON = site(
    "primary amine", "[NX3H2;!$(N[#6]=[O,S,N]);!$(N[#7,#16,#8])][#6:1]", "[#6;!$([#6]=[O,S,N]):1]Z", "[*:1]N", "[*:1]Z"
)
DIANHYDRIDE = twofold("dianhydride", _ANHYDRIDE_IMIDE, _N, _O, _S, _A)
IMIDE_DIAMINE = twofold(
    "primary diamine", _AMINE_CARBON, _A, _S, _I, g.ANHYDRIDE_GROUP, Group("aliphatic hydroxyl", "[OX2H1][CX4]")
)
_IMIDE_DIISOCYANATE = twofold(
    "diisocyanate", site("isocyanate", "[NX2](=[CX2]=[OX1])[#6:1]", "[#6;!$([#6]=[O,S,N]):1]Z", "[*:1]N=C=O",
    "[*:1]Z"), _N, _O, _A
)  # fmt: skip
_MALEIMIDE = site(
    "maleimide", "[CX3;R:1]1=[CX3H1;R:2][CX3:3](=[OX1:4])[NX3:5][CX3:6]1=[OX1:7]",
    "[CX4;R:1]1(Z)[CX4H2;R:2][CX3:3](=[OX1:4])[NX3:5][CX3:6]1=[OX1:7]", "[*:1]1=[*:2][*:3](=[*:4])[*:5][*:6]1=[*:7]",
    "[*:1]1(Z)-[*:2][*:3](=[*:4])[*:5][*:6]1=[*:7]",
)  # fmt: skip
_BISMALEIMIDE = twofold("bismaleimide", _MALEIMIDE, _N, _O, _S, _A, any_count=False)
_ACRYLIC = site(
    "acrylate or acrylamide", "[CX3H2:1]=[CX3:2][CX3:3]=[OX1:4]", "[CX4H2:1](Z)[CX4:2][CX3:3]=[OX1:4]",
    "[*:1]=[*:2][*:3]=[*:4]",
    "[*:1](Z)-[*:2][*:3]=[*:4]",
)  # fmt: skip
_DIACRYLATE = twofold("diacrylate or bisacrylamide", _ACRYLIC, _N, _S, _A, _I)
_CYCLIC_CARBONATE = site(
    "five-membered cyclic carbonate", "[OX2;r5:1]1[CX3:2](=[OX1:3])[OX2:4][CX4:5][CX4:6]1",
    "[OX2H1:4][CX4:5][CX4:6][OX2:1][CX3:2](=[OX1:3])Z", "[*:4]1[*:5][*:6][*:1][*:2]1=[*:3]",
    "[*:4][*:5][*:6][*:1][*:2](=[*:3])Z",
)  # fmt: skip
_BISCARBONATE = twofold("bis(cyclic carbonate)", _CYCLIC_CARBONATE, _N, _S, _A, _I)
_HYDRAZIDE = site("hydrazide", "[NX3H2:1][NX3H1:2]", "[NX3H1:2][NX3H1:1]Z", "[*:2][*:1]")
_DIHYDRAZIDE = twofold("dihydrazide", _HYDRAZIDE, _O, _S, _A, _I)
_SULFONAMIDE_ACYL = twofold("disulfonyl chloride", g.SULFONYL_HALIDE, _N, _O, _S, _A)
_CYCLIC_ANHYDRIDE_EPOXIDE = site(
    "carboxylic acid", "[CX3;$(C[#6]):1](=[OX1:2])[OX2H1:3]", "[CX3:1](=[OX1:2])[OX2:3]Z", "[*:1](=[*:2])[*:3]"
)
_EPOXIDE_SITE = site(
    "epoxide",
    "[CX4H2;r3:1]1[OX2:2][CX4;r3:3]1",
    "[CX4H2:1](Z)[CX4:3][OX2H1:2]",
    "[*:1]1[*:2][*:3]1",
    "[*:1](Z)[*:3][*:2]",
)
DIEPOXIDE = twofold("diepoxide", _EPOXIDE_SITE, _N, _S, _A, _I)
_OXAZOLIDONE = site(
    "epoxide", "[CX4H2;r3:1]1[OX2:2][CX4;r3:3]1", "[CX4;r5:3]1[OX2:2]C(=O)N(Z)[CX4H2:1]1", "[*:1]1[*:2][*:3]1",
    "[*:3]1[*:2]C(=O)N(Z)[*:1]1",
)  # fmt: skip
_OXAZOLIDONE_EPOXIDE = twofold("diepoxide", _OXAZOLIDONE, _N, _S, _A)
_ANHYDRIDE = opened(
    "cyclic anhydride", opening(
        "cyclic anhydride", "[#6;R;$(*[#6]):1](=[OX1:2])@[#8;R:3]@[#6;R;$(*[#6]):4]=[OX1:5]",
        "([1*][CX3:1]=[OX1:2].[CX3:4](=[OX1:5])[OX2:3][2*])", "[*:1](=[*:2])[*:3][*:4]=[*:5]",
        "([1*][*:1]=[*:2].[*:4](=[*:5])[*:3][2*])"),
    _N, _O, _S, _A,
)  # fmt: skip
_ALTERNATING_EPOXIDE = opened("epoxide", EPOXIDE, _N, _O, _S, _A, Group("anhydride", "C(=O)OC=O"))
_CARBOXYLATE = twofold("diacid", _CYCLIC_ANHYDRIDE_EPOXIDE, _N, _O, _S, _I)

_ESTERS = (
    step_rule("diacid and diol", Class.POLYESTERS, (DIACID, DIOL), ("OC(=O)c1ccc(cc1)C(=O)O", "OCCO"),
              "*OCCOC(=O)c1ccc(cc1)C(*)=O", "ester"),
    step_rule("diester and diol", Class.POLYESTERS, (_DIESTER, DIOL), ("COC(=O)c1ccc(cc1)C(=O)OC", "OCCCCO"),
              "*OCCCCOC(=O)c1ccc(cc1)C(*)=O", "ester"),
    step_rule("hydroxy acid", Class.POLYESTERS, (_HYDROXY_ACID,), ("OCC(=O)O",), "*OCC(*)=O", "ester"),
    step_rule("hydroxy ester", Class.POLYESTERS, (_HYDROXY_ESTER,), ("COC(=O)CCCCCO",), "*OCCCCCC(*)=O", "ester"),
    step_rule("pair of hydroxy acids", Class.POLYESTERS, (_HYDROXY_ACID, _HYDROXY_ACID), ("OCC(=O)O", "CC(O)C(=O)O"),
              "*OCC(=O)OC(C)C(*)=O", "ester"),
    step_rule("diacid and dithiol", Class.POLYESTERS, (DIACID, DITHIOL), ("O=C(Cl)CCCCC(=O)Cl", "SCCS"),
              "*SCCSC(=O)CCCCC(*)=O", "thioester", reference=HANDBOOK),
    step_rule("mercapto acid", Class.POLYESTERS, (_MERCAPTO_ACID,), ("SCCC(=O)O",), "*SCCC(*)=O", "thioester",
        reference=HANDBOOK),
    step_rule("diacid and diepoxide", Class.POLYESTERS, (_CARBOXYLATE, DIEPOXIDE), ("OC(=O)CCCCC(=O)O",
        "C1OC1COCC1CO1"),
              "*OC(=O)CCCCC(=O)OCC(O)COCC(O)C*", "ester", reference=HANDBOOK),
    step_rule("diacrylate and diamine", Class.POLYESTERS, (_DIACRYLATE, DIAMINE), ("C=CC(=O)OCCOC(=O)C=C", "C1CNCCN1"),
              "*CCC(=O)OCCOC(=O)CCN1CCN(*)CC1", "beta-amino ester", reference=HANDBOOK),
    step_rule("diacrylate and dithiol", Class.POLYESTERS, (_DIACRYLATE, DITHIOL), ("C=CC(=O)OCCOC(=O)C=C", "SCCS"),
              "*CCC(=O)OCCOC(=O)CCSCCS*", "thioether", reference=HANDBOOK),
)  # fmt: skip
_ALTERNATING = (
    PolymerisationRule("cyclic anhydride and epoxide", Class.POLYESTERS, Mechanism.RING_OPENING,
                       (_ANHYDRIDE, _ALTERNATING_EPOXIDE), "ester", CARBON_DIOXIDE,
                       (("O=C1OC(=O)c2ccccc12", "CC1CO1"), "*C(=O)c1ccccc1C(=O)OCC(C)O*")),
    step_rule("diepoxide and diisocyanate", Class.POLYURETHANES, (_OXAZOLIDONE_EPOXIDE, _IMIDE_DIISOCYANATE),
              ("C1OC1COCCCCOCC1CO1", "O=C=NCCCCCCN=C=O"),
              "*CCCCCCN1CC(COCCCCOCC2CN(*)C(=O)O2)OC1=O", "oxazolidone", reference=HANDBOOK),
)  # fmt: skip
_AMIDES = (
    step_rule("diacid and diamine", Class.POLYAMIDES, (DIACID, DIAMINE), ("OC(=O)CCCCC(=O)O", "NCCCCCCN"),
              "*NCCCCCCNC(=O)CCCCC(*)=O", "amide"),
    step_rule("diester and diamine", Class.POLYAMIDES, (_DIESTER, DIAMINE), ("COC(=O)C(=O)OC", "NCCCCCCN"),
              "*NCCCCCCNC(=O)C(*)=O", "amide"),
    step_rule("amino acid", Class.POLYAMIDES, (_AMINO_ACID,), ("NCCCCCCCCCCC(=O)O",), "*NCCCCCCCCCCC(*)=O", "amide"),
    step_rule("pair of amino acids", Class.POLYAMIDES, (_AMINO_ACID, _AMINO_ACID), ("NCC(=O)O", "CC(N)C(=O)O"),
              "*NCC(=O)NC(C)C(*)=O", "amide"),
    step_rule("diacid and dihydrazide", Class.POLYAMIDES, (DIACID, _DIHYDRAZIDE), ("O=C(Cl)c1ccc(cc1)C(=O)Cl",
        "NNC(=O)c1cccc(c1)C(=O)NN"),
              "*C(=O)c1ccc(cc1)C(=O)NNC(=O)c1cccc(c1)C(=O)NN*", "hydrazide", reference=HANDBOOK),
    step_rule("disulfonyl chloride and diamine", Class.POLYSULFONES, (_SULFONAMIDE_ACYL, DIAMINE),
              ("O=S(=O)(Cl)c1cccc(c1)S(=O)(=O)Cl", "NCCCCCCN"), "*S(=O)(=O)c1cccc(c1)S(=O)(=O)NCCCCCCN*", "sulfonamide",
              reference=HANDBOOK),
    step_rule("disulfonyl chloride and bisphenol", Class.POLYSULFONES, (_SULFONAMIDE_ACYL, BISPHENOL),
              ("O=S(=O)(Cl)c1cccc(c1)S(=O)(=O)Cl", "Oc1ccc(O)cc1"), "*S(=O)(=O)c1cccc(c1)S(=O)(=O)Oc1ccc(O*)cc1",
              "sulfonate",
              reference=HANDBOOK),
)  # fmt: skip
_CARBONYLS = (
    step_rule("diisocyanate and diol", Class.POLYURETHANES, (_DIISOCYANATE, DIOL), ("O=C=NCCCCCCN=C=O", "OCCCCO"),
              "*OCCCCOC(=O)NCCCCCCNC(*)=O", "urethane", reference=ISOCYANATES),
    step_rule("diisocyanate and dithiol", Class.POLYURETHANES, (_DIISOCYANATE, DITHIOL), ("O=C=NCCCCCCN=C=O", "SCCS"),
              "*SCCSC(=O)NCCCCCCNC(*)=O", "thiourethane", reference=ISOCYANATES),
    step_rule("diisothiocyanate and diol", Class.POLYURETHANES, (_DIISOTHIOCYANATE, DIOL), ("S=C=Nc1ccc(N=C=S)cc1",
        "OCCO"),
              "*OCCOC(=S)Nc1ccc(NC(*)=S)cc1", "thionourethane", reference=HANDBOOK),
    step_rule("bis(chloroformate) and diamine", Class.POLYURETHANES, (_BISCHLOROFORMATE, DIAMINE),
        ("O=C(Cl)OCCOC(=O)Cl", "C1CNCCN1"),
              "*C(=O)OCCOC(=O)N1CCN(*)CC1", "urethane"),
    step_rule("bis(cyclic carbonate) and diamine", Class.POLYURETHANES, (_BISCARBONATE, PRIMARY_DIAMINE),
              ("O=C1OCC(COCC2COC(=O)O2)O1", "NCCCCCCN"), "*C(=O)OC(CO)COCC(CO)OC(=O)NCCCCCCN*", "hydroxyurethane",
              reference=ISOCYANATES),
    step_rule("diisocyanate and diamine", Class.POLYUREAS, (_DIISOCYANATE, DIAMINE), ("O=C=NCCCCCCN=C=O", "NCCN"),
              "*NCCNC(=O)NCCCCCCNC(*)=O", "urea", reference=ISOCYANATES),
    step_rule("diamine and phosgene", Class.POLYUREAS, (_DIAMINE_CARBONYL,), ("NCCCCCCN",), "*NCCCCCCNC(*)=O", "urea",
              reagents=("O=C(Cl)Cl",)),
    step_rule("diamine and oxalyl chloride", Class.POLYAMIDES, (_DIAMINE_OXALYL,), ("NCCCCCCN",),
        "*NCCCCCCNC(=O)C(*)=O", "oxamide",
              reagents=("O=C(Cl)C(=O)Cl",), reference=HANDBOOK),
    step_rule("diisothiocyanate and diamine", Class.POLYUREAS, (_DIISOTHIOCYANATE, DIAMINE), ("S=C=Nc1ccc(N=C=S)cc1",
        "NCCCCCCN"),
              "*NCCCCCCNC(=S)Nc1ccc(NC(*)=S)cc1", "thiourea", reference=HANDBOOK),
    step_rule("diol and phosgene or diphenyl carbonate", Class.POLYCARBONATES, (_DIOL_CARBONYL,),
        ("CC(C)(c1ccc(O)cc1)c1ccc(O)cc1",),
              "*Oc1ccc(cc1)C(C)(C)c1ccc(cc1)OC(*)=O", "carbonate", reagents=("O=C(Oc1ccccc1)Oc1ccccc1",)),
    step_rule("dithiol and phosgene", Class.POLYCARBONATES, (_DITHIOL_CARBONYL,), ("Sc1ccc(Cc2ccc(S)cc2)cc1",),
              "*Sc1ccc(Cc2ccc(SC(*)=O)cc2)cc1", "dithiocarbonate", reagents=("O=C(Cl)Cl",), reference=HANDBOOK),
    step_rule("bis(chloroformate) and diol", Class.POLYCARBONATES, (_BISCHLOROFORMATE, DIOL), ("O=C(Cl)OCCOC(=O)Cl",
        "Oc1ccc(O)cc1"),
              "*C(=O)OCCOC(=O)Oc1ccc(O*)cc1", "carbonate"),
    step_rule("diacid and acetic anhydride", Class.POLYANHYDRIDES, (_DIACID_OXYGEN,), ("OC(=O)CCCCCCCCC(=O)O",),
              "*OC(=O)CCCCCCCCC(*)=O", "anhydride", reagents=("CC(=O)OC(C)=O",)),
    # One of the two as its chloride: the acids take turns, which they do not where both are melted with an anhydride.
    step_rule("diacid chloride and diacid", Class.POLYANHYDRIDES, (_DIACID_OXYGEN, _DIACID_OXYGEN),
              ("OC(=O)CCCCCCCCC(=O)O", "OC(=O)c1ccc(cc1)C(=O)O"), "*OC(=O)CCCCCCCCC(=O)OC(=O)c1ccc(cc1)C(*)=O",
              "anhydride", reference=ANHYDRIDES, reagents=("one of them as its chloride",)),
)  # fmt: skip
_IMIDES = (
    step_rule("dianhydride and diamine", Class.POLYIMIDES, (DIANHYDRIDE, IMIDE_DIAMINE),
              ("O=C1OC(=O)c2cc3C(=O)OC(=O)c3cc12", "Nc1ccc(Oc2ccc(N)cc2)cc1"),
              "*c1ccc(Oc2ccc(cc2)N2C(=O)c3cc4C(=O)N(*)C(=O)c4cc3C2=O)cc1", "imide", reference=IMIDES),
    step_rule("dianhydride and diisocyanate", Class.POLYIMIDES, (DIANHYDRIDE, _IMIDE_DIISOCYANATE),
              ("O=C1OC(=O)c2cc3C(=O)OC(=O)c3cc12", "O=C=Nc1ccc(Cc2ccc(N=C=O)cc2)cc1"),
              "*c1ccc(Cc2ccc(cc2)N2C(=O)c3cc4C(=O)N(*)C(=O)c4cc3C2=O)cc1", "imide", reference=IMIDES),
    step_rule("bismaleimide and diamine", Class.POLYIMIDES, (_BISMALEIMIDE, PRIMARY_DIAMINE),
              ("O=C1C=CC(=O)N1CCN1C(=O)C=CC1=O", "NCCCCCCN"), "*C1CC(=O)N(C1=O)CCN1C(=O)CC(C1=O)NCCCCCCN*",
              "aminosuccinimide",
              reference=HANDBOOK),
    step_rule("bismaleimide and dithiol", Class.POLYIMIDES, (_BISMALEIMIDE, DITHIOL),
        ("O=C1C=CC(=O)N1CCN1C(=O)C=CC1=O", "SCCS"),
              "*C1CC(=O)N(C1=O)CCN1C(=O)CC(C1=O)SCCS*", "thiosuccinimide", reference=HANDBOOK),
    step_rule("dialdehyde and diamine", Class.POLYIMINES, (_DIALDEHYDE, _AZOMETHINE_AMINE), ("O=Cc1ccc(C=O)cc1",
        "Nc1ccc(N)cc1"),
              "*N=Cc1ccc(C=Nc2ccc(*)cc2)cc1", "azomethine", reference=HANDBOOK),
)  # fmt: skip
RULES = (*_ESTERS, *_ALTERNATING, *_AMIDES, *_CARBONYLS, *_IMIDES)

"""Groups that join monomers by one bond each, and groups that must not be there, shared by the rules."""

from __future__ import annotations

from polyloop.chem.polymerisation.half_reaction import site
from polyloop.chem.polymerisation.role import Group

__all__ = [
    "ACID", "ACID_GROUP", "ACID_HALIDE", "ACID_OR_HALIDE", "ALCOHOL", "ALDEHYDE", "ALDEHYDE_GROUP", "ALKYL_HALIDE",
    "AMINE_GROUP", "ANHYDRIDE_GROUP", "ANY_AMINE", "ARYL_HALIDE", "ARYL_HALIDE_GROUP", "BORONIC", "CARBONYL_HALIDE",
    "CHLOROFORMATE", "CHLOROSILANE", "DOUBLE_BOND_GROUP", "EPOXIDE_GROUP", "ETHYNYL", "HYDROXYL", "HYDROXYL_GROUP",
    "ISOCYANATE", "ISOCYANATE_GROUP", "ISOTHIOCYANATE", "METHYL_ESTER", "PHENOL", "PRIMARY_AMINE", "SECONDARY_AMINE",
    "SILANE_HALIDE_GROUP", "SULFONYL_HALIDE", "THIOL", "THIOL_GROUP", "TRIPLE_BOND_GROUP", "VINYL_GROUP",
]  # fmt: skip

# Groups that make one bond. Z is the star.
ACID = site(
    "carboxylic acid", "[CX3;$(C[#6,#1]):1](=[OX1:2])[OX2H1]", "[CX3;$(C[#6,#1]):1](=[OX1:2])Z", "[*:1](=[*:2])O"
)
ACID_HALIDE = site(
    "acid halide", "[CX3;$(C[#6,#1]):1](=[OX1:2])[Cl,Br]", "[CX3;$(C[#6,#1]):1](=[OX1:2])Z", "[*:1](=[*:2])Cl"
)
ACID_OR_HALIDE = site(
    "carboxylic acid or halide", "[CX3;$(C[#6,#1]):1](=[OX1:2])[$([OX2H1]),Cl,Br]", "[CX3;$(C[#6,#1]):1](=[OX1:2])Z",
    "[*:1](=[*:2])O",
)  # fmt: skip
METHYL_ESTER = site(
    "methyl or ethyl ester", "[CX3;$(C[#6,#1]):1](=[OX1:2])[OX2][$([CH3]),$([CH2][CH3])]",
    "[CX3;$(C[#6,#1]):1](=[OX1:2])Z", "[*:1](=[*:2])OC",
)  # fmt: skip
# No acid, enol or hydroperoxide; and no hemiacetal, which falls apart.
_OXYGEN = "$(O[#6]);!$(O[#6]=[#8,#16,#7]);!$(O[CX4][OX2H1])"
HYDROXYL = site("hydroxyl", f"[OX2H1;{_OXYGEN};!$(O[CX3]=[CX3]):1]", "[OX2;$(O[#6]):1]Z", "[*:1]")
PHENOL = site("phenol", "[OX2H1;$(Oc):1]", "[OX2;$(Oc):1]Z", "[*:1]")
ALCOHOL = site("alcohol", "[OX2H1;$(O[CX4]):1]", "[OX2;$(O[CX4]):1]Z", "[*:1]")
THIOL = site("thiol", "[SX2H1;$(S[#6]);!$(S[#6]=[#8,#16,#7]):1]", "[SX2;$(S[#6]):1]Z", "[*:1]")
_FREE = "!$(N[#6,#16,#15]=[O,S,N]);!$(N[#7,#8]);!$(NC#N)"
PRIMARY_AMINE = site("primary amine", f"[NX3H2;{_FREE}:1]", "[NX3H1;$(N[#6]):1]Z", "[*:1]")
SECONDARY_AMINE = site("secondary amine", f"[NX3H1;{_FREE}:1]", "[NX3H0:1]Z", "[*:1]")
ANY_AMINE = site(
    "primary or secondary amine", f"[NX3;H1,H2;{_FREE}:1]",
    "[NX3;H0,H1;$(N[#6]):1]Z", "[*:1]",
)  # fmt: skip
ISOCYANATE = site(
    "isocyanate", "[NX2;$(N[#6]):1]=[CX2:2]=[OX1:3]", "[NX3H1:1][CX3:2](=[OX1:3])Z", "[N:1]=[C:2]=[*:3]",
    "[N:1][C:2](=[*:3])Z",
)  # fmt: skip
ISOTHIOCYANATE = site(
    "isothiocyanate", "[NX2;$(N[#6]):1]=[CX2:2]=[SX1:3]", "[NX3H1:1][CX3:2](=[SX1:3])Z", "[N:1]=[C:2]=[*:3]",
    "[N:1][C:2](=[*:3])Z",
)  # fmt: skip
CHLOROFORMATE = site("chloroformate", "[OX2:3][CX3:1](=[OX1:2])Cl", "[OX2:3][CX3:1](=[OX1:2])Z", "[*:3][*:1](=[*:2])Cl")
CARBONYL_HALIDE = site("carbamoyl or acid chloride", "[CX3:1](=[OX1:2])[Cl]", "[CX3:1](=[OX1:2])Z", "[*:1](=[*:2])Cl")
SULFONYL_HALIDE = site(
    "sulfonyl chloride", "[SX4:1](=[OX1:2])(=[OX1:3])[Cl,F]", "[SX4:1](=[OX1:2])(=[OX1:3])Z", "[*:1](=[*:2])(=[*:3])Cl"
)
ALKYL_HALIDE = site("alkyl halide", "[CX4;!$(C[O,N,S]);!$(C(F)F):1][Cl,Br,I]", "[CX4:1]Z",
                    "[*:1]Br")  # fmt: skip
ARYL_HALIDE = site("aryl halide", "[c:1][Cl,Br,I]", "[c:1]Z", "[*:1]Br")
BORONIC = site("boronic acid or ester", "[c,$(C=C):1][BX3;$(B(O)O)]", "[c,$(C=C):1]Z", "[*:1]B(O)O")
ETHYNYL = site("ethynyl group", "[CX2H0:1]#[CX2H1:2]", "[CX2:1]#[CX2:2]Z", "[*:1]#[*:2]")
ALDEHYDE = site("aldehyde", "[CX3H1;$(C[#6]):1]=[OX1]", "[CX3H1;$(C[#6]):1]=Z", "[*:1]=O")
CHLOROSILANE = site("chlorosilane", "[SiX4:1][Cl,$(O[CH3]),$(O[CH2][CH3])]", "[SiX4:1]Z", "[*:1]Cl")

# Groups that must not be there.
AMINE_GROUP = Group("amine", f"[NX3;H1,H2;{_FREE}]")
HYDROXYL_GROUP = Group("hydroxyl", "[OX2H1;$(O[#6]);!$(OC=O)]")
THIOL_GROUP = Group("thiol", "[SX2H1]")
ACID_GROUP = Group("carboxylic acid or halide", "[CX3](=O)[$([OX2H1]),Cl,Br]")
ISOCYANATE_GROUP = Group("isocyanate", "[NX2]=[CX2]=[OX1,SX1]")
EPOXIDE_GROUP = Group("epoxide or aziridine", "[O,N,S;r3]")
ALDEHYDE_GROUP = Group("aldehyde", "[CX3H1]=[OX1]")
ANHYDRIDE_GROUP = Group("anhydride", "[CX3](=O)[OX2][CX3]=O")
VINYL_GROUP = Group("vinyl group", "[CX3H2]=[CX3]")
DOUBLE_BOND_GROUP = Group("second double bond", "[CX3]=[CX3;!$(C=C=*)]")
TRIPLE_BOND_GROUP = Group("triple bond", "[CX2]#[CX2]")
ARYL_HALIDE_GROUP = Group("aryl bromide or iodide", "c[Br,I]")
SILANE_HALIDE_GROUP = Group("halogen on silicon", "[Si][F,Cl,Br,I]")

"""Ring opening: lactones, lactams, ethers, sulfides, amines, carbonates, anhydrides, siloxanes, phosphazenes."""

from __future__ import annotations

from polyloop.chem.library import Reference
from polyloop.chem.polymer_class import PolymerClass as Class
from polyloop.chem.polymerisation import groups as g
from polyloop.chem.polymerisation.half_reaction import HalfReaction, opening
from polyloop.chem.polymerisation.references import (
    ALLCOCK,
    CARBON_DIOXIDE,
    GLYCOLIDE,
    HANDBOOK,
    NCA,
    ODIAN,
    OXAZOLINES,
)
from polyloop.chem.polymerisation.role import Group, opened
from polyloop.chem.polymerisation.rule import Mechanism, PolymerisationRule

__all__ = ["EPOXIDE", "RULES"]

_ACIDIC = (g.ACID_GROUP, g.HYDROXYL_GROUP, g.THIOL_GROUP, g.AMINE_GROUP)
_ALCOHOLS = (g.ACID_GROUP, g.HYDROXYL_GROUP, g.THIOL_GROUP)


def _ring(
    name: str, polymer_class: Class, half: HalfReaction, monomer: str, unit: str, linkage: str, *forbids: Group,
    reference: Reference = ODIAN, reagents: tuple[str, ...] = (), repeats: tuple[int, ...] = (1,),
    any_count: bool = False,
) -> PolymerisationRule:  # fmt: skip
    role = opened(half.name, half, *forbids, any_count=any_count)
    return PolymerisationRule(
        name, polymer_class, Mechanism.RING_OPENING, (role,), linkage, reference, ((monomer,), unit), reagents,
        repeats=repeats,
    )  # fmt: skip


def _between(name: str, pattern: str, head: str, tail: str, restored: str) -> HalfReaction:
    """Return the opening of a ring at one bond: `head` and `tail` are what remains at the two stars."""
    return opening(name, pattern, f"([1*]{head}.{tail}[2*])", restored)


# The five-membered lactone and lactam rings are too stable to open (Odian, chapter 7).
_LACTONE = _between("lactone", "[CX3;R;!r5;$(C[#6]):1](=[OX1:2])@[OX2;R;$(O[#6;!$(C=O)]):3]",
"[CX3;$(C[#6]):1]=[OX1:2]",
                    "[OX2;$(O[CX4,c]):3]", "[*:1](=[*:2])[*:3]")  # fmt: skip
_DILACTONE = opening(
    "cyclic diester of a hydroxy acid", "[CX3;r6:1](=[OX1:2])1[OX2:3][CX4:4][CX3:5](=[OX1:6])[OX2:7][CX4:8]1",
    "[1*][CX3:1](=[OX1:2])[CX4:8][OX2:7][CX3:5](=[OX1:6])[CX4:4][OX2:3][2*]",
    "[*:1]1(=[*:2])[*:3][*:4][*:5](=[*:6])[*:7][*:8]1", "[1*][*:1](=[*:2])[*:8][*:7][*:5](=[*:6])[*:4][*:3][2*]",
)  # fmt: skip
_DEPSIPEPTIDE = opening(
    "morpholine-2,5-dione", "[CX3;r6:1](=[OX1:2])1[OX2:3][CX4:4][CX3:5](=[OX1:6])[NX3:7][CX4:8]1",
    "[1*][CX3:1](=[OX1:2])[CX4:8][NX3:7][CX3:5](=[OX1:6])[CX4:4][OX2:3][2*]",
    "[*:1]1(=[*:2])[*:3][*:4][*:5](=[*:6])[*:7][*:8]1", "[1*][*:1](=[*:2])[*:8][*:7][*:5](=[*:6])[*:4][*:3][2*]",
)  # fmt: skip
_LACTAM = _between("lactam", "[CX3;R;!r5;$(C[CX4]):1](=[OX1:2])@[NX3;R;!$(N(C=O)C=O);!$(N[#7]):3]",
"[CX3;$(C[#6]):1]=[OX1:2]", "[NX3;$(N[CX4]):3]",
                   "[*:1](=[*:2])[*:3]")  # fmt: skip
_PYRROLIDONE = _between("2-pyrrolidone", "[CX3;r5;$(C[CX4]):1](=[OX1:2])@[NX3H1;r5;!$(N(C=O)C=O):3]",
"[CX3:1]=[OX1:2]", "[NX3H1:3]",
                        "[*:1](=[*:2])[*:3]")  # fmt: skip
_THIOLACTONE = _between("thiolactone", "[CX3;R:1](=[OX1:2])@[SX2;R;$(S[CX4]):3]", "[CX3;$(C[#6]):1]=[OX1:2]",
"[SX2;$(S[CX4]):3]",
                        "[*:1](=[*:2])[*:3]")  # fmt: skip
_ANHYDRIDE = opening(
    "cyclic anhydride of seven or more atoms", "[CX3;R;!r5;!r6:1](=[OX1:2])@[OX2;R:3]@[CX3;R:4]=[OX1:5]",
    "([1*][CX3:1]=[OX1:2].[CX3:4](=[OX1:5])[OX2:3][2*])", "[*:1](=[*:2])[*:3][*:4]=[*:5]",
    "([1*][*:1]=[*:2].[*:4](=[*:5])[*:3][2*])",
)  # fmt: skip
_CARBONATE = opening(
    "cyclic carbonate", "[CX3;R;!r5:1](=[OX1:2])(@[OX2;R:3])@[OX2;R:4]",
    "([1*][CX3:1](=[OX1:2])[OX2:4].[OX2:3][2*])", "[*:1](=[*:2])([*:3])[*:4]",
    "([1*][*:1](=[*:2])[*:4].[*:3][2*])",
)  # fmt: skip
EPOXIDE = opening(
    "epoxide", "[CX4;r3:1]1[OX2:2][CX4;r3:3]1", "[1*][CX4:1][CX4:3][OX2:2][2*]", "[*:1]1[*:2][*:3]1",
    "[1*][*:1][*:3][*:2][2*]",
)  # fmt: skip
"""Opening of an epoxide."""
_THIIRANE = opening(
    "thiirane", "[CX4;r3:1]1[SX2:2][CX4;r3:3]1", "[1*][CX4:1][CX4:3][SX2:2][2*]", "[*:1]1[*:2][*:3]1",
    "[1*][*:1][*:3][*:2][2*]",
)  # fmt: skip
_AZIRIDINE = opening(
    "aziridine", "[CX4;r3:1]1[NX3:2][CX4;r3:3]1", "[1*][CX4:1][CX4:3][NX3:2][2*]", "[*:1]1[*:2][*:3]1",
    "[1*][*:1][*:3][*:2][2*]",
)  # fmt: skip
_OXETANE = opening(
    "oxetane", "[CX4;r4:1]1[OX2:2][CX4;r4:3][CX4:4]1", "[1*][CX4:1][CX4:4][CX4:3][OX2:2][2*]", "[*:1]1[*:2][*:3][*:4]1",
    "[1*][*:1][*:4][*:3][*:2][2*]",
)  # fmt: skip
_THIETANE = opening(
    "thietane", "[CX4;r4:1]1[SX2:2][CX4;r4:3][CX4:4]1", "[1*][CX4:1][CX4:4][CX4:3][SX2:2][2*]",
    "[*:1]1[*:2][*:3][*:4]1",
    "[1*][*:1][*:4][*:3][*:2][2*]",
)  # fmt: skip
_AZETIDINE = opening(
    "azetidine", "[CX4;r4:1]1[NX3;!$(NC=O):2][CX4;r4:3][CX4:4]1", "[1*][CX4:1][CX4:4][CX4:3][NX3;!$(NC=O):2][2*]",
    "[*:1]1[*:2][*:3][*:4]1", "[1*][*:1][*:4][*:3][*:2][2*]",
)  # fmt: skip
_OXOLANE = opening(
    "tetrahydrofuran or oxepane", "[CX4;R;!$(CO*O):1]@[OX2;r5,r7;!$(OCO);$(O([CX4])[CX4]):2]",
    "([1*][CX4;!$(C(O)O):1].[OX2;!$(OCO):2][2*])", "[*:1][*:2]",
)  # fmt: skip
_ACETAL = opening(
    "cyclic acetal", "[CX4;R;H1,H2:1](@[OX2;R:2])@[OX2;R;r5,r7,r8:3]", "([1*][CX4;H1,H2:1][OX2:2].[OX2:3][2*])",
    "[*:2][*:1][*:3]",
    "([1*][*:1][*:2].[*:3][2*])",
)  # fmt: skip
_TRIOXANE = opening(
    "1,3,5-trioxane", "[CX4;r6:1]1[OX2:2][CX4:3][OX2:4][CX4:5][OX2:6]1",
    "[1*][CX4:1][OX2:2][CX4:3][OX2:4][CX4:5][OX2:6][2*]", "[*:1]1[*:2][*:3][*:4][*:5][*:6]1",
    "[1*][*:1][*:2][*:3][*:4][*:5][*:6][2*]",
)  # fmt: skip
_NCA = opening(
    "N-carboxyanhydride", "[NX3;r5:1]1[CX4:2][CX3:3](=[OX1:4])[OX2:5][CX3:6](=[OX1:7])1",
    "[1*][NX3:1][CX4:2][CX3:3](=[OX1:4])[2*]", "[*:1]1[*:2][*:3](=[*:4])OC(=O)1", "[1*][*:1][*:2][*:3](=[*:4])[2*]",
)  # fmt: skip
_OXAZOLINE = opening(
    "2-oxazoline or oxazine", "[NX2;R:1]=[CX3;R:2]@[OX2;R:3]@[CX4;R:4]", "([1*][NX3:1][CX3:2]=[OX1:3].[CX4:4][2*])",
    "[N:1]=[*:2][O:3][*:4]", "([1*][N:1][*:2]=[O:3].[*:4][2*])",
)  # fmt: skip
_DISULFIDE = opening("cyclic disulfide", "[SX2;R:1]@[SX2;R:2]", "([1*][SX2:1].[SX2:2][2*])", "[*:1][*:2]")
_SILOXANE = opening(
    "cyclosiloxane", "[Si;R:1]@[OX2;R;$(O([Si])[Si]):2]", "([1*][SiX4:1].[OX2:2][2*])", "[*:1][*:2]"
)  # fmt: skip
_SILACYCLE = opening(
    "silacyclobutane", "[SiX4;r4:1]1[CX4:2][CX4:3][CX4:4]1", "[1*][SiX4:1][CX4:4][CX4:3][CX4:2][2*]",
    "[*:1]1[*:2][*:3][*:4]1", "[1*][*:1][*:4][*:3][*:2][2*]",
)  # fmt: skip
_PHOSPHAZENE = opening(
    "cyclotriphosphazene", "[PX4:1]=1[NX2:2]=[PX4:3][NX2:4]=[PX4:5][NX2:6]1",
    "[1*][PX4:1]=[NX2:2][PX4:3]=[NX2:4][PX4:5]=[NX2:6][2*]", "[*:1]1=[*:2][*:3]=[*:4][*:5]=[*:6]1",
    "[1*][*:1]=[*:2][*:3]=[*:4][*:5]=[*:6][2*]",
)  # fmt: skip
_KETENE_ACETAL = opening(
    "cyclic ketene acetal", "[CX3H2:1]=[CX3;R:2](@[OX2:3])@[OX2:4]@[CX4:5]",
    "([1*][CX4H2:1][CX3:2](=[OX1:4])[OX2:3].[CX4:5][2*])", "[*:1]=[*:2]([*:3])[*:4][*:5]",
    "([1*][*:1][*:2](=[*:4])[*:3].[*:5][2*])",
)  # fmt: skip
_VINYLCYCLOPROPANE = opening(
    "vinylcyclopropane", "[CX3H2:1]=[CX3H1:2][CX4;r3:3]1[CX4;r3:4][CX4;r3:5]1",
    "[1*][CX4H2:1][CX3H1:2]=[CX3:3][CX4:4][CX4:5][2*]", "[*:1]=[*:2][*:3]1[*:4][*:5]1",
    "[1*][*:1]-[*:2]=[*:3][*:4][*:5][2*]",
)  # fmt: skip
_BENZOXAZINE = opening(
    "benzoxazine of a substituted phenol", "[OX2;r6:1]1[CX4H2:2][NX3:3][CX4H2:4][c:5][c:6]1[cH1:7]",
    "([1*][CX4H2:2][NX3:3][CX4H2:4][c:5][c:6]([OX2H1:1])[c:7][2*])", "[*:1]1[*:2][*:3][*:4][*:5][*:6]1[*:7]",
    "[1*][*:2][*:3][*:4][*:5][*:6]([*:1])[*:7][2*]",
)  # fmt: skip
_PHOSPHATE = opening(
    "cyclic phosphate", "[PX4;R:1](=[OX1:2])(@[OX2;R:3])@[OX2;R:4]", "([1*][PX4:1](=[OX1:2])[OX2:4].[OX2:3][2*])",
    "[*:1](=[*:2])([*:3])[*:4]", "([1*][*:1](=[*:2])[*:4].[*:3][2*])",
)  # fmt: skip


def _with(half: HalfReaction, linker: str, name: str) -> HalfReaction:
    """The same opening, with a linker between its tail and the star."""
    remains, product = (text.replace("[2*]", linker + "[2*]") for text in (half.remains, half.product or half.remains))
    return opening(name, half.pattern, remains, half.restored, product)


RULES = (
    _ring("lactone", Class.POLYESTERS, _LACTONE, "O=C1CCCCCO1", "*OCCCCCC(*)=O", "ester", *_ACIDIC),
    _ring("lactide type", Class.POLYESTERS, _DILACTONE, "CC1OC(=O)C(C)OC1=O", "*OC(C)C(*)=O", "ester", *_ACIDIC,
          reference=GLYCOLIDE, repeats=(2, 1), any_count=True),
    _ring("morpholinedione", Class.POLYESTERS, _DEPSIPEPTIDE, "CC1OC(=O)CNC1=O", "*OC(C)C(=O)NCC(*)=O",
        "ester and amide",
          *_ALCOHOLS, reference=HANDBOOK),
    _ring("lactam", Class.POLYAMIDES, _LACTAM, "O=C1CCCCCN1", "*NCCCCCC(*)=O", "amide", *_ACIDIC),
    _ring("2-pyrrolidone", Class.POLYAMIDES, _PYRROLIDONE, "O=C1CCCN1", "*NCCCC(*)=O", "amide", *_ALCOHOLS),
    _ring("thiolactone", Class.POLYESTERS, _THIOLACTONE, "O=C1CCCCCS1", "*SCCCCCC(*)=O", "thioester", *_ACIDIC,
        reference=HANDBOOK),
    _ring("cyclic anhydride", Class.POLYANHYDRIDES, _ANHYDRIDE, "O=C1CCCCC(=O)O1", "*OC(=O)CCCCC(*)=O", "anhydride",
        *_ACIDIC,
          reference=HANDBOOK),
    _ring("cyclic carbonate", Class.POLYCARBONATES, _CARBONATE, "O=C1OCCCO1", "*OCCCOC(*)=O", "carbonate", *_ACIDIC),
    _ring("cyclic phosphate", Class.POLYOXIDES, _PHOSPHATE, "CCOP1(=O)OCCO1", "*OCCOP(*)(=O)OCC", "phosphate", *_ACIDIC,
          reference=HANDBOOK),
    _ring("epoxide", Class.POLYOXIDES, EPOXIDE, "CC1CO1", "*CC(C)O*", "ether", *_ACIDIC),
    _ring("oxetane", Class.POLYOXIDES, _OXETANE, "C1CCO1", "*CCCO*", "ether", *_ACIDIC),
    _ring("tetrahydrofuran", Class.POLYOXIDES, _OXOLANE, "C1CCOC1", "*CCCCO*", "ether", *_ACIDIC, g.VINYL_GROUP,
        any_count=True),
    _ring("cyclic acetal", Class.POLYOXIDES, _ACETAL, "C1COCO1", "*OCCOC*", "acetal", *_ACIDIC, any_count=True),
    _ring("trioxane", Class.POLYOXIDES, _TRIOXANE, "C1OCOCO1", "*CO*", "acetal", *_ACIDIC, repeats=(3,)),
    _ring("thiirane", Class.POLYSULFIDES, _THIIRANE, "CC1CS1", "*CC(C)S*", "thioether", *_ACIDIC),
    _ring("thietane", Class.POLYSULFIDES, _THIETANE, "C1CCS1", "*CCCS*", "thioether", *_ACIDIC),
    _ring("cyclic disulfide", Class.POLYSULFIDES, _DISULFIDE, "C1CSSC1", "*CCCSS*", "disulfide", *_ACIDIC,
        reference=HANDBOOK),
    _ring("aziridine", Class.POLYIMINES, _AZIRIDINE, "C1CN1", "*CCN*", "amine", *_ALCOHOLS),
    _ring("azetidine", Class.POLYIMINES, _AZETIDINE, "C1CNC1", "*CCCN*", "amine", *_ALCOHOLS),
    _ring("oxazoline", Class.POLYIMINES, _OXAZOLINE, "CC1=NCCO1", "*CCN(*)C(C)=O", "N-acyl amine", *_ACIDIC,
        reference=OXAZOLINES),
    _ring("N-carboxyanhydride", Class.POLYAMIDES, _NCA, "CC1NC(=O)OC1=O", "*NC(C)C(*)=O", "amide", *_ALCOHOLS,
        reference=NCA,
          reagents=("loses CO2",)),
    _ring("cyclosiloxane", Class.POLYSILANES_SILOXANES, _SILOXANE, "C[Si]1(C)O[Si](C)(C)O[Si](C)(C)O[Si](C)(C)O1",
          "*[Si](C)(C)O*", "siloxane", *_ACIDIC, g.SILANE_HALIDE_GROUP, repeats=(3, 4), any_count=True),
    _ring("silacyclobutane", Class.POLYSILANES_SILOXANES, _SILACYCLE, "C[Si]1(C)CCC1", "*[Si](C)(C)CCC*",
        "silicon-carbon",
          *_ACIDIC, reference=HANDBOOK),
    _ring("cyclotriphosphazene", Class.POLYPHOSPHAZENES, _PHOSPHAZENE, "ClP1(Cl)=NP(Cl)(Cl)=NP(Cl)(Cl)=N1",
          "*N=P(*)(Cl)Cl", "phosphazene", *_ACIDIC, reference=ALLCOCK, repeats=(3,), any_count=True),
    _ring("cyclic ketene acetal", Class.POLYESTERS, _KETENE_ACETAL, "C=C1OCCCCO1", "*CC(=O)OCCCC*", "carbon-carbon",
        *_ACIDIC,
          reference=HANDBOOK, any_count=True),
    _ring("vinylcyclopropane", Class.POLYDIENES, _VINYLCYCLOPROPANE, "C=CC1CC1", "*CC=CCC*", "carbon-carbon",
        reference=HANDBOOK,
          any_count=True),
    _ring("benzoxazine", Class.POLYIMINES, _BENZOXAZINE, "CN1COc2ccc(C)cc2C1", "*Cc1cc(C)cc(CN(C)*)c1O",
        "Mannich bridge", *_ACIDIC,
          reference=HANDBOOK),
    _ring("epoxide and carbon dioxide", Class.POLYCARBONATES, _with(EPOXIDE, "C(=O)O", "epoxide"), "CC1CO1",
        "*CC(C)OC(=O)O*",
          "carbonate", *_ACIDIC, reference=CARBON_DIOXIDE, reagents=("O=C=O",)),
    _ring("epoxide and carbonyl sulfide", Class.POLYCARBONATES, _with(EPOXIDE, "C(=O)S", "epoxide"), "CC1CO1",
        "*CC(C)OC(=O)S*",
          "thiocarbonate", *_ACIDIC, reference=HANDBOOK, reagents=("O=C=S",)),
    _ring("epoxide and carbon monoxide", Class.POLYESTERS, _with(EPOXIDE, "C(=O)", "epoxide"), "CC1CO1",
        "*CC(C)OC(*)=O",
          "ester", *_ACIDIC, reference=HANDBOOK, reagents=("[C-]#[O+]",)),
    _ring("aziridine and carbon monoxide", Class.POLYAMIDES, _with(_AZIRIDINE, "C(=O)", "aziridine"), "C1CN1",
        "*CCNC(*)=O",
          "amide", *_ALCOHOLS, reference=HANDBOOK, reagents=("[C-]#[O+]",)),
)  # fmt: skip

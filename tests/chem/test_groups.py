"""Functional groups are those that a chemist names in known polymers, and no others that resemble them."""

from __future__ import annotations

import pytest

from polyloop.chem import Polymer
from polyloop.chem.groups import FUNCTIONAL_GROUPS, structural_features

ARENE = {"aromatic ring", "benzene ring"}
# Every functional group of the table that the repeat unit has, by its structure formula.
POLYMERS: dict[str, tuple[str, set[str]]] = {
    "polyethylene": ("*CC*", set()),
    "polystyrene": ("*CC(*)c1ccccc1", ARENE),
    "PET": ("*OCCOC(=O)c1ccc(cc1)C(*)=O", ARENE | {"ester"}),
    "poly(lactic acid)": ("*OC(C)C(*)=O", {"ester"}),
    "PMMA": ("*CC(*)(C)C(=O)OC", {"ester"}),
    "poly(vinyl acetate)": ("*CC(*)OC(C)=O", {"ester"}),
    "poly(acrylic acid)": ("*CC(*)C(=O)O", {"carboxylic acid"}),
    "poly(vinyl alcohol)": ("*CC(*)O", {"hydroxyl"}),
    "poly(sebacic anhydride)": ("*CCCCCCCCC(=O)OC(*)=O", {"anhydride"}),
    "bisphenol A polycarbonate": ("*Oc1ccc(cc1)C(C)(C)c1ccc(cc1)OC(*)=O", ARENE | {"carbonate"}),
    "poly(ethylene oxide)": ("*CCO*", {"ether"}),
    "poly(methylene oxide)": ("*CO*", {"ether"}),
    "PPO": ("*Oc1c(C)cc(*)cc1C", ARENE | {"ether"}),
    "PEEK": ("*Oc1ccc(cc1)Oc1ccc(cc1)C(=O)c1ccc(*)cc1", ARENE | {"ether", "ketone"}),
    "polysulfone": (
        "*Oc1ccc(cc1)C(C)(C)c1ccc(cc1)Oc1ccc(cc1)S(=O)(=O)c1ccc(*)cc1",
        ARENE | {"ether", "sulfone"},
    ),
    "Kevlar": ("*Nc1ccc(cc1)NC(=O)c1ccc(cc1)C(*)=O", ARENE | {"amide"}),
    "nylon 6": ("*CCCCCC(=O)N*", {"amide"}),
    "polyurethane": ("*OCCCCOC(=O)NCCCCCCNC(*)=O", {"urethane"}),
    "polyurea": ("*NC(=O)NCCCCCC*", {"urea"}),
    "polyetherimide part": ("*N1C(=O)c2ccc(*)cc2C1=O", ARENE | {"imide"}),
    "polyethylenimine": ("*CCN*", {"amine"}),
    "polyaniline": ("*Nc1ccc(*)cc1", ARENE | {"amine"}),
    "polyacrylonitrile": ("*CC(*)C#N", {"nitrile"}),
    "poly(4-vinylpyridine)": ("*CC(*)c1ccncc1", {"aromatic ring", "nitrogen heteroaromatic"}),
    "poly(N-vinylcarbazole)": (
        "*CC(*)n1c2ccccc2c2ccccc12",
        ARENE | {"fused aromatic rings", "nitrogen heteroaromatic"},
    ),
    "poly(2-vinylnaphthalene)": ("*CC(*)c1ccc2ccccc2c1", ARENE | {"fused aromatic rings"}),
    "poly(4-vinylbiphenyl)": ("*CC(*)c1ccc(cc1)-c1ccccc1", ARENE | {"aryl-aryl bond"}),
    # Its ring bond is to the next unit only.
    "P3HT": ("*c1sc(*)cc1CCCCCC", {"aromatic ring", "aryl-aryl bond", "thiophene ring"}),
    "PPS": ("*Sc1ccc(*)cc1", ARENE | {"thioether"}),
    "poly(ethylene disulfide)": ("*CCSS*", {"disulfide"}),
    "poly(thioester)": ("*SCCC(*)=O", {"thioester"}),
    "polythiourethane": ("*SC(=O)NCCCNC(=O)SCCC*", {"thiocarbonate or thiourethane"}),
    "poly(trithiocarbonate)": ("*CCSC(=S)S*", {"thiocarbonate or thiourethane", "thiocarbonyl"}),
    "poly(1-butene sulfone)": ("*CC(CC)S(*)(=O)=O", {"sulfone"}),
    "polysulfoxide": ("*CCS(*)=O", {"sulfoxide"}),
    "polysulfonamide": ("*CCS(=O)(=O)N*", {"sulfonamide"}),
    "polysulfonate": ("*CCS(=O)(=O)O*", {"sulfonate"}),
    "PVDF": ("*CC(*)(F)F", {"carbon-fluorine bond"}),
    # A chain of CF2 holds no CF3, whatever its end caps are.
    "PTFE": ("*C(F)(F)C(*)(F)F", {"carbon-fluorine bond"}),
    "poly(trifluoroethyl methacrylate)": (
        "*CC(*)(C)C(=O)OCC(F)(F)F",
        {"ester", "carbon-fluorine bond", "trifluoromethyl"},
    ),
    "PVC": ("*CC(*)Cl", {"carbon-chlorine bond"}),
    "poly(4-bromostyrene)": ("*CC(*)c1ccc(Br)cc1", ARENE | {"carbon-bromine bond"}),
    "poly(4-iodostyrene)": ("*CC(*)c1ccc(I)cc1", ARENE | {"carbon-iodine bond"}),
    "PDMS": ("*O[Si](*)(C)C", {"siloxane", "silicon-carbon bond"}),
    "polysilane": ("*[Si](*)(C)C", {"silicon-silicon bond", "silicon-carbon bond"}),
    "polyphosphazene": ("*N=P(*)(C)C", {"phosphazene"}),
    "polyphosphonate": ("*OCCOP(*)(C)=O", {"phosphoryl"}),
    "polynorbornene, ring-opened": ("*C1CCC(C1)C=C*", {"saturated ring carbon", "carbon-carbon double bond"}),
    "polynorbornene, addition": (
        "*C1C2CCC(C2)C1*",
        {"saturated ring carbon", "saturated bridgehead, spiro or fused carbon"},
    ),
    "polyacetylene": ("*C=C*", {"carbon-carbon double bond"}),
    "PPV": ("*C=Cc1ccc(*)cc1", ARENE | {"carbon-carbon double bond"}),
    "poly(phenylene ethynylene)": ("*C#Cc1ccc(*)cc1", ARENE | {"carbon-carbon triple bond"}),
    "polyazomethine": ("*C=Nc1ccc(*)cc1", ARENE | {"imine"}),
    "polyazobenzene": ("*N=Nc1ccc(*)cc1", ARENE | {"azo"}),
    "poly(nitrostyrene)": ("*CC(*)c1ccc(cc1)[N+](=O)[O-]", ARENE | {"nitro"}),
    "poly(vinyl mercaptan)": ("*CC(*)S", {"thiol"}),
}


@pytest.mark.parametrize("name", POLYMERS)
def test_a_known_polymer_has_its_groups_and_no_others(name: str) -> None:
    smiles, expected = POLYMERS[name]
    assert structural_features(Polymer(smiles))["functional group"] == expected


def test_every_group_is_seen_in_some_known_polymer() -> None:
    assert set().union(*(groups for _, groups in POLYMERS.values())) == set(FUNCTIONAL_GROUPS)


@pytest.mark.parametrize(
    ("smiles", "other"),
    [("*OCCOC(=O)c1ccc(cc1)C(*)=O", "*C(=O)c1ccc(cc1)C(=O)OCCO*"), ("*c1sc(*)cc1C", "*c1cc(C)c(*)s1"), ("*C*", "*CC*")],
)
def test_groups_do_not_depend_on_how_the_chain_was_cut(smiles: str, other: str) -> None:
    assert structural_features(Polymer(smiles)) == structural_features(Polymer(other))


def test_elements_and_class_come_along() -> None:
    features = structural_features(Polymer("*CC(*)c1ccccc1"))
    assert features["element"] == {"C", "H"}
    assert features["polymer class"] == {"polystyrenes"}

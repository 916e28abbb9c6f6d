"""Polymer-analogous steps in which a reagent of many takes the place of one group of a chain that is made first."""

from __future__ import annotations

from dataclasses import dataclass

from polyloop.chem.library import Reference
from polyloop.chem.polymer_class import PolymerClass as Class
from polyloop.chem.polymerisation import groups as g
from polyloop.chem.polymerisation.half_reaction import HalfReaction
from polyloop.chem.polymerisation.references import ACTIVATED, ALLCOCK, MERRIFIELD, ROMP
from polyloop.chem.polymerisation.role import Group, MonomerRole
from polyloop.chem.polymerisation.rule import Mechanism, PolymerisationRule

__all__ = ["RULES"]

_N, _O, _S, _A = g.AMINE_GROUP, g.HYDROXYL_GROUP, g.THIOL_GROUP, g.ACID_GROUP
# Whatever else would react with the chain's group, or with the reagent itself.
_OTHERS = (
    g.ISOCYANATE_GROUP, g.ALDEHYDE_GROUP, g.EPOXIDE_GROUP, g.ANHYDRIDE_GROUP, g.SILANE_HALIDE_GROUP,
    Group("acid or halide of sulfur or phosphorus", "[$(S(=O)(=O)[OX2H1,OX1-,Cl,F]),$(P[OX2H1,Cl])]"),
    Group("charge", "[+,-;!$([N+](=O)[O-]);!$([O-][N+]=O)]"),
)  # fmt: skip
_BASE = Group("basic nitrogen", "[NX3;!$(N[#6,#16]=[O,S,N]);!$(N[c,N,O]);!$(N-C#N)]")
_HALIDE = Group("alkyl halide", "[CX4][Cl,Br,I]")


@dataclass(frozen=True)
class _Reagent:
    """A group: its name, its SMARTS in the reagent, and that of the atom that has come into the chain."""

    name: str
    pattern: str
    atom: str
    forbids: tuple[Group, ...]


_ALCOHOL = _Reagent("alcohol or phenol", g.HYDROXYL.pattern, "[OX2;$(O[#6]):1]", (_N, _S, _A))
_PHENOL = _Reagent("phenol", g.PHENOL.pattern, "[OX2;$(Oc):1]", (_N, _S, _A, _BASE, _HALIDE))
_THIOL = _Reagent("thiol", g.THIOL.pattern, "[SX2;$(S[#6]):1]", (_N, _A, _BASE, _HALIDE))
_CARBOXYL = _Reagent(
    "carboxylic acid", "[OX2H1;$(O[CX3](=[OX1])[#6]):1]", "[OX2;$(O[CX3](=[OX1])[#6]):1]", (_N, _S, _BASE, _HALIDE)
)
_SECONDARY = _Reagent("secondary amine", g.SECONDARY_AMINE.pattern, "[NX3H0;$(N[#6]):1]", (_O, _S, _A, _HALIDE))
_AMINE = _Reagent("primary or secondary amine", g.ANY_AMINE.pattern, "[NX3;H0,H1;$(N[#6]):1]", (_O, _S, _A, _HALIDE))


@dataclass(frozen=True)
class _Chain:
    """A chain that is changed: its name, its monomer, and with `{0}` for what has come the pattern and the template."""

    name: str
    monomer: str
    pattern: str
    template: str
    polymer_class: Class
    linkage: str
    reference: Reference


_BENZYL = _Chain(
    "poly(4-vinylbenzyl chloride)", "C=Cc1ccc(CCl)cc1", "[1*][CX4H2][CX4H1](c1[cH][cH]c([CX4H2]{0})[cH][cH]1)[2*]",
    "[1*]CC(c1ccc(C{0})cc1)[2*]", Class.POLYSTYRENES, "carbon-carbon", MERRIFIELD,
)  # fmt: skip
_ACRYLOYL = _Chain(
    "poly(acryloyl chloride)", "C=CC(=O)Cl", "[1*][CX4H2][CX4H1]([CX3](=[OX1]){0})[2*]", "[1*]CC(C(=O){0})[2*]",
    Class.POLYACRYLICS, "carbon-carbon", ACTIVATED,
)  # fmt: skip
_METHACRYLOYL = _Chain(
    "poly(methacryloyl chloride)", "CC(=C)C(=O)Cl", "[1*][CX4H2][CX4]([CH3])([CX3](=[OX1]){0})[2*]",
    "[1*]CC(C)(C(=O){0})[2*]", Class.POLYACRYLICS, "carbon-carbon", ACTIVATED,
)  # fmt: skip
_NORBORNENE = _Chain(
    "poly(5-norbornene-2-methanol)", "OCC1CC2C=CC1C2",
    "[1*][CX3H1]=[CX3H1][CX4]1[CX4H2][CX4]([CX4H2][CX4]1[CX4H2]{0})[2*]", "[1*]C=CC1CC(CC1C{0})[2*]",
    Class.POLYDIENES, "carbon-carbon", ROMP,
)  # fmt: skip
_PHOSPHAZENE = _Chain(
    "poly(dichlorophosphazene)", "ClP1(Cl)=NP(Cl)(Cl)=NP(Cl)(Cl)=N1", "[1*][NX2]=[PX4]({0})({1})[2*]",
    "[1*]N=P({0})({1})[2*]", Class.POLYPHOSPHAZENES, "phosphazene", ALLCOCK,
)  # fmt: skip


def _rule(reagent: _Reagent, chain: _Chain, example: str, unit: str) -> PolymerisationRule:
    doubled = "{1}" in chain.pattern
    second = reagent.atom.replace(":1]", ":2]")
    half = HalfReaction(
        reagent.name, reagent.pattern, chain.pattern.format(reagent.atom, second), "[*:1]",
        chain.template.format("[*:1]", "[*:2]"),
        reactants=f"{reagent.pattern}.{reagent.pattern.replace(':1]', ':2]')}" if doubled else "",
    )  # fmt: skip
    role = MonomerRole(reagent.name, half, None, (*reagent.forbids, *_OTHERS), molecules=2 if doubled else 1)
    return PolymerisationRule(
        f"{reagent.name} and {chain.name}", chain.polymer_class, Mechanism.POLYMER_ANALOGOUS, (role,), chain.linkage,
        chain.reference, ((example,), unit), (f"on {chain.name}",), precursor=chain.monomer,
    )  # fmt: skip


RULES = (
    _rule(_ALCOHOL, _PHOSPHAZENE, "OCC(F)(F)F", "*N=P(*)(OCC(F)(F)F)OCC(F)(F)F"),
    _rule(_AMINE, _PHOSPHAZENE, "Nc1ccccc1", "*N=P(*)(Nc1ccccc1)Nc1ccccc1"),
    _rule(_SECONDARY, _BENZYL, "CCNCC", "*CC(*)c1ccc(CN(CC)CC)cc1"),
    _rule(_CARBOXYL, _BENZYL, "CC(=O)O", "*CC(*)c1ccc(COC(C)=O)cc1"),
    _rule(_PHENOL, _BENZYL, "Oc1ccccc1", "*CC(*)c1ccc(COc2ccccc2)cc1"),
    _rule(_THIOL, _BENZYL, "SCCCC", "*CC(*)c1ccc(CSCCCC)cc1"),
    _rule(_AMINE, _ACRYLOYL, "NC(C)C", "*CC(*)C(=O)NC(C)C"),
    _rule(_ALCOHOL, _ACRYLOYL, "OCCCC", "*CC(*)C(=O)OCCCC"),
    _rule(_AMINE, _METHACRYLOYL, "NC(C)C", "*CC(*)(C)C(=O)NC(C)C"),
    _rule(_ALCOHOL, _METHACRYLOYL, "OCCCC", "*CC(*)(C)C(=O)OCCCC"),
    _rule(_CARBOXYL, _NORBORNENE, "CC(=O)O", "*C=CC1CC(*)CC1COC(C)=O"),
)

"""Structural features that a chemist counts: elements, functional groups and polymer class of a repeat unit."""

from __future__ import annotations

from functools import cache

from rdkit import Chem

from polyloop.chem import Polymer

__all__ = ["FUNCTIONAL_GROUPS", "structural_features"]

# SMARTS of our own, matched on the repeat unit closed by its neighbours (the middle of a capped trimer).
FUNCTIONAL_GROUPS: dict[str, str] = {
    "aromatic ring": "a1aaaa[a,$(a1aaaaa1)]1",
    "benzene ring": "c1ccccc1",
    "fused aromatic ring": "[a;R2]",
    "biphenyl bond": "c-!@c",
    "thiophene ring": "s1cccc1",
    "nitrogen heteroaromatic": "[n;r]",
    "saturated ring": "[C;R;X4]",
    "bridged or fused saturated ring": "[C;R2,R3;X4]",
    "carbon-carbon double bond": "[C;!$(C=[O,S,N])]=[C;!$(C=[O,S,N])]",
    "ether": "[#6;!$(C=O)]-[OX2;!$(O[C,c]=O);!$(OS)]-[#6;!$(C=O)]",
    "hydroxyl": "[OX2H]",
    "ester": "[CX3](=O)([#6])[OX2][#6]",
    "carbonate": "[OX2][CX3](=O)[OX2]",
    "ketone": "[#6][CX3](=O)[#6]",
    "amide": "[NX3][CX3](=O)[#6]",
    "urethane": "[NX3][CX3](=O)[OX2]",
    "urea": "[NX3][CX3](=O)[NX3]",
    "imide": "[CX3](=O)[NX3][CX3]=O",
    "amine": "[NX3;!$(N-C=[O,S]);!$(N-S(=O)=O);!$(N=*)]",
    "nitrile": "[CX2]#[NX1]",
    "thioether": "[#6;!$(C=[O,S])]-[SX2]-[#6;!$(C=[O,S])]",
    "disulfide": "[SX2][SX2]",
    "thioester": "[CX3](=O)[SX2]",
    "thiocarbonate or thiourethane": "[O,N,S;X2,X3][CX3](=[O,S])[SX2]",
    "sulfone": "[#6][SX4](=O)(=O)[#6]",
    "sulfoxide": "[#6][SX3](=O)[#6]",
    "sulfonamide or sulfonate": "[SX4](=O)(=O)[N,O]",
    "carbon-fluorine bond": "[#6]F",
    "trifluoromethyl": "C(F)(F)F",
    "carbon-chlorine bond": "[#6]Cl",
    "carbon-bromine bond": "[#6]Br",
    "carbon-iodine bond": "[#6]I",
    "siloxane": "[Si]O[Si]",
    "silicon": "[Si]",
    "phosphorus": "[#15]",
}


@cache
def _patterns() -> dict[str, Chem.Mol]:
    return {name: Chem.MolFromSmarts(smarts) for name, smarts in FUNCTIONAL_GROUPS.items()}


def structural_features(polymer: Polymer) -> dict[str, frozenset[str]]:
    """Return which elements, functional groups and class `polymer` has.

    Returns
    -------
    dict
        `element`, `functional group`, `polymer class`, each with the set of names present in one repeat unit.
        A group that bridges two units counts, since it is looked for in the middle unit of a trimer.
    """
    chain = polymer.oligomer(3)
    middle = {a.GetIdx() for a in chain.GetAtoms() if a.GetIntProp("unit") == 1}
    groups = {
        name
        for name, pattern in _patterns().items()
        if any(middle & set(match) for match in chain.GetSubstructMatches(pattern))
    }
    elements = {chain.GetAtomWithIdx(index).GetSymbol() for index in middle}
    return {
        "element": frozenset(elements),
        "functional group": frozenset(groups),
        "polymer class": frozenset({str(polymer.polymer_class)}),
    }

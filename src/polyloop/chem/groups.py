"""Structural features that a chemist counts: elements, functional groups and class of units and of molecules."""

from __future__ import annotations

from functools import cache

from rdkit import Chem

from polyloop.chem.molecule import Molecule
from polyloop.chem.polymer import Polymer

__all__ = ["FUNCTIONAL_GROUPS", "molecule_features", "structural_features"]

# SMARTS of our own, matched on the repeat unit between its neighbours. They overlap where chemists' words do (a
# thiophene is an aromatic ring too), but a group is not also counted as a part of itself: an imide is no amide, an
# anhydride no ester, an acid's OH no hydroxyl.
FUNCTIONAL_GROUPS: dict[str, str] = {
    "aromatic ring": "a",
    "benzene ring": "c1ccccc1",
    "fused aromatic rings": "a(:a)(:a):a",
    "aryl-aryl bond": "c-!@c",
    "thiophene ring": "s1cccc1",
    "nitrogen heteroaromatic": "n",
    "saturated ring carbon": "[C;R;X4]",
    "saturated bridgehead, spiro or fused carbon": "[C;R2,R3;X4]",
    "carbon-carbon double bond": "C=C",
    "carbon-carbon triple bond": "C#C",
    "ether": "[#6;!$(C=[O,S])][OX2][#6;!$(C=[O,S])]",
    "hydroxyl": "[OX2H1;!$(O[#6]=O);!$(O[!#6])]",
    "carboxylic acid": "[CX3](=O)[OX2H1]",
    "ester": "[CX3;$(C[#6]),$([CX3H1])](=O)[OX2][#6;!$(C=[O,S])]",
    "anhydride": "[CX3](=O)[OX2][CX3]=O",
    "carbonate": "[OX2][CX3](=O)[OX2]",
    "ketone": "[#6][CX3](=O)[#6]",
    "amide": "[NX3;!$(N(C=O)C=O)][CX3;$(C[#6]),$([CX3H1])]=O",
    "urethane": "[NX3][CX3](=O)[OX2]",
    "urea": "[NX3][CX3](=O)[NX3]",
    "imide": "[#6][CX3](=O)[NX3][CX3](=O)[#6]",
    "amine": "[NX3;$(N[#6]);!$(N[#6]=[O,S]);!$(NS(=O)=O);!$(N=*)]",
    "imine": "[CX3]=[NX2]",
    "azo": "[#6][NX2]=[NX2][#6]",
    "nitro": "[$([NX3](=O)=O),$([NX3+](=O)[O-])]",
    "nitrile": "[CX2]#[NX1]",
    "thioether": "[#6;!$(C=[O,S])][SX2][#6;!$(C=[O,S])]",
    "disulfide": "[SX2][SX2]",
    "thiol": "[SX2H1]",
    "thioester": "[CX3;$(C[#6]),$([CX3H1])](=O)[SX2]",
    "thiocarbonate or thiourethane": "[O,S;X2][CX3](=[O,S])[SX2,$([NX3;$(NC(=[O,S])S)]),$([OX2;$(OC=S)])]",
    "thiocarbonyl": "[CX3]=[SX1]",
    "sulfone": "[#6][SX4](=O)(=O)[#6]",
    "sulfoxide": "[#6][SX3](=O)[#6]",
    "sulfonamide": "[SX4](=O)(=O)[NX3]",
    "sulfonate": "[SX4](=O)(=O)[OX2,OX1-]",
    "carbon-fluorine bond": "[#6]F",
    "trifluoromethyl": "[#6][CX4](F)(F)F",
    "carbon-chlorine bond": "[#6]Cl",
    "carbon-bromine bond": "[#6]Br",
    "carbon-iodine bond": "[#6]I",
    "siloxane": "[Si]O[Si]",
    "silicon-carbon bond": "[Si][#6]",
    "silicon-silicon bond": "[Si][Si]",
    "phosphazene": "P=N",
    "phosphoryl": "P=O",
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
        A group that bridges two units counts, since it is looked for in the middle unit of a trimer; one that needs
        an atom of the trimer's end caps does not.
    """
    chain = polymer.oligomer(3)
    unit = [atom.GetIntProp("unit") for atom in chain.GetAtoms()]
    groups = {
        name
        for name, pattern in _patterns().items()
        if any({1} <= {unit[i] for i in match} <= {0, 1, 2} for match in chain.GetSubstructMatches(pattern))
    }
    return {
        "element": polymer.elements,
        "functional group": frozenset(groups),
        "polymer class": frozenset({str(polymer.polymer_class)}),
    }


def molecule_features(molecule: Molecule) -> dict[str, frozenset[str]]:
    """Return which elements, functional groups and class `molecule` has, by those three words."""
    mol = molecule.mol
    groups = frozenset(name for name, pattern in _patterns().items() if mol.HasSubstructMatch(pattern))
    hydrogen = {"H"} if any(atom.GetTotalNumHs() for atom in mol.GetAtoms()) else set()
    return {
        "element": frozenset({atom.GetSymbol() for atom in mol.GetAtoms()} | hydrogen),
        "functional group": groups,
        "molecule class": frozenset({molecule.molecule_class}),
    }

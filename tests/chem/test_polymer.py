"""What a Polymer knows of its repeat unit, and the oligomers that it builds."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem

from polyloop.chem import Polymer
from polyloop.core.errors import InvalidInputError


def units(mol: Chem.Mol) -> list[int]:
    return [a.GetIntProp("unit") for a in mol.GetAtoms()]


def smiles_of(mol: Chem.Mol) -> str:
    return str(Chem.MolToSmiles(mol))


@pytest.mark.parametrize(
    ("smiles", "formula", "mass", "heavy", "charge"),
    [
        # masses from the IUPAC 2021 standard atomic weights (H 1.008, C 12.011, N 14.007, O 15.999, Si 28.085)
        ("*CC(*)c1ccccc1", "C8H8", 8 * 12.011 + 8 * 1.008, 8, 0),
        ("*[Si](C)(C)O*", "C2H6OSi", 2 * 12.011 + 6 * 1.008 + 15.999 + 28.085, 4, 0),
        ("*C(F)(F)C(F)(F)*", "C2F4", 2 * 12.011 + 4 * 18.998, 6, 0),
        ("*CC(*)C(=O)[O-]", "C3H3O2-", 3 * 12.011 + 3 * 1.008 + 2 * 15.999, 5, -1),
        ("*[N+](C)(C)CC[N+](C)(C)CC*", "C8H20N2+2", 8 * 12.011 + 20 * 1.008 + 2 * 14.007, 10, 2),
        ("*S*", "S", 32.06, 1, 0),
        ("*N=P(*)(Cl)Cl", "Cl2NP", 14.007 + 30.974 + 2 * 35.45, 4, 0),
    ],
)
def test_composition_of_the_repeat_unit(smiles: str, formula: str, mass: float, heavy: int, charge: int) -> None:
    polymer = Polymer(smiles)
    assert polymer.formula == formula
    # RDKit's table of atomic weights is older in the third decimal of some elements.
    assert polymer.molar_mass == pytest.approx(mass, abs=0.03)
    assert (polymer.heavy_atoms, polymer.charge) == (heavy, charge)


def test_deuterium_counts_in_the_mass_and_not_as_a_heavy_atom() -> None:
    polymer = Polymer("*C([2H])([2H])C([2H])([2H])*")
    assert polymer.molar_mass == pytest.approx(2 * 12.011 + 4 * 2.0141, abs=1e-2)
    assert (polymer.heavy_atoms, polymer.formula, polymer.elements) == (2, "C2H4", {"C", "H"})


def test_the_composition_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        Polymer("*CC*").composition["C"] = 3  # type: ignore[index]


def test_the_molecule_keeps_the_order_of_the_text_and_plain_stars() -> None:
    polymer = Polymer("[2*]OCC(C)[1*]")
    assert [a.GetSymbol() for a in polymer.mol.GetAtoms()] == ["*", "O", "C", "C", "C", "*"]
    assert polymer.stars == (5, 0)
    assert polymer.backbone == (3, 2, 1)
    assert smiles_of(polymer.mol).count("[") == 0
    polymer.mol.GetAtomWithIdx(1).SetAtomicNum(16)
    assert polymer.mol.GetAtomWithIdx(1).GetSymbol() == "O"


def test_the_backbone_is_the_shortest_path() -> None:
    assert Polymer("*CC(*)c1ccccc1").backbone == (1, 2)
    assert Polymer("*c1cccc(*)c1").backbone == (1, 7, 5)


@pytest.mark.parametrize(
    ("smiles", "n", "cap", "expected"),
    [
        ("*CC*", 0, "C", "CC"),
        ("*CC*", 0, "H", "[H][H]"),
        ("*CC*", 2, "C", "CCCCCC"),
        ("*CC*", 2, "H", "CCCC"),
        ("*CC(*)C", 3, "F", "CC(CF)CC(C)CC(C)F"),
        ("*OCC*", 2, "C", "CCCOCCOC"),
        ("*CC*", 1, "Si", "[SiH3]CC[SiH3]"),
        ("*=CC=*", 2, "C", "C=CC=CC=C"),
        ("*=CC=*", 0, "C", "C=C"),
        ("*#CC#*", 1, "C", "C#CC#C"),
        ("*/C=C/*", 3, "C", "C/C=C/C=C/C=C/C"),
        ("*/C=C\\*", 2, "C", "C/C=C\\C=C/C"),
        ("*C/C=C\\C*", 2, "H", "C/C=C\\CC/C=C\\C"),
        ("*O[C@@H](C)C(=O)*", 2, "C", "CO[C@@H](C)C(=O)O[C@@H](C)C(C)=O"),
        ("*C[C@H](C)C[C@@H](C)*", 1, "F", "FC[C@H](C)C[C@@H](C)F"),
        ("*c1ccc(*)s1", 3, "C", "Cc1ccc(-c2ccc(-c3ccc(C)s3)s2)s1"),
    ],
)
def test_oligomers(smiles: str, n: int, cap: str, expected: str) -> None:
    assert smiles_of(Polymer(smiles).oligomer(n, cap)) == smiles_of(Chem.MolFromSmiles(expected))


def test_the_atoms_of_an_oligomer_know_their_unit_and_their_place_in_it() -> None:
    polymer = Polymer("*CC(*)(C)C#N")
    chain = polymer.oligomer(2)
    assert units(chain) == [-1] + [0] * 5 + [1] * 5 + [-1]
    for atom in chain.GetAtoms():
        if atom.GetIntProp("unit") >= 0:
            assert atom.GetSymbol() == polymer.mol.GetAtomWithIdx(atom.GetIntProp("atom")).GetSymbol()
        else:
            assert atom.GetIntProp("atom") == -1
    assert units(polymer.oligomer(0)) == [-1, -1]
    assert units(polymer.oligomer(2, "H")) == [0] * 5 + [1] * 5


def test_capped_is_the_oligomer_of_one_unit() -> None:
    assert smiles_of(Polymer("*CC(*)c1ccccc1").capped("H")) == "CCc1ccccc1"


def test_a_long_oligomer_of_fused_rings_is_built() -> None:
    chain = Polymer("*c1ccc2c(c1)C(=O)N(C2=O)c1ccc(cc1)*").oligomer(40)
    assert chain.GetNumHeavyAtoms() == 40 * 17 + 2


@pytest.mark.parametrize(
    ("smiles", "n", "cap", "message"),
    [
        ("*CC*", -1, "C", "0 or more units"),
        ("*CC*", 1, "Xx", "'Xx' cannot cap a chain"),
        ("*CC*", 1, "CC", "'CC' cannot cap a chain"),
        ("*=CC=*", 1, "F", "F cannot cap a chain"),
        ("*=CC=*", 1, "H", "H cannot cap a chain"),
    ],
)
def test_impossible_oligomers_are_refused(smiles: str, n: int, cap: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Polymer(smiles).oligomer(n, cap)


def test_the_oligomer_of_the_standardized_polymer_does_not_depend_on_the_cut() -> None:
    one, other = Polymer("*OCC*").standardized(), Polymer("*COC*").standardized()
    assert smiles_of(one.oligomer(2)) == smiles_of(other.oligomer(2))
    assert smiles_of(Polymer("*OCC*").oligomer(2)) != smiles_of(Polymer("*COC*").oligomer(2))


def test_the_periodic_graph_closes_from_tail_to_head() -> None:
    graph = Polymer("*OCC(*)C").periodic_graph()
    np.testing.assert_array_equal(graph.atomic_numbers, [8, 6, 6, 6])
    np.testing.assert_array_equal(graph.atoms, [1, 2, 3, 5])
    np.testing.assert_array_equal(graph.edges, [[0, 1], [1, 2], [2, 3], [2, 0]])
    np.testing.assert_array_equal(graph.shifts, [0, 0, 0, 1])
    np.testing.assert_array_equal(graph.orders, [1, 1, 1, 1])


def test_the_periodic_graph_of_a_one_atom_backbone_bonds_to_itself() -> None:
    graph = Polymer("*=C=*").periodic_graph()
    np.testing.assert_array_equal(graph.edges, [[0, 0]])
    np.testing.assert_array_equal(graph.orders, [2])


@pytest.mark.parametrize(
    ("text", "smiles"),
    [
        ("{[$]CC(c1ccccc1)[$]}", "*CC(c1ccccc1)*"),
        ("{[][$]CC([$])c1ccccc1[]}", "*CC(*)c1ccccc1"),
        ("{[>][<]CC(=O)O[>][<]}", "*CC(=O)O*"),
        ("{[<]OCC[>]}", "*OCC*"),
        ("{[$1]CC[$1]}", "*CC*"),
        ("{$CC$}", "*CC*"),
    ],
)
def test_big_smiles_of_one_unit_with_two_descriptors_is_read(text: str, smiles: str) -> None:
    assert Polymer(text).smiles == smiles
    assert Polymer(text) == Polymer(smiles)


@pytest.mark.parametrize(
    ("deuterated", "plain"),
    [
        ("*C([2H])([2H])C([2H])(*)c1c([2H])c([2H])c([2H])c([2H])c1[2H]", "*CC(*)c1ccccc1"),
        ("*C([2H])([2H])C([2H])([2H])*", "*CC*"),
        ("*OC([2H])(C([2H])([2H])[2H])C(*)=O", "*OC(C)C(*)=O"),
        ("*N([3H])CCCCCC(*)=O", "*NCCCCCC(*)=O"),
    ],
)
def test_isotopes_of_hydrogen_change_the_mass_and_not_the_structure(deuterated: str, plain: str) -> None:
    heavy, light = Polymer(deuterated), Polymer(plain)
    assert heavy != light and heavy.protiated == light and light.protiated is light
    assert heavy.molar_mass > light.molar_mass
    assert heavy.polymer_class == light.polymer_class
    assert (heavy.composition, heavy.heavy_atoms, heavy.formula) == (
        light.composition,
        light.heavy_atoms,
        light.formula,
    )
    assert len(heavy.periodic_graph().atoms) == len(light.periodic_graph().atoms) == light.heavy_atoms

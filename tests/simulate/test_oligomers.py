"""Where the chain is cut, and which oligomers stand for a repeat unit."""

import pytest
from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import CalcMolFormula

from polyloop.chem import Polymer
from polyloop.simulate.oligomers import LARGEST_PAIR, choose_difference, reframe


@pytest.mark.parametrize(
    ("smiles", "cost"),
    [
        ("*CC*", 0),
        ("*OCCOC(=O)c1ccc(C(=O)*)cc1", 0),
        ("*NCCCCCC(=O)*", 0),
        ("*CO*", 2),
    ],
)
def test_a_chain_is_cut_at_saturated_carbons_where_it_has_them(smiles, cost):
    assert reframe(Polymer(smiles))[1] == cost


@pytest.mark.parametrize("smiles", ["*[Si](C)(C)O*", "*Sc1ccc(*)cc1", "*N=P(*)(C)C", "*C=C*", "*C(F)(F)C(F)(F)*"])
def test_chains_that_caps_distort_are_known(smiles):
    assert reframe(Polymer(smiles))[1] >= 10


@pytest.mark.parametrize(
    "smiles",
    [
        "*OCCOC(=O)c1ccc(C(=O)*)cc1",
        "*NCCCCCC(=O)*",
        "*SCC1CSC(CS1)CC(=O)*",
        "*C/C=C/C*",
        "*N[C@@H](C)C(=O)*",
        "*CC(*)Cl",
    ],
)
def test_moving_the_cut_keeps_the_chain(smiles):
    polymer = Polymer(smiles)
    assert reframe(polymer)[0].canonical == polymer.canonical


def test_a_capped_segment_less_ethane_where_the_caps_are_sound():
    difference = choose_difference(Polymer("*CC(*)c1ccccc1"))
    assert (difference.n_larger, difference.n_smaller, difference.units) == (1, 0, 1)
    assert Chem.MolToSmiles(difference.smaller) == "CC"
    assert difference.junction == "sound"


def test_two_segments_less_one_where_they_are_not():
    difference = choose_difference(Polymer("*[Si](C)(C)O*"))
    assert (difference.n_larger, difference.n_smaller) == (2, 1)
    assert difference.junction == "included"


def test_a_large_conjugated_unit_keeps_its_caps_and_says_so():
    polymer = Polymer("*c1ccc(-c2ccc(-c3ccc(*)cc3)cc2)cc1")
    # Its canonical unit is one ring; the user's own frame of three is kept here to be large.
    difference = choose_difference(polymer, largest_pair=20)
    assert difference.units == difference.n_larger
    assert difference.junction == "missing"


def test_small_units_are_repeated_so_that_they_have_neighbours_of_their_kind():
    difference = choose_difference(Polymer("*C(F)(F)*"))
    assert difference.units == 2
    assert CalcMolFormula(difference.smaller) == "C4H6F4"
    assert CalcMolFormula(difference.larger) == "C6H6F8"


@pytest.mark.parametrize("smiles", ["*CC*", "*CC(*)C(=O)OC", "*[Si](C)(C)O*", "*c1ccc(S*)cc1", "*C*"])
def test_the_difference_has_the_composition_of_its_units(smiles):
    polymer = Polymer(smiles)
    difference = choose_difference(polymer)

    def heavy(mol):
        return mol.GetNumHeavyAtoms()

    assert heavy(difference.larger) - heavy(difference.smaller) == difference.units * heavy(polymer.mol)
    assert heavy(difference.larger) <= max(LARGEST_PAIR, heavy(polymer.mol) + 6)

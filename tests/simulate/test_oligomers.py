"""Where the chain is cut, and which oligomers stand for a repeat unit."""

import pytest
from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import CalcMolFormula

from polyloop.chem import Polymer
from polyloop.simulate.optics.oligomers import LARGEST_PAIR, choose_difference, reframe, with_fluorinated_caps


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
def test_chains_that_methyl_caps_distort_are_known(smiles):
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


PERFLUORINATED = {
    "*C(F)(F)*": 2,
    "*C(F)(F)C(*)(F)C(F)(F)F": 1,
    "*C(F)(F)C(F)(F)O*": 1,
    "*C(F)(F)O*": 1,
    "*C1(F)C(F)(F)C(F)(F)OC1(F)C(*)(F)F": 1,
    "*C1(F)OC(C(F)(F)F)(C(F)(F)F)OC1(*)F": 1,
    "*C(F)C(*)(F)F": 1,
}


@pytest.mark.parametrize(("smiles", "units"), PERFLUORINATED.items())
def test_a_chain_of_fluorinated_carbons_is_cut_at_one_and_capped_by_others(smiles, units):
    difference = choose_difference(Polymer(smiles), caps="matched")
    assert (difference.junction, difference.cap, difference.units) == ("fluorinated", "CF3", units)
    assert Chem.MolToSmiles(difference.smaller) == "FC(F)(F)C(F)(F)F"
    # Each cap sits on a fluorinated carbon, or where one does in the chain, and no methyl is left.
    assert len(difference.larger.GetSubstructMatches(Chem.MolFromSmarts("[CX4;$(*(F)(F)F)][$([CX4]F),O]"))) >= 2
    assert not difference.larger.HasSubstructMatch(Chem.MolFromSmarts("[CH3]"))


def test_fluorinated_caps_are_asked_for_and_only_where_the_chain_is_cut_at_such_a_carbon():
    assert choose_difference(Polymer("*C(F)(F)C(F)(F)O*")).cap == "CH3"
    for smiles in (
        "*CC(*)(F)F",
        "*CC(*)F",
        "*CC(*)c1ccc(F)cc1",
        "*CC(*)C(=O)OCC(F)(F)F",
        "*OCC(F)(F)C(F)(F)CO*",
        "*CC*",
    ):
        methyl, matched = (choose_difference(Polymer(smiles), caps=caps) for caps in ("methyl", "matched"))
        assert (matched.cap, matched.junction) == ("CH3", methyl.junction)
        assert Chem.MolToSmiles(matched.larger) == Chem.MolToSmiles(methyl.larger)


def test_fluorinated_caps_replace_the_hydrogen_of_methyl_ones():
    chain = with_fluorinated_caps(Polymer("*CO*").oligomer(1))
    assert Chem.MolToSmiles(chain) == Chem.CanonSmiles("FC(F)(F)COC(F)(F)F")
    assert [atom.GetIntProp("unit") for atom in chain.GetAtoms()].count(-1) == 8


def test_the_error_at_fluorinated_caps_does_not_grow_with_the_unit():
    small, large = (
        choose_difference(Polymer(smiles), caps="matched").relative_errors(alpha, dispersion)
        for smiles, alpha, dispersion in (
            ("*C(F)C(*)(F)F", 4.0, 0.04),
            ("*C1(F)C(F)(F)C(F)(F)OC1(F)C(*)(F)F", 12.0, 0.12),
        )
    )
    assert small == pytest.approx([3 * error for error in large])
    assert all(0.0 < error < 0.1 for error in small)


@pytest.mark.parametrize("caps", ["methyl", "matched"])
@pytest.mark.parametrize("smiles", ["*CC*", "*CC(*)C(=O)OC", "*[Si](C)(C)O*", "*c1ccc(S*)cc1", "*C*", *PERFLUORINATED])
def test_the_difference_has_the_composition_of_its_units(smiles, caps):
    polymer = Polymer(smiles)
    difference = choose_difference(polymer, caps=caps)

    def heavy(mol):
        return mol.GetNumHeavyAtoms()

    assert heavy(difference.larger) - heavy(difference.smaller) == difference.units * heavy(polymer.mol)
    ends = 0 if caps == "methyl" else 6
    assert heavy(difference.larger) <= max(LARGEST_PAIR, heavy(polymer.mol) + 6 + ends)

"""What a pattern needs is in every molecule that it matches."""

from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem import Fragments

from polyloop.features.pattern_elements import elements_held, elements_needed

PATTERNS = {name: function.__defaults__[-1] for name, function in Fragments.fns}
ATOMS = [
    "C",
    "N",
    "O",
    "S",
    "F",
    "c1ccccc1",
    "c1ccsc1",
    "C(=O)O",
    "C(=O)N",
    "[N+](=O)[O-]",
    "P(=O)(O)O",
    "N=N",
    "C#N",
    "Cl",
]


def test_alternatives_need_what_they_share():
    assert elements_needed(Chem.MolFromSmarts("[Cl,Br]C")) == {6}
    assert elements_needed(Chem.MolFromSmarts("[$(CO),$(CN);!$(CS)]")) == {6}
    assert elements_needed(Chem.MolFromSmarts("[!#8]")) == set()
    assert elements_needed(Chem.MolFromSmarts("[$(a-[NH2])]")) == {7, 1000}


def test_aromatic_atoms_are_told_from_others():
    assert elements_needed(Chem.MolFromSmarts("c")) == {6, 1000, 1006}
    assert elements_held(Chem.MolFromSmiles("C1CCCCC1O")) == {6, 8}
    assert elements_held(Chem.MolFromSmiles("c1ccccc1O")) == {6, 8, 1000, 1006}


def test_most_of_rdkits_fragments_need_something():
    assert sum(bool(elements_needed(pattern)) for pattern in PATTERNS.values()) > 0.9 * len(PATTERNS)


@given(st.lists(st.sampled_from(ATOMS), min_size=1, max_size=6))
def test_a_molecule_holds_what_each_pattern_that_it_matches_needs(parts):
    mol = Chem.MolFromSmiles("C" + "".join(f"C({part})" for part in parts))
    held = elements_held(mol)
    for name, pattern in PATTERNS.items():
        if mol.HasSubstructMatch(pattern):
            assert elements_needed(pattern) <= held, name

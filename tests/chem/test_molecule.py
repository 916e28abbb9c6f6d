"""A molecule has one canonical SMILES, and what is no whole neutral molecule is refused."""

from __future__ import annotations

import pickle
import xml.dom.minidom

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from polyloop.chem.library import liquids, monomers
from polyloop.chem.molecule import Molecule
from polyloop.chem.molecule_class import MOLECULE_CLASSES
from polyloop.core import KINDS, parse_subject
from polyloop.core.errors import InvalidInputError, UnsupportedChemistryError

KNOWN = sorted({row.smiles for row in (*liquids(), *monomers())})
CLASSES = [
    ("CC(O)=O", "carboxylic acid"),
    ("COC(=O)C(C)=C", "ester"),
    ("O=C1OC(=O)C=C1", "anhydride"),
    ("COC(=O)OC", "carbonate"),
    ("CNC(=O)OC", "urethane"),
    ("NC(N)=O", "urea"),
    ("CC(N)=O", "amide"),
    ("C=CC#N", "nitrile"),
    ("O=C=NCCN=C=O", "isocyanate"),
    ("CC=O", "aldehyde"),
    ("C=O", "aldehyde"),
    ("CC(C)=O", "ketone"),
    ("Oc1ccccc1", "phenol"),
    ("OCCO", "alcohol"),
    ("NCCCCCCN", "amine"),
    ("C1CO1", "epoxide"),
    ("CCOCC", "ether"),
    ("C[Si](C)(C)O[Si](C)(C)C", "silane or siloxane"),
    ("C=CCl", "halide"),
    ("C[N+](=O)[O-]", "nitro compound"),
    ("C=Cc1ccccc1", "arene"),
    ("C=C", "alkene"),
    ("CC", "alkane"),
    ("O", "molecule"),
]
REFUSED = [
    ("", "is empty", "''"),
    ("*CC*", "A star marks the end of a repeat unit", "character 1"),
    ("CC(", "opened but never closed", "character 3"),
    ("CC ethane", "white space", "character 3"),
    ("CC(C)(C)(C)C", "valence 5", "CC(C)"),
    ("cc", "outside a ring", "cc"),
]
UNSUPPORTED = [
    ("[Na+].[Cl-]", "disconnected pieces", "character 6"),
    ("CC(=O)[O-]", "net charge of -1 e", "CC(=O)"),
    ("[NH4+]", "net charge of +1 e", "NH4"),
    ("[CH3]", "unpaired", "[CH3]"),
    ("CC->[Fe]", "of the kind dative", "Fe"),
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KNOWN), st.integers(0, 10**6))
def test_every_spelling_gives_one_text_that_is_read_back(smiles: str, seed: int) -> None:
    molecule = Molecule(smiles)
    other = Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(smiles), 1, randomSeed=seed + 1)[0]
    assert Molecule(other) == molecule and Molecule(other).key == molecule.key
    assert Molecule(molecule.canonical).canonical == molecule.canonical


@pytest.mark.parametrize(("smiles", "name"), CLASSES)
def test_the_most_senior_group_names_the_class(smiles: str, name: str) -> None:
    assert Molecule(smiles).molecule_class == name
    assert name in MOLECULE_CLASSES


def test_masses_and_counts_are_those_of_the_whole_molecule() -> None:
    styrene = Molecule("C=Cc1ccccc1")
    assert styrene.molar_mass == pytest.approx(104.152, abs=2e-3)  # IUPAC atomic weights 2021
    assert dict(styrene.composition) == {"C": 8, "H": 8}
    assert styrene.heavy_atoms == 8 and styrene.elements == {"C", "H"}
    # Heavy water: 20.03 g/mol, with two hydrogens.
    assert dict(Molecule("[2H]O[2H]").composition) == {"H": 2, "O": 1}
    assert Molecule("[2H]O[2H]").molar_mass == pytest.approx(20.028, abs=2e-3)


def test_stereo_isotopes_and_charges_inside_make_other_molecules_and_map_numbers_do_not() -> None:
    assert Molecule("C[C@H](O)CC") != Molecule("C[C@@H](O)CC") != Molecule("CC(O)CC")
    assert Molecule("[13CH4]") != Molecule("C")
    assert Molecule("[NH3+]CC(=O)[O-]") != Molecule("NCC(=O)O")
    assert Molecule("[CH3:7][OH:1]") == Molecule("CO")


@pytest.mark.parametrize(("text", "what", "place"), REFUSED)
def test_what_is_no_molecule_is_refused_with_its_place(text: str, what: str, place: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Molecule(text)
    assert what in str(caught.value) and place in caught.value.where and caught.value.hint


@pytest.mark.parametrize(("text", "what", "place"), UNSUPPORTED)
def test_what_is_more_or_less_than_one_neutral_molecule_is_refused_as_such(text: str, what: str, place: str) -> None:
    with pytest.raises(UnsupportedChemistryError) as caught:
        Molecule(text)
    assert what in str(caught.value) and place in caught.value.where and caught.value.hint


@pytest.mark.parametrize("value", [None, 3, b"CC"])
def test_only_text_is_a_molecule(value: object) -> None:
    with pytest.raises(InvalidInputError, match="is a SMILES text, not"):
        Molecule(value)  # type: ignore[arg-type]


def test_its_kind_parses_classes_and_draws_it() -> None:
    subject = parse_subject("molecule", "C(=O)(OC)C(C)=C")
    assert subject == Molecule("C=C(C)C(=O)OC").subject and subject.key == Molecule("C=C(C)C(=O)OC").key
    assert KINDS["molecule"].classify(subject.text) == "ester"
    assert "<svg" in KINDS["molecule"].draw(subject.text).svg


def test_it_is_drawn_and_crosses_process_borders() -> None:
    molecule = Molecule("C=Cc1ccccc1")
    assert xml.dom.minidom.parseString(molecule.drawing).documentElement.tagName == "svg"
    assert pickle.loads(pickle.dumps(molecule)) == molecule


_TOKENS = ["C", "c", "N", "[nH]", "O", "Cl", "[C@H]", "[", "]", "(", ")", "=", "#", "1", "/", ".", "+", "*", "[O-]",
           "[NH3+]", "[Na+]", "[2H]", " ", "é", "c1ccccc1", "(C)", "[CH3:4]", "[13C]"]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_TOKENS), max_size=9))
def test_any_text_is_a_molecule_or_refused_with_a_hint(tokens: list[str]) -> None:
    text = "".join(tokens)
    try:
        molecule = Molecule(text)
    except InvalidInputError as error:
        assert error.reason and error.hint
        assert repr(text.strip()) in error.where or repr(text) in error.where
    else:
        assert Molecule(molecule.canonical) == molecule
        assert molecule.molar_mass > 0 and molecule.molecule_class in MOLECULE_CLASSES

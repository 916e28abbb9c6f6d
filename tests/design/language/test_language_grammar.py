"""Whatever the tokens, what the grammar lets through is one repeat unit; real units pass it and come back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from polyloop.chem import Polymer
from polyloop.chem.library import homopolymers
from polyloop.core import InvalidInputError, UnsupportedChemistryError
from polyloop.design.language.grammar import Grammar
from polyloop.design.language.reading import other_cut, tokens_of, unit_graph
from polyloop.design.language.training_text import read_training_text
from polyloop.design.language.vocabulary import Token, Vocabulary

UNITS = [
    "*CC(*)c1ccccc1",
    "*c1ccc(*)cc1",
    "*Oc1ccc(cc1)S(=O)(=O)c1ccc(cc1)O*",
    "*[Si](C)(C)O*",
    "*N=P(*)(Cl)Cl",
    "*CC(*)c1ccc(cc1)[N+](=O)[O-]",
    "*CC(*)OP(=O)(OC)OC",
    "*c1ccc(cc1)N1C(=O)c2ccc3c(c2C1=O)C(=O)N(*)C3=O",
    "*C1CCC(*)C1",
    "*C(*)=O",
    "*C=C*",
    "*CS(=O)C*",
    "*C1C2CC(C=C2)C1*",
]


def vocabulary() -> Vocabulary:
    return Vocabulary.of(
        spelling for text in [read_training_text(UNITS)] for unit in text.spellings for spelling in unit
    )


def grammar(sizes: tuple[int, ...] = (5, 6), most: int = 40) -> Grammar:
    return Grammar(vocabulary(), frozenset(sizes), most)


@pytest.mark.parametrize("smiles", UNITS)
def test_a_unit_comes_back_from_its_tokens_whatever_the_walk(smiles: str) -> None:
    rng = np.random.default_rng(0)
    language = grammar(tuple(range(3, 20)), 400)
    canonical = Polymer(smiles).canonical
    graph = unit_graph(smiles)
    for mol in (graph, other_cut(graph, rng), other_cut(graph, rng)):
        for backward in (False, True):
            unit = language.start()
            for token in tokens_of(mol, backward=backward, rng=rng):
                number = language.vocabulary.number.get(token)
                if number is None:
                    pytest.skip(f"{token.text} is not in the vocabulary of this test")
                assert language.allowed(unit)[number]
                unit.push(number)
            assert unit.finished
            assert Polymer(language.smiles(unit.tokens)).canonical == canonical


def test_all_shipped_homopolymers_can_be_written_and_read() -> None:
    units = [row.smiles for row in homopolymers()][::8]
    text = read_training_text(units)
    language = Grammar(
        Vocabulary.of(spelling for unit in text.spellings for spelling in unit), frozenset(range(3, 30)), 400
    )
    for canonical, spellings in zip(text.units, text.spellings, strict=True):
        mol = Chem.MolFromSmiles(canonical)
        Chem.RemoveStereochemistry(mol)
        flat = Polymer(Chem.MolToSmiles(mol)).canonical
        for spelling in spellings:
            written = language.smiles([language.vocabulary.number[token] for token in spelling])
            assert Polymer(written).canonical == flat


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_tokens_under_the_grammar_make_a_repeat_unit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    language = grammar()
    unit = language.start()
    while not unit.finished:
        unit.push(int(rng.choice(np.flatnonzero(language.allowed(unit)))))
        assert len(unit.tokens) < 400
    smiles = language.smiles(unit.tokens)
    mol = Chem.MolFromSmiles(smiles)
    assert mol is not None, smiles
    stars = [atom for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]
    assert [star.GetDegree() for star in stars] == [1, 1]
    assert len(Chem.GetMolFrags(mol)) == 1
    assert Chem.GetFormalCharge(mol) == 0
    assert all(atom.GetNumRadicalElectrons() == 0 for atom in mol.GetAtoms())


def test_the_grammar_says_no_to_what_would_break_a_unit() -> None:
    language = grammar()
    number = {token.text: place for place, token in enumerate(language.vocabulary.tokens)}

    def after(*texts: str) -> np.ndarray:
        unit = language.start()
        for text in texts:
            assert language.allowed(unit)[number[text]], text
            unit.push(number[text])
        return language.allowed(unit)

    assert not after()[number["{Cl:1}"]], "a unit that ends before its second star"
    assert not after("{C:4}", "&")[number["*"]], "a ring that is open at the end"
    assert not after("{C:4}", "(")[number[")"]], "an empty branch"
    assert not after("{C:4}", "(", "{C:4}")[number["*"]], "a star in a side group"
    assert not after("{O:2}")[number["={C:4}"]], "oxygen with three bonds"
    assert not after("{O:2}")[number["("]], "oxygen with a side group"
    assert not after("{C:4}", "&", "{C:4}")[number["0"]], "a ring of two atoms"
    assert not after("{C:4}", "&", "{C:4}", "{C:4}")[number["0"]], "a ring of a size that is not wanted"
    assert after("{C:4}", "&", *["{C:4}"] * 5)[number["0"]]


def test_tokens_are_read_as_they_are_written() -> None:
    for token in vocabulary().tokens:
        assert Token.read(token.text) == token
    for text in ("", "C", "{C}", "={C:4", "x1"):
        with pytest.raises(InvalidInputError, match="no token"):
            Token.read(text)


@pytest.mark.parametrize("smiles", ["*CC(*)C[N+](C)(C)C", "*C[13CH2]*", "*CC(*)([2H])"])
def test_charges_and_isotopes_are_refused(smiles: str) -> None:
    with pytest.raises(UnsupportedChemistryError, match="not part of the language"):
        unit_graph(smiles)
